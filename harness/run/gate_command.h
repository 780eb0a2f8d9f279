/*
 * A pair of command lines: wall time of the whole process, and its greatest resident size.
 *
 * A block is four processes, ABBA or BAAB; values are means over a side's two, the log ratio is the
 * mean of the two pairs'. What a command writes is drained; the last words of one that fails are in
 * the reason. Its environment is heapmark's own and one variable of a random length.
 *
 * The greatest resident size of a process counts from fork, so one smaller than heapmark's own
 * cannot be seen; then the row of rss_peak_bytes is void, with that reason.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_COMMAND_H
#define HEAPMARK_HARNESS_RUN_GATE_COMMAND_H

#include "harness/run/gate_time.h"

/* As gate_time_prepare: runs each side once. */
bool gate_command_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                          struct gate_rows *rows, struct error *err);

/* As gate_time_block. A/A: the base's command line twice. */
bool gate_command_block(const struct gate_pair *pair, const struct gate_block_request *request,
                        const struct gate_measure_options *options, struct gate_rows *rows,
                        struct error *err);

#endif
