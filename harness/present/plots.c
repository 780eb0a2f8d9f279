/* The table of plots, and how a page becomes files. */
#include "harness/present/plots.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/present/plot_builders.h"
#include "harness/store/store.h"

const struct plot plots[] = {
    {"overview", "every workload under every strategy, as a ratio to the best", plot_overview},
    {"ns-per-op", "time per operation, a picture per group", plot_ns_per_op},
    {"allocation", "B/op and allocs/op, a picture per group", plot_allocation},
    {"size-sweep", "ns/op from 8 B to 1 MB, a line per strategy", plot_size_sweep},
    {"copy-pointer", "a value copied against a pointer, by its size", plot_copy_pointer},
    {"pauses", "how long the world stopped, as a distribution", plot_pauses},
    {"heap-over-time", "live heap, its goal and the stops during the churn", plot_heap_over_time},
    {"thread-scaling", "throughput of several threads relative to one", plot_thread_scaling},
    {"peak-rss", "most resident memory", plot_peak_rss},
    {"cores-used", "CPU time against wall time", plot_cores_used},
    {"counters", "events per operation, a picture per event", plot_counters},
    {NULL, NULL, NULL},
};

const struct plot *plot_find(const char *name) {
    for (const struct plot *plot = plots; plot->name != NULL; plot++) {
        if (strcmp(plot->name, name) == 0) {
            return plot;
        }
    }
    return NULL;
}

static bool page_name_is_taken(const struct page *page, const GPtrArray *pages, guint before) {
    for (guint i = 0; i < before; i++) {
        if (strcmp(page->name, ((const struct page *)g_ptr_array_index(pages, i))->name) == 0) {
            return true;
        }
    }
    return false;
}

/* Two strategies may give one file name ("a:b" and "a=b"): the later ones get a number. */
static void page_name_part(struct page *page, const GPtrArray *pages, guint before) {
    char *wanted = g_strdup(page->name);
    unsigned number = 1;
    while (page_name_is_taken(page, pages, before)) {
        g_free(page->name);
        page->name = g_strdup_printf("%s-%u", wanted, ++number);
    }
    g_free(wanted);
}

char *plot_build(const struct plot *plot, const struct run_summary *s, GPtrArray *pages) {
    guint first = pages->len;
    char *reason = plot->build(s, pages);
    for (guint i = first; i < pages->len; i++) {
        page_name_part(g_ptr_array_index(pages, i), pages, i);
    }
    return reason;
}

bool page_table_write(const struct page *page, const char *dir, const char *command,
                      struct error *err) {
    char *file = g_strconcat(page->name, ".tsv", NULL);
    char *text = page_table_text(page, command);
    bool written = store_write_text(dir, file, text, err);
    g_free(text);
    g_free(file);
    return written;
}

char *gnuplot_find(void) {
    return g_find_program_in_path("gnuplot");
}

/* The script goes through a temporary file: it names this machine's folders, so it must not stay
   beside the pictures. NULL with err. */
static char *job_write(const struct page *page, const char *script_dir, struct error *err) {
    char *path = NULL;
    GError *failure = NULL;
    char *job = page_job_text(page, script_dir);
    int fd = g_file_open_tmp("heapmark-plot-XXXXXX", &path, &failure);
    if (fd >= 0) {
        close(fd);
    }
    if (fd < 0 || !g_file_set_contents(path, job, -1, &failure)) {
        error_set(err, EXIT_CANNOT, "cannot write a script for gnuplot: %s", failure->message);
        g_error_free(failure);
        g_free(path);
        path = NULL;
    }
    g_free(job);
    return path;
}

/* gnuplot's first words, on one line. */
static void gnuplot_complain(const struct page *page, const char *words, struct error *err) {
    char *line = page_text_safe(words);
    char *brief = text_shorten(g_strstrip(line), 400);
    error_set(err, EXIT_CANNOT, "gnuplot could not draw %s: %s", page->name, brief);
    g_free(brief);
    g_free(line);
}

/* gnuplot 5.4 writes the weight of a font into its family in SVG ("DejaVu Sans:Bold"), which no
   browser knows: it falls back to a serif. A picture that cannot be read back stays as it is. */
static bool svg_weights_mend(const struct page *page, const char *dir, struct error *err) {
    char *file = g_strconcat(page->name, ".svg", NULL);
    char *path = g_build_filename(dir, file, NULL);
    char *text = NULL;
    bool good = true;
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        char **parts = g_strsplit(text, ":Bold\"", -1);
        char *mended = g_strjoinv("\" font-weight=\"bold\"", parts);
        good = store_write_text(dir, file, mended, err);
        g_free(mended);
        g_strfreev(parts);
    }
    g_free(text);
    g_free(path);
    g_free(file);
    return good;
}

/* A picture of which only a part could be written is none. */
static void pictures_remove(const struct page *page, const char *dir) {
    static const char *const kinds[] = {".png", ".svg"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        char *file = g_strconcat(page->name, kinds[i], NULL);
        char *path = g_build_filename(dir, file, NULL);
        remove(path);
        g_free(path);
        g_free(file);
    }
}

bool page_draw(const struct page *page, const char *gnuplot, const char *dir,
               const char *script_dir, struct error *err) {
    char *script = job_write(page, script_dir, err);
    if (script == NULL) {
        return false;
    }
    char *arguments[] = {(char *)gnuplot, script, NULL};
    char *words = NULL;
    GError *failure = NULL;
    int wait_status = 0;
    bool drawn = g_spawn_sync(dir, arguments, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                              &words, &wait_status, &failure);
    if (!drawn) {
        error_set(err, EXIT_CANNOT, "cannot start gnuplot: %s", failure->message);
        g_error_free(failure);
    } else if (wait_status != 0 || strstr(words, "error") != NULL) {
        drawn = false;
        gnuplot_complain(page, words, err);
    }
    g_free(words);
    remove(script);
    g_free(script);
    drawn = drawn && svg_weights_mend(page, dir, err);
    if (!drawn)
        pictures_remove(page, dir);
    return drawn;
}
