/*
 * Where the time of mutators went, from the slices that took it: shares of the timed run per
 * thread, and utilisation. Within analyze only.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_TRACE_SHARES_H
#define HEAPMARK_HARNESS_ANALYZE_TRACE_SHARES_H

#include "harness/analyze/trace_summary.h"

/* A slice of a mutator, or a stop of the world (thread 0). */
struct trace_interval {
    uint64_t start_ns, end_ns;
    uint32_t thread; /* the mutator's place in the list of them, from 1; 0: the world */
    uint8_t class;   /* enum slice_class */
    bool is_inner;   /* it lies in a slice of running */
};

/* What a mutator is and what its sampled sweeps stand for. */
struct trace_mutator {
    char *name;
    uint64_t number;   /* of its track */
    uint64_t sweep_ns; /* by what its sweeps said, which may be samples */
};

/* The shares of each mutator, appended to out (struct trace_thread). Sorts the intervals. Time in
   which the world was stopped counts as stopped and nothing else. */
void trace_shares_compute(GArray *out, GArray *intervals, const GArray *mutators,
                          const struct trace_cell_summary *cell);

/* Least utilisation over windows of trace_windows_ns, every slice of collection taken as lost:
   stops, assists, sweeps. */
void trace_utilisation_compute(double *mmu, const GArray *intervals,
                               const struct trace_cell_summary *cell);

#endif
