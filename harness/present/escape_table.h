/*
 * What `heapmark escape` prints: decisions with their why, beside what was measured.
 *
 * Two reports share the form. Of the twins: by workload, in groups, the decisions about its
 * functions and what an operation allocates in Go and in C under goheap. Of a package: by file and
 * function, with its benchmarks.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_ESCAPE_TABLE_H
#define HEAPMARK_HARNESS_PRESENT_ESCAPE_TABLE_H

#include "harness/analyze/escape_decisions.h"
#include "harness/analyze/escape_functions.h"

struct escape_allocation {
    double allocs_per_op, bytes_per_op; /* NaN: not known */
    const char *problem;                /* why not; NULL */
};

struct escape_workload {
    const char *name, *group;
    GPtrArray *subjects; /* of const char *: its functions */
    struct escape_allocation go, goheap;
};

struct escape_report {
    const struct escape_decisions *decisions; /* sorted */
    const struct escape_functions *functions;
    /* Build 2i is by toolchain i with inlining, build 2i + 1 without. */
    const GPtrArray *versions;    /* of const char *: "go1.26.8" */
    const char *measured_version; /* of the Go runtime that was measured; NULL: none was */
    bool is_all;                  /* also what is of less interest, and inlined calls */
    const GArray *workloads;      /* of struct escape_workload; NULL: the report of a package */
    const char *package;          /* its directory as given; of a package only */
    const GArray *benches;        /* of struct escape_bench; NULL: none were run */
};

/* The report as text, and as CSV with a row per decision; caller frees with g_free. */
char *escape_table_text(const struct escape_report *report);
char *escape_csv_text(const struct escape_report *report);

/* How many of the workloads are contradicted by their measurement. */
unsigned escape_contradicted(const struct escape_report *report);

#endif
