/* Rows of a gate made in memory. */
#ifndef HEAPMARK_TESTS_UNIT_GATE_ROWS_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_GATE_ROWS_FIXTURE_H

#include "harness/store/gate_rows.h"

/* Appends an ok cell of one thread with the next number: 1000 operations, equal checksums. */
struct gate_cell_row *gate_cell_add(struct gate_rows *rows, const char *workload,
                                    const char *parameters);

/* A block of the cell: base 1000 and its number, candidate e^log_ratio times that; its number is
   the next of the cell and metric. */
struct gate_block_row *gate_block_add(struct gate_rows *rows, uint64_t cell, const char *metric,
                                      double log_ratio);

/* `count` blocks around log_ratio, symmetrically, at most `spread` away; every fifth block more is
   an A/A block around 0. */
void gate_blocks_add(struct gate_rows *rows, uint64_t cell, const char *metric, unsigned count,
                     const double around[2]); /* log_ratio, spread */

/* Two repeats of a count over 1000 operations. */
void gate_counts_add(struct gate_rows *rows, uint64_t cell, const char *metric, double base,
                     double candidate);

/* One directory for a test's files: *state is its path. */
int gate_directory_setup(void **state);
int gate_directory_teardown(void **state);

#endif
