/*
 * heapmark gate baseline: exact counts against a file that is checked in and reviewed like code.
 *
 *   options -> plan -> the exact tier of the candidate alone
 *           -> --save: the file is written anew
 *           -> else:   the file's counts become the base -> findings -> text -> exit status
 *
 * Counts only: a time of another day or machine is no base for a verdict. A row of the file whose
 * cell was not measured ends the gate: what nobody counted is not green.
 */
#include <stdio.h>
#include <string.h>

#include "harness/cli/commands.h"
#include "harness/cli/gate_asked.h"
#include "harness/cli/gate_commands.h"
#include "harness/cli/gate_run.h"
#include "harness/store/gate_baseline.h"

#define BASE_NAME "baseline"

/* The candidate alone: sides that are not there are not measured. */
static void bases_remove(struct gate_run *run) {
    for (guint i = 0; i < run->plan.pairs->len; i++)
        g_array_index(run->plan.pairs, struct gate_pair, i).base = (struct gate_side){NULL, NULL};
    for (guint i = 0; i < run->rows.cells->len; i++)
        g_array_index(run->rows.cells, struct gate_cell_row, i).base = BASE_NAME;
}

static bool candidate_count(struct gate_run *run, struct error *err) {
    const struct gate_counts_request request = {GATE_COUNT_ALL, GATE_COUNT_REPEATS_LEAST,
                                                GATE_COUNT_REPEATS_MOST};
    if (!gate_run_plan(run, err))
        return false;
    bases_remove(run);
    progress_init(&run->progress, stderr);
    bool ok = gate_schedule_counts(&run->schedule, &request, err);
    progress_end(&run->progress, 0, 0);
    return ok;
}

/* ---- writing ---- */

static bool cells_check(const struct gate_rows *rows, struct error *err) {
    for (guint i = 0; i < rows->cells->len; i++) {
        const struct gate_cell_row *cell = &g_array_index(rows->cells, struct gate_cell_row, i);
        if (g_strcmp0(cell->status, "ok") == 0)
            continue;
        char *label = gate_cell_label(cell);
        error_set(err, EXIT_CANNOT, "%s was not counted (%s: %s), so no baseline is written", label,
                  cell->status == NULL ? "no status" : cell->status,
                  cell->reason == NULL ? "no reason" : cell->reason);
        g_free(label);
        return false;
    }
    return true;
}

static bool baseline_save(const struct gate_rows *rows, const char *path, struct error *err) {
    struct gate_baseline baseline;
    gate_baseline_init(&baseline);
    gate_baseline_add(&baseline, rows, gate_counts_conditions);
    bool ok = cells_check(rows, err) && gate_baseline_write(&baseline, path, err);
    if (ok)
        printf("%s: %u counts of %u cells\n", path, baseline.rows->len, rows->cells->len);
    gate_baseline_release(&baseline);
    return ok;
}

/* ---- judging ---- */

static bool baseline_apply(struct gate_rows *rows, const struct gate_baseline *baseline,
                           const char *path, struct error *err) {
    struct gate_baseline_applied applied;
    gate_baseline_apply(baseline, rows, gate_counts_conditions, &applied);
    return applied.unmeasured == 0 ||
           error_set(
               err, EXIT_CANNOT,
               "%s has %u counts of cells that were not measured (%s, ...); measure them with "
               "--workloads, or write the file anew with --save",
               path, applied.unmeasured, applied.unmeasured_first);
}

static int baseline_judge(struct gate_rows *rows, const struct gate_options *o) {
    struct gate_findings findings;
    struct gate_judging judging;
    gate_judging_init(&judging);
    gate_judging_apply(&judging, o, NULL);
    gate_decide(&findings, rows, &judging.rule);
    const struct gate_report report = {.rows = rows,
                                       .findings = &findings,
                                       .rule = &judging.rule,
                                       .base = BASE_NAME,
                                       .candidate = o->base};
    char *text = gate_report_text(&report);
    fputs(text, stdout);
    int status = gate_exit_status(findings.verdict);
    g_free(text);
    gate_judging_release(&judging);
    gate_findings_release(&findings);
    return status;
}

/* ---- the command ---- */

static int baseline_go(const struct gate_options *o) {
    struct error err;
    struct gate_run run;
    struct gate_baseline baseline;
    int status = EXIT_OK;
    gate_run_init(&run, o);
    gate_baseline_init(&baseline);
    bool ok = (o->is_save || gate_baseline_read(&baseline, o->file, &err)) &&
              candidate_count(&run, &err) &&
              (o->is_save ? baseline_save(&run.rows, o->file, &err)
                          : baseline_apply(&run.rows, &baseline, o->file, &err));
    if (!ok)
        status = command_refuse(&err);
    else if (!o->is_save)
        status = baseline_judge(&run.rows, o);
    gate_baseline_release(&baseline);
    gate_run_release(&run);
    return status;
}

static bool baseline_check(struct gate_options *o, struct error *err) {
    if (o->file == NULL)
        return error_set(err, EXIT_USAGE, "--file FILE is missing: the baseline to %s",
                         o->is_save ? "write" : "compare with");
    o->tiers = GATE_TIER_EXACT;
    return gate_options_check(o, GATE_CALIBRATE, err);
}

static int cmd_baseline(const struct command *self, int argc, char **argv) {
    return gate_command_run(self, argc, argv,
                            &(struct gate_command_steps){baseline_check, baseline_go});
}

const struct command gate_command_baseline = {
    .name = "gate baseline",
    .usage = "--base STRATEGY --file FILE [--save] [OPTIONS]",
    .summary = "Compares exact counts with a checked-in file, or writes that file.",
    .flags = gate_baseline_flags,
    .examples = {"heapmark gate baseline --base goheap --file counts.csv --save",
                 "heapmark gate baseline --base goheap --file counts.csv"},
    .run = cmd_baseline,
};
