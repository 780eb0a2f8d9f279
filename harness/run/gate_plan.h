/*
 * The cells of a gate: both sides' matrices, row by row, as pairs.
 *
 * Both sides are asked for the same workloads, parameters and threads. What only one of them has is
 * a row of cells.csv too, with the reason, so that a cell which disappeared from a build is seen
 * and not silently left out. A cell that makes no sense on either side (the workload needs what
 * neither offers) is none, and is told in the notice.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_PLAN_H
#define HEAPMARK_HARNESS_RUN_GATE_PLAN_H

#include "harness/run/gate_pair.h"

enum gate_sides_kind {
    GATE_SIDES_STRATEGIES, /* two strategies of this heapmark */
    GATE_SIDES_BUILDS,     /* the same strategies of two builds of heapmark */
    GATE_SIDES_COMMANDS,   /* two command lines */
};

/* Borrowed texts. */
struct gate_sides {
    enum gate_sides_kind kind;
    const char *base, *candidate; /* a strategy each; a directory of cell programs; a command */
};

struct gate_plan {
    struct catalogue catalogues[2];
    struct matrix matrices[2];
    bool has_matrix[2];
    char **commands[2]; /* argv; NULL without */
    GArray *pairs;      /* of struct gate_pair: what can be measured */
    char *notice;       /* what was left out, and why; NULL: nothing */
};

/*
 * Builds the plan and appends a row per cell to rows->cells (which is empty), with its keys; rows
 * that are no pair have status and reason as well. `config`: workloads, threads, parameters, and
 * the strategies of builds. Refuses (EXIT_USAGE) what matrix_build refuses, a side that is no
 * single strategy, a command that is no command line; EXIT_CANNOT: no cell programs. Caller
 * releases, also after false.
 */
bool gate_plan_build(struct gate_plan *p, const struct gate_sides *sides,
                     const struct config *config, struct gate_rows *rows, struct error *err);

/*
 * Marks every pair is_counted_only but those that `timed` asks for, which selects some of the
 * plan's workloads. Refuses (EXIT_USAGE) what matrix_build refuses; pairs of commands have no
 * workloads and are left as they are.
 */
bool gate_plan_mark_counted(struct gate_plan *p, const struct gate_sides *sides,
                            const struct config *timed, struct error *err);
void gate_plan_release(struct gate_plan *p);

#endif
