/*
 * heapmark trace: one timeline of what happens in cells, and its numbers.
 *
 *   plan -> per cell: record -> tell (files, tables, strips) -> what tracing costs
 *        -> close the files -> print the tables -> draw the strips
 *
 * However it ends (Ctrl-C, a full disk, a cell that died), what was told so far is in valid files
 * and in the tables.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "harness/cli/commands.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/trace_cell.h"
#include "harness/present/plots.h"
#include "harness/present/quantity.h"
#include "harness/present/trace_chrome.h"
#include "harness/present/trace_perfetto.h"
#include "harness/present/trace_table.h"
#include "harness/run/discover.h"
#include "harness/run/preload_links.h"

struct trace_job {
    struct trace_options options;
    struct catalogue catalogue;
    struct matrix matrix;
    bool has_matrix;
    struct preload_links links;
    struct trace_recorder recorder;
    struct timeline timeline;
    struct trace_summary *summary;
    struct trace_perfetto *perfetto;
    struct trace_chrome *chrome;
    GPtrArray *pages; /* of struct page * */
    GStringChunk *text;
    bool has_failed; /* a cell did, or what it left is not whole */
};

static void page_clear(gpointer page) {
    page_free(page);
}

static void trace_job_init(struct trace_job *job) {
    *job = (struct trace_job){.text = g_string_chunk_new(1024),
                              .pages = g_ptr_array_new_with_free_func(page_clear),
                              .summary = trace_summary_new()};
    catalogue_init(&job->catalogue);
    timeline_init(&job->timeline);
}

static void trace_job_release(struct trace_job *job) {
    trace_recorder_release(&job->recorder);
    preload_links_remove(&job->links);
    if (job->has_matrix)
        matrix_release(&job->matrix);
    catalogue_release(&job->catalogue);
    trace_summary_free(job->summary);
    timeline_release(&job->timeline);
    g_ptr_array_free(job->pages, TRUE);
    g_string_chunk_free(job->text);
    trace_options_release(&job->options);
}

/* ---- plan ---- */

static bool trace_plan(struct trace_job *job, struct error *err) {
    char *dir = cells_dir_find(), *notice = NULL;
    bool ok = catalogue_discover(&job->catalogue, dir, &notice, err);
    if (notice != NULL)
        fprintf(stderr, "heapmark: %s\n", notice);
    g_free(notice);
    g_free(dir);
    job->has_matrix = ok && matrix_build(&job->matrix, &job->options.config, &job->catalogue, err);
    return job->has_matrix && matrix_can_run(&job->matrix, err) &&
           preload_links_make(&job->links, job->matrix.strategies, err);
}

static const char *cell_name(struct trace_job *job, const struct cell *cell) {
    const char *parameters = cell_parameters_text(cell, job->text);
    char threads[32] = "";
    if (cell->threads > 1)
        g_snprintf(threads, sizeof threads, " threads=%u", cell->threads);
    char *name =
        g_strdup_printf("%s%s%s%s %s", cell->workload->name, *parameters == '\0' ? "" : " ",
                        parameters, threads, cell->strategy->name);
    const char *kept = g_string_chunk_insert(job->text, name);
    g_free(name);
    return kept;
}

/* ---- files ---- */

/* A directory that was not there before, so that no other trace is mixed with this one. */
static bool trace_dir_make(struct trace_job *job, struct error *err) {
    if (job->options.out == NULL) {
        char name[48];
        time_t now = time(NULL);
        struct tm utc;
        strftime(name, sizeof name, "trace-%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
        job->options.out = g_build_filename("results", name, NULL);
    }
    char *parent = g_path_get_dirname(job->options.out);
    g_mkdir_with_parents(parent, 0777); /* what it cannot make, mkdir cannot be in */
    g_free(parent);
    if (mkdir(job->options.out, 0777) == 0)
        return true;
    if (errno == EEXIST)
        return error_set(err, EXIT_USAGE, "%s is there already: give another --out",
                         job->options.out);
    return error_set(err, EXIT_CANNOT, "cannot make the directory %s: %s", job->options.out,
                     g_strerror(errno));
}

static bool trace_files_open(struct trace_job *job, struct error *err) {
    char *perfetto = g_build_filename(job->options.out, "trace.perfetto-trace", NULL);
    char *chrome = g_build_filename(job->options.out, "trace", NULL);
    bool ok = true;
    if (job->options.wants_perfetto)
        ok = (job->perfetto = trace_perfetto_new(perfetto, err)) != NULL;
    if (ok && job->options.wants_chrome)
        ok = (job->chrome = trace_chrome_new(chrome, TRACE_CHROME_BYTES_MAX, err)) != NULL;
    if (job->perfetto != NULL)
        timeline_sink_add(&job->timeline, trace_perfetto_sink(job->perfetto));
    if (job->chrome != NULL)
        timeline_sink_add(&job->timeline, trace_chrome_sink(job->chrome));
    timeline_sink_add(&job->timeline, trace_summary_sink(job->summary));
    g_free(perfetto);
    g_free(chrome);
    return ok;
}

/* Says where the files are. A file that is not whole is a failure, and the others are closed. */
static int trace_files_close(struct trace_job *job) {
    struct error err;
    uint64_t bytes;
    unsigned files;
    int status = EXIT_OK;
    if (job->perfetto != NULL && !trace_perfetto_close(job->perfetto, &bytes, &err))
        status = command_refuse(&err);
    else if (job->perfetto != NULL)
        fprintf(stderr,
                "heapmark: %s/trace.perfetto-trace (%s): open it at https://ui.perfetto.dev\n",
                job->options.out, quantity_memory((double)bytes).text);
    if (job->chrome != NULL && !trace_chrome_close(job->chrome, &files, &err))
        status = command_refuse(&err);
    else if (job->chrome != NULL)
        fprintf(stderr, "heapmark: %s/trace-1.json%s: open in chrome://tracing\n", job->options.out,
                files > 1 ? " and following" : "");
    return status;
}

/* ---- cells ---- */

static bool cells_trace(struct trace_job *job, struct error *err) {
    struct trace_cell_job cells = {.options = &job->options,
                                   .dir = job->options.out,
                                   .recorder = &job->recorder,
                                   .timeline = &job->timeline,
                                   .summary = job->summary,
                                   .pages = job->pages};
    bool ok = true;
    for (guint i = 0; ok && i < job->matrix.cells->len; i++) {
        const struct cell *cell = &g_array_index(job->matrix.cells, struct cell, i);
        const char *name = cell_name(job, cell);
        const char *why_not = cell->skipped != NULL ? cell->skipped : cell->unavailable;
        if (why_not != NULL) {
            fprintf(stderr, "heapmark: %s: not traced: %s\n", name, why_not);
            continue;
        }
        fprintf(stderr, "heapmark: tracing %s (%u/%u)\n", name, i + 1, job->matrix.cells->len);
        ok = trace_cell_run(&cells, cell, name, err);
    }
    job->has_failed = cells.has_failed;
    return ok;
}

/* ---- what came of it ---- */

/* A recording that breaks off is a failure: its numbers are of a part. Dropped events are not: what
   they make wrong is said, and the run was whole. */
static void trace_losses_say(struct trace_job *job, bool is_interrupted) {
    const GPtrArray *cells = trace_summary_cells(job->summary);
    for (guint i = 0; i < cells->len; i++) {
        const struct trace_cell_summary *c = g_ptr_array_index(cells, i);
        if (c->dropped > 0)
            fprintf(stderr,
                    "heapmark: %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                    " events were dropped, because they came faster than they could be written: "
                    "numbers of events are too low; trace fewer --threads or --ops\n",
                    c->name, c->dropped, c->dropped + c->events);
        job->has_failed |= c->is_cut;
        if (c->is_cut)
            fprintf(stderr,
                    "heapmark: %s: the recording breaks off after %s (%s): what is shown ends "
                    "there\n",
                    c->name, quantity_memory((double)c->raw_bytes).text,
                    is_interrupted ? "it was interrupted"
                                   : "the disk is full, or the process died");
    }
}

static void trace_draw(struct trace_job *job) {
    struct error err;
    char *gnuplot = gnuplot_find(), *share = share_dir_find();
    char *scripts = g_build_filename(share, "plot", NULL);
    unsigned drawn = 0;
    for (guint i = 0; i < job->pages->len; i++) {
        const struct page *page = g_ptr_array_index(job->pages, i);
        bool ok = page_table_write(page, job->options.out, "heapmark trace", &err) &&
                  (gnuplot == NULL || page_draw(page, gnuplot, job->options.out, scripts, &err));
        if (!ok)
            fprintf(stderr, "heapmark: %s\n", err.text);
        job->has_failed |= !ok;
        drawn += ok && gnuplot != NULL;
    }
    if (drawn > 0)
        fprintf(stderr, "heapmark: %u picture%s (trace-strip-*.png, .svg) in %s\n", drawn,
                drawn == 1 ? "" : "s", job->options.out);
    if (gnuplot == NULL && job->pages->len > 0)
        fputs("heapmark: gnuplot is not installed: only the tables of the pictures are written; "
              "install it with apt-get install gnuplot-nox\n",
              stderr);
    g_free(scripts);
    g_free(share);
    g_free(gnuplot);
}

static void trace_print(const struct trace_job *job) {
    const GPtrArray *cells = trace_summary_cells(job->summary);
    char *text = job->options.is_csv ? trace_csv_text(cells) : trace_table_text(cells);
    fputs(text, stdout);
    fflush(stdout);
    g_free(text);
}

static int trace_finish(struct trace_job *job, bool is_whole, const struct error *err) {
    int status = trace_files_close(job);
    trace_print(job);
    trace_draw(job);
    trace_losses_say(job, !is_whole && err->exit_status == EXIT_INTERRUPTED);
    if (!is_whole) {
        fprintf(stderr, "heapmark: %s; what was traced before is in %s\n", err->text,
                job->options.out);
        return err->exit_status;
    }
    return status != EXIT_OK ? status : job->has_failed ? EXIT_FAILED : EXIT_OK;
}

static int trace_go(struct trace_job *job) {
    struct error err;
    command_catch_interrupts();
    struct process_options options = {.config = &job->options.config,
                                      .link_dir = job->links.dir,
                                      .interrupted = &command_interrupted};
    if (!trace_plan(job, &err) || !trace_recorder_init(&job->recorder, &options, &err) ||
        !trace_dir_make(job, &err) || !trace_files_open(job, &err))
        return command_refuse(&err);
    bool is_whole = cells_trace(job, &err);
    return trace_finish(job, is_whole, &err);
}

static int cmd_trace(const struct command *self, int argc, char **argv) {
    struct trace_job job;
    struct error err;
    int status = EXIT_OK;
    trace_job_init(&job);
    if (!trace_options_parse(&job.options, self, argc, argv, &err)) {
        status = command_refuse(&err);
    } else if (job.options.help) {
        command_help_print(self);
    } else {
        status = trace_go(&job);
    }
    trace_job_release(&job);
    return status;
}

const struct command command_trace = {
    .name = "trace",
    .usage = "[OPTIONS]",
    .summary = "Shows what happens in a cell: a timeline for a viewer, and its numbers.",
    .flags = trace_flags,
    .examples = {"heapmark trace --workloads churn --strategies goheap,go",
                 "heapmark trace --workloads binary-trees --strategies goheap --format chrome"},
    .run = cmd_trace,
};
