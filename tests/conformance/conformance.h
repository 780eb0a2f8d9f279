/*
 * What every binding must do, as tests; compiled once per binding (BENCH_ALLOCATOR_H).
 *
 * Tests see the allocator only through the contract. Two rules keep them honest under a collector:
 * pointers to objects live only where the contract says they are found (a mutator's stack,
 * registered ranges, pointer fields of objects), and what a test knows of the objects it keeps in a
 * shadow that the allocator does not look at. Functions that build or drop structures are never
 * inlined, so that the caller's frame holds no copy of their pointers.
 */
#ifndef HEAPMARK_TESTS_CONFORMANCE_H
#define HEAPMARK_TESTS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include BENCH_ALLOCATOR_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOINLINE __attribute__((noinline))

/* The main thread's mutator; attached in main, reset before every test. */
extern struct mutator conformance_mutator;

static inline bool binding_offers(enum trait trait) {
    return (allocator_binding.offers & trait) != 0;
}

/* The finaliser of SplitMix64: a pattern and random numbers. */
static inline uint64_t conformance_mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t random_next(uint64_t *state) {
    return conformance_mix((*state)++);
}

/* A node of a linked list. */
struct node {
    struct node *next;
    uint64_t value;
};
extern const struct shape node_shape;
extern const struct shape pointer_shape; /* an array of these is a table of pointers */

/* Fills bytes with a pattern that depends on seed, and finds out whether they still hold it. */
void pattern_write(void *p, size_t bytes, uint64_t seed);
bool pattern_is(const void *p, size_t bytes, uint64_t seed);
bool bytes_are_zero(const void *p, size_t bytes);

/* A list of the values count - 1 ... 0. NULL when memory is exhausted. */
NOINLINE struct node *list_build(struct mutator *m, uint64_t count);
NOINLINE bool list_is_whole(const struct node *list, uint64_t count);
/* Gives the nodes back. */
NOINLINE void list_delete(struct mutator *m, struct node *list);

/* Allocates and drops this much in objects of many sizes. */
NOINLINE void garbage_make(struct mutator *m, size_t bytes);
/* Overwrites the stack below the caller, where pointers of finished calls remain. */
NOINLINE void stack_scrub(void);
/* A whole collection where the allocator collects, else nothing. */
void conformance_collect(struct mutator *m);
void conformance_stats(struct mutator *m, struct allocator_stats *out);

/* Random allocations, resizes and deletions against a shadow table. False: an object was not what
   the shadow said (the reason is on stderr). Runs on any mutator. */
bool shadow_run(struct mutator *m, uint64_t seed, size_t operations);

/* Address of a fresh page of memory outside the heap, where pointers are found only if registered.
 */
void *hidden_page_map(void);

/* Runs a function on n threads, each with a mutator of its own, and waits. */
typedef bool conformance_thread(struct mutator *m, size_t index, void *argument);
bool threads_run(size_t n, conformance_thread *function, void *argument);

/* In test_*.c; each list ends with an entry without a function. */
extern const struct CMUnitTest object_tests[];
extern const struct CMUnitTest survival_tests[];
extern const struct CMUnitTest thread_tests[];
extern const struct CMUnitTest memory_tests[];

/* How the program was called, to call itself again. */
extern char **conformance_argv;
/* The child's side of the exhaustion tests: its exit status. */
int exhaustion_child(const char *kind);

#endif
