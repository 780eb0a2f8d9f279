/* A catalogue as cell programs would describe it: malloc, goheap and bump, with the seed workloads.
 */
#ifndef HEAPMARK_TESTS_UNIT_PLAN_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_PLAN_FIXTURE_H

#include "harness/plan/catalogue.h"

/* The answer of a binding to --describe; caller frees with g_free. goheap has the settings gogc and
   gc, malloc has zero; bump offers nothing. */
char *fixture_describe(const char *binding);

/* A catalogue of malloc, goheap and bump; caller releases. */
void fixture_catalogue_init(struct catalogue *c);

#endif
