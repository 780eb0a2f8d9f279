/*
 * The middle of a few repetitions, and how sure it is.
 *
 * The middle is the median: times have a long tail to one side (something else ran), and half of
 * the repetitions may be spoilt before it moves.
 *
 * The spread is the order-statistic interval of the median: the narrowest pair (k-th smallest, k-th
 * largest) that holds the true median with 95 % or more, whatever the distribution. Each repetition
 * lies below the true median with probability 1/2, so the pair misses it with probability
 * 2 P(Binomial(n, 1/2) < k); nothing about normality is assumed. Below 6 repetitions no pair
 * reaches 95 %, and the whole range is taken (5: 93.75 %, 3: 75 %); `coverage` tells. A single
 * repetition has no spread, and says so by NaN.
 *
 * Two cells differ only when their intervals do not touch and each holds the median with at least
 * 80 % (4 repetitions). With 5 repetitions each, two equal cells do that in 2 / C(10, 5) = 0.8 % of
 * all runs, with 3 they would in 10 %.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_STATISTICS_H
#define HEAPMARK_HARNESS_ANALYZE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Sorts ascending; values must not be NaN. */
void values_sort(double *values, size_t count);

/* Of ascending values; count > 0. */
double median_of(const double *sorted, size_t count);

/* Nearest rank: the least value that at least the share q (0..1) of all does not exceed. Always one
   of the values, so it suits pauses ("the 99th percentile was this stop"). count > 0. */
double quantile_nearest_rank(const double *sorted, size_t count, double q);

/* Which ranks (from 1) bound the median: low = rank, high = count + 1 - rank. count >= 2. */
size_t median_interval_rank(size_t count);

/* With what probability the pair of that rank holds the true median. */
double median_interval_coverage(size_t count, size_t rank);

/* What is known of one number after several repetitions. Without any, count is 0 and the rest NaN.
 */
struct estimate {
    size_t count;
    double median;
    double low, high;   /* interval of the median, see above; NaN for a single repetition */
    double coverage;    /* of that interval, 0..1 */
    double least, most; /* of all repetitions */
};

/* Sorts the values in place. NaNs are left out. */
struct estimate estimate_of(double *values, size_t count);

/* Half the interval as a share of the median; NaN when there is none, or the median is 0. */
double estimate_spread(const struct estimate *e);

/* Whether the intervals of two numbers do not touch. False when either has none. */
bool estimates_differ(const struct estimate *a, const struct estimate *b);

#endif
