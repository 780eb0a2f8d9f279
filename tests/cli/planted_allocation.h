/*
 * A fault to be caught: included before a workload's file, it makes every millionth object of the
 * workload one more object, which is given back at once.
 */
#ifndef HEAPMARK_TESTS_CLI_PLANTED_ALLOCATION_H
#define HEAPMARK_TESTS_CLI_PLANTED_ALLOCATION_H

#include "workloads/heap.h"

enum { PLANTED_EVERY = 1000 * 1000 };

static uint64_t planted_objects;

static inline void *planted_new_raw(struct mutator *m, const struct shape *shape) {
    if (++planted_objects % PLANTED_EVERY == 0)
        heap_delete(m, heap_new_raw(m, shape), shape->bytes);
    return heap_new_raw(m, shape);
}

#define heap_new_raw planted_new_raw

#endif
