/* Rows as a gate would have measured them, of a machine with heavy tails; the same seed, the same
   rows. */
#ifndef HEAPMARK_TESTS_UNIT_GATE_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_GATE_FIXTURE_H

#include "harness/analyze/gate.h"

struct gate_fixture {
    struct gate_rows rows;
    GRand *random;
    uint64_t blocks; /* numbered so far */
};

void gate_fixture_init(struct gate_fixture *f, uint32_t seed);
void gate_fixture_release(struct gate_fixture *f);

/* A cell that is ok, with equal operations and checksums; its time is wanted. */
void gate_fixture_cell(struct gate_fixture *f, uint64_t cell, const char *workload);

/* Blocks of one cell and metric. */
struct gate_fixture_blocks {
    uint64_t cell;
    const char *metric, *stage, *pair;
    unsigned count;
    double effect; /* a share */
    double spread; /* standard deviation of the core of the log ratios */
};
void gate_fixture_measure(struct gate_fixture *f, struct gate_fixture_blocks blocks);

/* Three repeats of a count, over the cell's operations. */
void gate_fixture_count(struct gate_fixture *f, uint64_t cell, const char *metric,
                        const double sides[2]);

/* A gate of three cells ("create-pointer", "trees", "churn") with times, peak memory and counts,
   24 blocks and 6 A/A blocks each, identical sides. */
void gate_fixture_healthy(struct gate_fixture *f);

/* Base for candidate and back, in every row, as if the gate had been called the other way round. */
void gate_fixture_swap(struct gate_rows *rows);

/* Another order of the rows of every file. */
void gate_fixture_shuffle(struct gate_fixture *f);

/* The finding on a metric (NULL: on the cell as a whole) of a cell; fails the test when there is
   none, or more than one. */
const struct gate_finding *gate_fixture_finding(const struct gate_findings *findings, uint64_t cell,
                                                const char *metric);

#endif
