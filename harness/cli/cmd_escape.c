/*
 * heapmark escape: what Go's compiler puts on the heap, why, and what it costs.
 *
 *   twins:    toolchains -> two builds each (with and without inlining) -> decisions
 *             -> functions and workloads -> measure -> report
 *   package:  toolchains -> the same builds -> decisions -> functions -> (benchmarks) -> report
 *
 * The builds are with -m=2: that is -m with the flow behind each decision, and the why is read off
 * the flow.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyze/escape_bench.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/escape_options.h"
#include "harness/cli/interrupt.h"
#include "harness/present/escape_table.h"
#include "harness/run/discover.h"
#include "harness/run/escape_build.h"
#include "harness/run/escape_measure.h"

enum { TOOLCHAINS_MAX = ESCAPE_BUILDS_MAX / 2 };

struct escape_job {
    struct escape_options options;
    char *directory; /* of the package that is built */
    struct go_toolchain toolchains[TOOLCHAINS_MAX];
    unsigned toolchain_count;
    GPtrArray *versions; /* of const char * */
    struct escape_decisions decisions;
    struct escape_functions functions;
    struct catalogue catalogue;
    GArray *measurements, *workloads; /* of struct escape_measurement, escape_workload */
    char *measured_version;
    GStringChunk *text;
    GArray *benches;
};

static void workload_clear(gpointer pointer) {
    g_ptr_array_free(((struct escape_workload *)pointer)->subjects, TRUE);
}

static void escape_job_init(struct escape_job *job) {
    *job = (struct escape_job){0};
    job->versions = g_ptr_array_new();
    escape_decisions_init(&job->decisions);
    escape_functions_init(&job->functions);
    catalogue_init(&job->catalogue);
    job->measurements = escape_measurements_new();
    job->workloads = g_array_new(FALSE, FALSE, sizeof(struct escape_workload));
    g_array_set_clear_func(job->workloads, workload_clear);
    job->text = g_string_chunk_new(1024);
}

static void escape_job_release(struct escape_job *job) {
    for (unsigned i = 0; i < job->toolchain_count; i++)
        go_toolchain_release(&job->toolchains[i]);
    if (job->benches != NULL)
        g_array_free(job->benches, TRUE);
    g_string_chunk_free(job->text);
    g_array_free(job->workloads, TRUE);
    g_array_free(job->measurements, TRUE);
    catalogue_release(&job->catalogue);
    escape_functions_release(&job->functions);
    escape_decisions_release(&job->decisions);
    g_ptr_array_free(job->versions, TRUE);
    g_free(job->measured_version);
    g_free(job->directory);
}

/* ---- toolchains and builds ---- */

static bool toolchain_add(struct escape_job *job, const char *program, struct error *err) {
    if (job->toolchain_count == TOOLCHAINS_MAX)
        return error_set(err, EXIT_USAGE, "--go takes at most %d toolchains", TOOLCHAINS_MAX);
    struct go_toolchain *go = &job->toolchains[job->toolchain_count++];
    go->interrupted = &command_interrupted;
    go->is_sealed = job->options.directory == NULL;
    if (!go_toolchain_find(go, program, err))
        return false;
    g_ptr_array_add(job->versions, go->version);
    return true;
}

static bool toolchains_find(struct escape_job *job, struct error *err) {
    if (job->options.go == NULL)
        return toolchain_add(job, NULL, err);
    GPtrArray *programs = list_split(job->options.go, ',');
    bool ok = true;
    for (guint i = 0; ok && i < programs->len; i++)
        ok = toolchain_add(job, g_ptr_array_index(programs, i), err);
    g_ptr_array_free(programs, TRUE);
    return ok;
}

/* A compiler that refuses the source names its place ("# package" comes first): that is the
   source's fault. Anything else keeps Go from doing `what` here. */
static bool go_refuse(const struct escape_job *job, const struct go_toolchain *go, const char *what,
                      const char *output, struct error *err) {
    char *complaint = escape_complaint(output);
    bool is_source = g_str_has_prefix(output, "# ") || strstr(output, "\n# ") != NULL;
    error_set(err, is_source ? EXIT_USAGE : EXIT_CANNOT, "%s %s with %s: %s", job->directory,
              is_source ? "does not compile" : what, go->version,
              complaint != NULL ? complaint : "go failed and did not say why");
    g_free(complaint);
    return false;
}

static bool build_read(struct escape_job *job, unsigned build, struct error *err) {
    static const char *const flags[] = {"-m=2", "-m=2 -l"};
    const struct go_toolchain *go = &job->toolchains[build / 2];
    struct go_answer answer = {NULL, false};
    fprintf(stderr, "heapmark: %s build -gcflags='%s' in %s\n", go->version, flags[build % 2],
            job->directory);
    bool ok = escape_build(go, job->directory, flags[build % 2], &answer, err);
    if (ok && !answer.succeeded)
        ok = go_refuse(job, go, "cannot be built", answer.output, err);
    if (ok)
        escape_decisions_read(&job->decisions, answer.output, build);
    g_free(answer.output);
    return ok;
}

static bool decisions_read(struct escape_job *job, struct error *err) {
    char *output = NULL;
    bool ok = true;
    for (unsigned build = 0; ok && build < 2 * job->toolchain_count; build++)
        ok = build_read(job, build, err);
    escape_decisions_sort(&job->decisions);
    ok = ok && escape_functions_print(job->directory, &output, err) &&
         escape_functions_read(&job->functions, output, err);
    g_free(output);
    return ok;
}

/* ---- the twins ---- */

static bool twins_find(struct escape_job *job, struct error *err) {
    char *share = share_dir_find();
    job->directory = g_build_filename(share, "go", "seed", NULL);
    g_free(share);
    return g_file_test(job->directory, G_FILE_TEST_IS_DIR) ||
           error_set(err, EXIT_CANNOT,
                     "the Go sources of the workloads are not in %s; set HEAPMARK_SHARE to the "
                     "folder that has go/seed",
                     job->directory);
}

static bool catalogue_fill(struct escape_job *job, struct error *err) {
    char *dir = cells_dir_find(), *notice = NULL;
    bool ok = catalogue_discover(&job->catalogue, dir, &notice, err);
    if (notice != NULL)
        fprintf(stderr, "heapmark: %s\n", notice);
    if (ok && catalogue_binding_find(&job->catalogue, "go") == NULL)
        ok = error_set(err, EXIT_CANNOT,
                       "there is no cell-go in %s, which is built where Go is installed: build "
                       "heapmark again",
                       dir);
    g_free(notice);
    g_free(dir);
    return ok;
}

static void measure_progress(const char *workload) {
    fprintf(stderr, "heapmark: measuring %s\n", workload);
}

static struct escape_allocation allocation_of(const struct escape_count *count) {
    return (struct escape_allocation){count->allocs_per_op, count->bytes_per_op, count->problem};
}

static bool workloads_fill(struct escape_job *job, const char *subjects, struct error *err) {
    for (guint i = 0; i < job->measurements->len; i++) {
        const struct escape_measurement *m =
            &g_array_index(job->measurements, struct escape_measurement, i);
        struct escape_workload w = {m->workload->name, m->workload->group, g_ptr_array_new(),
                                    allocation_of(&m->go), allocation_of(&m->goheap)};
        g_array_append_val(job->workloads, w);
        if (!escape_subjects_read(w.subjects, subjects, w.name, job->text, err))
            return false;
    }
    return true;
}

static bool twins_measure(struct escape_job *job, struct error *err) {
    const struct binding_info *go = catalogue_binding_find(&job->catalogue, "go");
    const char *workloads = job->options.workloads != NULL ? job->options.workloads : "all";
    struct escape_measure_request request = {&job->catalogue, workloads, job->options.ops,
                                             &command_interrupted, measure_progress};
    char *subjects = NULL;
    bool ok = escape_subjects_print(go->program, &subjects, err) &&
              escape_measure(job->measurements, &job->measured_version, &request, err) &&
              workloads_fill(job, subjects, err);
    g_free(subjects);
    return ok;
}

static bool twins_go(struct escape_job *job, struct error *err) {
    return twins_find(job, err) && catalogue_fill(job, err) && decisions_read(job, err) &&
           twins_measure(job, err);
}

/* ---- a package ---- */

static bool benches_run(struct escape_job *job, struct error *err) {
    const struct escape_options *o = &job->options;
    struct go_answer answer = {NULL, false};
    if (o->bench == NULL)
        return true;
    fprintf(stderr, "heapmark: %s test -bench '%s' in %s\n", job->toolchains[0].version, o->bench,
            job->directory);
    job->benches = escape_benches_new();
    bool ok = escape_bench_run(&job->toolchains[0], job->directory, o->bench,
                               o->benchtime != NULL ? o->benchtime : "0.1s", &answer, err);
    if (ok && !answer.succeeded)
        ok = go_refuse(job, &job->toolchains[0], "cannot run its benchmarks", answer.output, err);
    if (ok)
        escape_benches_read(job->benches, answer.output);
    if (ok && job->benches->len == 0)
        fprintf(stderr, "heapmark: %s has no benchmark that matches %s\n", job->directory,
                o->bench);
    g_free(answer.output);
    return ok;
}

static bool package_go(struct escape_job *job, struct error *err) {
    job->directory = g_canonicalize_filename(job->options.directory, NULL);
    return decisions_read(job, err) && benches_run(job, err);
}

/* ---- the command ---- */

static int escape_print(const struct escape_job *job) {
    bool is_twins = job->options.directory == NULL;
    struct escape_report report = {
        .decisions = &job->decisions,
        .functions = &job->functions,
        .versions = job->versions,
        .measured_version = job->measured_version,
        .is_all = job->options.is_all,
        .workloads = is_twins ? job->workloads : NULL,
        .package = job->options.directory,
        .benches = job->benches,
    };
    char *text = job->options.is_csv ? escape_csv_text(&report) : escape_table_text(&report);
    fputs(text, stdout);
    g_free(text);
    return escape_contradicted(&report) > 0 ? EXIT_FAILED : EXIT_OK;
}

static int escape_go(struct escape_job *job, const GPtrArray *operands) {
    struct error err = {.exit_status = EXIT_OK};
    command_catch_interrupts();
    bool ok =
        escape_options_check(&job->options, operands, &err) &&
        (job->options.directory == NULL || escape_directory_check(job->options.directory, &err)) &&
        toolchains_find(job, &err) &&
        (job->options.directory != NULL ? package_go(job, &err) : twins_go(job, &err));
    return ok ? escape_print(job) : command_refuse(&err);
}

static int cmd_escape(const struct command *self, int argc, char **argv) {
    GPtrArray *operands = g_ptr_array_new();
    struct escape_job job;
    struct error err;
    bool help = false;
    int status = EXIT_OK;
    escape_job_init(&job);
    if (!flags_parse(self, argc, argv, escape_option_set, &job.options, operands, &help, &err)) {
        status = command_refuse(&err);
    } else if (help) {
        command_help_print(self);
    } else {
        status = escape_go(&job, operands);
    }
    escape_job_release(&job);
    g_ptr_array_free(operands, TRUE);
    return status;
}

static const struct flag escape_flags[] = {
    {"workloads", "LIST", "all", "of heapmark's own: names, groups, globs, named lists"},
    {"ops", "N", "each workload's own", "operations of a measurement"},
    {"bench", "REGEX", NULL, "run these benchmarks of the package at DIR"},
    {"benchtime", "T", "0.1s", "how long each, as go test has it: 1s, 100x"},
    {"all", NULL, NULL, "also what stays, what leaks, and what is inlined"},
    {"go", "LIST", "go", "the toolchain; of several, decisions that differ are marked"},
    {"format", "text|csv", "text", "a report, or a row per decision"},
    {NULL, NULL, NULL, NULL},
};

const struct command command_escape = {
    .name = "escape",
    .usage = "[DIR] [OPTIONS]",
    .summary = "Shows what Go's compiler puts on the heap and why, beside what is allocated.",
    .flags = escape_flags,
    .examples = {"heapmark escape --workloads stack-it,create",
                 "heapmark escape \"$(go env GOROOT)/src/strings\" --bench Builder"},
    .run = cmd_escape,
};
