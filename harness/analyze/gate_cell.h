/*
 * Is a cell measured at all, and did both sides do the same work? Otherwise nothing that was
 * measured of it means anything, and it is INVALID as a whole:
 *
 *   its number is missing or used twice, or the same work and sides stand under two numbers
 *   its status is missing or not ok
 *   operations of a side are zero, or unknown, or differ
 *   checksums differ, or one side, or an allocator that is known, has none
 *
 * A pair of commands knows neither operations nor checksums: their work is the user's to check.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_CELL_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_CELL_H

#include "harness/analyze/gate_draft.h"

/* The cell's name in a report: gate_cell_label, with its strategies where another of `cells` (of
   struct gate_cell_row) does the same work with others. Caller frees with g_free. */
char *gate_cell_label_among(const struct gate_cell_row *cell, const GArray *cells);

/* Whether the cell's work is checked by a checksum of both sides. */
bool gate_cell_is_checked(const struct gate_cell_row *cell);

/* False, and the draft ends INVALID, when the cell breaks a rule above. */
bool gate_cell_check(const struct gate_cell_row *cell, const GArray *cells,
                     struct gate_draft *draft, GStringChunk *text);

#endif
