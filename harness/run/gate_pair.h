/*
 * One cell with both its sides, as the gate measures it, and what every measurement of it shares.
 *
 * The tiers fill rows of harness/store/gate_rows.h and judge nothing: gate_time.h (blocks of fresh
 * process pairs), gate_counts.h (exact counters). A side that cannot be measured fills the status
 * and reason of the cell's row; only what ends the whole gate (interrupted, no process at all) is a
 * false with err.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_PAIR_H
#define HEAPMARK_HARNESS_RUN_GATE_PAIR_H

#include "harness/plan/config.h"
#include "harness/plan/matrix.h"
#include "harness/store/gate_rows.h"

/* What one side runs: a cell of a matrix, or the user's own command line. */
struct gate_side {
    const struct cell *cell; /* its strategy names the cell program: two builds have two */
    char *const *command;    /* argv ends with NULL; used when cell is NULL */
};

enum gate_method {
    GATE_METHOD_SLICES,    /* held-open processes on one CPU, alternating slices */
    GATE_METHOD_PROCESSES, /* whole processes, alternating, not bound: background threads */
};

/* What may be measured; several are joined with |. */
enum gate_tiers {
    GATE_TIER_EXACT = 1,  /* counts */
    GATE_TIER_MEMORY = 2, /* peaks and pauses */
    GATE_TIER_TIME = 4,
    GATE_TIERS = 7
};

struct gate_pair {
    uint64_t number; /* of the cell in cells.csv */
    struct gate_side base, candidate;
    enum gate_method method;
    uint64_t operations;  /* of a slice or a process, per thread; both sides the same; 0 until
                             gate_time_prepare has chosen them */
    bool is_counted_only; /* the exact tier alone: it takes part in no round */
};

/* Shared by all measurements; borrowed. */
struct gate_measure_options {
    const struct config *config;     /* effort, timeout, memory limit */
    const char *link_dir;            /* as in process_options */
    const volatile int *interrupted; /* NULL: never */
    uint64_t seed;                   /* orders, paddings, starts: the same seed, the same order */
};

#endif
