/*
 * A binding for tests: an allocator that remembers everything, to catch workloads that break the
 * contract of allocators/allocator.h.
 *
 * Every strategy forgives something. malloc does not care which words hold pointers, a collector
 * not whether anything is freed, bump neither. The shadow forgives nothing: addresses are never
 * used twice, fresh and dead memory is filled with a pattern, each object keeps its shape, and what
 * a workload does against the contract is said by shadow_fault(): an access to the heap in a safe
 * region, too. Any thread may call it.
 */
#ifndef HEAPMARK_TESTS_UNIT_SHADOW_BINDING_H
#define HEAPMARK_TESTS_UNIT_SHADOW_BINDING_H

#include <string.h>

#include "allocators/allocator.h"

struct mutator {
    bool blocked; /* between mem_block and mem_unblock */
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
void shadow_poll(void);
void shadow_reset(void);
/* A call that needs the heap, by a mutator that said it would not touch it. */
void shadow_blocked(const char *function);

static inline void shadow_enter(const struct mutator *m, const char *function) {
    if (m->blocked)
        shadow_blocked(function);
}

static inline bool mem_attach(struct mutator *m, void *stack_base) {
    (void)stack_base;
    *m = (struct mutator){0};
    return true;
}

static inline void mem_detach(struct mutator *m) {
    shadow_enter(m, "mem_detach");
}

static inline void mem_block(struct mutator *m) {
    shadow_enter(m, "mem_block");
    m->blocked = true;
}

static inline void mem_unblock(struct mutator *m) {
    if (!m->blocked)
        shadow_blocked("mem_unblock");
    m->blocked = false;
}

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    shadow_enter(m, "mem_new");
    return shadow_new(shape, 1, true);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    shadow_enter(m, "mem_new_raw");
    return shadow_new(shape, 1, false);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    shadow_enter(m, "mem_new_array");
    return shadow_new(shape, n, true);
}

static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    shadow_enter(m, "mem_resize");
    return shadow_resize(p, shape, old_n, new_n);
}

/* So that every walk is made, and what it forgets or deletes twice is seen. */
enum { MEM_DELETE_FREES = 1 };

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    shadow_enter(m, "mem_delete");
    shadow_delete(p, bytes);
}

static inline void mem_init(struct mutator *m, void *slot, void *value) {
    shadow_enter(m, "mem_init");
    shadow_store(slot, value, true);
}

static inline void mem_store(struct mutator *m, void *slot, void *value) {
    shadow_enter(m, "mem_store");
    shadow_store(slot, value, false);
}

static inline void mem_copy(struct mutator *m, void *dst, const void *src,
                            const struct shape *shape, size_t n) {
    shadow_enter(m, "mem_copy");
    shadow_copy(dst, src, shape, n);
}

static inline void mem_poll(struct mutator *m) {
    shadow_enter(m, "mem_poll");
    shadow_poll();
}

static inline void mem_reset(struct mutator *m) {
    shadow_enter(m, "mem_reset");
    shadow_reset();
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p;
    return bytes;
}

#endif
