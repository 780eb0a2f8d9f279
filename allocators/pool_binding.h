/*
 * The binding `pool`: objects of one size are kept for objects of that size.
 *
 * What a C programmer writes when a program makes and drops many objects of a few types (list
 * nodes, connections, particles) and malloc shows in the profile: a free list per type, threaded
 * through the free objects themselves, popped by new and pushed by delete. Two loads and a store
 * each; the object just given back comes out first, still in the cache. The price: memory never
 * moves from one size to another and never returns to the system, and nobody notices a double free.
 *
 * A list per slot size stands in for a list per type; as sizes are constants where they are used,
 * the compiler finds the list. Slots are carved in batches from chunks that all mutators share.
 * Objects above POOL_BYTES_MAX are malloc's.
 *
 * Threads: each mutator has its own lists. A slot goes to the list of the mutator that gives it
 * back, so a thread that only makes and another that only drops pile up memory: the known flaw of
 * such pools, not hidden here. A mutator that detaches leaves its lists to the next that runs dry.
 */
#ifndef HEAPMARK_ALLOCATORS_POOL_BINDING_H
#define HEAPMARK_ALLOCATORS_POOL_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocators/allocator.h"
#include "allocators/no_collector.h"

enum { POOL_BYTES_MAX = 4096, POOL_LISTS = POOL_BYTES_MAX / 8 + 1 };

/* A free slot. */
struct pool_slot {
    struct pool_slot *next;
};

struct mutator {
    struct pool_slot *free[POOL_LISTS]; /* by slot bytes / 8 */
};

/* Out of line: one slot, and its list filled with more. NULL when memory is exhausted. */
void *pool_refill(struct mutator *m, size_t slot_bytes);
/* Out of line: objects above POOL_BYTES_MAX, as malloc, calloc, realloc, free. */
void *pool_large_new(size_t bytes);
void *pool_large_new_zeroed(size_t bytes);
void *pool_large_resize(void *p, size_t bytes);
void pool_large_delete(void *p);
size_t pool_large_usable(void *p);
void pool_detach(struct mutator *m);

/* The slot for an object: 8, 16 and 24 bytes, then multiples of 16, so that its alignment is what
   the contract promises. */
static inline size_t pool_slot_bytes(size_t bytes) {
    return bytes <= 24 ? (bytes + 7) & ~(size_t)7 : (bytes + 15) & ~(size_t)15;
}

static inline void *pool_take(struct mutator *m, size_t bytes) {
    size_t slot_bytes = pool_slot_bytes(bytes);
    struct pool_slot *slot = m->free[slot_bytes / 8];
    if (__builtin_expect(slot == NULL, 0))
        return pool_refill(m, slot_bytes);
    m->free[slot_bytes / 8] = slot->next;
    return slot;
}

static inline void *pool_new(struct mutator *m, size_t bytes) {
    return bytes > POOL_BYTES_MAX ? pool_large_new(bytes) : pool_take(m, bytes);
}

static inline void *pool_new_zeroed(struct mutator *m, size_t bytes) {
    if (bytes > POOL_BYTES_MAX)
        return pool_large_new_zeroed(bytes);
    void *p = pool_take(m, bytes);
    if (__builtin_expect(p != NULL, 1))
        memset(p, 0, bytes);
    return p;
}

static inline bool mem_attach(struct mutator *m, void *stack_base) {
    (void)stack_base;
    *m = (struct mutator){0};
    return true;
}

static inline void mem_detach(struct mutator *m) {
    pool_detach(m);
}

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    return pool_new_zeroed(m, shape->bytes);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    return pool_new(m, shape->bytes);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    size_t bytes;
    if (__builtin_mul_overflow(shape->bytes, n, &bytes))
        return NULL;
    return pool_new_zeroed(m, bytes);
}

enum { MEM_DELETE_FREES = 1 };

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    if (bytes > POOL_BYTES_MAX) {
        pool_large_delete(p);
        return;
    }
    if (p == NULL)
        return;
    struct pool_slot *slot = p;
    struct pool_slot **list = &m->free[pool_slot_bytes(bytes) / 8];
    slot->next = *list;
    *list = slot;
}

/* The block for new_bytes with the kept part of the old one in it; the old one is gone. */
static inline void *pool_move(struct mutator *m, void *p, size_t old_bytes, size_t new_bytes) {
    if (old_bytes > POOL_BYTES_MAX && new_bytes > POOL_BYTES_MAX)
        return pool_large_resize(p, new_bytes);
    void *moved = pool_new(m, new_bytes);
    if (moved == NULL)
        return NULL;
    memcpy(moved, p, old_bytes < new_bytes ? old_bytes : new_bytes);
    mem_delete(m, p, old_bytes);
    return moved;
}

static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    size_t old_bytes = p == NULL ? 0 : shape->bytes * old_n;
    size_t new_bytes;
    if (__builtin_mul_overflow(shape->bytes, new_n, &new_bytes))
        return NULL;
    void *resized = p;
    if (p == NULL)
        resized = pool_new(m, new_bytes);
    else if (new_bytes > POOL_BYTES_MAX || pool_slot_bytes(old_bytes) != pool_slot_bytes(new_bytes))
        resized = pool_move(m, p, old_bytes, new_bytes);
    if (resized != NULL && shape->pointers != 0 && new_bytes > old_bytes)
        memset((char *)resized + old_bytes, 0, new_bytes - old_bytes);
    return resized;
}

static inline void mem_reset(struct mutator *m) {
    (void)m;
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m;
    return bytes > POOL_BYTES_MAX ? pool_large_usable(p) : pool_slot_bytes(bytes);
}

#endif
