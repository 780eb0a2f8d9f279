/*
 * What `gate selftest` measures: a base against itself, then against itself with a slow-down
 * planted, effect by effect. Within cli only.
 */
#ifndef HEAPMARK_HARNESS_CLI_GATE_SELFTEST_H
#define HEAPMARK_HARNESS_CLI_GATE_SELFTEST_H

#include "harness/cli/gate_run.h"
#include "harness/store/gate_curve.h"

struct gate_selftest {
    struct gate_run *run; /* begun: the base against itself */
    const struct gate_rule *rule;
    double block_ns; /* what a block takes */
    double spin_ns;  /* what an iteration of the planted loop takes */
    GArray *curve;   /* of struct gate_curve_row */
    GStringChunk *text;
};

/* run and rule are borrowed. */
void gate_selftest_init(struct gate_selftest *t, struct gate_run *run,
                        const struct gate_rule *rule);
void gate_selftest_release(struct gate_selftest *t);

/* Measures and fills the curve. False: interrupted, or nothing can be measured. */
bool gate_selftest_measure(struct gate_selftest *t, struct error *err);

/* What people see of the curve. Caller frees with g_free. */
char *gate_selftest_text(const struct gate_selftest *t);

#endif
