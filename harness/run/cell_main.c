/*
 * A cell program: `--describe`, one cell (`--workload=...`), or, with Google Benchmark's flags or
 * none, an ordinary benchmark program over every workload.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/wire.h"
#include "harness/run/cell.h"
#include "harness/run/cell_sites.h"
#include "harness/run/cell_spin.h"
#include "harness/run/cell_trace.h"

/* A limit of its own, so that a runaway cell does not exhaust the machine. RLIMIT_DATA counts
   private writable memory, not reservations. Sanitizers map terabytes of shadow and are left alone.
 */
static void memory_limit_set(uint64_t bytes) {
#ifndef HEAPMARK_SANITIZED
    if (bytes != 0)
        setrlimit(RLIMIT_DATA, &(struct rlimit){.rlim_cur = bytes, .rlim_max = bytes});
#else
    (void)bytes;
#endif
}

static int refuse(const struct error *err) {
    fprintf(stderr, "%s\n", err->text);
    return CELL_USAGE;
}

/* Once the report has begun, a refusal is its last line. */
static int report_refusal(const struct error *err) {
    cell_report_end(err->exit_status == EXIT_CANNOT ? "unavailable" : "wrong", err->text);
    return CELL_NOT_OK;
}

/* What can be held open: slices of one thread that add up. */
static bool cell_is_sliceable(const struct cell_work *work, struct error *err) {
    if ((work->time->traits & TRAIT_SLICEABLE) == 0)
        return error_set(err, EXIT_USAGE, "%s cannot be held open: its slices do not add up",
                         work->time->name);
    if (work->threads != 1)
        return error_set(err, EXIT_USAGE, "a cell held open has one thread, not %u", work->threads);
    return true;
}

static int cell_run_once(int argc, char **argv) {
    static struct cell_options options;
    static struct cell_work work;
    static struct cell_measurement measured;
    struct error err;
    if (!cell_options_parse(&options, argc, argv, &err) ||
        !cell_work_resolve(&work, &options, &err))
        return refuse(&err);
    if ((work.time->needs & ~allocator_binding.offers) != 0) {
        error_set(&err, EXIT_USAGE, "%s needs what %s does not offer", work.time->name,
                  allocator_binding.binding);
        return refuse(&err);
    }
    if (options.requests_fd >= 0 && !cell_is_sliceable(&work, &err))
        return refuse(&err);
    if (!cell_spin_read()) {
        error_set(&err, EXIT_USAGE,
                  "HEAPMARK_SPIN is a whole number of iterations per 1000 operations");
        return refuse(&err);
    }
    memory_limit_set(options.memory_limit);
    cell_report_begin(options.report_fd);
    cell_trace_open(options.trace_fd);
    if (!allocator_binding.init(options.settings, options.setting_count, &err))
        return report_refusal(&err);
    if (options.requests_fd >= 0)
        return cell_serve_slices(&work, options.requests_fd, &err) ? CELL_OK : report_refusal(&err);
    cell_sites_begin(options.sites_fd);
    if (!cell_measure(&work, options.counter_fds, options.counter_count, &measured, &err))
        return report_refusal(&err);
    cell_trace_finish();
    cell_sites_write(&measured);
    cell_report_measurement(&options, &work, &measured);
    cell_report_end("ok", NULL);
    return CELL_OK;
}

static bool is_cell(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--workload", strlen("--workload")) == 0)
            return true;
    return false;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--describe") == 0) {
        cell_describe(stdout);
        return CELL_OK;
    }
    if (is_cell(argc, argv))
        return cell_run_once(argc, argv);
    struct error err;
    if (!allocator_binding.init(NULL, 0, &err))
        return refuse(&err);
    return cell_benchmark_program(argc, argv);
}
