/*
 * The malloc binding, hot half: whatever library answers to malloc, called through the PLT.
 *
 * Zeroed memory is malloc and memset, as a C program writes it that has no use for calloc's
 * knowledge of fresh pages; compiled with MALLOC_BINDING_CALLOC it is calloc (the strategy variant
 * malloc:zero=calloc, a cell program of its own, so that timed code has no branch on it).
 */
#ifndef HEAPMARK_ALLOCATORS_MALLOC_BINDING_H
#define HEAPMARK_ALLOCATORS_MALLOC_BINDING_H

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/allocator.h"
#include "allocators/no_collector.h"

struct mutator {
    char unused;
};

/* malloc_usable_size comes from the library under test; set by init. */
extern bool malloc_binding_usable_is_own;

static inline bool mem_attach(struct mutator *m, void *stack_base) {
    (void)m, (void)stack_base;
    return true;
}

static inline void mem_detach(struct mutator *m) {
    (void)m;
}

static inline void *malloc_binding_zeroed(size_t n, size_t bytes) {
#ifdef MALLOC_BINDING_CALLOC
    return calloc(n, bytes);
#else
    size_t total;
    if (__builtin_expect(__builtin_mul_overflow(n, bytes, &total), 0))
        return NULL;
    void *p = malloc(total);
    if (__builtin_expect(p != NULL, 1))
        memset(p, 0, total);
    return p;
#endif
}

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    (void)m;
    return malloc_binding_zeroed(1, shape->bytes);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    (void)m;
    return malloc(shape->bytes);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    (void)m;
    return malloc_binding_zeroed(n, shape->bytes);
}

static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    (void)m;
    size_t total;
    if (__builtin_expect(__builtin_mul_overflow(shape->bytes, new_n, &total), 0))
        return NULL;
    char *grown = realloc(p, total);
    if (shape->pointers != 0 && grown != NULL && new_n > old_n)
        memset(grown + shape->bytes * old_n, 0, shape->bytes * (new_n - old_n));
    return grown;
}

enum { MEM_DELETE_FREES = 1 };

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)bytes;
    free(p);
}

static inline void mem_reset(struct mutator *m) {
    (void)m;
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)bytes;
    return malloc_binding_usable_is_own ? malloc_usable_size(p) : 0;
}

#endif
