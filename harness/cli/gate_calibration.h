/* Noise floors: from A/A blocks to a file, and from the file to the gate's rule. Within cli only.
 */
#ifndef HEAPMARK_HARNESS_CLI_GATE_CALIBRATION_H
#define HEAPMARK_HARNESS_CLI_GATE_CALIBRATION_H

#include "harness/analyze/gate.h"
#include "harness/store/gate_floors.h"

/* The ln ratios of the A/A blocks that count, of one cell and metric, in the order of measurement.
   Caller frees the array (of double). */
GArray *gate_pool(const struct gate_rows *rows, uint64_t cell, const char *metric);

/* A row (struct gate_floor_row) per cell and metric that has A/A blocks; text goes to `text`.
   blocks: of one estimate, as the gate's rule has it. */
GArray *gate_calibration_of(const struct gate_rows *rows, unsigned blocks, GStringChunk *text);

/* What people see of them. Caller frees with g_free. */
char *gate_calibration_text(const GArray *floors);

/* Appends the floors of a file as limits (struct gate_limit). Refuses (EXIT_USAGE). */
bool gate_calibration_read(GArray *limits, const char *path, GStringChunk *text, struct error *err);

#endif
