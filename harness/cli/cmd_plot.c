/*
 * heapmark plot: pictures of a run, and the tables they are drawn from.
 *
 * Tables are written before gnuplot is looked for, so that without it nothing but the drawing is
 * lost.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyze/strategy_order.h"
#include "harness/analyze/summary.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/present/plots.h"
#include "harness/run/discover.h"

struct plot_job {
    const char *dir, *out, *only; /* borrowed from the arguments */
    char *out_dir;
    GPtrArray *chosen; /* of const struct plot * */
    GPtrArray *pages;  /* of struct page * */
};

static bool plot_set(void *context, const char *name, const char *value, struct error *err) {
    struct plot_job *job = context;
    if (strcmp(name, "out") == 0) {
        job->out = value;
    } else if (strcmp(name, "only") == 0) {
        job->only = value;
    } else {
        return error_set(err, EXIT_USAGE, "plot has no flag --%s", name);
    }
    return true;
}

static bool plot_choose_one(struct plot_job *job, const char *name, struct error *err) {
    const struct plot *plot = plot_find(name);
    if (plot != NULL) {
        g_ptr_array_add(job->chosen, (gpointer)plot);
        return true;
    }
    const char *names[64] = {NULL};
    for (size_t i = 0; plots[i].name != NULL && i + 1 < G_N_ELEMENTS(names); i++) {
        names[i] = plots[i].name;
    }
    char *all = g_strjoinv(", ", (char **)names);
    char *advice = nearest_advice(name, names);
    error_set(err, EXIT_USAGE, "no plot is called \"%s\"%s There are %s", name,
              *advice != '\0' ? advice : ".", all);
    g_free(advice);
    g_free(all);
    return false;
}

static bool plot_choose(struct plot_job *job, struct error *err) {
    if (job->only == NULL) {
        for (const struct plot *plot = plots; plot->name != NULL; plot++) {
            g_ptr_array_add(job->chosen, (gpointer)plot);
        }
        return true;
    }
    GPtrArray *names = list_split(job->only, ',');
    bool good = true;
    for (guint i = 0; i < names->len && good; i++) {
        good = plot_choose_one(job, g_ptr_array_index(names, i), err);
    }
    g_ptr_array_unref(names);
    return good;
}

/* What has no data is not drawn, and that is said. */
static void plot_build_pages(struct plot_job *job, const struct run_rows *rows) {
    struct run_summary s;
    GPtrArray *order = strategy_order_read(rows->dir);
    summary_build(&s, rows, order);
    for (guint i = 0; i < job->chosen->len; i++) {
        const struct plot *plot = g_ptr_array_index(job->chosen, i);
        char *reason = plot_build(plot, &s, job->pages);
        if (reason != NULL) {
            printf("not drawn: %s: %s\n", plot->name, reason);
        }
        g_free(reason);
    }
    summary_release(&s);
    g_ptr_array_unref(order);
}

static bool plot_write_tables(const struct plot_job *job, struct error *err) {
    char *base = g_path_get_basename(job->dir);
    char *command = g_strdup_printf("heapmark plot %s%s%s", base, job->only ? " --only " : "",
                                    job->only ? job->only : "");
    bool good = true;
    if (g_mkdir_with_parents(job->out_dir, 0777) != 0) {
        good = error_set(err, EXIT_CANNOT, "cannot create %s: %s", job->out_dir, g_strerror(errno));
    }
    for (guint i = 0; i < job->pages->len && good; i++) {
        good = page_table_write(g_ptr_array_index(job->pages, i), job->out_dir, command, err);
    }
    g_free(command);
    g_free(base);
    return good;
}

/* Whether a picture ends as its format does, but for newlines. */
static bool picture_is_whole(const char *path, const char *ending, size_t ending_bytes) {
    char *bytes = NULL;
    gsize length = 0;
    bool whole = g_file_get_contents(path, &bytes, &length, NULL);
    while (whole && length > 0 && bytes[length - 1] == '\n')
        length--;
    whole = whole && length >= ending_bytes &&
            memcmp(bytes + length - ending_bytes, ending, ending_bytes) == 0;
    g_free(bytes);
    return whole;
}

/* gnuplot says nothing and succeeds when the disk is full, so its pictures are looked at. */
static bool pictures_check(const struct plot_job *job, const struct page *page, struct error *err) {
    static const char png_end[] = "IEND\xae\x42\x60\x82", svg_end[] = "</svg>";
    char *base = g_build_filename(job->out_dir, page->name, NULL);
    char *png = g_strconcat(base, ".png", NULL), *svg = g_strconcat(base, ".svg", NULL);
    bool ok = picture_is_whole(png, png_end, sizeof png_end - 1) &&
              picture_is_whole(svg, svg_end, sizeof svg_end - 1);
    if (!ok)
        error_set(err, EXIT_CANNOT,
                  "a picture of %s is cut: perhaps there is no space; its table is in %s.tsv", base,
                  base);
    g_free(svg);
    g_free(png);
    g_free(base);
    return ok;
}

/* One picture that fails does not keep the others from being drawn; the first failure counts. */
static bool plot_draw_pages(const struct plot_job *job, const char *gnuplot, const char *script_dir,
                            struct error *err) {
    unsigned drawn = 0;
    for (guint i = 0; i < job->pages->len; i++) {
        const struct page *page = g_ptr_array_index(job->pages, i);
        struct error own;
        if (page_draw(page, gnuplot, job->out_dir, script_dir, &own) &&
            pictures_check(job, page, &own)) {
            printf("drawn: %s/%s.{svg,png,tsv}\n", job->out_dir, page->name);
            drawn++;
        } else if (err->exit_status == EXIT_OK) {
            *err = own;
        }
        fflush(stdout);
    }
    return drawn == job->pages->len;
}

static bool plot_draw(const struct plot_job *job, struct error *err) {
    char *share = share_dir_find();
    char *script_dir = g_build_filename(share != NULL ? share : "", "plot", NULL);
    char *style = g_build_filename(script_dir, "_style.gp", NULL);
    char *gnuplot = gnuplot_find();
    bool good = false;
    if (gnuplot == NULL) {
        error_set(
            err, EXIT_CANNOT,
            "gnuplot is not installed, so nothing was drawn; the %u tables are in %s; install "
            "gnuplot-nox and call plot again",
            job->pages->len, job->out_dir);
    } else if (!g_file_test(style, G_FILE_TEST_EXISTS)) {
        error_set(err, EXIT_CANNOT,
                  "the plot scripts are not in %s; the tables are in %s; set HEAPMARK_SHARE to the "
                  "folder that has plot/_style.gp",
                  script_dir, job->out_dir);
    } else {
        good = plot_draw_pages(job, gnuplot, script_dir, err);
    }
    g_free(gnuplot);
    g_free(style);
    g_free(script_dir);
    g_free(share);
    return good;
}

static bool plot_go(struct plot_job *job, struct error *err) {
    struct run_rows rows;
    if (!plot_choose(job, err) || !run_rows_read(&rows, job->dir, err)) {
        return false;
    }
    if (rows.notice != NULL) {
        fprintf(stderr, "heapmark: %s\n", rows.notice);
    }
    job->out_dir =
        job->out != NULL ? g_strdup(job->out) : g_build_filename(job->dir, "plots", NULL);
    plot_build_pages(job, &rows);
    run_rows_release(&rows);
    if (job->pages->len == 0) {
        return error_set(err, EXIT_CANNOT, "nothing of %s can be drawn", job->dir);
    }
    return plot_write_tables(job, err) && plot_draw(job, err);
}

static bool plot_operands(struct plot_job *job, const GPtrArray *operands, struct error *err) {
    if (operands->len != 1) {
        return error_set(err, EXIT_USAGE,
                         "plot takes one run directory, such as results/20260102T030405Z");
    }
    job->dir = g_ptr_array_index(operands, 0);
    return true;
}

static void page_free_pointer(gpointer page) {
    page_free(page);
}

static int cmd_plot(const struct command *self, int argc, char **argv) {
    struct plot_job job = {.chosen = g_ptr_array_new(),
                           .pages = g_ptr_array_new_with_free_func(page_free_pointer)};
    GPtrArray *operands = g_ptr_array_new();
    struct error err = {.exit_status = EXIT_OK};
    bool help = false;
    int status = EXIT_OK;
    if (!flags_parse(self, argc, argv, plot_set, &job, operands, &help, &err)) {
        status = command_refuse(&err);
    } else if (help) {
        command_help_print(self);
    } else if (!plot_operands(&job, operands, &err) || !plot_go(&job, &err)) {
        fflush(stdout);
        status = command_refuse(&err);
    }
    g_ptr_array_unref(operands);
    g_ptr_array_unref(job.pages);
    g_ptr_array_unref(job.chosen);
    g_free(job.out_dir);
    return status;
}

static const struct flag plot_flags[] = {
    {"out", "DIR", "DIR/plots", "where tables and pictures go"},
    {"only", "NAMES", NULL,
     "only these plots: overview, ns-per-op, allocation, size-sweep,\ncopy-pointer, pauses, "
     "heap-over-time, thread-scaling, peak-rss,\ncores-used, counters"},
    {NULL, NULL, NULL, NULL},
};

const struct command command_plot = {
    .name = "plot",
    .usage = "DIR [--out DIR] [--only NAMES]",
    .summary = "Draws a run as SVG and PNG, and writes the table behind each picture.",
    .flags = plot_flags,
    .examples = {"heapmark plot results/reference",
                 "heapmark plot results/reference --only pauses,overview"},
    .run = cmd_plot,
};
