/*
 * A metric that comes or goes: one side has it in a block, the other has none, as when stops of the
 * world appear where the base never stopped. No ratio can be made of nothing, and leaving such
 * blocks out would be silent where the change is greatest.
 *
 * When more than a quarter of the blocks are of that kind, they are judged by it: under the null
 * either side is as likely to be the one that has it, so the number of blocks in which only the
 * candidate has it is binomial with 1/2 (a sign test), one p-value among those of all metrics, and
 * to be confirmed on fresh blocks like any other.
 *
 *   REGRESSED     it appeared: found, and confirmed
 *   IMPROVED      it went, found and confirmed, and a --limit of 100 % or more says that this is
 *                 meant
 *   INCONCLUSIVE  anything else; it went, too, without such a limit: a counter that broke looks the
 *                 same
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_PRESENCE_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_PRESENCE_H

#include "harness/analyze/gate_draft.h"

/* Whether the block is void because one side has none (0) of what the other has; never of a metric
   that is always above 0. */
bool gate_block_is_lone(const struct gate_block_row *row, const struct gate_metric *metric);

/* True: the metric comes or goes, and the draft has its p-values, or has ended for want of blocks.
   False: it does not, and the draft is as it was. The rows have been checked. */
bool gate_presence_measure(struct gate_draft *draft, const struct gate_group *group,
                           const struct gate_rule *rule, GStringChunk *text);

/* Ends such a draft. direction: as gate_draft_direction has it. */
void gate_presence_conclude(struct gate_draft *draft, int direction, bool is_confirmed,
                            GStringChunk *text);

#endif
