/*
 * How far two things lie apart, without assuming a distribution: what the signed-rank test
 * (signed_rank.h) and the rank-sum test (rank_sum.h) have in common.
 *
 * Both start from a set of elementary shifts: the averages of all pairs of one sample (Walsh
 * averages), or the differences of all pairs of two samples. The test statistic is the number of
 * them above a hypothetical shift d, and under "the true shift is d" its distribution is known
 * exactly, whatever the sample's. So all of it is counting in one sorted array:
 *
 *   estimate   the median of the elementary shifts (Hodges and Lehmann 1963)
 *   interval   their k-th smallest and k-th largest, k the greatest that keeps the coverage
 *   p          how probable as many elementary shifts above d (below d) are, or more
 *
 * The interval holds exactly the d that the two-sided test does not reject.
 *
 * Ties and zeros. An elementary shift equal to d counts neither as above nor as below, and the
 * interval is closed. That can only make p greater and the interval wider: break every tie by an
 * infinitely small symmetric noise, and the distribution is the exact one, while the statistic has
 * grown. So with ties (a clock's step, counts, pages) levels are kept, never exceeded.
 *
 * Negating every value negates the estimate and swaps and negates the bounds, bit for bit.
 * Source: Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, 3.2-3.3 and 4.2-4.3.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_SHIFT_H
#define HEAPMARK_HARNESS_ANALYZE_SHIFT_H

#include <stdbool.h>
#include <stddef.h>

/* The distribution of a rank statistic T when there is no shift: 0..most, symmetric. */
struct rank_null {
    size_t most;
    double *below;    /* P(T <= k) for k = 0..most / 2; NULL: the normal approximation is used */
    double deviation; /* standard deviation of T */
};

void rank_null_release(struct rank_null *null);

/* P(T <= k). Approximated (with the correction for continuity) only where `below` is NULL. */
double rank_null_below(const struct rank_null *null, size_t k);

/* The greatest k with P(T <= k - 1) <= tail: the k-th smallest elementary shift bounds the shift
   with confidence 1 - tail. 0: the sample is too small for any bound. */
size_t rank_null_rank(const struct rank_null *null, double tail);

/* Elementary shifts, ascending, and how their count above a number is distributed. */
struct shifts {
    double *values;
    size_t count; /* == null.most */
    struct rank_null null;
};

void shifts_release(struct shifts *s);

/* In the unit of the sample. Without an interval (too few values for the level) the bounds and the
   coverage are NaN, and callers must say so. */
struct shift {
    double estimate;
    double low, high;
    double coverage; /* attained, >= the level asked for */
};

/* level: 0.95. Without values, all is NaN. */
struct shift shifts_estimate(const struct shifts *s, double level);

/* Whether there is an interval. */
bool shift_is_bounded(const struct shift *shift);

/* One-sided p-value of "the true shift is d or less" (above), "d or more" (below). 1 without
   values. */
double shifts_p_above(const struct shifts *s, double d);
double shifts_p_below(const struct shifts *s, double d);

#endif
