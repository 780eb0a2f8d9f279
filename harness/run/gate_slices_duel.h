/*
 * Two held-open sides on one CPU, of which only one runs at a time.
 *
 * A side that fails makes the status of its cell and sets is_failed; the functions then still
 * return true. False, with err, is only for what ends the gate.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_SLICES_DUEL_H
#define HEAPMARK_HARNESS_RUN_GATE_SLICES_DUEL_H

#include "harness/run/gate_slices_side.h"
#include "harness/run/gate_time.h"
#include "harness/run/gate_time_random.h"

/* [0] stands for the base, [1] for the candidate or the base's copy. */
struct duel {
    const struct gate_pair *pair;
    const struct gate_block_request *request;
    const struct gate_measure_options *options;
    struct gate_rows *rows;
    struct gate_random random; /* of the block */
    struct gate_layout layout; /* likewise */
    cpu_set_t cpu;
    uint64_t memory_limit;
    struct gate_start starts[2];
    struct slices_side sides[2];
    bool is_open[2];
    bool is_failed;
    uint64_t checksum[2]; /* of all slices */
};

/* What the duel is about; borrowed until the release. */
struct duel_setting {
    const struct gate_pair *pair;
    const struct gate_block_request *request;
    const struct gate_measure_options *options;
    struct gate_rows *rows;
};

bool duel_init(struct duel *d, const struct duel_setting *setting, struct error *err);

/* Starts one side, or both in an order that chance decides, and waits until they are ready.
   operations: of a slice, decide how long they warm up. */
bool duel_open_side(struct duel *d, int side, uint64_t operations, struct error *err);
bool duel_open(struct duel *d, uint64_t operations, struct error *err);

bool duel_run(struct duel *d, int side, uint64_t operations, struct gate_slice *out,
              struct error *err);
bool duel_tell(struct duel *d, int side, struct slices_state *out, struct error *err);

/* A slice of each, `first` first; fails the cell when they did not do equal work. */
bool duel_pair(struct duel *d, int first, uint64_t operations, struct gate_slice out[2],
               struct error *err);

/* Whether it is worth going on. */
static inline bool duel_lives(const struct duel *d, bool ok) {
    return ok && !d->is_failed;
}

void duel_release(struct duel *d);

#endif
