/*
 * heapmark gate calibrate: what this machine shows when nothing has changed.
 *
 *   options -> plan (base against itself) -> validity -> A/A rounds for the whole budget
 *           -> a noise floor per cell and metric -> table on stdout, file
 */
#include <stdio.h>

#include "harness/cli/commands.h"
#include "harness/cli/gate_asked.h"
#include "harness/cli/gate_calibration.h"
#include "harness/cli/gate_commands.h"
#include "harness/cli/gate_run.h"

#define CALIBRATION_FILE "heapmark-calibration.csv"

enum { BLOCKS_MOST = 100000 };

static int floors_tell(const struct gate_run *run, const char *path) {
    struct error err;
    GArray *floors = gate_calibration_of(&run->rows, gate_rule_initial.blocks_least, run->text);
    bool ok = floors->len > 0 ||
              error_set(&err, EXIT_CANNOT, "no cell could be measured, so there is no noise floor");
    ok = ok && gate_floors_write(floors, path, &err);
    if (ok) {
        char *text = gate_calibration_text(floors);
        fputs(text, stdout);
        g_free(text);
        fprintf(stderr,
                "heapmark: the noise floors are in %s; use them with: heapmark gate "
                "--calibration\n",
                path);
    }
    g_array_free(floors, TRUE);
    return ok ? EXIT_OK : command_refuse(&err);
}

static bool rounds_run(struct gate_run *run, struct error *err) {
    const struct gate_rounds rounds = {.stage = "measure",
                                       .is_time = true,
                                       .is_memory = true,
                                       .is_all_aa = true,
                                       .least = gate_rule_initial.blocks_least,
                                       .most = BLOCKS_MOST,
                                       .memory_most = BLOCKS_MOST,
                                       .budget_ns = gate_run_left_ns(run)};
    return gate_run_rounds(run, &rounds, err) && gate_run_finish(run, err);
}

static int calibrate(const struct gate_options *o) {
    struct error err;
    struct gate_run run;
    struct gate_judging judging;
    GArray *asked = gate_lines_new();
    gate_judging_init(&judging);
    gate_judging_apply(&judging, o, NULL);
    gate_run_init(&run, o);
    gate_asked_fill(asked, o, &judging, run.text);
    int status = gate_run_begin(&run, asked, &err) && rounds_run(&run, &err)
                     ? floors_tell(&run, o->out == NULL ? CALIBRATION_FILE : o->out)
                     : command_refuse(&err);
    gate_run_release(&run);
    gate_judging_release(&judging);
    g_array_free(asked, TRUE);
    return status;
}

static bool calibrate_check(struct gate_options *o, struct error *err) {
    return gate_options_check(o, GATE_CALIBRATE, err);
}

static int cmd_calibrate(const struct command *self, int argc, char **argv) {
    return gate_command_run(self, argc, argv,
                            &(struct gate_command_steps){calibrate_check, calibrate});
}

const struct command gate_command_calibrate = {
    .name = "gate calibrate",
    .usage = "--base STRATEGY [OPTIONS]",
    .summary = "Measures a base against itself: how large an effect is noise on this machine.",
    .flags = gate_calibrate_flags,
    .examples = {"heapmark gate calibrate --base goheap --budget 900 --out floors.csv",
                 "heapmark gate calibrate --base malloc --workloads create-pointer --budget 30"},
    .run = cmd_calibrate,
};
