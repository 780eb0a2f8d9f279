/* Two runs in memory that are compared. */
#ifndef HEAPMARK_TESTS_UNIT_COMPARE_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_COMPARE_FIXTURE_H

#include "harness/analyze/compare.h"
#include "tests/unit/rows_fixture.h"

extern const char *const compare_machine; /* a machine.txt */

struct compare_fixture {
    struct run_rows rows_a, rows_b;
    struct run_summary a, b;
    struct compare_request request; /* two runs on one machine, defaults; change it before _go */
    struct comparison c;
    struct error err;
};

void compare_fixture_init(struct compare_fixture *f);

/* Appends ok records of a cell of equal work, repetitions from 1, one per value of ns_per_op. */
void compare_fixture_add(struct run_rows *rows, const char *strategy, const char *workload,
                         const double *ns, unsigned count);
/* The last record of the rows. */
struct record *compare_fixture_last(struct run_rows *rows);

/* Compares; to be called once, before the release. */
bool compare_fixture_go(struct compare_fixture *f);
void compare_fixture_release(struct compare_fixture *f);

/* The metric's block; the finding of a workload in it, NULL without. */
const struct compare_block *compare_fixture_block(const struct compare_fixture *f,
                                                  const char *column);
const struct compare_finding *compare_fixture_find(const struct compare_fixture *f,
                                                   const char *column, const char *workload);

#endif
