/*
 * The exact tier: counts of the same work, by equality or within a band.
 *
 * INVALID: a repeat without number or twice there; a count of one side only; a negative or infinite
 * one, or 0 of what is never 0; zero or unequal operations; and a collapse: a candidate of less
 * than half the base, where the workload decides the count, or where no checksum proves that the
 * work was done. (Fewer mmap calls, faults or instructions for checked work are what allocators
 * strive for.) A --limit that allows the fall says that it is meant.
 *
 * The band is the greater of the margin, as a share of the lesser side, and the metric's slack.
 *
 * 1. Every count of one side is within the band of every count of the other: PASS, whatever
 *    scatters.
 *
 * 2. Neither side scatters: REGRESSED or IMPROVED; INCONCLUSIVE when counted once.
 *
 * 3. One side or both scatter, so the metric is not exact here, and the reason says so. REGRESSED
 *    or IMPROVED when the medians differ by more than the band and the range (the greater of both
 *    sides') times a factor that keeps false verdicts below 1 in 1000 even when the metric is pure
 *    noise: 20 for 2 repeats, 4 for 3, 2 from 4 on (found by simulation: normal, 10 % contaminated
 *    by 10 sigma; see test_gate_exact). PASS, with the difference that would have been told, when
 *    both scatter, neither range is more than 4 times the other, and each side's median is within
 *    the other's range. Else, as when a number that was one became many: INCONCLUSIVE.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_EXACT_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_EXACT_H

#include "harness/analyze/gate_draft.h"

/* Ends the draft with a verdict, or as absent when neither side could be counted here. */
void gate_exact_judge(struct gate_draft *draft, const struct gate_group *group,
                      const struct gate_cell_row *cell, GStringChunk *text);

#endif
