/*
 * The rank-sum test of two independent samples (Mann and Whitney 1947): repetitions of two runs
 * that were not paired.
 *
 * The statistic U is the number of pairs whose difference candidate - base is above d. When the
 * candidate's distribution is the base's moved by d, every order of the two samples is equally
 * probable, and the number of orders with U = u is the coefficient of q^u in the Gaussian binomial
 * coefficient [m + n choose m]. It is computed exactly (in doubles) up to RANK_SUM_EXACT values of
 * both samples together; beyond, the normal approximation is used, whose error there is below 1e-4.
 *
 * A 95 % interval needs 4 and 4 repetitions, or 3 and 5: with fewer there is none (shift_is_bounded
 * tells), because even samples that do not overlap would be chance too often.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_RANK_SUM_H
#define HEAPMARK_HARNESS_ANALYZE_RANK_SUM_H

#include "harness/analyze/shift.h"

enum { RANK_SUM_EXACT = 1000 };

/* A sample; borrowed. */
struct sample {
    const double *values; /* finite */
    size_t count;
};

/* The distribution of U. */
void rank_sum_null_init(struct rank_null *null, size_t base_count, size_t candidate_count);

/* All differences candidate - base: the product of the counts. Release with shifts_release. */
void rank_sum_init(struct shifts *s, struct sample base, struct sample candidate);

/* The shift of the candidate from the base. Without values on a side, all is NaN. */
struct shift rank_sum_estimate(struct sample base, struct sample candidate, double level);

/* The same of the logarithms: by what factor the candidate is greater, 1.03 for 3 %. All values
   must be > 0, otherwise all is NaN. Swapped sides give the reciprocals up to rounding; their
   logarithms (rank_sum_log) are exact negatives. */
struct shift rank_sum_ratio(struct sample base, struct sample candidate, double level);
struct shift rank_sum_log(struct sample base, struct sample candidate, double level);

#endif
