/*
 * Does this gate, on this machine, see what it promises to see?
 *
 *   A/A blocks     the base against a copy of itself, for two fifths of the budget: the pool
 *   fresh          for each planted effect a whole gate: blocks, A/A blocks, confirmation, judged
 * as any gate. The candidate is the base whose process does so much more: a loop of fixed length
 * after each slice, inside the timed region (harness/measure/spin.h). How much the blocks then show
 * is printed beside what was planted. drawn          many more decisions, from the pool, moved by
 * the effect by arithmetic (harness/analyze/gate_power.h), for cells that are given 15, 30 and 60 s
 *
 * Fresh decisions prove that the whole way works; only drawn ones are many enough for a curve. Both
 * numbers are told apart everywhere.
 */
#include "harness/cli/gate_selftest.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/gate_power.h"
#include "harness/analyze/statistics.h"
#include "harness/cli/gate_calibration.h"
#include "harness/measure/clock.h"
#include "harness/measure/spin.h"

static const double planted_effects[] = {0, 0.01, 0.02, 0.03, 0.05, 0.10};
static const double cell_seconds[] = {15, 30, 60};

enum {
    POOL_BLOCKS_MOST = 400,    /* of each cell */
    DRAWN_BLOCKS_MOST = 200,   /* of a decision: its cost grows with their square */
    FRESH_BLOCKS_MOST = 100,   /* of each cell and effect */
    SPIN_ITERATIONS = 2000000, /* a few milliseconds */
    SPIN_READINGS = 15,
};

void gate_selftest_init(struct gate_selftest *t, struct gate_run *run,
                        const struct gate_rule *rule) {
    *t = (struct gate_selftest){.run = run,
                                .rule = rule,
                                .curve = g_array_new(FALSE, FALSE, sizeof(struct gate_curve_row)),
                                .text = g_string_chunk_new(1024)};
}

void gate_selftest_release(struct gate_selftest *t) {
    g_array_free(t->curve, TRUE);
    g_string_chunk_free(t->text);
}

/* ---- the pool ---- */

static bool pool_measure(struct gate_selftest *t, struct error *err) {
    struct gate_run *run = t->run;
    const struct gate_rounds rounds = {.stage = "measure",
                                       .is_time = true,
                                       .is_all_aa = true,
                                       .least = 2 * t->rule->blocks_least,
                                       .most = POOL_BLOCKS_MOST,
                                       .budget_ns = gate_run_left_ns(run) / 5 * 2};
    uint64_t start_ns = clock_wall_ns();
    if (!gate_run_rounds(run, &rounds, err))
        return false;
    if (run->rows.blocks->len == 0)
        return error_set(err, EXIT_CANNOT, "no cell could be measured, so nothing can be tested");
    t->block_ns = (double)(clock_wall_ns() - start_ns) / run->rows.blocks->len;
    return true;
}

/* ---- planting ---- */

/* The fastest of several readings: what other programs take from one would make the planted loop
   short. */
static double spin_ns_measure(void) {
    double fastest = INFINITY;
    for (int i = 0; i < SPIN_READINGS; i++) {
        uint64_t start_ns = clock_wall_ns();
        spin(SPIN_ITERATIONS);
        fastest = fmin(fastest, (double)(clock_wall_ns() - start_ns) / SPIN_ITERATIONS);
    }
    return fastest;
}

/* What an operation takes on the base, by the pool; NaN when it was not measured. */
static double operation_ns(const struct gate_selftest *t, const struct gate_pair *pair) {
    GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
    const GArray *blocks = t->run->rows.blocks;
    for (guint i = 0; i < blocks->len; i++) {
        const struct gate_block_row *b = &g_array_index(blocks, struct gate_block_row, i);
        if (b->cell == pair->number && b->reason == NULL && strcmp(b->metric, "wall_ns") == 0)
            g_array_append_val(times, b->base);
    }
    double *values = (double *)(void *)times->data;
    values_sort(values, times->len);
    double ns = times->len == 0 || pair->operations == 0
                    ? NAN
                    : median_of(values, times->len) / (double)pair->operations;
    g_array_free(times, TRUE);
    return ns;
}

/* A gate of one planted effect. Cells of the candidate are copies of the base's under a strategy
   that spins. */
struct planted {
    double effect;
    struct gate_rows rows;
    GArray *pairs, *cells; /* of struct gate_pair, of struct cell */
    GPtrArray *strategies;
};

static void planted_init(struct planted *p, const struct gate_selftest *t, double effect) {
    guint count = t->run->plan.pairs->len;
    *p = (struct planted){.effect = effect,
                          .pairs = g_array_new(FALSE, FALSE, sizeof(struct gate_pair)),
                          .cells = g_array_sized_new(FALSE, FALSE, sizeof(struct cell), count),
                          .strategies = strategies_new()};
    gate_rows_init(&p->rows);
}

static void planted_release(struct planted *p) {
    gate_rows_release(&p->rows);
    g_array_free(p->pairs, TRUE);
    g_array_free(p->cells, TRUE);
    g_ptr_array_free(p->strategies, TRUE);
}

/* The base's strategy with the loop in its environment. */
static const struct strategy *strategy_planted(struct gate_selftest *t, struct planted *p,
                                               uint64_t spins, struct error *err) {
    char *spec =
        g_strdup_printf("%s:" SPIN_VARIABLE "=%" G_GUINT64_FORMAT, t->run->options->base, spins);
    GPtrArray *parsed = strategies_new();
    bool ok = strategies_parse(parsed, spec, &t->run->plan.catalogues[0], p->rows.text, err);
    struct strategy *strategy = ok ? g_ptr_array_steal_index(parsed, 0) : NULL;
    if (ok)
        g_ptr_array_add(p->strategies, strategy);
    g_ptr_array_free(parsed, TRUE);
    g_free(spec);
    return strategy;
}

static bool pair_plant(struct gate_selftest *t, struct planted *p, const struct gate_pair *base,
                       struct error *err) {
    const struct gate_cell_row *known =
        &g_array_index(t->run->rows.cells, struct gate_cell_row, base->number - 1);
    double ns = operation_ns(t, base);
    struct cell cell = *base->base.cell;
    uint64_t spins = isnan(ns) ? 0 : (uint64_t)llround(p->effect * ns * 1000 / t->spin_ns);
    if ((cell.strategy = strategy_planted(t, p, spins, err)) == NULL)
        return false;
    struct gate_cell_row row = *known;
    row.cell = p->rows.cells->len + 1;
    row.status = row.reason = NULL;
    g_array_append_val(p->rows.cells, row);
    g_array_append_val(p->cells, cell);
    struct gate_pair pair = *base;
    pair.number = row.cell;
    pair.candidate.cell = &g_array_index(p->cells, struct cell, p->cells->len - 1);
    g_array_append_val(p->pairs, pair);
    return true;
}

/* Cells that could be measured against themselves. */
static bool planted_fill(struct gate_selftest *t, struct planted *p, struct error *err) {
    bool ok = true;
    for (guint i = 0; ok && i < t->run->plan.pairs->len; i++) {
        const struct gate_pair *pair = &g_array_index(t->run->plan.pairs, struct gate_pair, i);
        if (!isnan(operation_ns(t, pair)))
            ok = pair_plant(t, p, pair, err);
    }
    return ok;
}

/* ---- fresh decisions ---- */

static bool confirm_planted(struct gate_schedule *s, const struct gate_rule *rule,
                            struct gate_rounds rounds, struct error *err) {
    GArray *findings = gate_to_confirm(s->rows, rule);
    GArray *cells = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = 0; i < findings->len; i++)
        g_array_append_val(cells, g_array_index(findings, struct gate_finding, i).cell);
    rounds.stage = "confirm";
    rounds.has_aa = false;
    rounds.only = cells;
    bool ok = cells->len == 0 || gate_schedule_rounds(s, &rounds, err);
    g_array_free(cells, TRUE);
    g_array_free(findings, TRUE);
    return ok;
}

static bool planted_measure(struct gate_selftest *t, struct planted *p, uint64_t budget_ns,
                            struct error *err) {
    struct gate_measure_options options = t->run->measure;
    options.seed += (uint64_t)llround(p->effect * 1000) + 1; /* other starts, other orders */
    struct gate_schedule s = {.pairs = p->pairs,
                              .rows = &p->rows,
                              .options = &options,
                              .meter = &gate_meter_processes,
                              .listener = t->run->schedule.listener};
    const struct gate_rounds rounds = {.stage = "measure",
                                       .is_time = true,
                                       .has_aa = true,
                                       .least = t->rule->blocks_least,
                                       .most = FRESH_BLOCKS_MOST,
                                       .budget_ns = budget_ns / 2};
    gate_schedule_init(&s);
    s.listener.keep = NULL; /* the pool's directory holds the pool */
    progress_init(&t->run->progress, stderr);
    bool ok = gate_schedule_prepare(&s, err) && gate_schedule_rounds(&s, &rounds, err) &&
              confirm_planted(&s, t->rule, rounds, err);
    progress_end(&t->run->progress, 0, 0);
    gate_schedule_release(&s);
    return ok;
}

static double effects_median(const struct gate_findings *findings) {
    GArray *effects = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < findings->findings->len; i++) {
        const struct gate_finding *f = &g_array_index(findings->findings, struct gate_finding, i);
        if (isfinite(f->effect))
            g_array_append_val(effects, f->effect);
    }
    double *values = (double *)(void *)effects->data;
    values_sort(values, effects->len);
    double middle = effects->len == 0 ? NAN : median_of(values, effects->len);
    g_array_free(effects, TRUE);
    return middle;
}

/* ---- drawn decisions ---- */

static void drawn_fill(struct gate_curve_row *row, const struct gate_power_point *point) {
    row->drawn = point->decisions;
    row->drawn_regressed = point->counts[GATE_REGRESSED];
    row->drawn_improved = point->counts[GATE_IMPROVED];
    row->low = point->regressed.low;
    row->high = point->regressed.high;
}

/* The draws of a point are shared out among its cells. */
static unsigned draws_each(const struct gate_selftest *t) {
    uint64_t cells = MAX(t->run->plan.pairs->len, 1);
    return (unsigned)((t->run->options->draws + cells - 1) / cells);
}

/* One cell's row; its counts are added to the row of all. */
static void cell_draw(struct gate_selftest *t, struct gate_curve_row *all,
                      const struct gate_pair *pair) {
    const GArray *cells = t->run->rows.cells;
    GArray *pool = gate_pool(&t->run->rows, pair->number, "wall_ns");
    if (pool->len > 0) {
        char *label =
            gate_cell_label(&g_array_index(cells, struct gate_cell_row, pair->number - 1));
        const struct gate_power_request request = {
            .pool = (const double *)(const void *)pool->data,
            .pool_count = pool->len,
            .metric = "wall_ns",
            .blocks = (unsigned)all->blocks,
            .aa_blocks = (unsigned)all->blocks / (GATE_AA_EVERY - 1),
            .confirm_blocks = (unsigned)all->blocks,
            .family = t->run->plan.pairs->len,
            .decisions = draws_each(t),
            .seed = (uint32_t)(t->run->options->config.seed + pair->number),
            .rule = t->rule};
        const struct gate_power_point point = gate_power_at(&request, all->planted);
        struct gate_curve_row row = *all;
        row.cell = g_string_chunk_insert(t->text, label);
        row.fresh = row.fresh_regressed = COUNT_EMPTY;
        row.measured = NAN;
        drawn_fill(&row, &point);
        g_array_append_val(t->curve, row);
        all->drawn += row.drawn;
        all->drawn_regressed += row.drawn_regressed;
        all->drawn_improved += row.drawn_improved;
        g_free(label);
    }
    g_array_free(pool, TRUE);
}

/* Blocks of the time that a cell is given: some of it is A/A, and as much again may be needed to
   confirm. */
static unsigned blocks_in(const struct gate_selftest *t, double seconds) {
    double blocks = seconds * 1e9 / t->block_ns / 2 * (GATE_AA_EVERY - 1) / GATE_AA_EVERY;
    return (unsigned)CLAMP(blocks, t->rule->blocks_least, DRAWN_BLOCKS_MOST);
}

static void effect_draw(struct gate_selftest *t, const struct gate_curve_row *fresh,
                        double seconds) {
    struct gate_curve_row all = *fresh;
    all.seconds = seconds;
    all.blocks = blocks_in(t, seconds);
    all.drawn = all.drawn_regressed = all.drawn_improved = 0;
    for (guint i = 0; i < t->run->plan.pairs->len; i++)
        cell_draw(t, &all, &g_array_index(t->run->plan.pairs, struct gate_pair, i));
    struct proportion share = proportion_wilson(all.drawn_regressed, all.drawn, 0.95);
    all.low = share.low;
    all.high = share.high;
    g_array_append_val(t->curve, all);
}

/* ---- all effects ---- */

static void effect_judge(struct gate_selftest *t, const struct planted *p) {
    struct gate_findings findings;
    struct gate_curve_row fresh;
    row_clear(&gate_curve_type, &fresh);
    gate_decide(&findings, &p->rows, t->rule);
    fresh.planted = p->effect;
    fresh.fresh = findings.findings->len;
    fresh.fresh_regressed = findings.counts[GATE_REGRESSED];
    fresh.measured = effects_median(&findings);
    for (size_t i = 0; i < G_N_ELEMENTS(cell_seconds); i++)
        effect_draw(t, &fresh, cell_seconds[i]);
    gate_findings_release(&findings);
}

static bool effect_measure(struct gate_selftest *t, double effect, uint64_t budget_ns,
                           struct error *err) {
    struct planted p;
    planted_init(&p, t, effect);
    bool ok = planted_fill(t, &p, err) && planted_measure(t, &p, budget_ns, err);
    if (ok)
        effect_judge(t, &p);
    planted_release(&p);
    return ok;
}

bool gate_selftest_measure(struct gate_selftest *t, struct error *err) {
    bool ok = pool_measure(t, err);
    t->spin_ns = spin_ns_measure();
    for (size_t i = 0; ok && i < G_N_ELEMENTS(planted_effects); i++)
        ok = effect_measure(t, planted_effects[i],
                            gate_run_left_ns(t->run) / (G_N_ELEMENTS(planted_effects) - i), err);
    return ok;
}

/* ---- what people see ---- */

static void row_append(GString *out, const struct gate_curve_row *row) {
    const double share = (double)row->drawn_regressed / (double)MAX(row->drawn, (uint64_t)1);
    char *drawn =
        g_strdup_printf("%5.1f %% [%.1f, %.1f]", share * 100, row->low * 100, row->high * 100);
    g_string_append_printf(out,
                           "%5.0f %%  %9s  %3" G_GUINT64_FORMAT "/%-3" G_GUINT64_FORMAT
                           "   %4.0f s  %6" G_GUINT64_FORMAT "  %-22s  %" G_GUINT64_FORMAT "\n",
                           row->planted * 100, gate_percent(row->measured).text,
                           row->fresh_regressed, row->fresh, row->seconds, row->blocks, drawn,
                           row->drawn);
    g_free(drawn);
}

char *gate_selftest_text(const struct gate_selftest *t) {
    uint64_t fresh = 0, drawn = 0;
    GString *out =
        g_string_new("planted   measured  fresh   a cell  blocks  drawn REGRESSED         drawn\n");
    for (guint i = 0; i < t->curve->len; i++) {
        const struct gate_curve_row *row = &g_array_index(t->curve, struct gate_curve_row, i);
        if (row->cell != NULL)
            continue;
        row_append(out, row);
        drawn += row->drawn;
        fresh += row->seconds <= cell_seconds[0] ? row->fresh : 0;
    }
    g_string_append_printf(out,
                           "\n%" G_GUINT64_FORMAT
                           " decisions are fresh: measured for them alone, the slow-down really "
                           "planted\n%" G_GUINT64_FORMAT
                           " are drawn from %u measured A/A blocks; in brackets Wilson's "
                           "95 %% interval\n",
                           fresh, drawn, t->run->rows.blocks->len);
    return g_string_free(out, FALSE);
}
