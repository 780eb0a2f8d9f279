/*
 * What an allocator has to do for a collector when there is none: nothing.
 *
 * Roots need not be known, because nobody looks for what is reachable from them; a safepoint stops
 * nobody, because nobody asks a thread to stop; a wait holds nobody up. All of it compiles to no
 * code at all, so a strategy that is no collector pays nothing for the contract's other half.
 * Pointer stores are plain ones.
 *
 * A binding's header includes this in place of its own. A collector that stops threads without
 * their help (boehm) has roots of its own, so it takes plain_stores.h only.
 */
#ifndef HEAPMARK_ALLOCATORS_NO_COLLECTOR_H
#define HEAPMARK_ALLOCATORS_NO_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "allocators/plain_stores.h"

static inline bool mem_root(struct mutator *m, void *start, size_t bytes) {
    (void)m, (void)start, (void)bytes;
    return true;
}

static inline void mem_unroot(struct mutator *m, void *start, size_t bytes) {
    (void)m, (void)start, (void)bytes;
}

static inline void mem_poll(struct mutator *m) {
    (void)m;
}

static inline void mem_block(struct mutator *m) {
    (void)m;
}

static inline void mem_unblock(struct mutator *m) {
    (void)m;
}

#endif
