/*
 * A mutator: a thread that allocates, with its allocation context (Go's P with its mcache).
 *
 * The struct begins with what inline code and file-scope assembly read, then comes what the fast
 * path of allocation touches: for one span class a single half cache line. Everything cold is
 * behind.
 *
 * Only its own thread uses a mutator, but while the world is stopped the collector does.
 */
#ifndef HEAPMARK_GOHEAP_MUTATOR_H
#define HEAPMARK_GOHEAP_MUTATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/event_recorder.h"
#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mcache.h"
#include "allocators/goheap/stats.h"
#include "allocators/goheap/write_barrier.h"

/* See world.h for the transitions. */
enum mutator_state { MUTATOR_DETACHED, MUTATOR_RUNNING, MUTATOR_STOPPED, MUTATOR_BLOCKED };

enum { MUTATOR_REGISTERS = 11 }; /* callee-saved: 6 of x86-64, 11 of aarch64 */

struct mutator {
    struct goheap_mutator shared;           /* what goheap.h shows; must be first */
    uintptr_t stack_top;                    /* published with ... */
    uintptr_t registers[MUTATOR_REGISTERS]; /* ... these, when the mutator stops or blocks */
    uint64_t is_published;                  /* both are those at the entry to goheap: see roots.h */
    struct mcache cache;
    double assist_debt;   /* scan work owed for what was allocated while a collection marks */
    int64_t live_pending; /* bytes of spans taken that heap_live does not hold yet */
    uint8_t shard;        /* whose spans it prefers: mcentral.h */
    uintptr_t stack_base;
    enum mutator_state state;        /* world lock */
    struct mutator *next, *previous; /* in the world's list; world lock */
    struct mutator *next_free;       /* detached ones; heap lock */
    uint64_t delay_start_ns;         /* of the slow path under way; 0: no clock was read in it */
    struct stats stats;
    struct write_barrier_buffer overwritten; /* pointers, while a collection marks */
    struct event_track track;                /* its events, while they are traced */
};

static inline struct mutator *mutator_of(struct goheap_mutator *m) {
    return (struct mutator *)m;
}

/* A detached mutator with empty caches, or NULL: no memory. */
struct mutator *mutator_new(void);
void mutator_free(struct mutator *m);

/* Aborts unless m is attached and running: called on slow paths. */
void mutator_check(const struct mutator *m, const char *function);

/* The slow path is about to do something that can take long: starts its clock, once. */
void mutator_delay_begin(struct mutator *m);
/* The slow path ends: notes how long it was, if the clock was started. */
void mutator_delay_end(struct mutator *m);

#endif
