/* The sentences around the tables of a comparison. Each is an array of char *; caller frees it. */
#ifndef HEAPMARK_HARNESS_PRESENT_COMPARE_NOTES_H
#define HEAPMARK_HARNESS_PRESENT_COMPARE_NOTES_H

#include "harness/analyze/compare.h"

/* Appends a sentence by printf's format. */
void compare_line_add(GPtrArray *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Who is A and who is B, and that the machines differ, if they do. */
GPtrArray *compare_heading(const struct comparison *c);

/* Cells that are not compared, by reason, and remarks on cells that are. */
GPtrArray *compare_refused(const struct comparison *c);

/* What differs around the two runs. */
GPtrArray *compare_differs(const struct comparison *c);

/* How to read the columns and verdicts. */
GPtrArray *compare_legend(const struct comparison *c);

/* What is to be said about the values: two groups of times, drift, too few repetitions to stand
   among so many cells; each with what to do. */
GPtrArray *compare_notices(const struct comparison *c);

#endif
