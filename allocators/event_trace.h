/*
 * The event trace: what a heap does, event by event, as a stream of bytes on a descriptor.
 *
 * The stream is a head (struct event_stream_head), then chunks, each a head (struct
 * event_chunk_head) and as many bytes as that says. Everything is little-endian and unaligned. A
 * stream that breaks off is valid up to the last whole chunk; a whole one ends with a chunk of the
 * type EVENT_CHUNK_END. Unknown types of chunks are skipped by their length.
 *
 * A chunk of events holds some of one track's, in order of time; chunks of different tracks come in
 * no order, those of one track in theirs. An event is its kind in one byte, the nanoseconds since
 * the event before (since the chunk's base_ns for the first) and its arguments, all varints
 * (LEB128: seven bits a byte, the lowest first, the high bit says that more follow). An event is 2
 * to 31 bytes, in practice 3 to 8.
 *
 * Slices nest on every track: each BEGIN has its END, in the same stream, however many events are
 * dropped between the two: one of which nothing could be kept is dropped whole. A slice under way
 * when the trace begins or ends is cut there.
 *
 * Time is CLOCK_MONOTONIC in nanoseconds. Its reading costs 25 ns where that of the time stamp
 * counter costs 11 (Zen 4, virtual machine); it is taken because totals and slices can then come
 * from one reading and agree to the nanosecond, and because it is what everything else that watches
 * a process tells time by.
 *
 * The format is told here, for those who write it (bindings, and goheap) and those who read it.
 */
#ifndef HEAPMARK_ALLOCATORS_EVENT_TRACE_H
#define HEAPMARK_ALLOCATORS_EVENT_TRACE_H

#include <stdint.h>

#define EVENT_STREAM_MAGIC   "hmevents"
#define EVENT_STREAM_VERSION 1

/* What the arguments that are codes mean. */
enum event_stop {
    EVENT_STOP_SETUP,
    EVENT_STOP_TERMINATION,
    EVENT_STOP_OTHER /* no collection's */
};
enum event_block { EVENT_BLOCK_PROGRAM, EVENT_BLOCK_COLLECTION /* another thread's */ };

enum event_kind {
#define EVENT(NAME, number, word, shape, arguments, first, second, meaning) EVENT_##NAME = (number),
#include "allocators/event_kinds.def"
#undef EVENT
};

enum {
    EVENT_KIND_MOST = 63,
    EVENT_ARGUMENTS_MOST = 2,
    EVENT_BYTES_MOST = 1 + 10 * (1 + EVENT_ARGUMENTS_MOST)
};

struct event_stream_head {
    char magic[8];        /* EVENT_STREAM_MAGIC without its NUL */
    uint32_t version;     /* EVENT_STREAM_VERSION */
    uint32_t pid;         /* of the process that is traced */
    uint64_t start_ns;    /* CLOCK_MONOTONIC ... */
    uint64_t realtime_ns; /* ... and CLOCK_REALTIME at the same time */
};

/* Four letters each, as they stand in the stream. */
enum event_chunk_type {
    EVENT_CHUNK_EVENTS = 0x544e5645, /* "EVNT" */
    EVENT_CHUNK_RUN = 0x204e5552,    /* "RUN ": `count` of struct event_run */
    EVENT_CHUNK_END = 0x20444e45     /* "END ": one struct event_end, and nothing after it */
};

enum event_role {
    EVENT_ROLE_MUTATOR,   /* a thread that allocates */
    EVENT_ROLE_COLLECTOR, /* the collector's own thread */
    EVENT_ROLE_OTHER,     /* threads that are neither, together */
    EVENT_ROLE_CYCLE      /* the phases of the cycles: no thread, tid 0 */
};

struct event_chunk_head {
    uint32_t type;    /* enum event_chunk_type */
    uint32_t bytes;   /* after this head */
    uint32_t count;   /* events, or other things */
    uint32_t track;   /* of events: a number, 1 and up, that no other track of the stream has */
    uint32_t tid;     /* the operating system's number of the thread; 0: none, or not known */
    uint32_t role;    /* enum event_role */
    uint64_t base_ns; /* CLOCK_MONOTONIC */
    uint64_t dropped; /* events of this track that found no room, after those of the chunk before */
};

/* When a thread of the workload ran its timed operations. CLOCK_MONOTONIC. The timed run is from
   the first start to the last end. */
struct event_run {
    uint64_t start_ns, end_ns;
};

struct event_end {
    uint64_t end_ns, realtime_ns; /* as in struct event_stream_head */
    uint64_t events, dropped;     /* kept and not, of all tracks */
};

#endif
