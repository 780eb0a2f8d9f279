/*
 * What the tests of partial collections share: a heap in which a test knows when a collection is,
 * and when most are partial.
 *
 * Stress mode collects at every refill, by the thread that allocates, so a test knows when: at the
 * first object of a size after goheap_read_memstats, before that object is made (collect_once). Of
 * small heaps it has partial collections too. A live list keeps the pacer from full ones most of
 * the time, and each test that needs partial ones counts them. Poison tells an object that was
 * lost; checkmark compares each marking with a snapshot.
 *
 * Objects are made, stored and looked at in functions of their own, which have no address of the
 * old holder while they allocate: what should lead to an object is all that does.
 */
#ifndef HEAPMARK_TESTS_PARTIAL_HEAP_H
#define HEAPMARK_TESTS_PARTIAL_HEAP_H

#include "goheap_test.h"

enum { VICTIM_BYTES = 6528, PATTERN = 7, LIVE_NODES = 40000 };

/* A registered range. */
extern struct old_roots {
    struct node *list;
    void **holder; /* an old object that is given something young */
    void *passing;
} old;

/* stress 1 and checkmark. */
struct goheap_options stressed_options(void);

/* Sets the heap up, with a live list. */
struct goheap_mutator *start_old(const struct goheap_options *options);
struct goheap_mutator *start_stressed(void);

/* The list is whole, and the heap. */
void end_whole(struct goheap_mutator *m);

uint64_t partial_count(struct goheap_mutator *m);

/* One more collection, not a forced one. True: it was a partial one. Inlined always for the same
   reason as collect_all. */
bool collect_now(struct goheap_mutator *m);
static inline __attribute__((always_inline)) bool collect_once(struct goheap_mutator *m) {
    stack_scrub();
    return collect_now(m);
}

/* All that is reachable is old now, no card of it is dirty, and only what stacks lead to is
   remembered. */
void all_become_old(struct goheap_mutator *m);

/* An array; bits of `pointers`: words of each element. */
struct shape {
    size_t elements, bytes;
    uint64_t pointers;
};
void holder_make(struct goheap_mutator *m, const struct shape *s);

/* An object without pointers, full of a pattern. */
void *victim_make(struct goheap_mutator *m);
bool victim_is_whole(void *const *slot);

/* Of the old holder. */
void victim_store(struct goheap_mutator *m, size_t word);
void word_clear(struct goheap_mutator *m, size_t word);
bool has_victim(size_t word);

#endif
