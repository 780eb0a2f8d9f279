/*
 * Measures workloads for `heapmark escape`: each once under go and once under goheap, with as many
 * operations as `run` (fewer would let what the runtime allocates for itself show in B/op), by the
 * executor that `run` uses. Only counts are wanted, and they are exact.
 */
#ifndef HEAPMARK_HARNESS_RUN_ESCAPE_MEASURE_H
#define HEAPMARK_HARNESS_RUN_ESCAPE_MEASURE_H

#include "harness/plan/catalogue.h"

struct escape_count {
    double allocs_per_op, bytes_per_op; /* NaN: not known */
    char *problem;                      /* why it was not measured; NULL: it was */
};

struct escape_measurement {
    const struct workload_info *workload; /* borrowed from the catalogue */
    struct escape_count go, goheap;
};

struct escape_measure_request {
    const struct catalogue *catalogue;
    const char *workloads; /* a list, as run's */
    uint64_t ops;          /* 0: as the workload says */
    const volatile int *interrupted;
    void (*progress)(const char *workload); /* before each; NULL: nobody is told */
};

/* An array of struct escape_measurement, with its clear function. */
GArray *escape_measurements_new(void);

/* Appends a measurement per selected workload, in the catalogue's order; the version that the Go
   runtime told goes to *version (caller frees; NULL when none was measured). A cell that cannot run
   is a problem of its count. Refuses (EXIT_USAGE) what `run` would; EXIT_INTERRUPTED. */
bool escape_measure(GArray *out, char **version, const struct escape_measure_request *request,
                    struct error *err);

#endif
