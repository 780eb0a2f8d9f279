/* Asks the build, the machine and the matrix the questions that notices answer. */
#include "harness/cli/run_notices.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/machine.h"
#include "harness/run/cpus.h"

#if defined(HEAPMARK_SANITIZED)
static const char *const build_seen = "this is a build with sanitizers";
#elif !defined(NDEBUG)
static const char *const build_seen = "this is a debug build";
#else
static const char *const build_seen = NULL;
#endif

static unsigned cpus_to_run_on(const struct config *config) {
    cpu_set_t cpus;
    struct error ignored;
    if (config->cpus != NULL && cpus_parse(config->cpus, &cpus, &ignored))
        return (unsigned)CPU_COUNT(&cpus);
    return machine_cpus_allowed();
}

static void notice_governor(struct notices *n) {
    char *governor = machine_fact_text(FACT_GOVERNOR);
    notices_add(n, NOTICE_GOVERNOR,
                governor_seen(g_strcmp0(governor, "unknown") == 0 ? NULL : governor));
    g_free(governor);
}

static void notice_load(struct notices *n) {
    double load = 0;
    if (getloadavg(&load, 1) == 1)
        notices_add(n, NOTICE_BUSY, busy_seen(load, machine_cpus_allowed()));
}

static void notice_threads(struct notices *n, const struct config *config,
                           const struct matrix *matrix) {
    unsigned most = 0;
    for (guint i = 0; i < matrix->cells->len; i++)
        most = MAX(most, g_array_index(matrix->cells, struct cell, i).threads);
    notices_add(n, NOTICE_THREADS, threads_seen(most, cpus_to_run_on(config)));
}

static void notice_unavailable(struct notices *n, const struct matrix *matrix) {
    GString *seen = g_string_new(NULL);
    for (guint i = 0; i < matrix->strategies->len; i++) {
        const struct strategy *s = g_ptr_array_index(matrix->strategies, i);
        if (s->unavailable != NULL)
            g_string_append_printf(seen, "%s%s: %s", seen->len > 0 ? "; " : "", s->name,
                                   s->unavailable);
    }
    notices_add(n, NOTICE_UNAVAILABLE, g_string_free(seen, seen->len == 0));
}

void run_notices_before(struct notices *n, const struct config *config,
                        const struct matrix *matrix) {
    notices_add(n, NOTICE_DEBUG_BUILD, g_strdup(build_seen));
    notice_unavailable(n, matrix);
    notice_load(n);
    notice_governor(n);
    notices_add(n, NOTICE_REPETITIONS, repetitions_seen(config->repetitions));
    notice_threads(n, config, matrix);
}

void run_notices_after(struct notices *n, const struct run_rows *rows) {
    notices_add(n, NOTICE_COUNTERS, counters_seen(rows));
    notices_add(n, NOTICE_BIMODAL, bimodal_seen(rows));
}
