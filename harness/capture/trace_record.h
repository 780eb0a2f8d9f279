/*
 * Runs a cell with its tracer on, the recording going to a file: a process of its own, as `run`
 * makes it, so the record beside the trace is an ordinary one.
 *
 * Which tracer a cell program has shows in what it wrote: goheap and bdwgc's binding write an event
 * stream, cell-go the runtime's execution trace, and a malloc nothing; of a process without one the
 * kernel's events are recorded from outside (kernel_events.h).
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_TRACE_RECORD_H
#define HEAPMARK_HARNESS_CAPTURE_TRACE_RECORD_H

#include "harness/capture/kernel_events.h"
#include "harness/capture/trace_read.h"
#include "harness/run/executor.h"

struct trace_recorder {
    struct process_capture capture;
    struct executor *executor;
    struct kernel_events *kernel; /* of the cell that is recorded, NULL */
    char *kernel_path;            /* where its events go, NULL */
    const char *kernel_reason;    /* why the last cell has none, or not all; NULL: it has. Static */
    uint64_t spawned_ns;          /* CLOCK_MONOTONIC when the process began */
};

/* `options` but for its capture, which is filled here; borrowed as by executor_process_new. False:
   as that. The recorder must not move. */
bool trace_recorder_init(struct trace_recorder *r, struct process_options *options,
                         struct error *err);
void trace_recorder_release(struct trace_recorder *r);

/*
 * Runs the cell once. With a path its trace goes to that file, made or emptied, and the kernel's
 * events to path + ".kernel"; with NULL it runs untraced. What became of the process is a status in
 * the observation. False: the file cannot be made (EXIT_CANNOT), or as executor's execute.
 */
bool trace_record(struct trace_recorder *r, const struct cell *cell, const char *path,
                  struct observation *out, struct error *err);

enum trace_format { TRACE_EVENTS, TRACE_GO, TRACE_NOTHING };

/* By the file's first bytes. */
enum trace_format trace_format_of(const char *path);

#endif
