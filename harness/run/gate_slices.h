/*
 * Time by slices: two held-open programs on one CPU, asked by turns, so that only one runs.
 *
 * The number of operations of a slice is chosen once, from the base, and is both sides': at least
 * 2 ms and 1000 steps of the clock, of a collector at least 10 collections, as long as they fit
 * into 100 ms, and no fewer than the config's. A block warms both sides in with slices that do not
 * count, then makes rounds of four slices, ABBA or BAAB by chance. What is done with the slices:
 * gate_slices_rule.h.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_SLICES_H
#define HEAPMARK_HARNESS_RUN_GATE_SLICES_H

#include "harness/run/gate_time.h"

/* Whether the pair can be measured so at all: what is known without starting anything. */
bool gate_slices_can(const struct gate_pair *pair);

/* As gate_time_prepare, for a pair that can be measured so. *has_helpers: threads of an allocator's
   own do so much of the work that one CPU would falsify it; the pair is then one for
   gate_process.h, which fills the row. */
bool gate_slices_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                         struct gate_rows *rows, bool *has_helpers, struct error *err);

/* As gate_time_block. */
bool gate_slices_block(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_measure_options *options, struct gate_rows *rows,
                       struct error *err);

#endif
