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
 * A stop lasts a few microseconds, and a futex takes longer to wake a thread than that. So both
 * sides look again and again for a short time before they sleep, where there are CPUs for it: who
 * stops the world, if every running mutator can have a CPU beside it; a stopped mutator, unless it
 * was the last one that a sleeper waits for.
 *
 * The flag means "look": it is also set when marking has ended, so that a mutator that runs anyway
 * comes and ends the cycle (mgc.h).
 *
 * The collection lock serialises cycles and all else that stops the world. It is held for a whole
 * cycle and may be given up by another thread than took it. A mutator waits for it as blocked, or
 * two that want to collect would wait for each other. Order of locks: collection, then world; the
 * heap lock and mcentral's are taken under either, and never while waiting for the world.
 */
#ifndef HEAPMARK_GOHEAP_WORLD_H
#define HEAPMARK_GOHEAP_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "allocators/goheap/mutator.h"

/* Finds out how many CPUs the process may use. */
void world_init(void);
unsigned world_cpus(void);

/* Between two looks at what another thread is about to change. */
static inline void world_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

/* The list of mutators; NULL: none. Stable while the world is stopped. */
struct mutator *world_mutators(void);
size_t world_mutator_count(void);
/* Mutators that run, neither stopped nor blocked. A hint. */
size_t world_running(void);

/* m gets the barrier's state that all others have. */
void world_attach(struct mutator *m);
/* m has flushed its caches and allocates no more. */
void world_detach(struct mutator *m);

/* Relaxed: it is only a hint to look under the world lock. */
static inline bool world_wants_stop(const struct mutator *m) {
    return __atomic_load_n(&m->shared.stop_wanted, __ATOMIC_RELAXED) != 0;
}

/* Stops here if somebody wants it. */
void world_poll(struct mutator *m);

/* Makes every mutator look: sets all flags, without wanting a stop. */
void world_call_attention(void);

/* Takes and gives the collection lock. m: the calling mutator, NULL if the caller is none. */
void world_lock_collection(struct mutator *m);
bool world_try_lock_collection(void);
void world_unlock_collection(void);

/* Stops and starts all mutators. The collection lock is held. m as above; its roots are published.
 */
void world_stop(struct mutator *m);
void world_start(struct mutator *m);

/* Turns every mutator's write barrier, and that of those to come, on or off. World stopped. */
void world_marking_set(bool marking);

#endif
