/*
 * The real executor: a fresh process per repetition. Lays out what the process gets, runs it
 * (process.c), reads its report (report.c), and makes a record of whatever happened.
 */
#include <math.h>

#include "harness/run/command.h"
#include "harness/run/cpus.h"
#include "harness/run/derive.h"
#include "harness/run/executor.h"
#include "harness/run/identity.h"
#include "harness/run/outcome.h"
#include "harness/run/process.h"

#define NS_PER_S UINT64_C(1000000000)

struct executor_process {
    struct executor base;
    struct process_options options;
    struct counter_set *counters;
    cpu_set_t cpus;
    uint64_t memory_limit; /* the same for every cell of a run */
};

static bool executor_process_start(struct executor_process *self, const struct cell *cell,
                                   struct observation *out, struct process_result *result,
                                   struct error *err) {
    const struct config *config = self->options.config;
    char *preload = NULL;
    if (cell->strategy->preload != NULL) {
        preload = preload_path(cell->strategy->preload, self->options.link_dir, err);
        if (preload == NULL)
            return false;
    }
    char **arguments = cell_arguments(cell, config, self->memory_limit);
    char **environment = cell_environment(cell->strategy, preload);
    bool ok =
        process_run(&(struct process_request){.arguments = arguments,
                                              .environment = environment,
                                              .cpus = config->cpus == NULL ? NULL : &self->cpus,
                                              .counters = self->counters,
                                              .timeout_ns = config->timeout_s * NS_PER_S,
                                              .interrupted = self->options.interrupted,
                                              .memory = out->memory,
                                              .capture = self->options.capture,
                                              .layout = self->options.layout},
                    result, err);
    g_strfreev(environment);
    g_strfreev(arguments);
    g_free(preload);
    return ok;
}

/* The first column that a measurement cannot do without, NULL when all are there. */
static const char *column_missing(const struct record *r) {
    if (r->ops == COUNT_EMPTY || r->ops == 0)
        return "ops";
    if (r->wall_ns == COUNT_EMPTY)
        return "wall_ns";
    return r->checksum == NULL ? "checksum" : NULL;
}

/* Empties everything but identity and memory rows: half a report is no measurement. */
static void observation_forget(struct observation *out, const struct cell *cell,
                               const struct config *config, unsigned repetition) {
    row_clear(&record_type, &out->record);
    g_array_set_size(out->pauses, 0);
    g_array_set_size(out->cycles, 0);
    identity_fill(out, cell, config, repetition);
}

static struct outcome executor_process_outcome(const struct config *config,
                                               const struct process_result *result,
                                               struct observation *out, struct report *report) {
    struct error refused = {0};
    struct outcome_facts facts = {.exec_error = result->exec_error,
                                  .timed_out = result->timed_out,
                                  .timeout_s = config->timeout_s,
                                  .wait_status = result->wait_status,
                                  .said = result->errors->str,
                                  .said_first = result->errors_first->str};
    if (!report_parse(result->report->str, result->report->len, out, report, &refused))
        facts.report_error = refused.text;
    if (result->is_cut)
        facts.report_error = "its report is longer than 64 MiB";
    facts.status = report->status;
    facts.reason = report->reason;
    facts.missing = column_missing(&out->record);
    return outcome_decide(&facts);
}

/* Makes the record and its long rows of what the process left. */
static void executor_process_record(const struct executor_process *self, const struct cell *cell,
                                    unsigned repetition, const struct process_result *result,
                                    struct observation *out) {
    struct report report;
    report_init(&report);
    struct outcome outcome = executor_process_outcome(self->options.config, result, out, &report);
    if (!outcome.is_reported)
        observation_forget(out, cell, self->options.config, repetition);
    status_set(out, outcome.status, outcome.reason);
    derive_columns(out);
    derive_pause_keys(out);
    if (outcome.is_reported && result->openings != NULL)
        derive_counters(out, self->counters, result->openings, report.counters);
    g_free(outcome.reason);
    report_release(&report);
}

static bool executor_process_execute(struct executor *base, const struct cell *cell,
                                     unsigned repetition, struct observation *out,
                                     struct error *err) {
    struct executor_process *self = (struct executor_process *)base;
    struct process_result result;
    process_result_init(&result);
    identity_fill(out, cell, self->options.config, repetition);
    bool ok = executor_process_start(self, cell, out, &result, err);
    if (ok && result.interrupted)
        ok = error_set(err, EXIT_INTERRUPTED, "interrupted");
    if (ok)
        executor_process_record(self, cell, repetition, &result, out);
    process_result_release(&result);
    return ok;
}

static void executor_process_release(struct executor *base) {
    struct executor_process *self = (struct executor_process *)base;
    counters_free(self->counters);
    g_free(self);
}

struct executor *executor_process_new(const struct process_options *options, struct error *err) {
    const struct config *config = options->config;
    struct executor_process *self = g_new0(struct executor_process, 1);
    self->base.execute = executor_process_execute;
    self->base.release = executor_process_release;
    self->options = *options;
    self->memory_limit = memory_limit_bytes(config);
    self->counters =
        counters_new(config->counters == NULL ? counters_default : config->counters, err);
    bool ok = self->counters != NULL &&
              (config->cpus == NULL || cpus_parse(config->cpus, &self->cpus, err));
    if (ok)
        return &self->base;
    if (self->counters != NULL)
        counters_free(self->counters);
    g_free(self);
    return NULL;
}
