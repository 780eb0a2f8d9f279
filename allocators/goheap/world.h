/*
 * The world: which threads are mutators, and how they are stopped.
 *
 * Stopping is cooperative. Whoever stops the world sets `stop_wanted` in every mutator and waits
 * until none is running. A mutator looks at its flag at safepoints: goheap_poll, and the slow path
 * of allocation, which it reaches at least once per span. Threads that wait for something say so
 * first (goheap_block) and are not waited for.
 *
 *     detached --attach--> running --safepoint, stop wanted--> stopped --world_start--> running
 *                          running --goheap_block--> blocked --goheap_unblock--> running
 *
 * A mutator that stops or blocks first publishes its stack pointer and callee-saved registers
 * (roots.h); together with the stack above, that is all it can hold of the heap. attach, detach and
 * unblock wait while a stop lasts, so the list of mutators is fixed during it.
 *
 * The collection lock serialises those who stop the world. A mutator waits for it as blocked, or
 * two that want to collect would wait for each other. Order of locks: collection, then world; the
 * heap lock and mcentral's are taken under either, and never while waiting for the world.
 */
#ifndef HEAPMARK_GOHEAP_WORLD_H
#define HEAPMARK_GOHEAP_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "allocators/goheap/mutator.h"

/* The list of mutators; NULL: none. Stable while the world is stopped. */
struct mutator *world_mutators(void);
size_t world_mutator_count(void);

void world_attach(struct mutator *m);
/* m has flushed its caches and allocates no more. */
void world_detach(struct mutator *m);

/* Relaxed: it is only a hint to look under the world lock. */
static inline bool world_wants_stop(const struct mutator *m) {
    return __atomic_load_n(&m->shared.stop_wanted, __ATOMIC_RELAXED) != 0;
}

/* A safepoint: stops here if somebody wants it. */
void world_poll(struct mutator *m);

/* Takes and gives the collection lock. m: the calling mutator, NULL if the caller is none. */
void world_lock_collection(struct mutator *m);
void world_unlock_collection(void);

/* Stops and starts all mutators. The collection lock is held. m as above; its roots are published.
 */
void world_stop(struct mutator *m);
void world_start(struct mutator *m);

#endif
