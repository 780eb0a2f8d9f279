/* Rows of a run made in memory, for tests of what reads them. */
#ifndef HEAPMARK_TESTS_UNIT_ROWS_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_ROWS_FIXTURE_H

#include "harness/store/store.h"

/* Empty rows without a directory; run_rows_release frees them. */
void rows_init(struct run_rows *rows);

/* Appends an ok record of group "g" with one thread and the next number; valid until the next one.
 */
struct record *rows_add(struct run_rows *rows, const char *strategy, const char *workload,
                        const char *parameters, double ns_per_op);

/* Appends one that is not ok. */
struct record *rows_add_failed(struct run_rows *rows, const char *strategy, const char *workload,
                               const char *status, const char *reason);

/* Five ok records with ns_per_op of 98, 99, 100, 101 and 102 % of ns. */
void rows_add_five(struct run_rows *rows, const char *strategy, const char *workload,
                   const char *parameters, double ns);

#endif
