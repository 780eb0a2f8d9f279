/*
 * heapmark compare: two runs, or strategies of one, with what is sure about it.
 *
 * The text is whole before its first byte is written, and a file is replaced only by a whole one.
 */
#include <stdio.h>
#include <string.h>

#include "harness/analyze/strategy_order.h"
#include "harness/cli/commands.h"
#include "harness/cli/compare_options.h"
#include "harness/cli/compare_pictures.h"

/* A run that was read. */
struct compare_run {
    struct run_rows rows;
    struct run_summary summary;
    GPtrArray *order;
    char *machine;
};

static char *machine_read(const char *dir) {
    char *text = NULL;
    char *path = g_build_filename(dir, "machine.txt", NULL);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = g_strdup("");
    g_free(path);
    return text;
}

static bool compare_run_read(struct compare_run *run, const char *dir, struct error *err) {
    if (!run_rows_read(&run->rows, dir, err))
        return false;
    if (run->rows.notice != NULL)
        fprintf(stderr, "heapmark: %s\n", run->rows.notice);
    run->machine = machine_read(dir);
    run->order = strategy_order_read(dir);
    summary_build(&run->summary, &run->rows, run->order);
    return true;
}

static void compare_run_release(struct compare_run *run) {
    summary_release(&run->summary);
    g_ptr_array_unref(run->order);
    g_free(run->machine);
    run_rows_release(&run->rows);
}

/* Only an ordinary file is replaced: a rename over a device or a link would remove it. */
static bool compare_file_write(const char *path, const char *text, struct error *err) {
    bool is_link = g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    if (is_link ||
        (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)))
        return error_set(err, EXIT_USAGE,
                         "%s is no ordinary file, so it is not replaced; without --out the "
                         "comparison goes to standard output",
                         path);
    char *dir = g_path_get_dirname(path), *file = g_path_get_basename(path);
    bool ok = store_write_text(dir, file, text, err);
    g_free(file);
    g_free(dir);
    return ok;
}

static bool compare_tell(const struct compare_options *o, const struct comparison *c,
                         struct error *err) {
    char *text = o->format->text(&(struct compare_view){c, o->show});
    bool ok = true;
    if (o->out != NULL)
        ok = compare_file_write(o->out, text, err);
    else
        fputs(text, stdout); /* main says when it did not arrive */
    g_free(text);
    return ok && (o->plot == NULL || compare_draw(c, o->plot, err));
}

static bool compare_sides(struct compare_options *o, const struct compare_run *a,
                          const struct compare_run *b, struct error *err) {
    struct comparison c;
    o->request.a = (struct compare_side){o->dir_a, a->machine, &a->summary};
    o->request.b = (struct compare_side){b == a ? o->dir_a : o->dir_b, b->machine, &b->summary};
    bool ok = compare_build(&c, &o->request, err) && compare_tell(o, &c, err);
    compare_release(&c);
    return ok;
}

static bool compare_go(struct compare_options *o, struct error *err) {
    struct compare_run a, b;
    if (!compare_run_read(&a, o->dir_a, err))
        return false;
    bool ok = false;
    if (o->dir_b == NULL) {
        ok = compare_sides(o, &a, &a, err);
    } else if (compare_run_read(&b, o->dir_b, err)) {
        ok = compare_sides(o, &a, &b, err);
        compare_run_release(&b);
    }
    compare_run_release(&a);
    return ok;
}

static const char help_ending[] =
    "\nB is compared with A, ratios are B / A. One RUN: the other strategies with the first.\n\n"
    "exit status: 0 compared, whatever came out; 2 usage; 4 nothing could be compared.\n"
    "A comparison makes no build red: heapmark gate does, which measures both sides at once.\n";

static void compare_help(const struct command *self) {
    command_help_print(self);
    fputs(help_ending, stdout);
}

static int cmd_compare(const struct command *self, int argc, char **argv) {
    struct compare_options options;
    GPtrArray *operands = g_ptr_array_new();
    struct error err;
    bool help = false;
    compare_options_init(&options);
    bool ok = flags_parse(self, argc, argv, compare_option_set, &options, operands, &help, &err);
    if (ok && help) {
        compare_help(self);
    } else if (ok) {
        ok = compare_options_check(&options, operands, &err) && compare_go(&options, &err);
    }
    int status = ok ? EXIT_OK : command_refuse(&err);
    g_ptr_array_unref(operands);
    return status;
}

static const struct flag compare_flags[] = {
    {"strategies", "LIST", "all", "names, globs; of one run: each of them against the first"},
    {"workloads", "LIST", "all", "names, groups, globs, separated by commas"},
    {"metric", "LIST", NULL,
     "columns of records.csv, headings, globs, or all; else ns/op, cpu\n"
     "ns/op, B/op, allocs/op, peak RSS and longest pause"},
    {"margin", "PCT", "1", "a sure difference that lies within ± this is none"},
    {"same", "PCT", "5", "an interval around 1 that lies within ± this is the same"},
    {"across-machines", NULL, NULL, "compare times of different machines all the same"},
    {"sort", "ORDER", "sure", "sure: what surely differs most first; ratio; name"},
    {"show", "ROWS", "unequal", "unequal, sure (differences alone), all"},
    {"format", "NAME", "table", "table, csv (everything, for programs), markdown"},
    {"out", "FILE", "standard output", "written whole or not at all"},
    {"plot", "DIR", NULL, "draw the ratios with their intervals there, as SVG and PNG"},
    {NULL, NULL, NULL, NULL},
};

const struct command command_compare = {
    .name = "compare",
    .usage = "A B | RUN [--strategies LIST] [OPTIONS]",
    .summary = "Compares two runs, or strategies of one run, and says which differences are sure.",
    .flags = compare_flags,
    .examples =
        {"heapmark compare before after --metric ns/op,allocs/op",
         "heapmark compare results/reference --strategies malloc,goheap,go --plot pictures"},
    .run = cmd_compare,
};
