/*
 * heapmark export: a run in the words of other benchmark tools.
 *
 * The text is whole before its first byte is written, and a file is replaced only by a whole one.
 */
#include <stdio.h>
#include <string.h>

#include "harness/analyze/strategy_order.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/present/export.h"

struct export_job {
    const char *dir, *format, *out; /* borrowed from the arguments */
    struct export_request request;
};

static bool export_set(void *context, const char *name, const char *value, struct error *err) {
    struct export_job *job = context;
    const struct {
        const char *name, **value;
    } flags[] = {{"format", &job->format},
                 {"workloads", &job->request.workloads},
                 {"strategies", &job->request.strategies},
                 {"out", &job->out}};
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (strcmp(flags[i].name, name) == 0) {
            *flags[i].value = value;
            return true;
        }
    }
    return error_set(err, EXIT_USAGE, "export has no flag --%s", name);
}

static bool export_format_choose(struct export_job *job, struct error *err) {
    const char *names[16] = {NULL};
    for (size_t i = 0; export_formats[i].name != NULL && i + 1 < G_N_ELEMENTS(names); i++) {
        names[i] = export_formats[i].name;
        if (job->format != NULL && strcmp(job->format, names[i]) == 0)
            job->request.format = &export_formats[i];
    }
    if (job->request.format != NULL)
        return true;
    char *all = g_strjoinv(" or ", (char **)names);
    char *advice = job->format != NULL ? nearest_advice(job->format, names) : g_strdup("");
    if (job->format == NULL)
        error_set(err, EXIT_USAGE, "export needs a format: --format %s", all);
    else
        error_set(err, EXIT_USAGE, "export knows no format \"%s\"%s%s%s", job->format, advice,
                  *advice != '\0' ? "" : "; it knows ", *advice != '\0' ? "" : all);
    g_free(advice);
    g_free(all);
    return false;
}

static bool export_operands(struct export_job *job, const GPtrArray *operands, struct error *err) {
    if (operands->len != 1)
        return error_set(err, EXIT_USAGE,
                         "export takes one run directory, such as results/20260102T030405Z");
    job->dir = g_ptr_array_index(operands, 0);
    return true;
}

/* Only an ordinary file is replaced: a rename over a device or a link would remove it. */
static bool export_file_write(const char *path, const char *text, struct error *err) {
    bool is_link = g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    if (is_link ||
        (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)))
        return error_set(err, EXIT_USAGE,
                         "%s is no ordinary file, so it is not replaced; without --out the export "
                         "goes to standard output",
                         path);
    char *dir = g_path_get_dirname(path), *file = g_path_get_basename(path);
    bool ok = store_write_text(dir, file, text, err);
    g_free(file);
    g_free(dir);
    return ok;
}

static bool export_write(const struct export_job *job, const struct export *e, struct error *err) {
    char *text = job->request.format->text(e);
    bool ok = true;
    if (job->out != NULL)
        ok = export_file_write(job->out, text, err);
    else
        fputs(text, stdout); /* main says when it did not arrive */
    g_free(text);
    return ok;
}

static bool export_rows(const struct export_job *job, const struct run_rows *rows,
                        struct error *err) {
    struct run_summary summary;
    struct export e;
    GPtrArray *order = strategy_order_read(rows->dir);
    summary_build(&summary, rows, order);
    bool ok = export_build(&e, &summary, &job->request, err) && export_write(job, &e, err);
    if (ok && e.left_out != NULL)
        fprintf(stderr, "heapmark: only ok records are exported; left out: %s\n", e.left_out);
    export_release(&e);
    summary_release(&summary);
    g_ptr_array_unref(order);
    return ok;
}

static bool export_go(const struct export_job *job, struct error *err) {
    struct run_rows rows;
    if (!run_rows_read(&rows, job->dir, err))
        return false;
    if (rows.notice != NULL)
        fprintf(stderr, "heapmark: %s\n", rows.notice);
    bool ok = export_rows(job, &rows, err);
    run_rows_release(&rows);
    return ok;
}

static int cmd_export(const struct command *self, int argc, char **argv) {
    struct export_job job = {.dir = NULL};
    GPtrArray *operands = g_ptr_array_new();
    struct error err;
    bool help = false;
    bool ok = flags_parse(self, argc, argv, export_set, &job, operands, &help, &err);
    if (ok && help) {
        command_help_print(self);
    } else if (ok) {
        ok = export_operands(&job, operands, &err) && export_format_choose(&job, &err) &&
             export_go(&job, &err);
    }
    int status = ok ? EXIT_OK : command_refuse(&err);
    g_ptr_array_unref(operands);
    return status;
}

static const struct flag export_flags[] = {
    {"format", "NAME", NULL,
     "go: Go's benchmark text, for benchstat;\ngoogle-benchmark: its JSON, for its compare.py"},
    {"workloads", "LIST", "all", "only these: names, groups, globs, separated by commas"},
    {"strategies", "LIST", "all", "only these: names, globs"},
    {"out", "FILE", "standard output", "written whole or not at all"},
    {NULL, NULL, NULL, NULL},
};

const struct command command_export = {
    .name = "export",
    .usage = "DIR --format NAME [--workloads LIST] [--strategies LIST] [--out FILE]",
    .summary = "Writes a run in the format of another benchmark tool, one entry per ok repetition.",
    .flags = export_flags,
    .examples = {"heapmark export results/reference --format go --out reference.txt",
                 "heapmark export results/reference --format google-benchmark --workloads create"},
    .run = cmd_export,
};
