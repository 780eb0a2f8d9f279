/*
 * Why the compiler decided so: the rule that a decision illustrates, in the words of the field.
 *
 * Derived from the kind of the decision, the flow that the compiler told (escape_decisions.h), and
 * what stands in the source; never from a workload's name.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_ESCAPE_WHY_H
#define HEAPMARK_HARNESS_ANALYZE_ESCAPE_WHY_H

#include "harness/analyze/escape_decisions.h"
#include "harness/analyze/escape_functions.h"

/* A phrase. Static text. */
const char *escape_why(const struct escape_decision *decision,
                       const struct escape_functions *functions);

/*
 * Whether the expression is a value that an interface holds: what is neither made nor built (no
 * "&T{...}", new, make, literal with braces, closure, append, and no method of the package by its
 * name). The compiler prints such a value by itself; a concatenation and a conversion to string
 * look alike and count as well, because of all of them the runtime may need no memory: for a
 * constant, a zero, a number below 256, an empty string.
 */
bool escape_is_boxed(const struct escape_decision *decision,
                     const struct escape_functions *functions);

/* Whether it is a make of a slice whose size is no number: 1.25 and newer keep a small one on the
   stack and say "does not escape". */
bool escape_has_unknown_size(const struct escape_decision *decision);

#endif
