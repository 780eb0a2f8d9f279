/*
 * Does every --limit name something that this gate judges?
 *
 * A limit that names nothing is a misspelt one: the margin that its author believes in does not
 * hold, and nothing would ever say so. So it is refused, before anything is measured.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_LIMITS_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_LIMITS_H

#include "harness/analyze/gate.h"
#include "harness/base/error.h"
#include "harness/run/gate_pair.h"

/*
 * Refuses (EXIT_USAGE) the first of `limits` (of struct gate_limit) whose glob names none of
 * `cells` (of struct gate_cell_row), or whose metric is measured of none of the cells that it
 * names. tiers[i]: what is measured of cells[i], of enum gate_tiers.
 */
bool gate_limits_check(const GArray *limits, const GArray *cells, const unsigned *tiers,
                       struct error *err);

/* What was measured of each cell, by its rows; of one that failed, everything. Caller frees with
   g_free. */
unsigned *gate_tiers_measured(const struct gate_rows *rows);

#endif
