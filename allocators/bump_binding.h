/*
 * The binding `bump`: a pointer that moves up, and nothing is given back until everything is.
 *
 * Each mutator owns a list of chunks and fills them from bottom to top; mem_reset starts again at
 * the bottom of the first one and keeps the chunks. This is the floor of what an allocation can
 * cost, and what compilers, parsers and request handlers use under the names arena, region and
 * obstack.
 *
 *      first chunk           chunk (current)                next chunks, from before a reset
 *     +--------------+      +--------+-----------+----+    +-----------------+
 *     | full         | ---> | used   |           |    | -> |                 |
 *     +--------------+      +--------+-----------+----+    +-----------------+
 *                                    ^next       ^virgin
 *
 * Zeroing: memory fresh from the operating system is zero. `virgin` is the lowest address of the
 * current chunk that has never been handed out, so an object is cleared only when it starts below.
 *
 * Threads: a mutator's chunks are its own; only getting a chunk takes a lock.
 */
#ifndef HEAPMARK_ALLOCATORS_BUMP_BINDING_H
#define HEAPMARK_ALLOCATORS_BUMP_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocators/allocator.h"
#include "allocators/no_collector.h"

/* Stands at the bottom of its chunk, in a cache line of its own. */
struct bump_chunk {
    struct bump_chunk *next;
    uintptr_t end;    /* one past the chunk; 16-aligned */
    uintptr_t virgin; /* [virgin, end) was never handed out; stale while the chunk is current */
};

enum { BUMP_HEADER_BYTES = 64 };

/* start of chunk <= next <= limit; virgin may lie below next until the chunk is left. */
struct mutator {
    uintptr_t next;
    uintptr_t limit;
    uintptr_t virgin;
    struct bump_chunk *chunk;
    struct bump_chunk *first;
    size_t chunk_bytes; /* size of the next chunk to get */
};

/* Out of line: another chunk, and the object at its bottom. NULL when memory is exhausted. */
void *bump_take_from_next_chunk(struct mutator *m, size_t bytes);
/* Out of line: back to the first chunk from a later one. */
void bump_rewind(struct mutator *m);
bool bump_attach(struct mutator *m);
void bump_detach(struct mutator *m);

static inline uintptr_t bump_chunk_bottom(const struct bump_chunk *chunk) {
    return (uintptr_t)chunk + BUMP_HEADER_BYTES;
}

/* What the contract promises for an object of this size. */
static inline size_t bump_alignment(size_t bytes) {
    if (bytes >= 16)
        return bytes > 16 && bytes <= 24 ? 8 : 16;
    return bytes & (~bytes + 1); /* the lowest set bit, at most 8 here */
}

static inline void *bump_take(struct mutator *m, size_t bytes) {
    size_t alignment = bump_alignment(bytes);
    uintptr_t p = (m->next + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (__builtin_expect(bytes > m->limit - p, 0))
        return bump_take_from_next_chunk(m, bytes);
    m->next = p + bytes;
    return (void *)p;
}

static inline void *bump_take_zeroed(struct mutator *m, size_t bytes) {
    void *p = bump_take(m, bytes);
    if ((uintptr_t)p < m->virgin && p != NULL)
        memset(p, 0, bytes);
    return p;
}

static inline bool mem_attach(struct mutator *m, void *stack_base) {
    (void)stack_base;
    return bump_attach(m);
}

static inline void mem_detach(struct mutator *m) {
    bump_detach(m);
}

static inline void *mem_new(struct mutator *m, const struct shape *shape) {
    return bump_take_zeroed(m, shape->bytes);
}

static inline void *mem_new_raw(struct mutator *m, const struct shape *shape) {
    return bump_take(m, shape->bytes);
}

static inline void *mem_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    size_t bytes;
    if (__builtin_mul_overflow(shape->bytes, n, &bytes))
        return NULL;
    return bump_take_zeroed(m, bytes);
}

/* In place when the array shrinks, or is the last thing allocated and the chunk has room. Shrinking
   does not lower `next`: what lies above was written, and must not be taken for virgin. */
static inline bool bump_resize_in_place(struct mutator *m, void *p, size_t old_bytes,
                                        size_t new_bytes) {
    uintptr_t start = (uintptr_t)p;
    if ((start & (bump_alignment(new_bytes) - 1)) != 0)
        return false;
    if (new_bytes <= old_bytes)
        return true;
    if (start + old_bytes != m->next || new_bytes > m->limit - start)
        return false;
    m->next = start + new_bytes;
    return true;
}

static inline void *mem_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    size_t old_bytes = p == NULL ? 0 : shape->bytes * old_n;
    size_t new_bytes;
    if (__builtin_mul_overflow(shape->bytes, new_n, &new_bytes))
        return NULL;
    void *resized = p;
    if (p == NULL || !bump_resize_in_place(m, p, old_bytes, new_bytes)) {
        resized = bump_take(m, new_bytes);
        if (resized == NULL)
            return NULL;
        if (p != NULL)
            memcpy(resized, p, old_bytes < new_bytes ? old_bytes : new_bytes);
    }
    if (shape->pointers != 0 && new_bytes > old_bytes)
        memset((char *)resized + old_bytes, 0, new_bytes - old_bytes);
    return resized;
}

enum { MEM_DELETE_FREES = 0 }; /* mem_reset gives back everything at once */

static inline void mem_delete(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p, (void)bytes;
}

static inline void mem_reset(struct mutator *m) {
    if (__builtin_expect(m->chunk != m->first, 0)) {
        bump_rewind(m);
        return;
    }
    if (m->virgin < m->next)
        m->virgin = m->next;
    m->next = bump_chunk_bottom(m->first);
}

static inline size_t mem_usable(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p;
    return bytes; /* padding depends on what was allocated before; none is counted */
}

#endif
