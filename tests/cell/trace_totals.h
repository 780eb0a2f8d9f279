/* What an event trace holds, added up, with its promises checked on the way: on every track time
   does not go back, slices nest, and each beginning has its end. */
#ifndef HEAPMARK_TESTS_TRACE_TOTALS_H
#define HEAPMARK_TESTS_TRACE_TOTALS_H

#include "harness/base/event_trace.h"

enum { TRACE_TRACKS_MAX = 1024, TRACE_DEPTH_MAX = 16, TRACE_STOPS = EVENT_STOP_OTHER + 1 };

/* What is open on a track, and where its time is. */
struct trace_track {
    uint64_t last_ns;
    uint32_t role;
    unsigned depth;
    uint8_t open[TRACE_DEPTH_MAX];
    uint64_t begin_ns[TRACE_DEPTH_MAX], arguments[TRACE_DEPTH_MAX];
};

struct trace_totals {
    const char *broken;       /* the promise that does not hold; NULL: all do */
    bool has_ended;           /* by an end chunk */
    uint64_t events, dropped; /* as the chunks tell */
    uint64_t chunks[EVENT_ROLE_CYCLE + 1];
    uint64_t counts[EVENT_KIND_MOST + 1];
    uint64_t slices_ns[EVENT_KIND_MOST + 1]; /* at the kind of the beginning */
    uint64_t sums[EVENT_KIND_MOST + 1][EVENT_ARGUMENTS_MOST];
    uint64_t stops[TRACE_STOPS], stops_ns[TRACE_STOPS]; /* by reason */
    uint32_t runs;
    uint64_t first_ns, last_ns;        /* events */
    uint64_t run_start_ns, run_end_ns; /* the timed run */
    struct event_end end;
    struct trace_track tracks[TRACE_TRACKS_MAX];
};

/* Reads a stream to its end, or to where it breaks off. */
void trace_totals_read(struct trace_totals *out, FILE *in);

#endif
