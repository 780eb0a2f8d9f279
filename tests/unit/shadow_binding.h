/*
 * A binding for tests: an allocator that remembers everything, to catch workloads that break the
 * contract of allocators/allocator.h.
 *
 * Every strategy forgives something. malloc does not care which words hold pointers, a collector
 * not whether anything is freed, bump neither. The shadow forgives nothing: addresses are never
 * used twice, fresh and dead memory is filled with a pattern, each object keeps its shape, and what
 * a workload does against the contract is said by shadow_fault().
 */
#ifndef HEAPMARK_TESTS_UNIT_SHADOW_BINDING_H
#define HEAPMARK_TESTS_UNIT_SHADOW_BINDING_H

#include <string.h>

#include "allocators/allocator.h"

struct mutator {
    unsigned number;
};

/* What was seen since shadow_begin. */
struct shadow_counts {
    uint64_t allocs, requested_bytes;
    uint64_t live, live_bytes;
    uint64_t polls, resets;
};
extern struct shadow_counts shadow_counts;

/* Forgets all objects; memory is filled with `pattern` from now on. */
void shadow_begin(unsigned char pattern);
/* The first violation since then, or "". */
const char *shadow_fault(void);

void *shadow_new(const struct shape *shape, size_t n, bool zeroed);
void *shadow_resize(void *p, const struct shape *shape, size_t old_n, size_t new_n);
void shadow_delete(void *p, size_t bytes);
void shadow_store(void *slot, void *value, bool fresh);
void shadow_copy(void *dst, const void *src, const struct shape *shape, size_t n);
void shadow_reset(void);

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    (void)m;
    return shadow_new(shape, 1, true);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    (void)m;
    return shadow_new(shape, 1, false);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    (void)m;
    return shadow_new(shape, n, true);
}

static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    (void)m;
    return shadow_resize(p, shape, old_n, new_n);
}

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    (void)m;
    shadow_delete(p, bytes);
}

static inline void mem_init(struct mutator *m, void *slot, void *value) {
    (void)m;
    shadow_store(slot, value, true);
}

static inline void mem_store(struct mutator *m, void *slot, void *value) {
    (void)m;
    shadow_store(slot, value, false);
}

static inline void mem_copy(struct mutator *m, void *dst, const void *src,
                            const struct shape *shape, size_t n) {
    (void)m;
    shadow_copy(dst, src, shape, n);
}

static inline void mem_poll(struct mutator *m) {
    (void)m;
    shadow_counts.polls++;
}

static inline void mem_reset(struct mutator *m) {
    (void)m;
    shadow_reset();
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p;
    return bytes;
}

#endif
