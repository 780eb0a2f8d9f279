/*
 * The matrix: every strategy with every workload, its parameters and thread counts.
 *
 * A pair that makes no sense (the workload needs what the binding does not offer) is a cell too,
 * with the reason to skip it; so is one whose strategy is unavailable. Nothing is left out
 * silently.
 */
#ifndef HEAPMARK_HARNESS_PLAN_MATRIX_H
#define HEAPMARK_HARNESS_PLAN_MATRIX_H

#include "harness/plan/config.h"
#include "harness/plan/strategy.h"
#include "workloads/workload.h"

struct cell {
    const struct strategy *strategy;
    const struct workload_info *workload;
    uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
    unsigned threads;
    const char *skipped;     /* why the pair makes no sense, NULL when it does */
    const char *unavailable; /* why it cannot run here, NULL when it can */
};

struct matrix {
    GPtrArray *strategies; /* of struct strategy * */
    GArray *cells; /* of struct cell, grouped by workload in catalogue order, then parameters,
                      threads, and strategies in the order given */
    GStringChunk *text;
};

/* Builds the matrix of a config. Refuses (EXIT_USAGE) unknown workloads and parameters with the
   nearest name, values out of range with the range. */
bool matrix_build(struct matrix *m, const struct config *config, const struct catalogue *catalogue,
                  struct error *err);
void matrix_release(struct matrix *m);

/* Refuses (EXIT_CANNOT) a matrix of whose cells none can run here, with the reason of the last. */
bool matrix_can_run(const struct matrix *m, struct error *err);

/* "bytes=80 depth=16" of a cell, "" for none; in `text`. */
const char *cell_parameters_text(const struct cell *cell, GStringChunk *text);

#endif
