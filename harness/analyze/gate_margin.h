/*
 * Which margins count for one metric of one cell.
 *
 *   margin   the last --limit that names both; else, of times, the rule's; else the metric's own;
 *            but never below the calibrated noise floor
 *   pass     as far above the margin as the rule's (or the metric's) pass margin is above its own,
 *            so that whoever allows 10 % may use it, and needs no more precise a measurement
 *
 * By default 1 % and 3 %: between the two a difference is neither proved to be there nor harmless.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_MARGIN_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_MARGIN_H

#include "harness/analyze/gate.h"

/* Shares; `log_` as logarithms of ratios. */
struct gate_margin {
    double margin, pass;
    double log_margin, log_pass;
    bool is_limited; /* by a --limit of the user's */
};

/* label: as the report names the cell, which may tell its strategy, too; limits may use it. */
struct gate_margin gate_margin_of(const struct gate_rule *rule, const struct gate_metric *metric,
                                  const struct gate_cell_row *cell, const char *label);

/* Whether the limit's glob of cells names this one: by its label, with or without a strategy in it,
   or by its workload alone. */
bool gate_limit_names_cell(const struct gate_limit *limit, const struct gate_cell_row *cell,
                           const char *label);

#endif
