/* By how much one metric of one cell differs, and how sure that is; see compare.h for the method.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_EFFECT_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_EFFECT_H

#include "harness/analyze/compare.h"

/* Fills all of f but is_among_many and verdict from the ok records of f->cell, which meets.
   f->count_a and f->count_b tell which side does not know the metric; then the rest is NaN.
   same_rounds: the repetitions of both sides were made in the same rounds. */
void compare_effect_fill(struct compare_finding *f, const struct compare_metric *metric,
                         bool same_rounds);

/* The verdict of a finding whose is_among_many is known. */
enum compare_verdict compare_effect_verdict(const struct compare_finding *f,
                                            const struct compare_request *r);

#endif
