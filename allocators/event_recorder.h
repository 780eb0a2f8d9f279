/*
 * Recording an event trace (event_trace.h) without getting in the way.
 *
 * Events go into chunks of 8 KB, each filled by one track without a lock or an atomic. A full chunk
 * is pushed on a stack of such chunks and the next one popped from a stack of free ones, both
 * lock-free; a thread of the recorder's own writes what is full to the descriptor and frees it.
 *
 *     free --event_record finds its chunk full--> filling --full--> full --writer--> free
 *
 * The chunks are all the memory there is, fixed when recording starts. When the reader of the
 * descriptor is slower than the events come, they run out, and events are dropped and counted,
 * never waited for. A slice is dropped whole: room for the end of every slice that has been begun
 * is kept back in the chunk, so that slices nest in what arrives.
 *
 * Who uses it sees to it that a track is used by one thread at a time, and by none while it is
 * finished. No function here allocates, and none but recorder_start and recorder_stop waits.
 */
#ifndef HEAPMARK_ALLOCATORS_EVENT_RECORDER_H
#define HEAPMARK_ALLOCATORS_EVENT_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/event_trace.h"

enum {
    EVENT_DEPTH_MOST = 8,    /* slices within each other */
    EVENT_CHUNK_BYTES = 8192 /* a chunk as it lies in memory */
};

struct event_buffer;

/* What is recorded of one thread, or of one thing that is nobody's. Zeroed, with number, tid and
   role set, before its first event. */
struct event_track {
    struct event_buffer *buffer; /* being filled; NULL: none yet */
    uint64_t last_ns;            /* time of the last event: none is earlier than one before it */
    uint64_t dropped;            /* since `buffer` was begun */
    uint32_t number, tid;
    uint8_t role;                      /* enum event_role */
    uint8_t depth;                     /* slices that are open */
    uint8_t open[EVENT_DEPTH_MOST];    /* their kinds, outermost first */
    bool is_dropped[EVENT_DEPTH_MOST]; /* the beginning found no room, so the end is not told */
};

/* Makes chunks of `bytes` of zeroed memory, which stays the caller's, and starts the thread that
   writes them to fd. It takes no signals. False: the thread could not be started. One recorder per
   process. */
bool recorder_start(int fd, void *memory, size_t bytes);

/* Every track has been finished. Waits until all is written. */
struct recorder_totals {
    uint64_t events, dropped; /* written; and not */
    int write_error;          /* errno: from then on nothing was written; 0: all was */
};
struct recorder_totals recorder_stop(void);

/* One event. at_ns: CLOCK_MONOTONIC; what is earlier than the track's last event is told as being
   at the time of that. An END that closes nothing (its slice began before the trace) is ignored. */
struct event_record {
    enum event_kind kind;
    uint64_t at_ns;
    uint64_t arguments[EVENT_ARGUMENTS_MOST];
};
void track_record(struct event_track *track, const struct event_record *event);

/* Is the innermost open slice one of this kind? */
bool track_is_in(const struct event_track *track, enum event_kind begin);

/* Ends what is open, and hands over what there is. The track may be used again. */
void track_finish(struct event_track *track, uint64_t at_ns);

#endif
