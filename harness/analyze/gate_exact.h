/*
 * The exact tier: counts of the same work, by equality or within a band.
 *
 * INVALID: a repeat without number or twice there; a count of one side only; a negative or infinite
 * one, or 0 of what is never 0; zero or unequal operations; and a collapse: a candidate of less
 * than half the base, where the workload decides the count, or where no checksum proves that the
 * work was done. (Fewer mmap calls, faults or instructions for checked work are what allocators
 * strive for.) A --limit that allows the fall says that it is meant.
 *
 * The band is the greatest of
 *   the margin, as a share of the lesser side; the metric's slack; and
 *   when repeats differ, their range (the greater of both sides') times a factor that keeps false
 *   verdicts below 1 in 1000 even when the metric is pure noise: 20 for 2 repeats, 4 for 3, 2 from
 *   4 on (found by simulation: normal, 10 % contaminated by 10 sigma; see test_gate_exact).
 * Within the margin, the slack and twice the range is PASS; beyond the band REGRESSED or IMPROVED;
 * between, which happens with 2 or 3 repeats, INCONCLUSIVE. A count made once on each side can only
 * PASS or be INCONCLUSIVE.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_EXACT_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_EXACT_H

#include "harness/analyze/gate_draft.h"

/* Ends the draft with a verdict, or as absent when neither side could be counted here. */
void gate_exact_judge(struct gate_draft *draft, const struct gate_group *group,
                      const struct gate_cell_row *cell, GStringChunk *text);

#endif
