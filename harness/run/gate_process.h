/*
 * Time, memory and pauses by whole processes: what run's executor measures, in ABBA or BAAB order.
 *
 * For pairs that slices do not fit (threads, helpers, workloads whose slices do not add up, the Go
 * runtime), and for memory and pauses of all. A block is four processes, two of each side; its log
 * ratio is the mean of the two pairs', its values are means over the side's processes.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_PROCESS_H
#define HEAPMARK_HARNESS_RUN_GATE_PROCESS_H

#include "harness/run/gate_time.h"

/* As gate_time_prepare. The number of operations is the one with which the base's timed run takes
   some tens of milliseconds and, of a collector, has 10 collections. */
bool gate_process_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                          struct gate_rows *rows, struct error *err);

/* As gate_time_block: all metrics. */
bool gate_process_block(const struct gate_pair *pair, const struct gate_block_request *request,
                        const struct gate_measure_options *options, struct gate_rows *rows,
                        struct error *err);

/* As gate_memory_block: the operations of ten slices, and no wall_ns. */
bool gate_process_memory_block(const struct gate_pair *pair,
                               const struct gate_block_request *request,
                               const struct gate_measure_options *options, struct gate_rows *rows,
                               struct error *err);

#endif
