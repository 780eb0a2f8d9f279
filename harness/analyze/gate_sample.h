/*
 * The blocks of one metric of one cell, as samples of log ratios, and whether they are a
 * measurement.
 *
 * INVALID, because something is broken:
 *   a block without number, or twice there; a stage or pair that is none; zero slices; a ratio
 *   without the two values it is of, or with only one of them, or infinite; no ratio and no reason;
 *   a ratio and a reason against it; a time that is not positive
 *   no block that counts, or fewer than 6: the exact 95 % interval needs 6
 *   of a time: the base, the candidate or the ratio is the same in all blocks: the clock stands
 *   the ratios contradict the columns they are of: both intervals beyond the margin, to opposite
 *   sides (the sides were swapped in one of them), or a factor of 2 apart (a unit was changed)
 *
 * INCONCLUSIVE, because the machine was not up to it:
 *   more than a quarter of the blocks of the first stage void, or fewer than the rule's least
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_SAMPLE_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_SAMPLE_H

#include "harness/analyze/gate_draft.h"

enum { GATE_BLOCKS_FOR_INTERVAL = 6 };

/* A metric that comes or goes is left to gate_presence.h; one that no block of either side has,
   with the reason, ends as absent. Otherwise fills the draft's estimates and p-values and leaves it
   open, or ends it. */
void gate_sample_measure(struct gate_draft *draft, const struct gate_group *group,
                         const struct gate_rule *rule, GStringChunk *text);

#endif
