/*
 * In which order a gate measures: every cell's validity, then the exact tier, then rounds.
 *
 * A round is one block of every cell, in random order, so that a machine that drifts drifts for all
 * cells alike. Every fifth block is an A/A block: the base against a copy of itself, a calibration
 * that is as old as the verdict. How many rounds there are is decided by the clock after the first
 * one, from the budget alone; nobody looks at a ratio before the last round is over.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_SCHEDULE_H
#define HEAPMARK_HARNESS_RUN_GATE_SCHEDULE_H

#include "harness/run/gate_counts.h"
#include "harness/run/gate_time.h"

enum { GATE_AA_EVERY = 5 };

/* How a cell is measured: gate_meter_processes for real, a scripted one in tests. */
struct gate_meter {
    bool (*prepare)(struct gate_pair *pair, const struct gate_measure_options *options,
                    struct gate_rows *rows, struct error *err);
    bool (*counts)(const struct gate_pair *pair, const struct gate_counts_request *request,
                   const struct gate_measure_options *options, struct gate_rows *rows,
                   struct error *err);
    bool (*time_block)(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_measure_options *options, struct gate_rows *rows,
                       struct error *err);
    bool (*memory_block)(const struct gate_pair *pair, const struct gate_block_request *request,
                         const struct gate_measure_options *options, struct gate_rows *rows,
                         struct error *err);
    uint64_t (*now_ns)(void);
};
extern const struct gate_meter gate_meter_processes;

/* Told what happens; both may be NULL. */
struct gate_listener {
    void *context;
    /* `cell` is about to be measured; done of total steps are behind it. */
    void (*starting)(void *context, const struct gate_cell_row *cell, size_t done, size_t total);
    /* Something was measured: rows are to be kept. False ends the gate, with err. */
    bool (*keep)(void *context, struct error *err);
};

struct gate_schedule {
    GArray *pairs; /* of struct gate_pair */
    struct gate_rows *rows;
    const struct gate_measure_options *options;
    const struct gate_meter *meter;
    struct gate_listener listener;
    uint64_t *blocks; /* numbers given so far, a cell's at [number - 1]; made by the schedule */
};

/* blocks is allocated; the rest is the caller's. */
void gate_schedule_init(struct gate_schedule *s);
void gate_schedule_release(struct gate_schedule *s);

/* Validity of every pair that takes part in rounds; the exact tier checks its own. As all of these:
 * false only when the whole gate ends. */
bool gate_schedule_prepare(struct gate_schedule *s, struct error *err);

/* The exact tier of every pair whose status is ok, or not known yet. */
bool gate_schedule_counts(struct gate_schedule *s, const struct gate_counts_request *request,
                          struct error *err);

/* Rounds of one stage. */
struct gate_rounds {
    const char *stage;       /* "measure", "confirm" */
    bool is_time, is_memory; /* what is not asked for is not kept */
    bool has_aa;             /* every fifth block is an A/A block */
    bool is_all_aa;          /* every block is one: a calibration */
    unsigned least, most;    /* blocks of the pair ab (or aa, when all are) */
    unsigned memory_most;    /* the same of memory, where it is measured apart */
    uint64_t budget_ns;      /* for all rounds of the stage */
    uint64_t whole_ns;       /* --budget, which budget_ns is a part of; 0: whatever `least` takes */
    const GArray *only;      /* of uint64_t, the cells of these rounds; NULL: all */
};

/*
 * Measures rounds until every cell has `most` blocks, or, from `least` on, until another round
 * would exceed the budget. The rounds that are left are counted anew after each, by the clock
 * alone.
 *
 * Refuses (EXIT_USAGE) after the first round a budget whose cells could not have their least blocks
 * in twice the time, or in half a minute more: a verdict that is given too little is none.
 */
bool gate_schedule_rounds(struct gate_schedule *s, const struct gate_rounds *r, struct error *err);

/* How many pairs are ok and so take part in rounds. */
size_t gate_schedule_live(const struct gate_schedule *s);

#endif
