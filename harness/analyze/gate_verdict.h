/* From p-values, intervals and A/A blocks to the verdict on one metric of one cell; gate.h tells
   the rule. */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_VERDICT_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_VERDICT_H

#include "harness/analyze/gate_draft.h"

/* What all open drafts of a gate have in common. */
struct gate_family {
    double p_more, p_less; /* the greatest p-values that are rejected */
    double level;          /* of a finding that stands alone: rate / number of tests */
    double confirm_p;
};

/* Over the drafts that are open: an array of struct gate_draft. */
struct gate_family gate_family_of(const GArray *drafts, const struct gate_rule *rule);

/* Whether the first stage alone would make it REGRESSED (1) or IMPROVED (-1); 0: neither. */
int gate_draft_direction(const struct gate_draft *draft, const struct gate_family *family);

/* Ends an open draft. */
void gate_draft_conclude(struct gate_draft *draft, const struct gate_family *family,
                         GStringChunk *text);

#endif
