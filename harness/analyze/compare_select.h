/*
 * Which strategies and workloads are compared. Names are those of the rows, so runs can be compared
 * where nothing of them is installed. Within analyze only.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_SELECT_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_SELECT_H

#include "harness/analyze/compare.h"

/* The names (const char *, borrowed from the rows), each once: as the list has them, a glob's in
   the order of the run; without a list all, A's first. NULL with a refusal (EXIT_USAGE) for a name
   that no side has. Caller frees with g_ptr_array_unref. */
GPtrArray *compare_strategies_choose(const struct compare_request *r, struct error *err);

/* The workloads (const char *) that the list means, as a set. NULL as above; caller frees with
   g_hash_table_unref. */
GHashTable *compare_workloads_choose(const struct compare_request *r, struct error *err);

#endif
