/*
 * Reading an event trace (allocators/event_trace.h): chunks from a stream, events from a chunk.
 *
 * A reader trusts nothing that it reads: lengths and numbers are bounded, a chunk that is none is
 * refused. That slices nest is the writer's promise, and is not checked here.
 */
#ifndef HEAPMARK_HARNESS_BASE_EVENT_TRACE_H
#define HEAPMARK_HARNESS_BASE_EVENT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "allocators/event_trace.h"
#include "harness/base/error.h"

enum event_shape { EVENT_BEGIN, EVENT_END, EVENT_INSTANT, EVENT_COUNTER };

struct event_facts {
    const char *word;
    enum event_shape shape;
    unsigned arguments;
    const char *argument_names[EVENT_ARGUMENTS_MOST]; /* "": none */
    const char *meaning;
};

/* NULL: there is no such kind. */
const struct event_facts *event_facts_find(unsigned kind);

struct event {
    enum event_kind kind;
    uint64_t time_ns; /* CLOCK_MONOTONIC */
    uint64_t arguments[EVENT_ARGUMENTS_MOST];
};

/* A chunk as it was read; valid until the next one is. */
struct event_chunk {
    struct event_chunk_head head;
    const unsigned char *payload;
};

/* The events of a chunk, one after the other. */
struct event_cursor {
    const unsigned char *at, *end;
    uint64_t time_ns;
    uint32_t left;
};
void event_cursor_init(struct event_cursor *cursor, const struct event_chunk *chunk);
/* False: there are no more, or what follows is no event (then event_cursor_is_bad). */
bool event_cursor_next(struct event_cursor *cursor, struct event *out);
bool event_cursor_is_bad(const struct event_cursor *cursor);

/* One event at the end of what a writer has; EVENT_BYTES_MOST bytes at most. Returns how many. */
size_t event_encode(unsigned char *out, const struct event *event, uint64_t time_before_ns);

/* `count` things of a chunk of another type, copied one by one since nothing is aligned in it. */
bool event_run_get(const struct event_chunk *chunk, uint32_t index, struct event_run *out);
bool event_end_get(const struct event_chunk *chunk, struct event_end *out);

/* A stream that is being read. */
struct event_stream {
    FILE *in; /* borrowed */
    struct event_stream_head head;
    unsigned char *payload;
    uint64_t whole_bytes; /* up to the end of the last whole chunk */
    bool has_ended;       /* by its end chunk */
};

enum event_stream_step {
    EVENT_STREAM_CHUNK, /* a chunk of events or of runs */
    EVENT_STREAM_END,   /* the end chunk, which `out` is */
    EVENT_STREAM_CUT,   /* the stream breaks off behind the last chunk */
    EVENT_STREAM_BAD    /* what follows is no chunk: err says what */
};

/* Reads the head. False: the stream does not begin as one, or is of another version. `name` is what
   errors call it. */
bool event_stream_open(struct event_stream *stream, FILE *in, const char *name, struct error *err);
enum event_stream_step event_stream_next(struct event_stream *stream, struct event_chunk *out,
                                         struct error *err);
void event_stream_release(struct event_stream *stream);

#endif
