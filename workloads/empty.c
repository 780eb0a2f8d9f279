/* The floor under every figure: what the measuring loop costs when an operation does nothing. */
#include "workloads/batch.h"

static uint64_t empty_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 200000000 : 20000000;
}

static TIMED uint64_t empty_run(struct mutator *m, void *state, uint64_t ops) {
    (void)state;
    uint64_t sum = 0;
    for (uint64_t left = ops; left > 0;) {
        uint64_t n = batch_take(&left, BATCH_OPS);
        uint64_t done = 0;
        while (done < n) {
            done++;
            heap_forget(done); /* or the loop becomes one addition */
        }
        sum += done;
        batch_end(m);
    }
    return sum;
}

WORKLOAD(empty) = {
    .name = "empty",
    .group = "empty",
    .article = "",
    .summary = "does nothing",
    .stresses = "the harness's own floor: loop, batches and safepoints",
    .traits = TRAIT_SLICEABLE,
    .ops = empty_ops,
    .run = empty_run,
};
