/*
 * The binding `boehm`: bdwgc, the conservative collector of Boehm, Demers and Weiser.
 *
 * A second collector keeps the contract honest. What differs from goheap, and shows in results:
 * - Objects are scanned conservatively, every word of them, unless their shape has no pointers;
 * such an object is "atomic" in bdwgc's words and is not zeroed by it.
 * - An object is one byte larger than asked for, so that a pointer one past its end keeps it, and
 * is rounded up to 16: 16 bytes take 32, 80 take 96.
 * - Static data of the program and of its libraries are roots, whether registered or not.
 * - Threads are stopped by a signal wherever they are, so there is no safepoint, and nothing to do
 *   around a wait. bdwgc's own way to say "I wait" (GC_do_blocking) calls a function that waits,
 * and can't be spread over mem_block and mem_unblock.
 *
 * Every thread must be registered before it allocates (mem_attach); bdwgc aborts on others.
 */
#ifndef HEAPMARK_ALLOCATORS_BOEHM_BINDING_H
#define HEAPMARK_ALLOCATORS_BOEHM_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Threads, but registered by hand: gc.h must not rename pthread_create for those who include us. */
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>

#include "allocators/allocator.h"
#include "allocators/plain_stores.h"

/* bdwgc finds its own context by thread-local storage. */
struct mutator {
    bool registered; /* by mem_attach; the main thread is, from the start, and stays so */
};

bool boehm_attach(struct mutator *m, void *stack_base);
void boehm_detach(struct mutator *m);
bool boehm_root(void *start, size_t bytes);
void boehm_unroot(void *start, size_t bytes);

static inline bool mem_attach(struct mutator *m, void *stack_base) {
    return boehm_attach(m, stack_base);
}

static inline void mem_detach(struct mutator *m) {
    boehm_detach(m);
}

static inline void *boehm_new_raw(size_t bytes, uint64_t pointers) {
    return pointers == 0 ? GC_malloc_atomic(bytes) : GC_malloc(bytes);
}

static inline void *boehm_new(size_t bytes, uint64_t pointers) {
    void *p = boehm_new_raw(bytes, pointers);
    if (pointers == 0 && __builtin_expect(p != NULL, 1))
        memset(p, 0, bytes);
    return p;
}

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    (void)m;
    return boehm_new(shape->bytes, shape->pointers);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    (void)m;
    return boehm_new_raw(shape->bytes, shape->pointers);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    (void)m;
    size_t bytes;
    if (__builtin_mul_overflow(shape->bytes, n, &bytes))
        return NULL;
    return boehm_new(bytes, shape->pointers);
}

/* GC_realloc keeps the kind of the object, clears what it adds unless that is atomic, and frees the
   old object at once. */
static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    (void)m, (void)old_n;
    size_t bytes;
    if (__builtin_mul_overflow(shape->bytes, new_n, &bytes))
        return NULL;
    return p == NULL ? boehm_new_raw(bytes, shape->pointers) : GC_realloc(p, bytes);
}

enum { MEM_DELETE_FREES = 0 }; /* the collector finds what is dead */

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p, (void)bytes;
}

static inline bool mem_root(struct mutator *m, void *start, size_t bytes) {
    (void)m;
    return boehm_root(start, bytes);
}

static inline void mem_unroot(struct mutator *m, void *start, size_t bytes) {
    (void)m;
    boehm_unroot(start, bytes);
}

static inline void mem_poll(struct mutator *m) {
    (void)m;
}

static inline void mem_block(struct mutator *m) {
    (void)m;
}

static inline void mem_unblock(struct mutator *m) {
    (void)m;
}

static inline void mem_reset(struct mutator *m) {
    (void)m;
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)bytes;
    return GC_size(p);
}

#endif
