/*
 * Dots: a row per work, a point per strategy, and in words who is first and last.
 *
 * For numbers that spread over many powers of ten the axis is logarithmic and says so; a zero has
 * no place on it and gets a column of its own at the left, marked "0".
 */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

struct dots {
    const char *script;
    const char *part; /* sets the page apart; NULL: the only one */
    const char *title;
    const char *subtitle;
    const char *axis;
    double unit; /* of the axis, in units of the value; 0: the same */
    bool logarithmic;
    struct quantity (*write)(double value);
    double (*value)(const struct record *record, const void *context);
    const void *context;
};

struct dot {
    unsigned strategy_index;
    struct estimate estimate;
};

static int dot_compare(gconstpointer x, gconstpointer y) {
    const struct dot *a = x;
    const struct dot *b = y;
    return (a->estimate.median > b->estimate.median) - (a->estimate.median < b->estimate.median);
}

/* The strategies that have the number, the least first. */
static GArray *row_dots(const struct dots *dots, const struct run_summary *s,
                        const struct cell_summary *work) {
    GArray *row = g_array_new(FALSE, FALSE, sizeof(struct dot));
    for (guint i = 0; i < s->strategies->len; i++) {
        const struct cell_summary *cell = summary_find(s, work, i);
        if (cell == NULL) {
            continue;
        }
        struct dot dot = {i, cell_estimate_by(cell, dots->value, dots->context)};
        if (dot.estimate.count > 0) {
            g_array_append_val(row, dot);
        }
    }
    g_array_sort(row, dot_compare);
    return row;
}

/* "goheap 3.10 MiB … boehm ×2.1"; caller frees with g_free */
static char *row_note(const struct dots *dots, const struct run_summary *s, const GArray *row) {
    const struct dot *least = &g_array_index(row, struct dot, 0);
    const struct dot *most = &g_array_index(row, struct dot, row->len - 1);
    char *first = strategy_label(s, least->strategy_index);
    char *last = strategy_label(s, most->strategy_index);
    struct quantity value = dots->write(least->estimate.median);
    char *note;
    if (row->len == 1) {
        note = g_strdup_printf("%s %s", first, value.text);
    } else if (!estimates_differ(&least->estimate, &most->estimate)) {
        struct quantity end = dots->write(most->estimate.median);
        bool same = strcmp(value.text, end.text) == 0;
        note = g_strdup_printf("≈ %s%s%s, no difference shown", value.text, same ? "" : " … ",
                               same ? "" : end.text);
    } else if (!(least->estimate.median > 0)) {
        note = g_strdup_printf("%s %s … %s %s", first, value.text, last,
                               dots->write(most->estimate.median).text);
    } else {
        note = g_strdup_printf("%s %s … %s %s", first, value.text, last,
                               quantity_ratio(most->estimate.median / least->estimate.median).text);
    }
    g_free(first);
    g_free(last);
    return note;
}

struct extent {
    double least, most;          /* of the values above 0 */
    bool has_zero, has_positive; /* medians */
};

static void extent_add(struct extent *extent, double value) {
    if (value > 0) {
        extent->least = fmin(extent->least, value);
        extent->most = fmax(extent->most, value);
    } else if (!isnan(value)) {
        extent->has_zero = true;
    }
}

/* Points of a row lie a little apart in height, so that equal ones are all seen. */
static void row_draw(struct page *page, const struct run_summary *s,
                     const struct cell_summary *work, const GArray *row, double y,
                     struct extent *extent) {
    for (guint i = 0; i < row->len; i++) {
        const struct dot *dot = &g_array_index(row, struct dot, i);
        double step = 0.56 / MAX(s->strategies->len, 2);
        double shift = (dot->strategy_index - (s->strategies->len - 1) / 2.0) * step;
        char *strategy = page_text_safe(g_ptr_array_index(s->strategies, dot->strategy_index));
        page_row(page, "%g\t%.9g\t%.9g\t%.9g\t%u\t%s\t%s\t%s", y + shift, dot->estimate.median,
                 dot->estimate.low, dot->estimate.high, dot->strategy_index + 1, strategy,
                 work->workload, work->parameters);
        g_free(strategy);
        extent_add(extent, dot->estimate.median);
        extent->has_positive |= dot->estimate.median > 0;
        extent_add(extent, dot->estimate.high);
        if (dot->estimate.low > 0) {
            extent_add(extent, dot->estimate.low);
        }
    }
}

static unsigned labels_pixels(const GPtrArray *works) {
    unsigned widest = 0;
    for (guint w = 0; w < works->len; w++) {
        char *label = cell_label(g_ptr_array_index(works, w));
        widest = MAX(widest, text_pixels(label));
        g_free(label);
    }
    return widest;
}

static void dots_axis(struct page *page, const struct dots *dots, const struct extent *extent) {
    bool any = extent->most > 0;
    page_number(page, "logarithmic", dots->logarithmic);
    page_number(page, "axis_end", any ? extent->most : 1);
    page_number(page, "axis_start", any ? extent->least : 0.1);
    page_number(page, "has_zero", extent->has_zero);
    page_number(page, "unit", dots->unit > 0 ? dots->unit : 1);
    page_string(page, "axis", dots->axis);
}

/* notes_pixels: the widest words at the right. */
static void dots_size(struct page *page, const struct run_summary *s, const GPtrArray *works,
                      double rows, unsigned notes_pixels) {
    unsigned names = strategies_pixels(s) + 36;
    unsigned left = labels_pixels(works) + 20;
    unsigned right = notes_pixels + 20;
    page->width = MAX(1000U, left + right + 420);
    unsigned columns = MAX(1U, (page->width - 40) / names);
    unsigned lines = (s->strategies->len + columns - 1) / columns;
    page_number(page, "rows", rows);
    page_number(page, "left_pixels", left);
    page_number(page, "right_pixels", right);
    page_number(page, "key_columns", columns);
    page_number(page, "key_lines", lines);
    page_number(page, "key_pixels", names);
    page->height = 152 + lines * 20 + (unsigned)(rows * MAX(24U, 8 + 4 * s->strategies->len));
}

/* False: nobody has the number, or all medians are 0. */
static bool dots_build(const struct dots *dots, const struct run_summary *s, GPtrArray *pages) {
    GPtrArray *works = works_representative(s);
    struct page *page = page_new(dots->script, dots->part);
    struct extent extent = {INFINITY, 0, false, false};
    page_columns(page, "row\tvalue\tlow\thigh\tstrategy number\tstrategy\tworkload\tparameters");
    double y = 0;
    unsigned notes_pixels = 0;
    for (guint w = 0; w < works->len; w++) {
        const struct cell_summary *work = g_ptr_array_index(works, w);
        GArray *row = row_dots(dots, s, work);
        if (row->len > 0) {
            char *label = cell_label(work);
            page_mark(page, 1, MARK_ROW, 0, y + 0.5, "%s", label);
            g_free(label);
            char *note = row_note(dots, s, row);
            page_mark(page, 1, MARK_NOTE, 0, y + 0.5, "%s", note);
            notes_pixels = MAX(notes_pixels, text_pixels(note));
            g_free(note);
            row_draw(page, s, work, row, y + 0.5, &extent);
            y += 1;
        }
        g_array_unref(row);
    }
    page->title = g_strdup(dots->title);
    page->subtitle = g_strdup(dots->subtitle);
    GPtrArray *cells = works_cells(s, works);
    page_caption(page, cells, "");
    g_ptr_array_unref(cells);
    page_looks(page, s);
    dots_axis(page, dots, &extent);
    dots_size(page, s, works, y, notes_pixels);
    g_ptr_array_unref(works);
    if (extent.has_positive) {
        g_ptr_array_add(pages, page);
    } else {
        page_free(page);
    }
    return extent.has_positive;
}

static double record_rss(const struct record *r, const void *context) {
    (void)context;
    return r->rss_peak_bytes == COUNT_EMPTY ? NAN : (double)r->rss_peak_bytes;
}

char *plot_peak_rss(const struct run_summary *s, GPtrArray *pages) {
    static const struct dots dots = {
        .script = "peak-rss",
        .title = "Peak resident memory (further left is better)",
        .subtitle = "median of the repetitions, whiskers: interval of the median; in words: the "
                    "least, and how many times that the most is",
        .axis = "MiB, logarithmic",
        .unit = 1024 * 1024,
        .logarithmic = true,
        .write = quantity_memory,
        .value = record_rss,
    };
    return dots_build(&dots, s, pages) ? NULL : g_strdup("no ok record has rss_peak_bytes");
}

static double record_cores(const struct record *r, const void *context) {
    (void)context;
    bool known = r->cpu_ns != COUNT_EMPTY && r->wall_ns != COUNT_EMPTY && r->wall_ns >= 1000000;
    return known ? (double)r->cpu_ns / (double)r->wall_ns : NAN;
}

char *plot_cores_used(const struct run_summary *s, GPtrArray *pages) {
    static const struct dots dots = {
        .script = "cores-used",
        .title = "CPU time against wall time (further left is better)",
        .subtitle =
            "CPU time of the process, collector included / wall time; runs under 1 ms are too "
            "short to tell; whiskers: interval of the median",
        .axis = "cores used",
        .write = quantity_plain,
        .value = record_cores,
    };
    return dots_build(&dots, s, pages) ? NULL : g_strdup("no ok record took 1 ms or longer");
}

/* value_per_op of one event by the number of the record. */
static double record_counter(const struct record *r, const void *context) {
    const double *value = g_hash_table_lookup((GHashTable *)context, &r->record);
    return value != NULL ? *value : NAN;
}

static GHashTable *event_values(const struct run_rows *rows, const char *event) {
    GHashTable *values = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < rows->counters->len; i++) {
        struct counter_row *row = &g_array_index(rows->counters, struct counter_row, i);
        bool counted = row->event != NULL && strcmp(row->event, event) == 0 &&
                       row->counter_status != NULL && strcmp(row->counter_status, "ok") == 0 &&
                       !isnan(row->value_per_op);
        if (counted) {
            g_hash_table_insert(values, &row->record, &row->value_per_op);
        }
    }
    return values;
}

/* Each event once, in the order of the rows. */
static GPtrArray *events_of(const struct run_rows *rows) {
    GPtrArray *events = g_ptr_array_new();
    for (guint i = 0; i < rows->counters->len; i++) {
        const char *event = g_array_index(rows->counters, struct counter_row, i).event;
        bool known = event == NULL;
        for (guint e = 0; e < events->len && !known; e++) {
            known = strcmp(g_ptr_array_index(events, e), event) == 0;
        }
        if (!known) {
            g_ptr_array_add(events, (gpointer)event);
        }
    }
    return events;
}

static void counter_page(const struct run_summary *s, const char *event, GHashTable *values,
                         GPtrArray *pages) {
    char *title = g_strdup_printf("Counter %s per operation (further left is better)", event);
    struct dots dots = {
        .script = "counters",
        .part = event,
        .title = title,
        .subtitle = "median of the repetitions, whiskers: interval of the median; in words: the "
                    "least, and the most",
        .axis = "per operation, logarithmic",
        .logarithmic = true,
        .write = quantity_plain,
        .value = record_counter,
        .context = values,
    };
    dots_build(&dots, s, pages);
    g_free(title);
}

char *plot_counters(const struct run_summary *s, GPtrArray *pages) {
    guint before = pages->len;
    GPtrArray *events = events_of(s->rows);
    for (guint e = 0; e < events->len; e++) {
        GHashTable *values = event_values(s->rows, g_ptr_array_index(events, e));
        counter_page(s, g_ptr_array_index(events, e), values, pages);
        g_hash_table_unref(values);
    }
    bool any = events->len > 0;
    g_ptr_array_unref(events);
    if (pages->len > before) {
        return NULL;
    }
    return g_strdup(any ? "no event could be counted here, or every median is 0 (see the column "
                          "reason in counters.csv)"
                        : "the run has no counters");
}
