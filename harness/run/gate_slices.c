/* A block of slices. */
#include "harness/run/gate_slices.h"

#include <math.h>

#include "harness/run/gate_slices_duel.h"
#include "harness/run/gate_time_row.h"

#define NS_PER_MS       UINT64_C(1000000)
#define BLOCK_NS_WANTED (80 * NS_PER_MS)
#define WARM_IN_NS_MOST (40 * NS_PER_MS) /* a longer pair of slices warms in alone */

enum { ROUNDS_LEAST = 2, ROUNDS_MOST = 8, ROUND_SLICES = 4 };

/* What the slices of a block were. */
struct bout {
    struct gate_slice slices[ROUNDS_MOST * ROUND_SLICES];
    size_t count;
    int first; /* side that began */
};

/* Slices that do not count; how long a pair of them took. */
static bool warm_in(struct duel *d, uint64_t *pair_ns, struct error *err) {
    struct gate_slice pair[2];
    bool ok = duel_pair(d, gate_random_coin(&d->random), d->pair->operations, pair, err);
    if (duel_lives(d, ok) && pair[0].wall_ns + pair[1].wall_ns <= WARM_IN_NS_MOST)
        ok = duel_pair(d, gate_random_coin(&d->random), d->pair->operations, pair, err);
    *pair_ns = duel_lives(d, ok) ? pair[0].wall_ns + pair[1].wall_ns : 0;
    return ok;
}

/* ABBA or BAAB. */
static bool round_run(struct duel *d, struct bout *b, struct error *err) {
    int first = gate_random_coin(&d->random);
    if (b->count == 0)
        b->first = first;
    bool ok = duel_pair(d, first, d->pair->operations, &b->slices[b->count], err);
    if (duel_lives(d, ok))
        ok = duel_pair(d, 1 - first, d->pair->operations, &b->slices[b->count + 2], err);
    b->count += ROUND_SLICES;
    return ok;
}

/* Decided by both sides' time together, so that it does not matter which is faster. */
static uint64_t rounds_wanted(uint64_t pair_ns) {
    return CLAMP(BLOCK_NS_WANTED / (2 * pair_ns + 1), ROUNDS_LEAST, ROUNDS_MOST);
}

static bool bout_run(struct duel *d, struct bout *b, struct error *err) {
    uint64_t pair_ns = 0;
    bool ok = duel_open(d, d->pair->operations, err);
    if (duel_lives(d, ok))
        ok = warm_in(d, &pair_ns, err);
    for (uint64_t rounds = rounds_wanted(pair_ns); duel_lives(d, ok) && rounds > 0; rounds--)
        ok = round_run(d, b, err);
    return ok;
}

static void bout_append(const struct duel *d, const struct bout *b) {
    struct gate_slices_ratio ratio;
    gate_slices_judge(b->slices, b->count, &ratio);
    char *reason =
        !isnan(ratio.log_ratio)
            ? NULL
            : g_strdup_printf("%zu of %zu pairs of slices were disturbed: another program "
                              "took the CPU, or memory",
                              ratio.dropped, ratio.pairs);
    gate_block_append(d->pair, d->request,
                      &(struct gate_block_values){.metric = "wall_ns",
                                                  .candidate_first = b->first == 1,
                                                  .slices = b->count / 2,
                                                  .base = ratio.base,
                                                  .candidate = ratio.candidate,
                                                  .log_ratio = ratio.log_ratio,
                                                  .reason = reason},
                      d->rows);
    g_free(reason);
}

bool gate_slices_block(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_measure_options *options, struct gate_rows *rows,
                       struct error *err) {
    struct duel duel;
    struct bout bout = {.count = 0};
    if (!duel_init(&duel, &(struct duel_setting){pair, request, options, rows}, err))
        return false;
    bool ok = bout_run(&duel, &bout, err);
    duel_release(&duel);
    if (duel_lives(&duel, ok))
        bout_append(&duel, &bout);
    return ok;
}
