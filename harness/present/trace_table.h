/*
 * What a trace says without a viewer: per cell a table of its slices, its stops beside the
 * record's, utilisation and where each thread's time went; then the fourth article's own table, its
 * five rows for all cells side by side.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_TRACE_TABLE_H
#define HEAPMARK_HARNESS_PRESENT_TRACE_TABLE_H

#include <glib.h>

/* Of struct trace_cell_summary *. Caller frees with g_free. */
char *trace_table_text(const GPtrArray *cells);

/*
 * The same numbers as CSV: a row per number of a cell, `section` says of what.
 *
 *   slice, instant      name, count, total_ns, p50_ns, p99_ns, max_ns, share of the timed run
 *   article             one of its five rows: name, count
 *   thread              name and what its time went to ("mutator 1: sweep"): share
 *   mmu                 the window ("1 ms"): share
 *   stops, record       of collections, by the trace and by the record: count, total_ns
 *   overhead            what tracing cost: count of pairs, share of wall time
 *
 * Empty: not known. Caller frees with g_free.
 */
char *trace_csv_text(const GPtrArray *cells);

#endif
