/*
 * Random numbers that are the same everywhere: SplitMix64 (Steele, Lea, Flood 2014). The state is a
 * counter that grows by the golden ratio; a number is its mix, which is heap_mix.
 */
#ifndef HEAPMARK_WORKLOADS_RANDOM_H
#define HEAPMARK_WORKLOADS_RANDOM_H

#include "workloads/heap.h"

/* Where a thread's stream begins: threads of one seed get streams of their own. */
TIMED_INLINE uint64_t random_start(uint64_t seed, unsigned thread) {
    return heap_mix(seed ^ heap_mix(thread));
}

TIMED_INLINE uint64_t random_next(uint64_t *random) {
    uint64_t number = heap_mix(*random);
    *random += UINT64_C(0x9e3779b97f4a7c15);
    return number;
}

#endif
