/*
 * The goheap binding, hot half: our Go-style heap, called through the PLT as a real program's
 * library.
 *
 * Write barrier and safepoint are inline, as a compiler would inline them; what they call while a
 * collection is under way is in the library. Nothing is ever deleted by hand.
 */
#ifndef HEAPMARK_ALLOCATORS_GOHEAP_BINDING_H
#define HEAPMARK_ALLOCATORS_GOHEAP_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/allocator.h"
#include "allocators/goheap/goheap.h"

struct mutator {
    struct goheap_mutator *heap;
};

/* Out of line: they note the thread's mutator for the cold half's calls, which name none. */
bool goheap_binding_attach(struct mutator *m, void *stack_base);
void goheap_binding_detach(struct mutator *m);

static inline bool mem_attach(struct mutator *m, void *stack_base) {
    return goheap_binding_attach(m, stack_base);
}

static inline void mem_detach(struct mutator *m) {
    goheap_binding_detach(m);
}

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    return goheap_new(m->heap, shape->bytes, shape->pointers);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    if (shape->pointers == 0)
        return goheap_new_raw(m->heap, shape->bytes);
    return goheap_new(m->heap, shape->bytes, shape->pointers);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    return goheap_new_array(m->heap, n, shape->bytes, shape->pointers);
}

static inline void mem_init(struct mutator *m, void *slot, void *value) {
    (void)m;
    goheap_store_first(slot, value);
}

static inline void mem_store(struct mutator *m, void *slot, void *value) {
    goheap_store(m->heap, slot, value);
}

static inline void mem_copy(struct mutator *m, void *dst, const void *src,
                            const struct shape *shape, size_t n) {
    goheap_copy(m->heap, dst, src, n, shape->bytes, shape->pointers);
}

/* A new array and a copy, always: what append does in Go when the capacity is used up. */
static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    size_t bytes;
    if (__builtin_mul_overflow(new_n, shape->bytes, &bytes))
        return NULL;
    void *grown = shape->pointers == 0
                      ? goheap_new_raw(m->heap, bytes)
                      : goheap_new_array(m->heap, new_n, shape->bytes, shape->pointers);
    if (grown != NULL && p != NULL)
        mem_copy(m, grown, p, shape, old_n < new_n ? old_n : new_n);
    return grown;
}

enum { MEM_DELETE_FREES = 0 }; /* the collector finds what is dead */

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p, (void)bytes;
}

static inline bool mem_root(struct mutator *m, void *start, size_t bytes) {
    (void)m;
    return goheap_root(start, bytes);
}

static inline void mem_unroot(struct mutator *m, void *start, size_t bytes) {
    (void)m;
    goheap_unroot(start, bytes);
}

static inline void mem_poll(struct mutator *m) {
    goheap_poll(m->heap);
}

static inline void mem_block(struct mutator *m) {
    goheap_block(m->heap);
}

static inline void mem_unblock(struct mutator *m) {
    goheap_unblock(m->heap);
}

static inline void mem_reset(struct mutator *m) {
    (void)m;
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)bytes;
    return goheap_usable_size(p);
}

#endif
