/*
 * Which of many tests have found something: the step-up procedure of Benjamini and Hochberg (1995).
 *
 * Of the ascending p-values p(1)..p(m) the first k are rejected, k the greatest with p(k) <= k x
 * rate / m. The expected share of false ones among them is at most `rate` when the tests are
 * independent or positively dependent; when nothing at all is there to find, so is the probability
 * of any rejection.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_DISCOVERY_H
#define HEAPMARK_HARNESS_ANALYZE_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

/* The greatest p-value that is rejected, so that equal ones share their fate in any order; negative
   when none is. p: without NaN, in any order. */
double discovery_threshold(const double *p, size_t count, double rate);

#endif
