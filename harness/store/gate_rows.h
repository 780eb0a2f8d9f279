/*
 * What a gate measured, raw: its cells, its blocks, its counts. A gate's directory holds them as
 * cells.csv, blocks.csv and counts.csv beside gate.txt (what was asked) and machine.txt, so that a
 * verdict can be made again from the same files, to the byte.
 *
 * As with records, text is borrowed from a pool, COUNT_EMPTY and NaN are empty numbers.
 */
#ifndef HEAPMARK_HARNESS_STORE_GATE_ROWS_H
#define HEAPMARK_HARNESS_STORE_GATE_ROWS_H

#include "harness/store/record.h"

#define FIELD(kind, name, group, meaning) FIELD_MEMBER_##kind(name)

struct gate_cell_row {
#include "harness/store/gate_cell_fields.def"
};
struct gate_block_row {
#include "harness/store/gate_block_fields.def"
};
struct gate_count_row {
#include "harness/store/gate_count_fields.def"
};

#undef FIELD

extern const struct row_type gate_cell_type, gate_block_type, gate_count_type;

/* All that a gate knows before anybody judges it. */
struct gate_rows {
    GArray *cells;      /* of struct gate_cell_row */
    GArray *blocks;     /* of struct gate_block_row */
    GArray *counts;     /* of struct gate_count_row */
    GStringChunk *text; /* owns every string in it */
};

void gate_rows_init(struct gate_rows *r);
void gate_rows_release(struct gate_rows *r);

#endif
