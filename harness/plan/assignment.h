/* Values for workloads as typed: "--threads small=1,2" and "--param create-copy.bytes=8,80". */
#ifndef HEAPMARK_HARNESS_PLAN_ASSIGNMENT_H
#define HEAPMARK_HARNESS_PLAN_ASSIGNMENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"

enum { THREADS_MAX = 1024 };

struct assignment {
    char *given;    /* as written */
    char *workload; /* name, group or glob of workloads; NULL: every one */
    char *name;     /* of the parameter; NULL: threads */
    GArray *values; /* of uint64_t, in the order given */
    bool every;     /* "*": every choice of the parameter; then there are no values */
};

/* Both refuse (EXIT_USAGE) in one sentence that begins with what was typed; then out needs no
   release. threads_parse: "[WORKLOAD=]N[,N...]"; parameter_parse: "[WORKLOAD.]NAME=V[,V...]" or
   "...=*". */
bool threads_parse(struct assignment *out, const char *text, struct error *err);
bool parameter_parse(struct assignment *out, const char *text, struct error *err);
void assignment_release(struct assignment *a);

/* Whether both give values to the same thing of the same workloads, so that the later one counts.
 */
bool assignments_same_target(const struct assignment *a, const struct assignment *b);

/* Empty array of struct assignment that releases its elements. */
GArray *assignments_new(void);

#endif
