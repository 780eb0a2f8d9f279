/* Recordings made by hand: event streams and Go execution traces, written to files of a test. */
#ifndef HEAPMARK_TESTS_UNIT_TRACE_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_TRACE_FIXTURE_H

#include <glib.h>

#include "harness/base/event_trace.h"

/* A new file for a test; caller unlinks and frees. */
char *fixture_path(void);
void fixture_write(const char *path, const GString *bytes);

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
