/* A gate's measurement from its options to its rows. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_GATE_RUN_H
#define HEAPMARK_HARNESS_CLI_GATE_RUN_H

#include "harness/cli/gate_options.h"
#include "harness/present/progress.h"
#include "harness/run/gate_schedule.h"
#include "harness/run/preload_links.h"
#include "harness/store/gate_store.h"

struct gate_run {
    const struct gate_options *options;
    struct gate_plan plan;
    struct gate_rows rows;
    struct gate_schedule schedule;
    struct gate_measure_options measure;
    struct gate_store *store; /* NULL: nothing is kept */
    struct progress progress;
    GStringChunk *text; /* of progress lines */
    struct preload_links links;
    uint64_t start_ns; /* of the budget */
};

void gate_run_init(struct gate_run *run, const struct gate_options *options);
void gate_run_release(struct gate_run *run);

/* Plans, and makes what measuring needs; no directory, and nothing is measured. */
bool gate_run_plan(struct gate_run *run, struct error *err);

/*
 * Plans, makes options->dir (which holds the declared cells before the first measurement) and
 * checks every cell. `asked` (of struct gate_line) is borrowed. False: refused, or interrupted.
 */
bool gate_run_begin(struct gate_run *run, const GArray *asked, struct error *err);

/* Everything that a verdict needs: the exact tier, rounds, confirmation, and the directory sealed.
 */
bool gate_run_measure(struct gate_run *run, const struct gate_rule *rule, struct error *err);

/* Rounds of one stage, with progress. */
bool gate_run_rounds(struct gate_run *run, const struct gate_rounds *rounds, struct error *err);

/* Seals the directory, if there is one. */
bool gate_run_finish(struct gate_run *run, struct error *err);

/* Nanoseconds of the budget that are left; 0 when it is spent. */
uint64_t gate_run_left_ns(const struct gate_run *run);

#endif
