/*
 * What goheap's tests share. There is one heap per process, so every test that sets one up runs in
 * a child of its own: HEAP_TEST(claim) { ... } defines a cmocka test whose body runs in a child,
 * which must end with status 0. CHECK ends the child with the reason.
 *
 * Whether an object is alive is asked of the statistics, by size class: a test uses a size that
 * nothing else has, and needs no pointer that might keep the object.
 */
#ifndef HEAPMARK_TESTS_GOHEAP_TEST_H
#define HEAPMARK_TESTS_GOHEAP_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "allocators/goheap/goheap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOINLINE __attribute__((noinline))

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)

#define CHECK_EQUAL(is, must_be)                                                                   \
    do {                                                                                           \
        uint64_t is_ = (uint64_t)(is), must_be_ = (uint64_t)(must_be);                             \
        if (is_ != must_be_)                                                                       \
            check_not_equal(__FILE__, __LINE__, #is, is_, must_be_);                               \
    } while (0)

#define HEAP_TEST(claim)                                                                           \
    static void claim##_in_child(void *unused);                                                    \
    static void claim(void **state) {                                                              \
        (void)state;                                                                               \
        child_must_succeed(claim##_in_child, NULL);                                                \
    }                                                                                              \
    static void claim##_in_child(void *unused __attribute__((unused)))

void check_failed(const char *file, int line, const char *condition) __attribute__((noreturn));
void check_not_equal(const char *file, int line, const char *what, uint64_t is, uint64_t must_be)
    __attribute__((noreturn));

struct child_end {
    int status;      /* as of waitpid */
    char text[2048]; /* the beginning of what it wrote to stderr */
};
struct child_end child_run(void (*body)(void *), void *argument);
void child_must_succeed(void (*body)(void *), void *argument);
/* It must end by abort(), after a line of goheap's that holds `text`. */
void child_must_abort(void (*body)(void *), const char *text);

/* Sets the heap up and attaches the calling child; options may be NULL. */
struct goheap_mutator *heap_start(const struct goheap_options *options);

/* For each callee-saved register: holds an object by that register alone while function(m) runs
   (see hold.c). hidden: its address, inverted. */
typedef void held_call(struct goheap_mutator *m);
struct held_register {
    const char *name;
    void (*hold)(struct goheap_mutator *m, uintptr_t hidden, held_call *function);
};
extern const struct held_register held_registers[];
extern const size_t held_register_count;

struct node {
    struct node *next;
    uint64_t value;
};
enum { NODE_POINTERS = 1 };
NOINLINE struct node *list_build(struct goheap_mutator *m, uint64_t count);
NOINLINE bool list_is_whole(const struct node *list, uint64_t count);

/* Overwrites the stack below the caller. */
NOINLINE void stack_scrub(void);

/* A whole collection, with nothing stale on the stack below the caller: inlined always, because a
   frame of its own could have stale words in its unused room. */
static inline __attribute__((always_inline)) void collect_all(struct goheap_mutator *m) {
    stack_scrub();
    goheap_collect(m);
}

/* Objects of this size class that are not known to be dead. */
uint64_t objects_alive(struct goheap_mutator *m, uint32_t class_bytes);

uint64_t test_mix(uint64_t x);
static inline uint64_t random_next(uint64_t *state) {
    return test_mix((*state)++);
}

/* In test_*.c; each ends with an entry without a function. */
extern const struct CMUnitTest allocation_tests[];
extern const struct CMUnitTest collection_tests[];
extern const struct CMUnitTest root_tests[];
extern const struct CMUnitTest fault_tests[];
extern const struct CMUnitTest concurrent_tests[];
extern const struct CMUnitTest partial_tests[];
extern const struct CMUnitTest partial_held_tests[];
extern const struct CMUnitTest scavenge_tests[];
extern const struct CMUnitTest trace_tests[];

#endif
