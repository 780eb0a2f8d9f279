/* Recordings made by hand: event streams and Go execution traces, written to files of a test. */
#ifndef HEAPMARK_TESTS_UNIT_TRACE_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_TRACE_FIXTURE_H

#include <glib.h>

#include "harness/analyze/trace_summary.h"
#include "harness/base/event_trace.h"
#include "harness/capture/trace_read.h"

/* A new file for a test; caller unlinks and frees. */
char *fixture_path(void);
void fixture_write(const char *path, const GString *bytes);

/* ---- a recording, told as the only cell of a timeline ---- */

#define MS UINT64_C(1000000)
#define T0 (UINT64_C(5000) * MS)

struct told {
    struct trace_facts facts;
    struct trace_summary *summary;
    struct timeline timeline;
    struct trace_cell_summary *cell; /* once told_end was called */
};

/* The facts, which the caller has filled, say how long the run is. */
void told_begin(struct told *told);
void told_end(struct told *told);
void told_release(struct told *told);

/* The row of that name; NULL: there is none. */
const struct trace_row *told_row(const struct told *told, const char *name);

/* ---- an event stream ---- */

GString *stream_new(void);
/* A chunk of one track's events, which are in order of time. */
void stream_chunk(GString *stream, uint32_t track, uint32_t role, const struct event *events,
                  size_t count);
void stream_run(GString *stream, uint64_t start_ns, uint64_t end_ns);
void stream_end(GString *stream, uint64_t dropped);

/* ---- a Go execution trace, of version 1.26 ---- */

GString *go_trace_new(unsigned version);
/* A batch of thread m; events are appended to the result and the batch is closed by go_batch_end.
   Ticks are nanoseconds. */
GString *go_batch_new(void);
/* kind, time since the event before, further numbers; -1 ends. */
void go_event_append(GString *batch, ...);
void go_batch_end(GString *trace, uint64_t thread, uint64_t time_ticks, GString *batch);
void go_string_append(GString *batch, uint64_t id, const char *text);
/* A stack of one function. */
void go_stack_append(GString *batch, uint64_t id, uint64_t function);
void go_generation_end(GString *trace);

#endif
