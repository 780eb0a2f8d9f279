/*
 * heapmark gate selftest: plants slow-downs into a copy of the base and counts what the gate sees.
 *
 * The table on stdout; with --dir the A/A blocks, power.csv and, where gnuplot is, the plot.
 */
#include <stdio.h>

#include "harness/cli/commands.h"
#include "harness/cli/gate_asked.h"
#include "harness/cli/gate_commands.h"
#include "harness/cli/gate_selftest.h"
#include "harness/present/plot_gate_power.h"
#include "harness/present/plots.h"
#include "harness/run/discover.h"

static bool curve_draw(const struct gate_selftest *t, const char *dir, struct error *err) {
    char *gnuplot = gnuplot_find();
    char *share = share_dir_find();
    char *scripts = g_build_filename(share, "plot", NULL);
    struct page *page = plot_gate_power(t->curve, t->run->options->base);
    bool ok = page_table_write(page, dir, "heapmark gate selftest", err);
    if (ok && gnuplot != NULL)
        ok = page_draw(page, gnuplot, dir, scripts, err);
    else if (ok)
        fputs("heapmark: gnuplot is not installed, so the curve is not drawn\n", stderr);
    page_free(page);
    g_free(scripts);
    g_free(share);
    g_free(gnuplot);
    return ok;
}

static int curve_tell(const struct gate_selftest *t, const char *dir) {
    struct error err;
    char *text = gate_selftest_text(t);
    fputs(text, stdout);
    fflush(stdout);
    g_free(text);
    bool ok = dir == NULL || (gate_curve_write(t->curve, dir, &err) && curve_draw(t, dir, &err));
    return ok ? EXIT_OK : command_refuse(&err);
}

static bool measure(struct gate_selftest *t, struct error *err) {
    return gate_selftest_measure(t, err) && gate_run_finish(t->run, err);
}

static int selftest(const struct gate_options *o) {
    struct error err;
    struct gate_run run;
    struct gate_selftest t;
    struct gate_judging judging;
    GArray *asked = gate_lines_new();
    gate_judging_init(&judging);
    gate_judging_apply(&judging, o, NULL);
    gate_run_init(&run, o);
    gate_selftest_init(&t, &run, &judging.rule);
    gate_asked_fill(asked, o, &judging, run.text);
    int status = gate_run_begin(&run, asked, &err) && measure(&t, &err) ? curve_tell(&t, o->dir)
                                                                        : command_refuse(&err);
    gate_selftest_release(&t);
    gate_run_release(&run);
    gate_judging_release(&judging);
    g_array_free(asked, TRUE);
    return status;
}

static bool selftest_check(struct gate_options *o, struct error *err) {
    return gate_options_check(o, GATE_SELFTEST, err);
}

static int cmd_selftest(const struct command *self, int argc, char **argv) {
    return gate_command_run(self, argc, argv,
                            &(struct gate_command_steps){selftest_check, selftest});
}

const struct command gate_command_selftest = {
    .name = "gate selftest",
    .usage = "--base STRATEGY [OPTIONS]",
    .summary = "Plants slow-downs into a copy of the base, and tells how often the gate sees them.",
    .flags = gate_selftest_flags,
    .examples = {"heapmark gate selftest --base goheap --budget 1800 --dir selftest",
                 "heapmark gate selftest --base malloc --workloads create-pointer --budget 60"},
    .run = cmd_selftest,
};
