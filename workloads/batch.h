/*
 * How a timed loop is cut into batches.
 *
 * Between two batches nothing that the mutator allocated is live, so bump can start again there,
 * and a collector that wants the mutator to stop finds a safepoint even if the operations allocate
 * nothing. Both are kept out of the innermost loop, where they would be measured.
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

/* Nothing is live any more, the workload's state included: for workloads without heap state. */
TIMED_INLINE void batch_end(struct mutator *m) {
    heap_reset(m);
    mem_poll(m);
}

#endif
