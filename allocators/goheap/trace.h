/*
 * The event trace of the heap: what the hooks in its slow paths call.
 *
 * A hook is one line. While nothing is traced it is a load and a test on a path that takes locks
 * anyway, and the fast path of allocation has none. While something is, it costs a reading of the
 * clock (25 ns) and a few stores, unless the clock was read for other reasons or the event goes
 * with the one before it. So there is at most one reading for every 64 KB that are allocated: what
 * happens once per span of 8 KB (taking it from the mcache's stock, sweeping it: some 15 ns) is
 * told per batch, or as a sample.
 *
 * Whose events. Every mutator has a track, which only its own thread writes, and only while it
 * runs: a hook comes before the mutator stops or blocks, or after it runs again. So with the world
 * stopped all these tracks stand still, and starting and ending the trace, which happens then,
 * needs no lock of them. Threads that are no mutators share a lock for theirs; and the track of the
 * cycle's phases is written under the collection lock.
 *
 * Exactness. Stops are told by the readings that make pause_total_ns, assists by those that make
 * assist_ns: sums of slices are those totals to the nanosecond. Sweeping by mutators is timed for
 * one span of 64, for the statistics as for the trace; each sample tells what it adds to
 * sweep_mutator_ns, and the sum of that is exact.
 */
#ifndef HEAPMARK_GOHEAP_TRACE_H
#define HEAPMARK_GOHEAP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "allocators/event_recorder.h"

struct mspan;
struct mutator;

/* Atomic; changes only with the world stopped. */
extern bool trace_is_on;

/* Instead of a time: that of the event before, on the same thread. */
#define TRACE_SAME_NS 1

/* The rest of trace_event. at_ns: 0: now. */
void trace_record(enum event_kind kind, uint64_t at_ns, uint64_t first, uint64_t second);

/* Is anything traced? */
static inline bool trace_wants(void) {
    return __builtin_expect(__atomic_load_n(&trace_is_on, __ATOMIC_RELAXED), 0);
}

/* One event of the calling thread, at a time that was read for other reasons, or now (0), or
   TRACE_SAME_NS. Arguments the kind has not are ignored. */
static inline void trace_event(enum event_kind kind, uint64_t at_ns, uint64_t first,
                               uint64_t second) {
    if (trace_wants())
        trace_record(kind, at_ns, first, second);
}

/* A mutator comes: before it is in the world's list, and when it runs. */
void trace_mutator_init(struct mutator *m);
void trace_mutator_begin(struct mutator *m);
/* It goes; it runs still, but will tell nothing more. */
void trace_mutator_end(struct mutator *m);

/* The calling thread is the collector's. */
void trace_collector_begin(void);

/* The hooks below that have something to find out first are called only if trace_wants(). */

/* A collection's stop is wanted, and lets go. cycle: its number; is_over: the cycle has ended in
   this stop. With them the cycle's phases begin and end. Collection lock held. */
void trace_stop_begin(uint64_t at_ns, bool is_setup, uint64_t cycle);
void trace_stop_end(uint64_t at_ns, uint64_t cycle, bool is_over);

/* A stop is wanted that is no collection's. It ends with EVENT_STOP_END. */
void trace_other_stop_begin(void);

/* The mutator is about to stop. */
void trace_stopped_begin(void);

/* The mcache has taken a list of spans, of which there may be none. */
void trace_refill(unsigned span_class, const struct mspan *list);

/* A span was made, if s is not NULL; and, heap lock held, the heap may have grown. */
void trace_span_alloc(const struct mspan *s);
void trace_heap_grown(void);

/* Bytes of heap memory that are ready and not released. Heap lock held. */
void trace_heap_mapped(void);

/* Nothing is left to sweep. */
void trace_sweep_done(void);

#endif
