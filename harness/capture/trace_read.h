/*
 * What is known of a recorded trace beside its events, and the readers that tell a timeline of
 * them.
 *
 * A trace is read twice: once for the facts (when the timed run was), once to be told. Neither
 * keeps it in memory. What breaks off (a full disk, a killed process) is read up to there, and
 * `is_cut`.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_TRACE_READ_H
#define HEAPMARK_HARNESS_CAPTURE_TRACE_READ_H

#include "harness/base/error.h"
#include "harness/capture/timeline.h"

/* When a thread of the workload ran its timed operations; CLOCK_MONOTONIC. */
struct trace_run {
    uint64_t start_ns, end_ns;
};

struct trace_facts {
    GArray *runs;              /* of struct trace_run */
    uint64_t start_ns, end_ns; /* the timed run: from the first start to the last end */
    uint64_t events, dropped;  /* in the recording; not recorded for want of room */
    uint64_t bytes;            /* of the recording */
    bool is_cut;
    const char *note; /* what a reader of the tables must know of this trace, or NULL; static */
};

void trace_facts_init(struct trace_facts *facts);
void trace_facts_release(struct trace_facts *facts);
/* Adds a run, and widens the timed run by it. */
void trace_facts_add_run(struct trace_facts *facts, uint64_t start_ns, uint64_t end_ns);

#define TRACE_RUN_NAME "timed run"

/* Shows each thread's timed run as a slice, TRACE_RUN_NAME, of its own track. */
void trace_runs_tell(struct timeline *t, const struct trace_facts *facts);

/*
 * The event stream of allocators/event_trace.h, which goheap and bdwgc's binding write.
 *
 * Both return false with err when the file is none (EXIT_USAGE) or cannot be read (EXIT_CANNOT).
 * `facts` comes first; `tell` is called within a cell of the timeline.
 */
bool event_trace_facts(const char *path, struct trace_facts *facts, struct error *err);
bool event_trace_tell(const char *path, struct timeline *t, struct error *err);

/* The execution trace of Go 1.22 and newer; as above. Older formats are refused by their version
   (EXIT_CANNOT). */
bool go_trace_facts(const char *path, struct trace_facts *facts, struct error *err);
bool go_trace_tell(const char *path, struct timeline *t, struct error *err);

#endif
