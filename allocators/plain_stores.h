/*
 * Pointer stores without a barrier: mem_init, mem_store and mem_copy of the contract.
 *
 * A barrier tells a collector of pointers that move while it marks, or from an old object to a
 * young one. Who stops the world to mark, keeps no generations or is no collector needs none, and
 * then a store is a store; that is every binding but goheap's, whose barrier is in goheap.h. They
 * stand here once so that no strategy gets a store that differs from another's by accident. bdwgc,
 * where it marks while the program runs, learns of stores from page protection, so it needs none
 * either.
 *
 * Inline because timed code stores. A binding's header includes this in place of its own; a binding
 * with a barrier does not.
 */
#ifndef HEAPMARK_ALLOCATORS_PLAIN_STORES_H
#define HEAPMARK_ALLOCATORS_PLAIN_STORES_H

#include <stddef.h>
#include <string.h>

#include "allocators/allocator.h"

struct mutator; /* the binding defines it, before or after */

static inline void mem_init(struct mutator *m, void *slot, void *value) {
    (void)m;
    *(void **)slot = value;
}

static inline void mem_store(struct mutator *m, void *slot, void *value) {
    (void)m;
    *(void **)slot = value;
}

static inline void mem_copy(struct mutator *m, void *dst, const void *src,
                            const struct shape *shape, size_t n) {
    (void)m;
    memcpy(dst, src, shape->bytes * n);
}

#endif
