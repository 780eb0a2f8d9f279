/*
 * Pauses: one row per strategy and work with a histogram over the logarithm of time.
 *
 * Ten bins to a decade; heights are shares of the row's stops, so a row with few stops shows as
 * well as one with many. Median, 99th percentile (nearest rank) and the longest stop are marked and
 * written.
 */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

enum { BINS_PER_DECADE = 10, ROWS_MAX = 40 };

struct stops {
    const struct cell_summary *cell;
    GArray *values; /* of double, ns, ascending */
};

static void stops_clear(gpointer pointer) {
    g_array_unref(((struct stops *)pointer)->values);
}

static struct stops *stops_get(GArray *all, const struct cell_summary *cell) {
    for (guint i = 0; i < all->len; i++) {
        struct stops *stops = &g_array_index(all, struct stops, i);
        if (stops->cell == cell) {
            return stops;
        }
    }
    struct stops stops = {cell, g_array_new(FALSE, FALSE, sizeof(double))};
    g_array_append_val(all, stops);
    return &g_array_index(all, struct stops, all->len - 1);
}

static int double_compare(gconstpointer x, gconstpointer y) {
    double a = *(const double *)x;
    double b = *(const double *)y;
    return (a > b) - (a < b);
}

/* By work as the cells are; in a work the shortest 99th percentile first. */
static int stops_compare(gconstpointer x, gconstpointer y) {
    const struct stops *a = x;
    const struct stops *b = y;
    int order = strverscmp(a->cell->group, b->cell->group);
    order = order != 0 ? order : strverscmp(a->cell->workload, b->cell->workload);
    order = order != 0 ? order : strverscmp(a->cell->parameters, b->cell->parameters);
    if (order != 0 || a->cell->threads != b->cell->threads) {
        return order != 0 ? order : a->cell->threads > b->cell->threads ? 1 : -1;
    }
    double p99_a = quantile_nearest_rank((double *)(void *)a->values->data, a->values->len, 0.99);
    double p99_b = quantile_nearest_rank((double *)(void *)b->values->data, b->values->len, 0.99);
    return (p99_a > p99_b) - (p99_a < p99_b);
}

static int stops_compare_count(gconstpointer x, gconstpointer y) {
    guint a = ((const struct stops *)x)->values->len;
    guint b = ((const struct stops *)y)->values->len;
    return (a < b) - (a > b);
}

/* Which cell a record belongs to, for the cells that are shown. */
static GHashTable *cells_by_record(const struct run_summary *s) {
    GHashTable *cells = g_hash_table_new(NULL, NULL);
    GPtrArray *works = works_representative(s);
    GPtrArray *shown = works_cells(s, works);
    for (guint i = 0; i < shown->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(shown, i);
        for (guint r = 0; r < cell->ok->len; r++) {
            g_hash_table_insert(cells, g_ptr_array_index(cell->ok, r), cell);
        }
    }
    g_ptr_array_unref(shown);
    g_ptr_array_unref(works);
    return cells;
}

static GArray *stops_collect(const struct run_summary *s) {
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct stops));
    g_array_set_clear_func(all, stops_clear);
    GHashTable *cells = cells_by_record(s);
    struct stops *stops = NULL;
    for (guint i = 0; i < s->rows->pauses->len; i++) {
        const struct pause_row *row = &g_array_index(s->rows->pauses, struct pause_row, i);
        const struct record *record = summary_record_find(s, row->record);
        if (record == NULL || row->pause_ns == COUNT_EMPTY || row->pause_ns == 0) {
            continue;
        }
        const struct cell_summary *cell = g_hash_table_lookup(cells, record);
        if (cell == NULL) {
            continue; /* a sweep's cell that no picture of everything shows */
        }
        stops = stops != NULL && stops->cell == cell ? stops : stops_get(all, cell);
        double ns = (double)row->pause_ns;
        g_array_append_val(stops->values, ns);
    }
    g_hash_table_unref(cells);
    for (guint i = 0; i < all->len; i++) {
        g_array_sort(g_array_index(all, struct stops, i).values, double_compare);
    }
    return all;
}

static double bin_edge(long bin) {
    return pow(10, (double)bin / BINS_PER_DECADE);
}

static long bin_of(double ns) {
    return (long)floor(log10(ns) * BINS_PER_DECADE);
}

/* How many of the ascending values from `first` on are in its bin. */
static guint bin_count(const GArray *values, guint first) {
    guint i = first;
    long bin = bin_of(g_array_index(values, double, first));
    while (i < values->len && bin_of(g_array_index(values, double, i)) == bin) {
        i++;
    }
    return i - first;
}

/* Bars of the histogram; the highest is 0.85 of a row. */
static void histogram_draw(struct page *page, const struct stops *stops, double y) {
    guint most = 0;
    for (guint i = 0; i < stops->values->len; i += bin_count(stops->values, i)) {
        most = MAX(most, bin_count(stops->values, i));
    }
    for (guint i = 0; i < stops->values->len; i += bin_count(stops->values, i)) {
        long bin = bin_of(g_array_index(stops->values, double, i));
        guint count = bin_count(stops->values, i);
        page_row(page, "%g\t%.6g\t%.6g\t%.6g\t%u\t%u", y, bin_edge(bin), bin_edge(bin + 1),
                 0.85 * count / most, stops->cell->strategy_index + 1, count);
    }
}

/* The three numbers, as marks (appended to `numbers`, the table's second block) and in words. */
static void row_draw(struct page *page, GString *numbers, const struct run_summary *s,
                     const struct stops *stops, double y) {
    const double *values = (const double *)(void *)stops->values->data;
    guint count = stops->values->len;
    double p50 = quantile_nearest_rank(values, count, 0.5);
    double p99 = quantile_nearest_rank(values, count, 0.99);
    double longest = values[count - 1];
    double per_run = round((double)count / stops->cell->ok->len);
    char *safe = page_text_safe(stops->cell->strategy);
    g_string_append_printf(numbers, "%g\t%.6g\t%.6g\t%.6g\t%u\t%u\t%s\t%s\t%s\n", y, p50, p99,
                           longest, stops->cell->strategy_index + 1, count, safe,
                           stops->cell->workload, stops->cell->parameters);
    g_free(safe);
    histogram_draw(page, stops, y);
    char *strategy = strategy_label(s, stops->cell->strategy_index);
    page_mark(page, 1, MARK_ROW, 0, y - 0.35, "%s", strategy);
    page_mark(page, 1, MARK_NOTE, 0, y - 0.35, "%s · %s · %s  (%s a run)", quantity_time(p50).text,
              quantity_time(p99).text, quantity_time(longest).text, quantity_exact(per_run).text);
    g_free(strategy);
}

static double rows_draw(struct page *page, const struct run_summary *s, const GArray *all) {
    const struct cell_summary *before = NULL;
    GString *numbers = g_string_new(NULL);
    double y = 0;
    for (guint i = 0; i < all->len; i++) {
        const struct stops *stops = &g_array_index(all, struct stops, i);
        if (before == NULL || !cells_same_work(before, stops->cell)) {
            char *label = cell_label(stops->cell);
            page_mark(page, 1, MARK_HEADING, 0, y + 0.5, "%s", label);
            g_free(label);
            y += 0.8;
        }
        y += 1;
        row_draw(page, numbers, s, stops, y);
        before = stops->cell;
    }
    page_block(page);
    g_string_append(page->table, numbers->str);
    g_string_free(numbers, TRUE);
    return y + 0.2;
}

static void extent_write(struct page *page, const GArray *all) {
    double least = INFINITY;
    double most = 0;
    for (guint i = 0; i < all->len; i++) {
        const GArray *values = g_array_index(all, struct stops, i).values;
        least = fmin(least, g_array_index(values, double, 0));
        most = fmax(most, g_array_index(values, double, values->len - 1));
    }
    page_number(page, "axis_start", least);
    page_number(page, "axis_end", most);
}

char *plot_pauses(const struct run_summary *s, GPtrArray *pages) {
    GArray *all = stops_collect(s);
    if (all->len == 0) {
        g_array_unref(all);
        return g_strdup("no ok record has a pause");
    }
    unsigned left_out = all->len > ROWS_MAX ? all->len - ROWS_MAX : 0;
    if (left_out > 0) {
        g_array_sort(all, stops_compare_count);
        g_array_set_size(all, ROWS_MAX);
    }
    g_array_sort(all, stops_compare);
    struct page *page = page_new("pauses", NULL);
    page->title = g_strdup("Stops of the world (shorter, further left, is better)");
    page->subtitle = g_strdup("share of single stops by how long they took, all repetitions; line: "
                              "median, diamond: 99th percentile, cross: longest (in words at the "
                              "right)");
    page_columns(page,
                 "row\tfrom ns\tto ns\theight\tstrategy number\tstops; then row\tmedian ns\t"
                 "99th percentile ns\tlongest ns\tstrategy number\tstops\tstrategy\tworkload\t"
                 "parameters");
    double rows = rows_draw(page, s, all);
    char *remark =
        left_out > 0
            ? g_strdup_printf("%u more rows with fewer stops are in pauses.csv.", left_out)
            : g_strdup("Cells that never stop the world have no row; of sweeps least, middle and "
                       "greatest value.");
    page_caption(page, s->cells, remark);
    g_free(remark);
    page_looks(page, s);
    extent_write(page, all);
    page_number(page, "rows", rows);
    page_number(page, "left_pixels", strategies_pixels(s) + 40);
    page->width = 1000;
    page->height = 162 + (unsigned)(rows * 30);
    g_ptr_array_add(pages, page);
    g_array_unref(all);
    return NULL;
}
