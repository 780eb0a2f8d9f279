/*
 * churn: the create pair, twenty million times.
 *
 * The article runs its two constructors 20,000,000 times under the execution tracer. With copies
 * nothing happens but work. With pointers the program makes 1.6 GB of dead structs, and the
 * collector stops the world 397 times to find them dead: 2.224 s against 0.281 s. The number of
 * operations is the article's whatever the effort, so that the count of collections compares: about
 * 380 at GOGC=100 with a heap that never holds more than the 4 MB minimum.
 */
#include "workloads/batch.h"
#include "workloads/big_struct.h"

static TIMED_OPAQUE struct big_struct churn_copy(void) {
    return big_struct_value();
}

static TIMED_OPAQUE struct big_struct *churn_pointer(struct mutator *m) {
    return big_struct_new(m);
}

TIMED_INLINE uint64_t churn_copy_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    struct big_struct copy = churn_copy();
    heap_keep(&copy);
    return big_struct_sum(&copy);
}

TIMED_INLINE uint64_t churn_pointer_once(struct mutator *m, void *state) {
    (void)state;
    struct big_struct *pointer = churn_pointer(m);
    heap_keep(pointer);
    uint64_t sum = big_struct_sum(pointer);
    heap_delete(m, pointer, sizeof *pointer);
    return sum;
}

BATCH_RUN(churn_copy_run, churn_copy_once, 0)
BATCH_RUN(churn_pointer_run, churn_pointer_once, sizeof(struct big_struct))

static uint64_t churn_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters, (void)effort;
    return 20000000;
}

WORKLOAD(churn_copy) = {
    .name = "churn-copy",
    .group = "churn",
    .article = "20,000,000 x CreateCopy",
    .summary = "a struct returned by value; 20,000,000 of them",
    .stresses = "the same stream without an allocator: never collects",
    .traits = TRAIT_SLICEABLE,
    .ops = churn_ops,
    .run = churn_copy_run,
};

WORKLOAD(churn_pointer) = {
    .name = "churn-pointer",
    .group = "churn",
    .article = "20,000,000 x CreatePointer",
    .summary = "a struct returned by pointer; 20,000,000 of them",
    .stresses = "collections, their pauses and CPU time over 1.6 GB of garbage",
    .traits = TRAIT_SLICEABLE,
    .ops = churn_ops,
    .run = churn_pointer_run,
};
