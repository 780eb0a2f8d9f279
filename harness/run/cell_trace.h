/*
 * The event trace of a cell program (--trace-fd): allocators/event_trace.h on a descriptor.
 *
 * The stream's head, when the threads ran and its end are written here, for every binding; the
 * events by the allocator, if its binding tells any (struct allocator's trace_start). They are
 * those from before the readings that precede the timed run until after those that follow it, so
 * that every stop that the record counts is among them. A cell that dies leaves a stream that
 * breaks off.
 *
 * Without a descriptor none of this does anything. What goes wrong is said on stderr and does not
 * end the cell: heapmark finds that the stream is not whole.
 */
#ifndef HEAPMARK_HARNESS_RUN_CELL_TRACE_H
#define HEAPMARK_HARNESS_RUN_CELL_TRACE_H

#include <stdint.h>

/* Writes the head. fd <= 0: nothing is traced. */
void cell_trace_open(int fd);

/* Around the timed run and its readings. One thread, all others waiting. */
void cell_trace_begin(void);
void cell_trace_end(void);

/* A thread of the workload ran from ... to ..., CLOCK_MONOTONIC. */
void cell_trace_run(uint64_t start_ns, uint64_t end_ns);

/* Writes the runs and the end. */
void cell_trace_finish(void);

#endif
