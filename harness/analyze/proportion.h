/*
 * What a count of successes says about a probability.
 *
 * For a curve, the interval of Wilson (1927): its coverage is near the level on average, also at 0
 * and n successes. For a promise ("false verdicts are at most so frequent"), the exact one-sided
 * bound of Clopper and Pearson (1934), which never covers less than it says; for 0 of n it is 1 -
 * (1 - confidence)^(1/n), the "rule of three": 3/n at 95 %.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_PROPORTION_H
#define HEAPMARK_HARNESS_ANALYZE_PROPORTION_H

#include <stddef.h>

/* Shares, 0..1. Of no trials: 0 to 1, share NaN. */
struct proportion {
    double share;
    double low, high;
};

/* level: 0.95, two-sided. */
struct proportion proportion_wilson(size_t successes, size_t trials, double level);

/* The greatest (least) probability that is not refuted with the confidence, one-sided. */
double proportion_upper(size_t successes, size_t trials, double confidence);
double proportion_lower(size_t successes, size_t trials, double confidence);

/* P(at most so many successes), each with that probability. */
double binomial_below(size_t successes, size_t trials, double probability);

#endif
