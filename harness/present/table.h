/* The table that `run` prints. */
#ifndef HEAPMARK_HARNESS_PRESENT_TABLE_H
#define HEAPMARK_HARNESS_PRESENT_TABLE_H

#include "harness/store/store.h"

/*
 * The table of a run as text: workload, strategy, ns/op (median) and spread, x the first strategy,
 * cpu ns/op, B/op, allocs/op, GCs, longest pause, peak RSS; grouped by group; below it failed,
 * skipped and unavailable cells with counts and reasons. Reads only the rows. Caller frees with
 * g_free.
 */
char *table_text(const struct run_rows *rows);

#endif
