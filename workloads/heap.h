/*
 * What a workload's file includes: the binding under test and the pass it is compiled for.
 *
 * HEAPMARK_PASS is `time` (nothing but the work) or `count` (requested and handed-out bytes and
 * calls, on fresh state, after every timed reading is taken). Workloads allocate with heap_*;
 * everything else of the contract (mem_init, mem_store, mem_copy, mem_root, mem_poll, ...) they
 * call directly, and they ask MEM_DELETE_FREES before they walk a structure only to delete it. In
 * the time pass heap_new is mem_new and the test for exhaustion that any careful program makes.
 */
#ifndef HEAPMARK_WORKLOADS_HEAP_H
#define HEAPMARK_WORKLOADS_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include BENCH_ALLOCATOR_H
#include "workloads/workload.h"

#define HEAP_JOIN_(a, b) a##_##b
#define HEAP_JOIN(a, b)  HEAP_JOIN_(a, b)

/* The descriptor of a workload: `WORKLOAD(create_copy) = { .name = "create-copy", ... };` */
#define WORKLOAD(identifier) const struct workload HEAP_JOIN(HEAPMARK_PASS, identifier)

/* Every function that runs while the clock does. The machine-code checks read the section. */
#define TIMED __attribute__((noinline, section(".text.timed")))
/* Inlined into TIMED code whatever the optimisation level. */
#define TIMED_INLINE static inline __attribute__((always_inline))

/* For functions whose call is part of what is measured: no inlining, and no knowledge of the body
   at the call (constants, clobbered registers, purity). clang has no noipa; there the barriers in
   the workloads' code do it. */
#if defined(__GNUC__) && !defined(__clang__)
#define TIMED_OPAQUE __attribute__((noipa, section(".text.timed")))
#else
#define TIMED_OPAQUE __attribute__((noinline, section(".text.timed")))
#endif

/* The value exists from here on as far as the compiler knows; costs nothing. */
#define heap_keep(value) __asm__ volatile("" : : "r"(value) : "memory")
/* The compiler forgets what it knows of an lvalue in a register. */
#define heap_forget(lvalue) __asm__ volatile("" : "+r"(lvalue) : : "memory")

/* Ends the cell with status oom. Never returns. */
void heap_exhausted(size_t bytes) __attribute__((noreturn, cold));

/* What the count pass has seen on this thread. */
struct heap_counts {
    uint64_t allocs;
    uint64_t requested_bytes;
    uint64_t handed_out_bytes; /* by mem_usable */
    uint64_t released_bytes;   /* by mem_usable, at heap_delete */
};
extern _Thread_local struct heap_counts heap_counts;

/* Told of each allocation of the count pass, by a program that attributes them to their callers. */
void heap_site(size_t requested, size_t handed_out) __attribute__((weak));

#define HEAP_PASS_time     0
#define HEAP_PASS_count    1
#define HEAP_PASS_IS_COUNT HEAP_JOIN(HEAP_PASS, HEAPMARK_PASS)

#if HEAP_PASS_IS_COUNT

TIMED_INLINE void heap_count(struct mutator *m, void *p, size_t bytes) {
    size_t handed_out = mem_usable(m, p, bytes);
    heap_counts.allocs++;
    heap_counts.requested_bytes += bytes;
    heap_counts.handed_out_bytes += handed_out;
    if (heap_site != NULL)
        heap_site(bytes, handed_out);
}

TIMED_INLINE void heap_uncount(struct mutator *m, void *p, size_t bytes) {
    if (p != NULL)
        heap_counts.released_bytes += mem_usable(m, p, bytes);
}

TIMED_INLINE void heap_uncount_all(void) {
    heap_counts.released_bytes = heap_counts.handed_out_bytes;
}

/* A thread that a workload started leaves its counts before it dies, ... */
TIMED_INLINE void heap_counts_leave(struct heap_counts *out) {
    *out = heap_counts;
}

/* ... and the one that started it adds them to its own. */
TIMED_INLINE void heap_counts_add(const struct heap_counts *left) {
    heap_counts.allocs += left->allocs;
    heap_counts.requested_bytes += left->requested_bytes;
    heap_counts.handed_out_bytes += left->handed_out_bytes;
    heap_counts.released_bytes += left->released_bytes;
}

#else

TIMED_INLINE void heap_count(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p, (void)bytes;
}

TIMED_INLINE void heap_uncount(struct mutator *m, void *p, size_t bytes) {
    (void)m, (void)p, (void)bytes;
}

TIMED_INLINE void heap_uncount_all(void) {}

TIMED_INLINE void heap_counts_leave(struct heap_counts *out) {
    (void)out;
}

TIMED_INLINE void heap_counts_add(const struct heap_counts *left) {
    (void)left;
}

#endif

TIMED_INLINE void *heap_checked(struct mutator *m, void *p, size_t bytes) {
    if (__builtin_expect(p == NULL, 0))
        heap_exhausted(bytes);
    heap_count(m, p, bytes);
    return p;
}

/* One zeroed object. */
TIMED_INLINE void *heap_new(struct mutator *m, const struct shape *shape) {
    return heap_checked(m, mem_new(m, shape), shape->bytes);
}

/* One object of which the caller writes every field. */
TIMED_INLINE void *heap_new_raw(struct mutator *m, const struct shape *shape) {
    return heap_checked(m, mem_new_raw(m, shape), shape->bytes);
}

/* n >= 1 zeroed elements. */
TIMED_INLINE void *heap_new_array(struct mutator *m, const struct shape *shape, size_t n) {
    return heap_checked(m, mem_new_array(m, shape, n), shape->bytes * n);
}

/* realloc's meaning; counted as one allocation of the new size. */
TIMED_INLINE void *heap_resize(struct mutator *m, void *p, const struct shape *shape, size_t old_n,
                               size_t new_n) {
    heap_uncount(m, p, shape->bytes * old_n);
    return heap_checked(m, mem_resize(m, p, shape, old_n, new_n), shape->bytes * new_n);
}

/* The caller will not touch p again; bytes is what was asked for. */
TIMED_INLINE void heap_delete(struct mutator *m, void *p, size_t bytes) {
    heap_uncount(m, p, bytes);
    mem_delete(m, p, bytes);
}

/* Nothing this mutator allocated is live, the state included. */
TIMED_INLINE void heap_reset(struct mutator *m) {
    heap_uncount_all();
    mem_reset(m);
}

/* Mixes a value into a checksum's term (the finaliser of SplitMix64, Steele et al. 2014). */
TIMED_INLINE uint64_t heap_mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#endif
