/*
 * Does the measurement contradict a decision?
 *
 * A decision is about a place in the source, a measurement about what ran. So most differences are
 * none, and the rule says only what cannot be otherwise:
 *
 * 1. Something is on the heap, and nothing was allocated. The workload has 0 allocs/op, and one of
 *    its functions has a heap decision (made with inlining) that no exception excuses:
 *      - its function is inlined somewhere: the decision holds only where it is not;
 *      - the line seldom runs: on the way to a panic, in a pool's New, in a sync.Once;
 *      - a boxed value: the runtime has no need of memory for a constant, a zero or a number below
 *        256 (an employee with a salary of 500 gets a bonus of 250, which costs nothing);
 *      - a closure: one that captures nothing is made once, by the linker;
 *      - a size not known at compile time, or an append: it may be zero, or find room.
 * 2. Nothing is on the heap, and something was allocated. The workload has 1 allocs/op or more, and
 *    its functions have no heap decision at all, no make of unknown size, and nothing that
 *    allocates without a decision (append, a map's assignment, go, a concatenation, a call into
 *    another package).
 *
 * allocs/op is floored, as package testing has it: what is made once in a run is 0. It must be
 * measured with the toolchain that made the decisions, else there is nothing to compare.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_ESCAPE_VERDICT_H
#define HEAPMARK_HARNESS_ANALYZE_ESCAPE_VERDICT_H

#include "harness/analyze/escape_decisions.h"
#include "harness/analyze/escape_functions.h"

enum escape_verdict {
    ESCAPE_AGREES,
    ESCAPE_HEAP_UNUSED,    /* the first rule */
    ESCAPE_HEAP_UNDECIDED, /* the second */
};

/* What the verdict on a workload is made from. Borrowed. */
struct escape_case {
    const struct escape_decisions *decisions; /* of the whole package */
    const struct escape_functions *functions;
    const GPtrArray *subjects; /* of const char *: the workload's functions */
    double allocs_per_op;      /* NaN: not measured, so nothing contradicts */
};

/* The build that counts: with inlining, by the toolchain that was measured. */
enum { ESCAPE_BUILD_MEASURED = 0 };

enum escape_verdict escape_verdict(const struct escape_case *c);

/* Whether this decision is one that contradicts, by the first rule. */
bool escape_contradicts(const struct escape_case *c, const struct escape_decision *decision);

/* Why a heap decision needs no allocation here; NULL when it does. Static text. */
const char *escape_excuse(const struct escape_case *c, const struct escape_decision *decision);

/* Whether the decision lies in one of the functions. */
bool escape_is_subject(const struct escape_case *c, const struct escape_decision *decision);

/* What may allocate in the workload's functions without a decision, each word once, joined by ", ";
   "" for nothing. Caller frees with g_free. */
char *escape_undecided(const struct escape_case *c);

#endif
