/*
 * The contract of a workload: a repeatable stream of heap operations with a fixed number of
 * operations and a checksum.
 *
 * A group's workloads live side by side in one file, so that the comparison is what a reader sees.
 * Each is a `struct workload` defined with WORKLOAD(identifier) and one line in workloads.def. The
 * file is compiled once per binding and pass (see heap.h), so nothing in it may depend on the
 * binding but through the contract.
 *
 * Checksums are 64-bit integer mixes of values, never of addresses, floats or iteration order: same
 * seed, parameters, operations and threads give the same checksum under every strategy, compiler
 * and optimisation level. run() returns the sum (wrapping) of a mix per operation, so that slices
 * add up; the cell's checksum is the sum over its threads.
 */
#ifndef HEAPMARK_WORKLOADS_WORKLOAD_H
#define HEAPMARK_WORKLOADS_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "allocators/allocator.h"

enum { WORKLOAD_PARAMETERS_MAX = 4 };

enum effort { EFFORT_QUICK, EFFORT_FULL };

struct workload_parameter {
    const char *name;        /* "bytes", "depth" */
    const char *summary;     /* one line, with the unit */
    uint64_t initial;        /* value when not given */
    uint64_t least, most;    /* inclusive range */
    const uint64_t *choices; /* when not NULL: the only values, ascending, ends with 0 */
};

/* What setup is told. Borrowed for the call. */
struct workload_arguments {
    const uint64_t *parameters; /* one value per parameter, in the workload's order */
    uint64_t seed;
    uint64_t ops;    /* operations this thread will be asked for, in all slices together */
    unsigned thread; /* 0 ... threads - 1 */
    unsigned threads;
};

struct mutator; /* defined by the binding's header */

struct workload {
    const char *name;     /* "create-pointer" */
    const char *group;    /* "create" */
    const char *article;  /* the name it has where it comes from; "" when it is ours */
    const char *summary;  /* one line: what one operation does */
    const char *stresses; /* one line: what it is meant to show */
    const struct workload_parameter *parameters; /* ends with a NULL name; NULL for none */
    uint32_t needs;                              /* enum trait that the binding must offer */
    uint32_t traits;                             /* TRAIT_SLICEABLE */
    unsigned indirect_calls; /* indirect calls in timed code that are the workload's subject */

    /* Operations per thread: a function of parameters and effort only. In quick the slowest
       strategy takes <= 0.2 s. */
    uint64_t (*ops)(const uint64_t *parameters, enum effort effort);

    /* Untimed. The state is this thread's own, allocated from the allocator under test (so that its
       pointers are found); its pointer stays on the caller's stack. May be NULL: no state. */
    void *(*setup)(struct mutator *m, const struct workload_arguments *arguments);

    /* Timed. Returns the checksum. Marked TIMED. */
    uint64_t (*run)(struct mutator *m, void *state, uint64_t ops);

    /* Untimed: drops the state. May be NULL. */
    void (*teardown)(struct mutator *m, void *state);
};

#endif
