/* The rows of the matrix: a workload with its parameters and threads. Within plan only. */
#ifndef HEAPMARK_HARNESS_PLAN_MATRIX_ROWS_H
#define HEAPMARK_HARNESS_PLAN_MATRIX_ROWS_H

#include "harness/plan/selection.h"

enum { MATRIX_ROWS_MAX = 10000 };

struct matrix_row {
    guint workload; /* index in the catalogue */
    uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
    unsigned threads;
};

/* Appends the rows of every selection to `rows` (struct matrix_row), sorted by workload, parameters
   and threads, each once. Refuses (EXIT_USAGE) a value out of its range, with the range, and more
   than MATRIX_ROWS_MAX rows. */
bool matrix_rows_build(GArray *rows, const struct selections *selections,
                       const struct catalogue *catalogue, struct error *err);

#endif
