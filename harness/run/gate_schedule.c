/*
 * The gate's order of measurements.
 *
 * Nothing here reads a ratio. What depends on the machine is the number of rounds, and it depends
 * on the time that a round takes and on nothing else, so that stopping cannot follow the data.
 */
#include "harness/run/gate_schedule.h"

#include <math.h>
#include <string.h>

#include "harness/run/order.h"

#define OVERRUN_NS 30e9

void gate_schedule_init(struct gate_schedule *s) {
    s->blocks = g_new0(uint64_t, s->rows->cells->len + 1);
}

void gate_schedule_release(struct gate_schedule *s) {
    g_free(s->blocks);
    s->blocks = NULL;
}

static struct gate_pair *pair_at(const struct gate_schedule *s, size_t i) {
    return &g_array_index(s->pairs, struct gate_pair, i);
}

static struct gate_cell_row *row_of(const struct gate_schedule *s, const struct gate_pair *pair) {
    return &g_array_index(s->rows->cells, struct gate_cell_row, pair->number - 1);
}

static bool pair_is_live(const struct gate_schedule *s, const struct gate_pair *pair) {
    return g_strcmp0(row_of(s, pair)->status, "ok") == 0;
}

size_t gate_schedule_live(const struct gate_schedule *s) {
    size_t live = 0;
    for (guint i = 0; i < s->pairs->len; i++)
        live += pair_is_live(s, pair_at(s, i));
    return live;
}

static void tell(const struct gate_schedule *s, const struct gate_pair *pair, size_t done,
                 size_t total) {
    const struct gate_listener *l = &s->listener;
    if (l->starting != NULL)
        l->starting(l->context, row_of(s, pair), done, total);
}

static bool keep(const struct gate_schedule *s, struct error *err) {
    return s->listener.keep == NULL || s->listener.keep(s->listener.context, err);
}

static bool is_interrupted(const struct gate_schedule *s) {
    return s->options->interrupted != NULL && *s->options->interrupted;
}

static bool interrupt_check(const struct gate_schedule *s, struct error *err) {
    return !is_interrupted(s) || error_set(err, EXIT_INTERRUPTED, "interrupted");
}

bool gate_schedule_prepare(struct gate_schedule *s, struct error *err) {
    bool ok = true;
    for (guint i = 0; ok && i < s->pairs->len; i++) {
        struct gate_pair *pair = pair_at(s, i);
        if (pair->is_counted_only)
            continue;
        tell(s, pair, i, s->pairs->len);
        ok = interrupt_check(s, err) && s->meter->prepare(pair, s->options, s->rows, err) &&
             keep(s, err);
    }
    return ok;
}

bool gate_schedule_counts(struct gate_schedule *s, const struct gate_counts_request *request,
                          struct error *err) {
    bool ok = true;
    for (guint i = 0; ok && i < s->pairs->len; i++) {
        const struct gate_pair *pair = pair_at(s, i);
        if (row_of(s, pair)->status != NULL && !pair_is_live(s, pair))
            continue;
        tell(s, pair, i, s->pairs->len);
        ok = interrupt_check(s, err) && s->meter->counts(pair, request, s->options, s->rows, err) &&
             keep(s, err);
    }
    return ok;
}

/* ---- rounds ---- */

/* What one stage needs at hand. */
struct stage {
    struct gate_schedule *schedule;
    const struct gate_rounds *rounds;
    GArray *order;              /* of size_t: the pairs that take part */
    unsigned round, last_round; /* from 1 */
    size_t done;
};

static bool pair_takes_part(const struct gate_rounds *r, const struct gate_pair *pair) {
    if (pair->is_counted_only)
        return false;
    if (r->only == NULL)
        return true;
    for (guint i = 0; i < r->only->len; i++) {
        if (g_array_index(r->only, uint64_t, i) == pair->number)
            return true;
    }
    return false;
}

static bool round_is_aa(const struct gate_rounds *r, unsigned round) {
    return r->is_all_aa || (r->has_aa && round % GATE_AA_EVERY == 0);
}

/* Blocks that count towards least and most, after so many rounds. */
static unsigned blocks_after(const struct gate_rounds *r, unsigned rounds) {
    return r->has_aa && !r->is_all_aa ? rounds - rounds / GATE_AA_EVERY : rounds;
}

/* The fewest rounds with so many blocks that count. */
static unsigned rounds_for(const struct gate_rounds *r, unsigned blocks) {
    unsigned rounds = blocks;
    while (blocks_after(r, rounds) < blocks)
        rounds++;
    return rounds;
}

/* A pair by process gives time, memory and pauses in one: what was not asked for is not kept. */
static void rows_keep_asked(GArray *blocks, guint from, const struct gate_rounds *r) {
    for (guint i = blocks->len; i > from; i--) {
        const struct gate_block_row *row = &g_array_index(blocks, struct gate_block_row, i - 1);
        bool is_time = strcmp(row->metric, "wall_ns") == 0;
        if (is_time ? !r->is_time : !r->is_memory)
            g_array_remove_index(blocks, i - 1);
    }
}

static bool block_measure(struct stage *stage, const struct gate_pair *pair, struct error *err) {
    struct gate_schedule *s = stage->schedule;
    const struct gate_rounds *r = stage->rounds;
    struct gate_block_request request = {.block = ++s->blocks[pair->number - 1],
                                         .stage = r->stage,
                                         .is_aa = round_is_aa(r, stage->round)};
    bool has_memory = r->is_memory && stage->round <= rounds_for(r, r->memory_most);
    bool is_by_process = pair->method == GATE_METHOD_PROCESSES;
    guint from = s->rows->blocks->len;
    if ((r->is_time || (has_memory && is_by_process)) &&
        !s->meter->time_block(pair, &request, s->options, s->rows, err))
        return false;
    if (is_by_process)
        rows_keep_asked(s->rows->blocks, from, r);
    return !has_memory || is_by_process || !pair_is_live(s, pair) ||
           s->meter->memory_block(pair, &request, s->options, s->rows, err);
}

static bool round_measure(struct stage *stage, struct error *err) {
    struct gate_schedule *s = stage->schedule;
    guint count = stage->order->len;
    size_t *order = g_new(size_t, count + 1);
    bool ok = true;
    order_shuffle(order, count, s->options->seed, stage->round);
    for (guint i = 0; ok && i < count; i++) {
        const struct gate_pair *pair = pair_at(s, g_array_index(stage->order, size_t, order[i]));
        tell(s, pair, stage->done, (size_t)stage->last_round * count);
        stage->done++;
        if (pair_is_live(s, pair))
            ok = interrupt_check(s, err) && block_measure(stage, pair, err) && keep(s, err);
    }
    g_free(order);
    return ok;
}

/* Rounds that the budget allows when each takes as long as those before. */
static unsigned rounds_affordable(const struct stage *stage, uint64_t spent_ns) {
    uint64_t each_ns = MAX(spent_ns / stage->round, 1);
    uint64_t rounds = stage->rounds->budget_ns / each_ns;
    return (unsigned)MIN(rounds, G_MAXUINT / 2);
}

/* Whether the budget is less than the least by more than a busy machine explains. */
static bool budget_check(const struct stage *stage, unsigned least, uint64_t round_ns,
                         struct error *err) {
    const double whole = (double)stage->rounds->whole_ns, budget = (double)stage->rounds->budget_ns;
    double need = (double)round_ns * least;
    if (whole <= 0 || need <= fmax(2 * whole, whole + OVERRUN_NS))
        return true;
    /* As much of the whole goes to other stages as now. */
    double wanted_s = ceil(need * (budget > 0 ? whole / budget : 1) / 1e10) * 10;
    guint cells = stage->order->len;
    return error_set(err, EXIT_USAGE,
                     "--budget %.0f holds %.0f of the %u cells that are timed: the least that a "
                     "verdict needs takes about %.0f s here; give --budget %.0f, or name fewer "
                     "cells",
                     whole / 1e9, floor(cells * whole / 1e9 / wanted_s), cells, need / 1e9,
                     wanted_s);
}

static bool stage_run(struct stage *stage, struct error *err) {
    const struct gate_rounds *r = stage->rounds;
    const struct gate_meter *meter = stage->schedule->meter;
    unsigned least = rounds_for(r, r->least), most = MAX(rounds_for(r, r->most), least);
    uint64_t start_ns = meter->now_ns();
    stage->last_round = most;
    for (stage->round = 1; stage->round <= stage->last_round; stage->round++) {
        if (!round_measure(stage, err))
            return false;
        if (stage->round == 1 && !budget_check(stage, least, meter->now_ns() - start_ns, err))
            return false;
        unsigned affordable = MAX(rounds_affordable(stage, meter->now_ns() - start_ns), least);
        stage->last_round = MIN(most, MAX(affordable, stage->round));
    }
    return true;
}

bool gate_schedule_rounds(struct gate_schedule *s, const struct gate_rounds *r, struct error *err) {
    struct stage stage = {
        .schedule = s, .rounds = r, .order = g_array_new(FALSE, FALSE, sizeof(size_t))};
    for (size_t i = 0; i < s->pairs->len; i++) {
        if (pair_takes_part(r, pair_at(s, i)) && pair_is_live(s, pair_at(s, i)))
            g_array_append_val(stage.order, i);
    }
    bool ok = stage.order->len == 0 || stage_run(&stage, err);
    g_array_free(stage.order, TRUE);
    return ok;
}
