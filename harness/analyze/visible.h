/*
 * The smallest effect that a test could have seen: what "no difference found" is worth.
 *
 * The signed-rank test rejects when its lower bound lies above the margin. For a shift that it
 * rejects with the given power, the estimate must lie so many standard errors beyond the margin as
 * the quantiles of the level and of the power add up to:
 *
 *   visible = (t[1 - level, n - 1] + z[power]) x standard error
 *
 * as for the t-test, which the signed-rank test follows with an asymptotic relative efficiency of 3
 * / pi = 0.955 (Pitman; Hodges and Lehmann 1956) under the normal distribution. The quantile of t
 * stands for the price of few blocks.
 *
 * The standard error of the Hodges-Lehmann estimate is taken from the data without assuming a
 * distribution: the 95 % interval's width divided by twice its quantile (Lehmann 1963), so that the
 * efficiency is the one under this sample's tails. Given a standard deviation instead, as when
 * planning, it is deviation / sqrt(n x 3 / pi). Against simulation: from 24
 * values on the power is 0.87 to 0.91 for normal ones; with 10 % of them contaminated by 10 sigma
 * it is 0.80 to 0.83 at 24, 0.85 to 0.88 from 40 on (level 0.01), and falls behind at far stricter
 * levels (0.68 at 24 and level 0.0005), where the tails decide.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_VISIBLE_H
#define HEAPMARK_HARNESS_ANALYZE_VISIBLE_H

#include <stddef.h>

#include "harness/analyze/shift.h"

struct visible_rule {
    double level; /* one-sided, of the test */
    double power; /* 0.9 */
};

/* Of a sample with this interval and count, in the interval's unit, beyond the margin. NaN: without
   an interval, or when even blocks that all lie on one side could not reach the level (2^-count >
   level): such a test can never fail. */
double visible_shift(const struct shift *interval, size_t count, struct visible_rule rule);

/* The same of so many normal values of that standard deviation. */
double visible_of_deviation(double deviation, size_t count, struct visible_rule rule);

/* How many values would make `effect` visible, when `count` of them show `visible` (both beyond the
   margin): the standard error falls with the root of the count. */
size_t visible_count(double visible, size_t count, double effect);

#endif
