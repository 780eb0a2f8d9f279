/*
 * bdwgc's event trace (event_trace.h), from the steps of its collections that it calls back at.
 *
 * What means the same as elsewhere has the same kind. A cycle's first stop is its mark-setup, even
 * though all marking may be done in it, and each other stop of an incremental one a
 * mark-termination; between two stops of a cycle is its mark phase. What a collection does when the
 * world runs again (bdwgc reclaims what is large, and leaves the rest to allocation) is a sweep, of
 * a number of spans that is not known. Not told: when a single thread stops (bdwgc tells when it
 * sends the signal), what allocating threads sweep, refills and single blocks of the heap.
 *
 * All of it is guarded by bdwgc's lock, which its callbacks hold.
 */
#ifndef HEAPMARK_ALLOCATORS_BOEHM_TRACE_H
#define HEAPMARK_ALLOCATORS_BOEHM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "allocators/event_trace.h"
#include "harness/base/error.h"

/* Address space for what the trace needs: before the first thread attaches. False: none. */
bool boehm_trace_init(void);

/* struct allocator's. */
bool boehm_trace_start(int fd, struct error *err);
int boehm_trace_stop(struct event_end *totals);

/* The calling thread has been registered, or will be no more. */
void boehm_trace_attach(void);
void boehm_trace_detach(void);

/* The rest: bdwgc's lock is held. They do nothing while nothing is traced. */

/* A stop, from the readings that make the pause; is_first: it begins a cycle. is_marked: marking
   has ended in it. */
void boehm_trace_stop_begin(uint64_t at_ns, bool is_first, uint64_t cycle);
void boehm_trace_stop_complete(void);
void boehm_trace_stop_end(uint64_t at_ns, bool is_marked, uint64_t cycle);

void boehm_trace_reclaim_begin(void);
void boehm_trace_reclaim_end(void);

/* A counter of the collector's. */
void boehm_trace_counter(enum event_kind kind, uint64_t bytes);

/* The heap has grown, or shrunk, to this. */
void boehm_trace_resized(uint64_t heap_bytes, uint64_t mapped_bytes);

#endif
