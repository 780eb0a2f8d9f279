/*
 * Rounds: every cell once, in random order, again for each repetition; each repetition is appended
 * to the store before the next begins.
 *
 * Skipped and unavailable cells are recorded once, in the first round, without running anything.
 * After a resume, repetitions that the store holds already are left out.
 *
 * Equal work (workload, parameters, threads, seed, ops) must give equal checksums: an ok repetition
 * whose checksum differs from the first ok one's becomes `wrong`, and its reason names that one.
 */
#ifndef HEAPMARK_HARNESS_RUN_ROUNDS_H
#define HEAPMARK_HARNESS_RUN_ROUNDS_H

#include "harness/run/executor.h"
#include "harness/store/store.h"

/* Told what happens; either function may be NULL. */
struct rounds_listener {
    void *context;
    void (*starting)(void *context, const struct cell *cell, unsigned repetition, size_t done,
                     size_t total);
    void (*finished)(void *context, const struct record *record, size_t done, size_t total);
};

struct rounds {
    const struct matrix *matrix;
    const struct config *config; /* repetitions, seed */
    const GArray *existing;      /* of struct record: what a resumed run holds; NULL: nothing */
    struct executor *executor;
    struct store *store;
    struct rounds_listener listener;
};

/* False: interrupted or cannot go on; what was appended stays. */
bool rounds_run(const struct rounds *r, struct error *err);

#endif
