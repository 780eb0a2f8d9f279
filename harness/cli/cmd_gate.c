/*
 * heapmark gate: is the candidate slower, larger or busier than the base?
 *
 *   measured:  options -> rule -> rows (gate_run.h) -> findings -> reports -> exit status
 *   --from:    a directory's rows and its rule, flags over it -> findings -> reports -> exit status
 *
 * With --dir the verdict is made from the files, not from memory: what is judged is what was kept.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyze/gate_limits.h"
#include "harness/cli/commands.h"
#include "harness/cli/gate_asked.h"
#include "harness/cli/gate_calibration.h"
#include "harness/cli/gate_commands.h"
#include "harness/cli/gate_run.h"
#include "harness/cli/interrupt.h"
#include "harness/run/command.h"

struct gate_job {
    struct gate_options options;
    struct gate_judging judging;
    struct gate_rows rows; /* what is judged when it was read */
    GArray *asked, *floors;
    GStringChunk *text;
};

static void job_init(struct gate_job *job) {
    job->asked = gate_lines_new();
    job->floors = g_array_new(FALSE, FALSE, sizeof(struct gate_limit));
    job->text = g_string_chunk_new(256);
    gate_rows_init(&job->rows);
    gate_judging_init(&job->judging);
}

static void job_release(struct gate_job *job) {
    gate_judging_release(&job->judging);
    gate_rows_release(&job->rows);
    g_string_chunk_free(job->text);
    g_array_free(job->floors, TRUE);
    g_array_free(job->asked, TRUE);
    gate_options_release(&job->options);
}

/* ---- reports ---- */

static bool output_write(const struct gate_output *output, const char *text, struct error *err) {
    errno = 0;
    FILE *stream = output->path == NULL ? stdout : fopen(output->path, "we");
    bool ok = stream != NULL && fputs(text, stream) >= 0 && fflush(stream) == 0;
    if (!ok)
        error_set(err, EXIT_CANNOT, "the report cannot be written to %s: %s",
                  output->path == NULL ? "standard output" : output->path, g_strerror(errno));
    if (output->path != NULL && stream != NULL && fclose(stream) != 0 && ok)
        ok = error_set(err, EXIT_CANNOT, "the report cannot be written to %s: %s", output->path,
                       g_strerror(errno));
    return ok;
}

static bool outputs_write(const struct gate_job *job, const struct gate_report *report,
                          struct error *err) {
    bool ok = true;
    for (guint i = 0; ok && i < job->options.outputs->len; i++) {
        const struct gate_output *output =
            &g_array_index(job->options.outputs, struct gate_output, i);
        char *text = output->format->text(report);
        ok = output_write(output, text, err);
        g_free(text);
    }
    return ok;
}

/* What an inconclusive gate ends with is the user's to say; anything else is not. */
static int exit_status_of(enum gate_verdict verdict, enum gate_policy policy) {
    if (verdict != GATE_INCONCLUSIVE || policy == GATE_INCONCLUSIVE_FAIL)
        return gate_exit_status(verdict);
    if (policy == GATE_INCONCLUSIVE_WARN)
        fputs(
            "heapmark: warning: the gate is INCONCLUSIVE, and --inconclusive warn lets it pass; a "
            "greater --budget may decide it\n",
            stderr);
    return EXIT_OK;
}

static int job_judge(struct gate_job *job, const struct gate_rows *rows) {
    struct error err;
    struct gate_findings findings;
    gate_decide(&findings, rows, &job->judging.rule);
    const struct gate_report report = {.rows = rows,
                                       .findings = &findings,
                                       .rule = &job->judging.rule,
                                       .policy = job->judging.policy,
                                       .base = job->judging.base,
                                       .candidate = job->judging.candidate};
    int status = outputs_write(job, &report, &err)
                     ? exit_status_of(findings.verdict, job->judging.policy)
                     : command_refuse(&err);
    gate_findings_release(&findings);
    return status;
}

/* ---- where the rows come from ---- */

static bool job_read(struct gate_job *job, const char *dir, struct error *err) {
    char *name = g_build_filename(dir, GATE_FILE, NULL);
    bool ok = gate_store_read(&job->rows, job->asked, dir, err) &&
              gate_asked_read(&job->judging, job->asked, name, err);
    g_free(name);
    return ok;
}

static bool limits_check_read(const struct gate_job *job, struct error *err) {
    unsigned *tiers = gate_tiers_measured(&job->rows);
    bool ok = gate_limits_check(job->options.limits, job->rows.cells, tiers, err);
    g_free(tiers);
    return ok;
}

static int job_from(struct gate_job *job, struct error *err) {
    if (!job_read(job, job->options.from, err) || !limits_check_read(job, err))
        return command_refuse(err);
    gate_judging_apply(&job->judging, &job->options, job->floors);
    return job_judge(job, &job->rows);
}

/* What was measured is in memory and, with --dir, in files: those are judged. */
static int job_measured(struct gate_job *job, const struct gate_run *run, struct error *err) {
    if (job->options.dir == NULL)
        return job_judge(job, &run->rows);
    gate_judging_release(&job->judging);
    gate_judging_init(&job->judging);
    g_array_set_size(job->asked, 0);
    if (!job_read(job, job->options.dir, err))
        return command_refuse(err);
    char *dir = shell_word(job->options.dir);
    fprintf(stderr, "heapmark: every row is kept; judge them again with: heapmark gate --from %s\n",
            dir);
    g_free(dir);
    return job_judge(job, &job->rows);
}

static int job_measure(struct gate_job *job, struct error *err) {
    struct gate_run run;
    int status;
    gate_judging_apply(&job->judging, &job->options, job->floors);
    gate_asked_fill(job->asked, &job->options, &job->judging, job->text);
    gate_run_init(&run, &job->options);
    if (gate_run_begin(&run, job->asked, err) && gate_run_measure(&run, &job->judging.rule, err)) {
        status = job_measured(job, &run, err);
    } else {
        status = command_refuse(err);
        if (run.store != NULL)
            fprintf(stderr, "heapmark: what was measured is in %s\n", job->options.dir);
    }
    gate_run_release(&run);
    return status;
}

static int job_go(struct gate_job *job) {
    struct error err;
    struct gate_options *o = &job->options;
    if (!gate_options_check(o, GATE_JUDGE, &err) ||
        (o->calibration != NULL &&
         !gate_calibration_read(job->floors, o->calibration, job->text, &err)))
        return command_refuse(&err);
    return o->from != NULL ? job_from(job, &err) : job_measure(job, &err);
}

/* ---- the command ---- */

int gate_command_run(const struct command *self, int argc, char **argv,
                     const struct gate_command_steps *steps) {
    struct gate_options options;
    struct error err;
    int status;
    command_catch_interrupts();
    if (!gate_options_parse(&options, self, argc, argv, &err))
        status = command_refuse(&err);
    else if (options.help)
        status = command_help_print(self);
    else
        status = steps->check(&options, &err) ? steps->work(&options) : command_refuse(&err);
    gate_options_release(&options);
    return status;
}

static int gate_judge(const struct command *self, int argc, char **argv) {
    struct gate_job job = {.asked = NULL};
    struct error err;
    int status;
    command_catch_interrupts();
    job_init(&job);
    if (!gate_options_parse(&job.options, self, argc, argv, &err))
        status = command_refuse(&err);
    else
        status = job.options.help ? command_help_print(self) : job_go(&job);
    job_release(&job);
    return status;
}

static int cmd_gate(const struct command *self, int argc, char **argv) {
    static const struct command *const others[] = {&gate_command_baseline, &gate_command_calibrate,
                                                   &gate_command_selftest};
    for (size_t i = 0; argc > 0 && i < G_N_ELEMENTS(others); i++) {
        if (strcmp(argv[0], strchr(others[i]->name, ' ') + 1) == 0)
            return others[i]->run(others[i], argc - 1, argv + 1);
    }
    return gate_judge(self, argc, argv);
}

const struct command command_gate = {
    .name = "gate",
    .usage = "[baseline|calibrate|selftest] [OPTIONS]",
    .summary = "Judges a candidate against a base, measured now and by turns, for a CI job.",
    .flags = gate_flags,
    .examples = {"heapmark gate --base malloc --candidate jemalloc --budget 60",
                 "heapmark gate --base malloc --candidate malloc --workloads create-pointer "
                 "--tiers exact"},
    .run = cmd_gate,
};
