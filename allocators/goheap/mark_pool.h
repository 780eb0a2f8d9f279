/*
 * What markers have in common: the pool of grey objects, and who is at work. See mark.h.
 *
 * The lock is held for moving a block of 2 KB at most.
 */
#ifndef HEAPMARK_GOHEAP_MARK_POOL_H
#define HEAPMARK_GOHEAP_MARK_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/mark.h"
#include "allocators/goheap/mspan.h"

enum { MARKER_STACK_ENTRIES = 1024 };

/* An object to scan, or the rest of one from `address` on. */
struct grey {
    struct mspan *span;
    uintptr_t address;
};

struct marker {
    size_t depth;
    struct mark_counts counts; /* since it entered */
    struct mark_counts told;   /* of these, what the pool's sums hold */
    struct marker *next;       /* that nobody uses */
    struct grey stack[MARKER_STACK_ENTRIES];
};

/* The marker of who has stopped the world. */
struct marker *mark_pool_stopper(void);

/* Sums and queue are empty, and nobody is let in. World stopped. */
void mark_pool_begin(void);

/* Gives the bottom `count` entries of k's stack to the pool. */
void mark_pool_give(struct marker *k, size_t count);

/* Gives half of k's stack if it is worth it and somebody looked for work in vain, and adds what k
   has done to the sums. */
void mark_pool_share(struct marker *k);

/* Puts a block of the pool on k's empty stack. False: there is none. */
bool mark_pool_take(struct marker *k);

/* Is no block there, and no marker inside? */
bool mark_pool_is_empty(void);
/* A hint of the same, without the lock. */
bool mark_pool_looks_empty(void);

/* Adds to the sums. */
void mark_pool_count(const struct mark_counts *counts);

/* An object was marked that nobody will scan; and: was there one since it was asked last? */
void mark_pool_overflow(void);
bool mark_pool_overflow_take(void);

#endif
