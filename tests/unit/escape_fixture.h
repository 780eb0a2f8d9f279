/* What two compilers said of tests/data/escape/sample.go, read. */
#ifndef HEAPMARK_TESTS_UNIT_ESCAPE_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_ESCAPE_FIXTURE_H

#include "harness/analyze/escape_decisions.h"
#include "harness/analyze/escape_functions.h"

/* A file of tests/data/escape; caller frees. Aborts when it is not there. */
char *escape_data(const char *name);

/* Builds 0 and 1 are Go 1.26's (with and without inlining), 2 and 3 are Go 1.19's. */
void escape_sample_read(struct escape_decisions *decisions, struct escape_functions *functions);

/* The decision with this text in this function; NULL: there is none. */
const struct escape_decision *escape_decision_find(const struct escape_decisions *decisions,
                                                   const struct escape_functions *functions,
                                                   const char *function, const char *text);

#endif
