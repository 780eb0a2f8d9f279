/*
 * One cell of `heapmark trace`: traced, told to the timeline, and measured for what tracing costs.
 * Within cli only.
 */
#ifndef HEAPMARK_HARNESS_CLI_TRACE_CELL_H
#define HEAPMARK_HARNESS_CLI_TRACE_CELL_H

#include "harness/analyze/trace_summary.h"
#include "harness/capture/trace_record.h"
#include "harness/cli/trace_options.h"
#include "harness/present/plot_page.h"

struct trace_cell_job {
    const struct trace_options *options;
    const char *dir; /* where recordings go */
    struct trace_recorder *recorder;
    struct timeline *timeline;
    struct trace_summary *summary;
    GPtrArray *pages; /* of struct page *: a cell's strips are appended */
    bool has_failed;  /* a cell's process did */
};

/* Traces the cell called `name`. A cell that fails is said on stderr; what it recorded is told.
   False: interrupted, or nothing can go on; what was told stays. */
bool trace_cell_run(struct trace_cell_job *job, const struct cell *cell, const char *name,
                    struct error *err);

#endif
