/*
 * How long a slice shall be, and whether slices are the way to measure a pair.
 *
 * The base alone decides the number of operations: as many as take 2 ms, and, of a collector, as
 * many as have 10 collections. A stretch much longer than a slice shows how often it collects, and
 * how much of the CPU time is not the measured thread's: threads of an allocator's own (a marker, a
 * sweeper, a purger) that share its one CPU would be waited for where a program with two CPUs does
 * not wait. What they do is seen, not looked up: goheap's concurrent marker has nothing to do where
 * nothing is live (0.5 % of create-pointer), and 20 % of graph-mutate.
 */
#include <time.h>

#include "harness/run/gate_slices.h"
#include "harness/run/gate_slices_duel.h"
#include "harness/run/gate_time_row.h"

#define NS_PER_MS        UINT64_C(1000000)
#define SLICE_NS_LEAST   (2 * NS_PER_MS)
#define SLICE_NS_MOST    (100 * NS_PER_MS) /* to have enough collections */
#define STRETCH_NS       (100 * NS_PER_MS)
#define HELPER_SHARE     0.03             /* of CPU time, from which on helpers count */
#define HELPER_CPU_LEAST (20 * NS_PER_MS) /* less than this shows nothing */
#define OPERATIONS_MOST  (UINT64_C(1) << 40)

enum {
    CLOCK_STEPS_LEAST = 1000,
    COLLECTIONS_LEAST = 10,
    TRIALS = 3, /* of a length: the fastest decides */
    GROWTH_MOST = 1000
};

/* What a long slice shows. */
struct stretch {
    uint64_t operations, wall_ns, cpu_ns, process_cpu_ns, gc_cycles;
};

bool gate_slices_can(const struct gate_pair *pair) {
    const struct cell *base = pair->base.cell, *candidate = pair->candidate.cell;
    if (base == NULL || candidate == NULL)
        return false;
    return base->threads == 1 && (base->workload->traits & TRAIT_SLICEABLE) != 0 &&
           (base->workload->needs & TRAIT_THREADS) == 0 &&
           (base->strategy->binding->offers & candidate->strategy->binding->offers & TRAIT_HELD) !=
               0;
}

static uint64_t slice_ns_least(void) {
    struct timespec step;
    if (clock_getres(CLOCK_MONOTONIC, &step) != 0)
        return SLICE_NS_LEAST;
    return MAX(SLICE_NS_LEAST, (uint64_t)step.tv_nsec * CLOCK_STEPS_LEAST);
}

/* Up to the next number with two digits and zeros, so that gates of one day agree more often. */
static uint64_t round_up(uint64_t operations) {
    uint64_t unit = 1;
    while (operations / unit >= 100)
        unit *= 10;
    return (operations + unit - 1) / unit * unit;
}

/* The fastest of a few slices, fewer when they are long. */
static bool trial(struct duel *d, uint64_t operations, uint64_t *wall_ns, struct error *err) {
    bool ok = true;
    *wall_ns = UINT64_MAX;
    for (int i = 0; i < TRIALS && duel_lives(d, ok) && (i == 0 || *wall_ns < STRETCH_NS); i++) {
        struct gate_slice slice;
        ok = duel_run(d, 0, operations, &slice, err);
        if (duel_lives(d, ok))
            *wall_ns = MIN(*wall_ns, slice.wall_ns);
    }
    return ok;
}

/* Operations that take `target` at least. */
static bool length_by_time(struct duel *d, uint64_t *operations, uint64_t *wall_ns,
                           struct error *err) {
    uint64_t target = slice_ns_least();
    bool ok = trial(d, *operations, wall_ns, err);
    while (duel_lives(d, ok) && *wall_ns < target && *operations < OPERATIONS_MOST) {
        double growth = 1.1 * (double)target / (double)MAX(*wall_ns, 1);
        *operations = round_up((uint64_t)((double)*operations * MIN(growth, GROWTH_MOST)) + 1);
        ok = trial(d, *operations, wall_ns, err);
    }
    return ok;
}

static bool stretch_run(struct duel *d, int side, struct stretch *out, struct error *err) {
    struct slices_state before = {0}, after = {0};
    struct gate_slice slice = {0};
    bool ok = duel_tell(d, side, &before, err);
    if (duel_lives(d, ok))
        ok = duel_run(d, side, out->operations, &slice, err);
    if (duel_lives(d, ok))
        ok = duel_tell(d, side, &after, err);
    if (duel_lives(d, ok)) {
        out->wall_ns = slice.wall_ns;
        out->cpu_ns = slice.cpu_ns;
        out->process_cpu_ns = after.cpu_ns - before.cpu_ns;
        out->gc_cycles = after.gc_cycles - before.gc_cycles;
    }
    return ok;
}

static bool stretch_has_helpers(const struct stretch *s) {
    return s->process_cpu_ns >= HELPER_CPU_LEAST && s->process_cpu_ns > s->cpu_ns &&
           (double)(s->process_cpu_ns - s->cpu_ns) > HELPER_SHARE * (double)s->process_cpu_ns;
}

/* As many as have enough collections, one more than the least for good measure. */
static uint64_t length_by_collections(uint64_t operations, const struct stretch *s) {
    if (s->gc_cycles == 0)
        return operations;
    uint64_t wanted = s->operations / s->gc_cycles * (COLLECTIONS_LEAST + 1);
    uint64_t most = (uint64_t)((double)s->operations * (double)SLICE_NS_MOST / (double)s->wall_ns);
    return MAX(operations, round_up(MIN(wanted, most)));
}

/* The base alone. */
static bool length_choose(struct duel *d, uint64_t *operations, struct stretch *stretch,
                          struct error *err) {
    uint64_t wall_ns = 0;
    *operations = MAX(d->options->config->ops, 1); /* what the user asks for is the least */
    bool ok = duel_open_side(d, 0, 1, err);
    if (duel_lives(d, ok))
        ok = length_by_time(d, operations, &wall_ns, err);
    if (!duel_lives(d, ok))
        return ok;
    stretch->operations = *operations * CLAMP(STRETCH_NS / wall_ns, 1, GROWTH_MOST);
    ok = stretch_run(d, 0, stretch, err);
    if (duel_lives(d, ok))
        *operations = length_by_collections(*operations, stretch);
    return ok;
}

static const char *side_allocator(struct gate_rows *rows, const struct slices_side *side) {
    char *text = g_strdup_printf("%s %s", side->allocator == NULL ? "?" : side->allocator,
                                 side->version == NULL ? "" : side->version);
    const char *kept = gate_text(rows, g_strchomp(text));
    g_free(text);
    return kept;
}

static const char *side_checksum(struct gate_rows *rows, uint64_t checksum) {
    char text[17];
    g_snprintf(text, sizeof text, "%016" G_GINT64_MODIFIER "x", checksum);
    return gate_text(rows, text);
}

/* The row of a pair that was found to do equal work. */
static void row_fill(const struct duel *d, uint64_t operations) {
    struct gate_cell_row *row = gate_pair_row(d->pair, d->rows);
    row->method = gate_method_name(GATE_METHOD_SLICES);
    row->base_operations = row->candidate_operations = operations;
    row->base_checksum = side_checksum(d->rows, d->checksum[0]);
    row->candidate_checksum = side_checksum(d->rows, d->checksum[1]);
    row->base_allocator = side_allocator(d->rows, &d->sides[0]);
    row->candidate_allocator = side_allocator(d->rows, &d->sides[1]);
    row->status = "ok";
}

/* Both, afresh: a pair of slices, and a stretch of the candidate. */
static bool sides_check(struct duel *d, uint64_t operations, struct stretch *stretch,
                        struct error *err) {
    stretch->process_cpu_ns = 0;
    bool ok = duel_open(d, operations, err);
    if (duel_lives(d, ok)) {
        struct gate_slice pair[2];
        ok = duel_pair(d, 0, operations, pair, err);
    }
    if (duel_lives(d, ok))
        row_fill(d, operations);
    if (duel_lives(d, ok))
        ok = stretch_run(d, 1, stretch, err);
    return ok;
}

static bool base_ask(const struct duel_setting *setting, uint64_t *operations,
                     struct stretch *stretch, bool *is_failed, struct error *err) {
    struct duel duel;
    if (!duel_init(&duel, setting, err))
        return false;
    bool ok = length_choose(&duel, operations, stretch, err);
    *is_failed = duel.is_failed;
    duel_release(&duel);
    return ok;
}

static bool both_ask(const struct duel_setting *setting, uint64_t operations,
                     struct stretch *stretch, bool *is_failed, struct error *err) {
    struct duel duel;
    if (!duel_init(&duel, setting, err))
        return false;
    bool ok = sides_check(&duel, operations, stretch, err);
    *is_failed = duel.is_failed;
    duel_release(&duel);
    return ok;
}

bool gate_slices_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                         struct gate_rows *rows, bool *has_helpers, struct error *err) {
    const struct gate_block_request request = {.stage = "prepare"};
    const struct duel_setting setting = {pair, &request, options, rows};
    struct stretch stretch = {0};
    uint64_t operations = 0;
    bool is_failed = false;
    bool ok = base_ask(&setting, &operations, &stretch, &is_failed, err);
    *has_helpers = stretch_has_helpers(&stretch);
    if (ok && !is_failed && !*has_helpers) {
        ok = both_ask(&setting, operations, &stretch, &is_failed, err);
        *has_helpers = stretch_has_helpers(&stretch);
    }
    pair->method = GATE_METHOD_SLICES;
    pair->operations = operations;
    return ok;
}
