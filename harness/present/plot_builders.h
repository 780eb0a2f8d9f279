/* What the plot_*.c files share: the builders of plots.c's table, and which cells a plot shows. */
#ifndef HEAPMARK_HARNESS_PRESENT_PLOT_BUILDERS_H
#define HEAPMARK_HARNESS_PRESENT_PLOT_BUILDERS_H

#include "harness/present/plots.h"
#include "harness/present/quantity.h"

char *plot_ns_per_op(const struct run_summary *s, GPtrArray *pages);
char *plot_allocation(const struct run_summary *s, GPtrArray *pages);
char *plot_peak_rss(const struct run_summary *s, GPtrArray *pages);
char *plot_cores_used(const struct run_summary *s, GPtrArray *pages);
char *plot_counters(const struct run_summary *s, GPtrArray *pages);
char *plot_pauses(const struct run_summary *s, GPtrArray *pages);
char *plot_size_sweep(const struct run_summary *s, GPtrArray *pages);
char *plot_copy_pointer(const struct run_summary *s, GPtrArray *pages);
char *plot_heap_over_time(const struct run_summary *s, GPtrArray *pages);
char *plot_thread_scaling(const struct run_summary *s, GPtrArray *pages);
char *plot_overview(const struct run_summary *s, GPtrArray *pages);

/*
 * The works (one cell for each: any strategy's) that a picture of everything can hold: of a
 * workload that was run with many parameter values the least, the middle and the greatest, and the
 * fewest threads. The sweeps have pictures of their own. Caller frees the array.
 */
GPtrArray *works_representative(const struct run_summary *s);

/* Every cell of these works, whatever its status. Caller frees the array. */
GPtrArray *works_cells(const struct run_summary *s, const GPtrArray *works);

/* Where two curves over sizes cross for good: from there on b is the cheaper one at every greater
   size, just before it a was. By straight lines between points in log size and log cost. False when
   b is not cheaper at the greatest size, or a at none. */
bool crossing_find(const double *sizes, const double *a, const double *b, size_t count,
                   double *crossing);

#endif
