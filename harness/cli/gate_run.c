/*
 * A gate's measurement:
 *
 *   plan -> directory with the declared cells -> validity of each -> exact tier -> rounds
 *        -> confirmation of what would be a verdict, on fresh blocks -> directory sealed
 *
 * The budget begins with the first round: counts need as long as they need. Rounds have three
 * quarters of it; the last quarter is for confirmation, which only cells need that changed.
 */
#include "harness/cli/gate_run.h"

#include <string.h>

#include "harness/analyze/gate_limits.h"
#include "harness/cli/interrupt.h"
#include "harness/measure/clock.h"
#include "harness/measure/machine.h"
#include "harness/run/command.h"

enum {
    BLOCKS_MOST = 400,  /* of a cell: as many as see 1 % in most */
    MEMORY_BLOCKS = 20, /* peaks are judged by percents, and each block is whole processes */
};

/* ---- progress ---- */

static void run_starting(void *context, const struct gate_cell_row *cell, size_t done,
                         size_t total) {
    struct gate_run *run = context;
    char *label = gate_cell_label(cell);
    progress_show(&run->progress, done, total, label);
    g_free(label);
}

static bool run_keep(void *context, struct error *err) {
    struct gate_run *run = context;
    return run->store == NULL || gate_store_write(run->store, &run->rows, err);
}

/* ---- begin and end ---- */

void gate_run_init(struct gate_run *run, const struct gate_options *options) {
    *run = (struct gate_run){
        .options = options, .text = g_string_chunk_new(256), .start_ns = clock_wall_ns()};
    gate_rows_init(&run->rows);
}

void gate_run_release(struct gate_run *run) {
    gate_store_free(run->store);
    gate_schedule_release(&run->schedule);
    preload_links_remove(&run->links);
    if (run->plan.pairs != NULL)
        gate_plan_release(&run->plan);
    gate_rows_release(&run->rows);
    g_string_chunk_free(run->text);
}

static bool store_make(struct gate_run *run, const GArray *asked, struct error *err) {
    if (run->options->dir == NULL)
        return true;
    char *machine = machine_text();
    run->store = gate_store_create(run->options->dir, asked, machine, err);
    g_free(machine);
    return run->store != NULL && gate_store_write(run->store, &run->rows, err);
}

/* The cells of --workloads and --exact-workloads; those of the latter alone are marked. */
static bool cells_plan(struct gate_run *run, struct error *err) {
    const struct gate_options *o = run->options;
    struct config all = o->config;
    char *both = o->exact_workloads == NULL
                     ? g_strdup(all.workloads)
                     : g_strconcat(all.workloads, ",", o->exact_workloads, NULL);
    all.workloads = both;
    bool ok = gate_plan_build(&run->plan, &o->sides, &all, &run->rows, err);
    g_free(both);
    if (run->plan.notice != NULL)
        fprintf(stderr, "heapmark: %s\n", run->plan.notice);
    if (!ok || o->exact_workloads == NULL)
        return ok;
    return gate_plan_mark_counted(&run->plan, &o->sides, &o->config, err);
}

static bool plan_make(struct gate_run *run, struct error *err) {
    if (!cells_plan(run, err))
        return false;
    for (guint i = 0; run->options->tiers == GATE_TIER_EXACT && i < run->plan.pairs->len; i++)
        g_array_index(run->plan.pairs, struct gate_pair, i).is_counted_only = true;
    return run->rows.cells->len > 0 ||
           error_set(err, EXIT_CANNOT,
                     "there is nothing to measure: no cell is left of these workloads");
}

static bool limits_check(const struct gate_run *run, struct error *err) {
    unsigned *tiers = g_new(unsigned, run->rows.cells->len + 1);
    for (guint i = 0; i < run->rows.cells->len; i++)
        tiers[i] = run->options->tiers;
    for (guint i = 0; i < run->plan.pairs->len; i++) {
        const struct gate_pair *pair = &g_array_index(run->plan.pairs, struct gate_pair, i);
        if (pair->is_counted_only)
            tiers[pair->number - 1] = GATE_TIER_EXACT;
    }
    bool ok = gate_limits_check(run->options->limits, run->rows.cells, tiers, err);
    g_free(tiers);
    return ok;
}

static void schedule_make(struct gate_run *run) {
    run->measure = (struct gate_measure_options){.config = &run->options->config,
                                                 .link_dir = run->links.dir,
                                                 .interrupted = &command_interrupted,
                                                 .seed = run->options->config.seed};
    run->schedule = (struct gate_schedule){
        .pairs = run->plan.pairs,
        .rows = &run->rows,
        .options = &run->measure,
        .meter = &gate_meter_processes,
        .listener = {.context = run, .starting = run_starting, .keep = run_keep}};
    gate_schedule_init(&run->schedule);
}

static bool stage_ends(struct gate_run *run, bool ok) {
    progress_end(&run->progress, 0, 0);
    return ok;
}

bool gate_run_plan(struct gate_run *run, struct error *err) {
    if (!plan_make(run, err) || !limits_check(run, err) ||
        !preload_links_dir_make(&run->links, err))
        return false;
    schedule_make(run);
    return true;
}

/* An empty method says that no time belongs to these cells. */
static void methods_clear(struct gate_run *run) {
    for (guint i = 0; i < run->rows.cells->len; i++)
        g_array_index(run->rows.cells, struct gate_cell_row, i).method = NULL;
}

bool gate_run_begin(struct gate_run *run, const GArray *asked, struct error *err) {
    if (!gate_run_plan(run, err) || !store_make(run, asked, err))
        return false;
    progress_init(&run->progress, stderr);
    bool ok = stage_ends(run, gate_schedule_prepare(&run->schedule, err));
    if ((run->options->tiers & GATE_TIER_TIME) == 0)
        methods_clear(run);
    return ok && run_keep(run, err);
}

bool gate_run_finish(struct gate_run *run, struct error *err) {
    return run->store == NULL || gate_store_finish(run->store, &run->rows, err);
}

uint64_t gate_run_left_ns(const struct gate_run *run) {
    uint64_t budget_ns = run->options->budget_s * UINT64_C(1000000000);
    uint64_t spent_ns = clock_wall_ns() - run->start_ns;
    return budget_ns > spent_ns ? budget_ns - spent_ns : 0;
}

/* ---- stages ---- */

bool gate_run_rounds(struct gate_run *run, const struct gate_rounds *rounds, struct error *err) {
    progress_init(&run->progress, stderr);
    return stage_ends(run, gate_schedule_rounds(&run->schedule, rounds, err));
}

static bool exact_measure(struct gate_run *run, struct error *err) {
    const struct gate_counts_request request = {GATE_COUNT_ALL, GATE_COUNT_REPEATS_LEAST,
                                                GATE_COUNT_REPEATS_MOST};
    if ((run->options->tiers & GATE_TIER_EXACT) == 0)
        return true;
    progress_init(&run->progress, stderr);
    return stage_ends(run, gate_schedule_counts(&run->schedule, &request, err));
}

static struct gate_rounds rounds_of(const struct gate_run *run, const struct gate_rule *rule) {
    unsigned tiers = run->options->tiers;
    return (struct gate_rounds){.stage = "measure",
                                .is_time = (tiers & GATE_TIER_TIME) != 0,
                                .is_memory = (tiers & GATE_TIER_MEMORY) != 0,
                                .has_aa = true,
                                .least = rule->blocks_least,
                                .most = BLOCKS_MOST,
                                .memory_most = MAX(MEMORY_BLOCKS, rule->blocks_least),
                                .budget_ns = gate_run_left_ns(run) / 4 * 3,
                                .whole_ns = run->options->budget_s * UINT64_C(1000000000)};
}

static bool metric_is_time(const char *metric) {
    const struct gate_metric *m = gate_metric_find(metric);
    return m != NULL && m->tier == GATE_TIME;
}

/* The cells that need confirmation of time, or of the rest. */
static GArray *cells_to_confirm(const GArray *findings, bool is_time) {
    GArray *cells = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = 0; i < findings->len; i++) {
        const struct gate_finding *f = &g_array_index(findings, struct gate_finding, i);
        if (metric_is_time(f->metric) == is_time)
            g_array_append_val(cells, f->cell);
    }
    return cells;
}

static bool confirm_measure(struct gate_run *run, const struct gate_rule *rule, bool is_time,
                            struct error *err) {
    GArray *findings = gate_to_confirm(&run->rows, rule);
    GArray *cells = cells_to_confirm(findings, is_time);
    struct gate_rounds rounds = rounds_of(run, rule);
    rounds.stage = "confirm";
    rounds.whole_ns = 0;
    rounds.is_time = is_time;
    rounds.is_memory = !is_time;
    rounds.has_aa = false;
    rounds.only = cells;
    rounds.budget_ns = gate_run_left_ns(run) / (is_time ? 2 : 1);
    rounds.most = is_time ? BLOCKS_MOST : rounds.memory_most;
    bool ok = cells->len == 0 || gate_run_rounds(run, &rounds, err);
    g_array_free(cells, TRUE);
    g_array_free(findings, TRUE);
    return ok;
}

bool gate_run_measure(struct gate_run *run, const struct gate_rule *rule, struct error *err) {
    if (!exact_measure(run, err))
        return false;
    run->start_ns = clock_wall_ns();
    struct gate_rounds rounds = rounds_of(run, rule);
    bool ok = true;
    if (rounds.is_time || rounds.is_memory)
        ok = gate_run_rounds(run, &rounds, err) && confirm_measure(run, rule, true, err) &&
             confirm_measure(run, rule, false, err);
    return ok && gate_run_finish(run, err);
}
