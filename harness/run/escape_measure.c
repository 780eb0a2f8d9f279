/*
 * A small matrix, run once: two strategies, every workload with its parameters as they are. Where a
 * named list gives a workload several cells, the first counts.
 */
#include "harness/run/escape_measure.h"

#include <math.h>
#include <string.h>

#include "harness/plan/matrix.h"
#include "harness/run/executor.h"

static void measurement_clear(gpointer pointer) {
    struct escape_measurement *m = pointer;
    g_free(m->go.problem);
    g_free(m->goheap.problem);
}

GArray *escape_measurements_new(void) {
    GArray *out = g_array_new(FALSE, FALSE, sizeof(struct escape_measurement));
    g_array_set_clear_func(out, measurement_clear);
    return out;
}

/* The workload's measurement; appended when it is the first cell of it. */
static struct escape_measurement *measurement_of(GArray *out, const struct cell *cell) {
    for (guint i = 0; i < out->len; i++) {
        struct escape_measurement *m = &g_array_index(out, struct escape_measurement, i);
        if (m->workload == cell->workload)
            return m;
    }
    struct escape_measurement fresh = {cell->workload, {NAN, NAN, NULL}, {NAN, NAN, NULL}};
    g_array_append_val(out, fresh);
    return &g_array_index(out, struct escape_measurement, out->len - 1);
}

static void count_fill(struct escape_count *count, const struct record *record) {
    if (record->status != NULL && strcmp(record->status, "ok") == 0) {
        count->allocs_per_op = record->allocs_per_op;
        count->bytes_per_op = record->bytes_per_op;
        return;
    }
    count->problem =
        g_strdup_printf("%s: %s", record->status != NULL ? record->status : "no status",
                        record->reason != NULL ? record->reason : "no reason was given");
}

static bool count_is_known(const struct escape_count *count) {
    return count->problem != NULL || !isnan(count->allocs_per_op);
}

static bool cell_count(struct executor *executor, const struct cell *cell,
                       struct escape_count *count, char **version, struct error *err) {
    const char *why_not = cell->skipped != NULL ? cell->skipped : cell->unavailable;
    struct observation observation;
    if (why_not != NULL) {
        count->problem = g_strdup(why_not);
        return true;
    }
    observation_init(&observation);
    bool ok = executor->execute(executor, cell, 1, &observation, err);
    if (ok)
        count_fill(count, &observation.record);
    if (ok && version != NULL && *version == NULL && count->problem == NULL)
        *version = g_strdup(observation.record.version);
    observation_release(&observation);
    return ok;
}

static bool cells_count(GArray *out, char **version, const struct matrix *matrix,
                        struct executor *executor, const struct escape_measure_request *request,
                        struct error *err) {
    for (guint i = 0; i < matrix->cells->len; i++) {
        const struct cell *cell = &g_array_index(matrix->cells, struct cell, i);
        bool is_go = strcmp(cell->strategy->binding_name, "go") == 0;
        struct escape_measurement *m = measurement_of(out, cell);
        struct escape_count *count = is_go ? &m->go : &m->goheap;
        if (count_is_known(count))
            continue;
        if (is_go && request->progress != NULL)
            request->progress(cell->workload->name);
        if (!cell_count(executor, cell, count, is_go ? version : NULL, err))
            return false;
    }
    return true;
}

static void config_fill(struct config *config, const struct escape_measure_request *request) {
    config_init(config);
    g_free(config->workloads);
    g_free(config->strategies);
    config->workloads = g_strdup(request->workloads);
    config->strategies = g_strdup("go,goheap");
    config->ops = request->ops;
    config->repetitions = 1;
}

bool escape_measure(GArray *out, char **version, const struct escape_measure_request *request,
                    struct error *err) {
    struct config config;
    struct matrix matrix;
    struct executor *executor = NULL;
    config_fill(&config, request);
    bool ok = matrix_build(&matrix, &config, request->catalogue, err);
    if (ok) {
        /* Neither strategy preloads a library, so no link to one is ever made. */
        struct process_options options = {
            .config = &config, .link_dir = "/tmp", .interrupted = request->interrupted};
        executor = executor_process_new(&options, err);
        ok = executor != NULL && cells_count(out, version, &matrix, executor, request, err);
        if (executor != NULL)
            executor->release(executor);
        matrix_release(&matrix);
    }
    config_release(&config);
    return ok;
}
