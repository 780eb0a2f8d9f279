/*
 * What the exact tier makes of its processes: the cell's row, and the rows of its counts. Private
 * to gate_counts.c, which runs them.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_COUNTS_ROWS_H
#define HEAPMARK_HARNESS_RUN_GATE_COUNTS_ROWS_H

#include "harness/run/gate_counts.h"
#include "harness/run/gate_counts_run.h"

/* One pair while it is measured. */
struct counts {
    const struct gate_pair *pair;
    const struct gate_counts_request *request;
    const struct gate_measure_options *options;
    struct gate_rows *rows;
    struct gate_cell_row *row;
    const struct gate_side *sides[GATE_SIDES];
    size_t words_bytes;          /* the greater side's */
    uint64_t memory_limit_bytes; /* one for all processes */
    struct error *err;
};

/* Both sides of one repeat. */
struct counts_runs {
    struct count_run sides[GATE_SIDES];
};

/* Whether the side is run at all: a base may be stored counts. */
bool counts_side_is_there(const struct gate_side *side);

/* ---- the cell's row ---- */

/* The row of the pair's cell; NULL: there is none. */
struct gate_cell_row *counts_row_find(const struct gate_pair *pair, const struct gate_rows *rows);

/* False: the cell has failed already, or is skipped or unavailable and now has that status. */
bool counts_row_can_run(const struct counts *c);

/* What native runs say of the cell as a whole: fills the columns of validity that are empty. False:
   it is not ok, and its status and reason say why. */
bool counts_row_judge(const struct counts *c, const struct counts_runs *runs);

/* ---- its counts ---- */

/* Adds the rows of all metrics that a native run gives and that were asked for. */
void counts_add_native(const struct counts *c, struct counts_runs *runs, unsigned repeats);

/* Whether each metric that a native run gives and that was asked for is one number: in every repeat
   and, where there is a base, on both sides. */
bool counts_are_equal(const struct counts *c, const struct counts_runs *runs, unsigned repeats);

/* Adds one repeat of the instructions. */
void counts_add_instructions(const struct counts *c, unsigned repeat,
                             const struct counts_runs *runs);

/* Adds the one row that says why there are none. */
void counts_add_no_instructions(const struct counts *c, const char *reason);

#endif
