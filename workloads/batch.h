/*
 * How a timed loop is cut into batches.
 *
 * Between two batches a collector that wants the mutator to stop finds a safepoint, even if the
 * operations allocate nothing; and where a workload keeps no state in the heap, nothing at all is
 * live there, so that bump can start again. Both stay out of the innermost loop, where they would
 * be measured.
 *
 * Most workloads are one inline function that does one operation and returns its term of the
 * checksum; the macros here make run() of it.
 */
#ifndef HEAPMARK_WORKLOADS_BATCH_H
#define HEAPMARK_WORKLOADS_BATCH_H

#include "workloads/heap.h"

enum {
    BATCH_OPS = 1024,
    BATCH_BYTES =
        4 << 20, /* allocated in a batch at most, so that bump needs only a few big chunks */
};

/* Operations in a batch when each allocates `bytes`; at least 1. */
TIMED_INLINE uint64_t batch_ops(uint64_t bytes) {
    uint64_t fit = bytes == 0 ? BATCH_OPS : BATCH_BYTES / bytes;
    return fit == 0 ? 1 : fit < BATCH_OPS ? fit : BATCH_OPS;
}

/* Takes the next batch, of `most` operations or what is left, off *left. */
TIMED_INLINE uint64_t batch_take(uint64_t *left, uint64_t most) {
    uint64_t taken = *left < most ? *left : most;
    *left -= taken;
    return taken;
}

/* Nothing is live any more, the workload's state included. */
TIMED_INLINE void batch_end(struct mutator *m) {
    heap_reset(m);
    mem_poll(m);
}

/* Defines RUN for a workload without heap state. ONCE(m, state) is an operation; `bytes`, which may
   use state, is what it allocates. */
#define BATCH_RUN(RUN, ONCE, bytes)                                                                \
    static TIMED uint64_t RUN(struct mutator *m, void *state, uint64_t ops) {                      \
        uint64_t sum = 0;                                                                          \
        const uint64_t batch = batch_ops(bytes);                                                   \
        for (uint64_t left = ops; left > 0;) {                                                     \
            uint64_t n = batch_take(&left, batch);                                                 \
            for (uint64_t i = 0; i < n; i++)                                                       \
                sum += ONCE(m, state);                                                             \
            batch_end(m);                                                                          \
        }                                                                                          \
        return sum;                                                                                \
    }

/* The same for a workload whose state is in the heap: no batch ends its life. */
#define BATCH_RUN_STATEFUL(RUN, ONCE)                                                              \
    static TIMED uint64_t RUN(struct mutator *m, void *state, uint64_t ops) {                      \
        uint64_t sum = 0;                                                                          \
        for (uint64_t left = ops; left > 0;) {                                                     \
            uint64_t n = batch_take(&left, BATCH_OPS);                                             \
            for (uint64_t i = 0; i < n; i++)                                                       \
                sum += ONCE(m, state);                                                             \
            mem_poll(m);                                                                           \
        }                                                                                          \
        return sum;                                                                                \
    }

#endif
