/*
 * heapmark profile: where a cell's time goes, and what it allocates where.
 *
 *   options -> catalogue -> matrix -> for each cell: sites, sampled runs -> views
 *           -> table on stdout, files into a directory
 *
 * What is there when the command is interrupted is written too, and is whole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "harness/capture/cell_profile.h"
#include "harness/cli/commands.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/profile_options.h"
#include "harness/plan/matrix.h"
#include "harness/present/profile_view.h"
#include "harness/present/progress.h"
#include "harness/run/cpus.h"
#include "harness/run/discover.h"
#include "harness/run/preload_links.h"

struct profile_job {
    struct profile_options options;
    struct catalogue catalogue;
    struct matrix matrix;
    bool has_matrix;
    struct preload_links links;
    struct executor *executor;
    struct process_capture capture; /* of the cell program that runs */
    struct cpu_profiler *cpu;
    cpu_set_t cpus;
    GPtrArray *views; /* of struct profile_view * */
    GStringChunk *text;
    struct progress progress;
    size_t done, total; /* cells */
    const char *current;
    bool has_failed; /* a cell did */
};

/* ---- names ---- */

static char *workload_text(struct profile_job *job, const struct cell *cell) {
    const char *parameters = cell_parameters_text(cell, job->text);
    char threads[32] = "";
    if (cell->threads > 1)
        g_snprintf(threads, sizeof threads, " threads=%u", cell->threads);
    return g_strdup_printf("%s%s%s%s", cell->workload->name, *parameters == '\0' ? "" : " ",
                           parameters, threads);
}

/* ---- one cell ---- */

/* Moves the profile into the view when it has entries, and sums it. */
static void data_take(struct profile_data *d, struct profile *p, const char *allocator_module) {
    if (p->event == NULL)
        return;
    d->is_there = true;
    d->profile = *p;
    profile_init(p);
    profile_sums_init(&d->sums, &d->profile, allocator_module);
}

static struct profile_view *view_new(struct profile_job *job, const struct cell *cell,
                                     struct cell_profile *found) {
    struct profile_view *v = g_new0(struct profile_view, 1);
    const struct strategy *s = cell->strategy;
    char *module = s->preload == NULL ? NULL : g_path_get_basename(s->preload);
    v->workload = workload_text(job, cell);
    v->strategy = g_strdup(s->name);
    v->program = g_path_get_basename(s->program);
    data_take(&v->data[PROFILE_KIND_CPU], &found->cpu, module);
    data_take(&v->data[PROFILE_KIND_SITES], &found->sites, module);
    v->repetitions = found->repetitions;
    v->overhead = found->overhead;
    v->overhead_pairs = found->pairs;
    v->allocs = found->total.allocs;
    v->bytes = found->total.bytes;
    v->problem = g_steal_pointer(&found->problem);
    g_free(module);
    return v;
}

static void profile_progress(void *context, double done) {
    struct profile_job *job = context;
    enum { STEPS = 100 }; /* of a cell */
    progress_show(&job->progress, job->done * STEPS + (size_t)(MIN(done, 1.0) * STEPS),
                  job->total * STEPS, job->current);
}

static bool cell_run(struct profile_job *job, const struct cell *cell, struct error *err) {
    struct cell_profile found;
    cell_profile_init(&found);
    struct cell_profile_request request = {.cell = cell,
                                           .executor = job->executor,
                                           .capture = &job->capture,
                                           .ops = &job->options.config.ops,
                                           .cpu = job->cpu,
                                           .wants_sites = job->options.wants_sites,
                                           .repetitions = job->options.repetitions,
                                           .duration_ns = job->options.duration_ns,
                                           .progress = profile_progress,
                                           .context = job};
    bool ok = cell_profile_run(&request, &found, err);
    job->has_failed |= found.problem != NULL;
    if (!ok && found.problem == NULL)
        found.problem = g_strdup("interrupted: this is what there was until then");
    g_ptr_array_add(job->views, view_new(job, cell, &found));
    cell_profile_release(&found);
    return ok;
}

static bool cells_run(struct profile_job *job, struct error *err) {
    const GArray *cells = job->matrix.cells;
    job->total = cells->len;
    progress_init(&job->progress, stderr);
    for (guint i = 0; i < cells->len; i++) {
        const struct cell *cell = &g_array_index(cells, struct cell, i);
        const char *reason = cell->skipped != NULL ? cell->skipped : cell->unavailable;
        char *workload = workload_text(job, cell);
        char *name = g_strdup_printf("%s, %s", workload, cell->strategy->name);
        job->current = g_string_chunk_insert(job->text, name);
        if (reason != NULL)
            fprintf(stderr, "heapmark: %s is left out: %s\n", name, reason);
        g_free(workload);
        g_free(name);
        if (reason == NULL && !cell_run(job, cell, err))
            return false;
        job->done = i + 1;
    }
    progress_end(&job->progress, job->done, job->total);
    return true;
}

/* ---- what came of it ---- */

static char *directory_new(void) {
    char name[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(name, sizeof name, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    return g_build_filename("profiles", name, NULL);
}

static bool directory_make(struct profile_job *job, struct error *err) {
    if (job->options.out == NULL)
        job->options.out = directory_new();
    return g_mkdir_with_parents(job->options.out, 0777) == 0 ||
           error_set(err, EXIT_CANNOT, "the directory %s cannot be made: %s", job->options.out,
                     g_strerror(errno));
}

static int views_write(struct profile_job *job, int status) {
    struct error err;
    GString *table = profile_table(job->views);
    fputs(table->str, stdout);
    fflush(stdout);
    g_string_free(table, TRUE);
    if (!profile_files_write(job->views, job->options.out, &err))
        return command_refuse(&err);
    if (job->cpu != NULL && sampler_notice(cpu_profiler_sampler(job->cpu)) != NULL)
        fprintf(stderr, "heapmark: %s\n", sampler_notice(cpu_profiler_sampler(job->cpu)));
    fprintf(stderr, "heapmark: the profiles are in %s; open %s/flame.html in a browser\n",
            job->options.out, job->options.out);
    return status;
}

static int profile_measure(struct profile_job *job) {
    struct error err;
    if (cells_run(job, &err))
        return views_write(job, job->has_failed ? EXIT_FAILED : EXIT_OK);
    progress_end(&job->progress, 0, 0);
    command_refuse(&err);
    return job->views->len == 0 ? err.exit_status : views_write(job, err.exit_status);
}

/* ---- the command ---- */

static bool job_plan(struct profile_job *job, struct error *err) {
    char *dir = cells_dir_find(), *left_out = NULL;
    bool ok = catalogue_discover(&job->catalogue, dir, &left_out, err);
    if (left_out != NULL)
        fprintf(stderr, "heapmark: %s\n", left_out);
    g_free(left_out);
    g_free(dir);
    job->has_matrix = ok && matrix_build(&job->matrix, &job->options.config, &job->catalogue, err);
    return job->has_matrix && matrix_can_run(&job->matrix, err) &&
           preload_links_make(&job->links, job->matrix.strategies, err);
}

static bool job_prepare(struct profile_job *job, struct error *err) {
    const struct profile_options *o = &job->options;
    if (!job_plan(job, err))
        return false;
    job->executor =
        executor_process_new(&(struct process_options){.config = &o->config,
                                                       .link_dir = job->links.dir,
                                                       .interrupted = &command_interrupted,
                                                       .capture = &job->capture},
                             err);
    if (job->executor == NULL)
        return false;
    bool is_bound = o->config.cpus != NULL;
    if (is_bound && !cpus_parse(o->config.cpus, &job->cpus, err))
        return false;
    if (o->wants_cpu)
        job->cpu =
            cpu_profiler_new(&(struct cpu_profile_options){.frequency_hz = o->frequency_hz,
                                                           .stack_bytes = o->stack_bytes,
                                                           .cpus = is_bound ? &job->cpus : NULL},
                             err);
    return (job->cpu != NULL || !o->wants_cpu) && directory_make(job, err);
}

static void view_free(gpointer view) {
    profile_view_release(view);
    g_free(view);
}

static void job_init(struct profile_job *job) {
    *job = (struct profile_job){.text = g_string_chunk_new(4096),
                                .views = g_ptr_array_new_with_free_func(view_free)};
    catalogue_init(&job->catalogue);
}

static void job_release(struct profile_job *job) {
    if (job->executor != NULL)
        job->executor->release(job->executor);
    if (job->cpu != NULL)
        cpu_profiler_free(job->cpu);
    if (job->has_matrix)
        matrix_release(&job->matrix);
    preload_links_remove(&job->links);
    g_ptr_array_free(job->views, TRUE);
    catalogue_release(&job->catalogue);
    profile_options_release(&job->options);
    g_string_chunk_free(job->text);
}

static int cmd_profile(const struct command *self, int argc, char **argv) {
    struct profile_job job;
    struct error err;
    int status = EXIT_OK;
    job_init(&job);
    command_catch_interrupts();
    if (!profile_options_parse(&job.options, self, argc, argv, &err)) {
        status = command_refuse(&err);
    } else if (job.options.help) {
        command_help_print(self);
    } else {
        status = job_prepare(&job, &err) ? profile_measure(&job) : command_refuse(&err);
    }
    job_release(&job);
    return status;
}

const struct command command_profile = {
    .name = "profile",
    .usage = "[OPTIONS]",
    .summary = "Shows where the time goes and what allocates: flame graphs, pprof, folded stacks.",
    .flags = profile_flags,
    .examples =
        {"heapmark profile --workloads stack-it,stack-it-2 --strategies goheap,go",
         "heapmark profile --workloads binary-trees --strategies malloc --only allocations"},
    .run = cmd_profile,
};
