/*
 * heapmark run: plan, measure, store, and print what the run directory then holds.
 *
 *   options -> catalogue -> matrix -> (dry run: print it) -> run directory -> rounds
 *           -> read the directory back -> table
 *
 * The table is made from the files, not from memory: what is printed is what was kept.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/run_notices.h"
#include "harness/cli/run_options.h"
#include "harness/measure/machine.h"
#include "harness/present/progress.h"
#include "harness/present/table.h"
#include "harness/run/command.h"
#include "harness/run/discover.h"
#include "harness/run/preload_links.h"
#include "harness/run/rounds.h"

#define RUN_MACHINE_FILE "machine.txt"

struct run_job {
    struct run_options options;
    struct catalogue catalogue;
    struct matrix matrix;
    bool has_matrix;
    struct notices notices;
    struct progress progress;
    GStringChunk *text; /* of progress lines */
    struct preload_links links;
    struct executor *executor;
    struct store *store;
    struct run_rows existing; /* what a resumed run holds */
    bool has_existing;
};

/* ---- names of cells ---- */

static const char *cell_text(struct run_job *job, const struct cell *cell) {
    const char *parameters = cell_parameters_text(cell, job->text);
    char threads[32] = "";
    if (cell->threads > 1)
        g_snprintf(threads, sizeof threads, " threads=%u", cell->threads);
    char *name =
        g_strdup_printf("%s%s%s%s, %s", cell->workload->name, *parameters == '\0' ? "" : " ",
                        parameters, threads, cell->strategy->name);
    const char *kept = g_string_chunk_insert(job->text, name);
    g_free(name);
    return kept;
}

/* ---- dry run ---- */

static void dry_run_cell(struct run_job *job, const struct cell *cell) {
    const char *name = cell_text(job, cell);
    if (cell->skipped != NULL) {
        printf("%s\n  skipped: %s\n", name, cell->skipped);
    } else if (cell->unavailable != NULL) {
        printf("%s\n  unavailable: %s\n", name, cell->unavailable);
    } else {
        char *command = cell_command_text(cell, &job->options.config);
        printf("%s\n  %s\n", name, command);
        g_free(command);
    }
}

static void dry_run(struct run_job *job) {
    unsigned skipped = 0, unavailable = 0;
    const GArray *cells = job->matrix.cells;
    for (guint i = 0; i < cells->len; i++) {
        const struct cell *cell = &g_array_index(cells, struct cell, i);
        dry_run_cell(job, cell);
        skipped += cell->skipped != NULL;
        unavailable += cell->skipped == NULL && cell->unavailable != NULL;
    }
    unsigned processes = (cells->len - skipped - unavailable) * job->options.config.repetitions;
    printf("%u cell%s, %u of them skipped, %u unavailable; %u process%s\n", cells->len,
           cells->len == 1 ? "" : "s", skipped, unavailable, processes, processes == 1 ? "" : "es");
}

/* ---- the run directory ---- */

/* Makes results/20261121T214500Z; with -2, -3, ... when there was another run in the same second.
   mkdir decides who is first; any other failure is left for the store to meet and tell. */
static char *run_dir_new(void) {
    char name[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(name, sizeof name, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    g_mkdir_with_parents("results", 0777);
    char *dir = g_build_filename("results", name, NULL);
    for (int number = 2; mkdir(dir, 0777) != 0 && errno == EEXIST; number++) {
        g_free(dir);
        dir = g_strdup_printf("results/%s-%d", name, number);
    }
    return dir;
}

static bool run_store_create(struct run_job *job, struct error *err) {
    if (job->options.out == NULL)
        job->options.out = run_dir_new();
    char *config = config_text(&job->options.config), *machine = machine_text();
    const struct store_text texts[] = {
        {RUN_CONFIG_FILE, config}, {RUN_MACHINE_FILE, machine}, {NULL, NULL}};
    job->store = store_create(job->options.out, texts, err);
    g_free(config);
    g_free(machine);
    return job->store != NULL;
}

/* A run that was ended in its first moment may lack its machine. */
static bool run_complete_machine(const char *dir, struct error *err) {
    char *path = g_build_filename(dir, RUN_MACHINE_FILE, NULL);
    bool there = g_file_test(path, G_FILE_TEST_EXISTS);
    g_free(path);
    if (there)
        return true;
    char *machine = machine_text();
    bool ok = store_write_text(dir, RUN_MACHINE_FILE, machine, err);
    g_free(machine);
    return ok;
}

static bool run_store_resume(struct run_job *job, struct error *err) {
    char *notice = NULL;
    job->store = store_resume(job->options.out, &notice, err);
    if (job->store == NULL || !run_complete_machine(job->options.out, err))
        return false;
    if (notice != NULL)
        fprintf(stderr, "heapmark: %s\n", notice);
    g_free(notice);
    job->has_existing = run_rows_read(&job->existing, job->options.out, err);
    return job->has_existing;
}

/* ---- rounds ---- */

static void run_starting(void *context, const struct cell *cell, unsigned repetition, size_t done,
                         size_t total) {
    struct run_job *job = context;
    (void)repetition;
    progress_show(&job->progress, done, total, cell_text(job, cell));
}

static bool record_is_failed(const struct record *r) {
    static const char *const failed[] = {"wrong", "crashed", "timeout", "oom", "killed", NULL};
    return r->status == NULL || g_strv_contains(failed, r->status);
}

/* Failures are said when they happen: a long run need not end before somebody looks. */
static void run_finished(void *context, const struct record *r, size_t done, size_t total) {
    struct run_job *job = context;
    if (record_is_failed(r)) {
        char *line = g_strdup_printf("%s%s%s, %s, repetition %" G_GUINT64_FORMAT ": %s: %s",
                                     r->workload, r->parameters == NULL ? "" : " ",
                                     r->parameters == NULL ? "" : r->parameters, r->strategy,
                                     r->repetition, r->status, r->reason);
        progress_say(&job->progress, line);
        g_free(line);
    }
    if (done == total)
        progress_end(&job->progress, done, total);
}

static bool run_rounds(struct run_job *job, struct error *err) {
    struct rounds rounds = {
        .matrix = &job->matrix,
        .config = &job->options.config,
        .existing = job->has_existing ? job->existing.records : NULL,
        .executor = job->executor,
        .store = job->store,
        .listener = {.context = job, .starting = run_starting, .finished = run_finished},
    };
    progress_init(&job->progress, stderr);
    bool ok = rounds_run(&rounds, err);
    if (!ok)
        progress_end(&job->progress, 0, 0);
    return ok;
}

/* ---- what came of it ---- */

static int run_print(struct run_job *job, struct error *err) {
    struct run_rows rows;
    int status = EXIT_OK;
    if (!run_rows_read(&rows, job->options.out, err))
        return command_refuse(err);
    char *table = table_text(&rows);
    fputs(table, stdout);
    fflush(stdout);
    g_free(table);
    for (guint i = 0; i < rows.records->len; i++) {
        if (record_is_failed(&g_array_index(rows.records, struct record, i)))
            status = EXIT_FAILED;
    }
    run_notices_after(&job->notices, &rows);
    notices_print(&job->notices, stderr);
    char *dir = shell_word(job->options.out);
    fprintf(stderr, "heapmark: the run is in %s; draw it with: heapmark plot %s\n",
            job->options.out, dir);
    g_free(dir);
    run_rows_release(&rows);
    return status;
}

/* A run that stopped is whole as far as it went. */
static int run_stopped(struct run_job *job, const struct error *err) {
    char *dir = shell_word(job->options.out);
    fprintf(stderr,
            "heapmark: %s\nheapmark: what was measured is in %s; go on with: heapmark run "
            "--resume --out %s\n",
            err->text, job->options.out, dir);
    g_free(dir);
    return err->exit_status;
}

/* ---- the command ---- */

static void run_job_init(struct run_job *job) {
    *job = (struct run_job){.text = g_string_chunk_new(4096)};
    catalogue_init(&job->catalogue);
    notices_init(&job->notices);
}

static void run_job_release(struct run_job *job) {
    if (job->executor != NULL)
        job->executor->release(job->executor);
    store_free(job->store);
    if (job->has_existing)
        run_rows_release(&job->existing);
    if (job->has_matrix)
        matrix_release(&job->matrix);
    preload_links_remove(&job->links);
    notices_release(&job->notices);
    catalogue_release(&job->catalogue);
    run_options_release(&job->options);
    g_string_chunk_free(job->text);
}

static bool run_plan(struct run_job *job, struct error *err) {
    char *dir = cells_dir_find(), *left_out = NULL;
    bool ok = catalogue_discover(&job->catalogue, dir, &left_out, err);
    g_free(dir);
    notices_add(&job->notices, NOTICE_LEFT_OUT, left_out);
    job->has_matrix = ok && matrix_build(&job->matrix, &job->options.config, &job->catalogue, err);
    if (job->has_matrix && !job->options.dry_run)
        run_notices_before(&job->notices, &job->options.config, &job->matrix);
    return job->has_matrix;
}

/* Made before the run directory, so that a refusal leaves nothing behind. */
static bool run_executor_new(struct run_job *job, struct error *err) {
    if (!preload_links_make(&job->links, job->matrix.strategies, err))
        return false;
    job->executor =
        executor_process_new(&(struct process_options){.config = &job->options.config,
                                                       .link_dir = job->links.dir,
                                                       .interrupted = &command_interrupted},
                             err);
    return job->executor != NULL;
}

static int run_measure(struct run_job *job, struct error *err) {
    if (!(job->options.resume ? run_store_resume(job, err) : run_store_create(job, err)))
        return command_refuse(err);
    if (!run_rounds(job, err))
        return run_stopped(job, err);
    return run_print(job, err);
}

static int run_go(struct run_job *job) {
    struct error err = {0};
    if (!run_plan(job, &err) || !run_executor_new(job, &err))
        return command_refuse(&err);
    if (command_interrupted)
        return EXIT_INTERRUPTED;
    if (!job->options.dry_run)
        return run_measure(job, &err);
    dry_run(job);
    notices_print(&job->notices, stderr);
    return EXIT_OK;
}

static int cmd_run(const struct command *self, int argc, char **argv) {
    struct run_job job;
    struct error err;
    int status = EXIT_OK;
    run_job_init(&job);
    command_catch_interrupts();
    if (!run_options_parse(&job.options, self, argc, argv, &err)) {
        status = command_refuse(&err);
    } else if (job.options.help) {
        command_help_print(self);
    } else {
        status = run_go(&job);
    }
    run_job_release(&job);
    return status;
}

const struct command command_run = {
    .name = "run",
    .usage = "[OPTIONS]",
    .summary = "Measures a matrix of workloads and strategies, and prints a table.",
    .flags = run_flags,
    .examples = {"heapmark run",
                 "heapmark run --workloads create --strategies malloc,goheap:gogc=200 --ops 1000"},
    .run = cmd_run,
};
