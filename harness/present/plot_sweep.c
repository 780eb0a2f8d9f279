/*
 * Lines: cost over object size, throughput over threads.
 */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

/* A strategy with what its legend is sorted by. */
struct ranked {
    unsigned strategy_index;
    double value;
    char *text;
};

static void ranked_clear(gpointer pointer) {
    g_free(((struct ranked *)pointer)->text);
}

static int ranked_compare(gconstpointer x, gconstpointer y) {
    double a = ((const struct ranked *)x)->value;
    double b = ((const struct ranked *)y)->value;
    return (a > b) - (a < b);
}

/* The legend stands right of the panel, the best on top. */
static void legend_draw(struct page *page, const struct run_summary *s, unsigned panel,
                        GArray *ranked, const char *heading) {
    g_array_sort(ranked, ranked_compare);
    page_mark(page, panel, MARK_COLUMN_HEAD, 0, 0, "%s", heading);
    for (guint i = 0; i < ranked->len; i++) {
        const struct ranked *r = &g_array_index(ranked, struct ranked, i);
        char *strategy = strategy_label(s, r->strategy_index);
        page_mark(page, panel, MARK_LEGEND, r->strategy_index + 1, i + 1.0, "%s  %s", r->text,
                  strategy);
        g_free(strategy);
    }
}

static GArray *ranked_new(void) {
    GArray *ranked = g_array_new(FALSE, FALSE, sizeof(struct ranked));
    g_array_set_clear_func(ranked, ranked_clear);
    return ranked;
}

static void ranked_add(GArray *ranked, unsigned strategy_index, double value, char *text) {
    struct ranked r = {strategy_index, value, text};
    g_array_append_val(ranked, r);
}

static bool is_of_sizes(const struct cell_summary *cell) {
    double bytes;
    return strcmp(cell->group, "sizes") == 0 && cell_parameter(cell, "bytes", &bytes) &&
           cell_has(cell, "ns_per_op");
}

static uint64_t sizes_threads(const struct run_summary *s) {
    uint64_t least = UINT64_MAX;
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        least = is_of_sizes(cell) ? MIN(least, cell->threads) : least;
    }
    return least;
}

static int cell_compare_bytes(gconstpointer x, gconstpointer y) {
    double a = 0;
    double b = 0;
    cell_parameter(*(struct cell_summary *const *)x, "bytes", &a);
    cell_parameter(*(struct cell_summary *const *)y, "bytes", &b);
    return (a > b) - (a < b);
}

/* tiny, small and large of one strategy as one line, by size. */
static GPtrArray *sizes_of(const struct run_summary *s, unsigned strategy_index, uint64_t threads) {
    GPtrArray *cells = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (is_of_sizes(cell) && cell->strategy_index == strategy_index &&
            cell->threads == threads) {
            g_ptr_array_add(cells, cell);
        }
    }
    g_ptr_array_sort(cells, cell_compare_bytes);
    return cells;
}

static double best_ns(const struct run_summary *s, const struct cell_summary *work) {
    double best = INFINITY;
    for (guint i = 0; i < s->strategies->len; i++) {
        const struct cell_summary *cell = summary_find(s, work, i);
        if (cell != NULL && cell_has(cell, "ns_per_op")) {
            best = fmin(best, cell_estimate(cell, "ns_per_op")->median);
        }
    }
    return best;
}

struct box {
    double x_least, x_most, y_least, y_most;
};

static void box_add(struct box *box, double x, const struct estimate *e) {
    box->x_least = fmin(box->x_least, x);
    box->x_most = fmax(box->x_most, x);
    box->y_least = fmin(box->y_least, isnan(e->low) ? e->median : e->low);
    box->y_most = fmax(box->y_most, isnan(e->high) ? e->median : e->high);
}

static void box_write(struct page *page, const struct box *box) {
    page_number(page, "x_least", box->x_least);
    page_number(page, "x_most", box->x_most);
    page_number(page, "y_least", box->y_least);
    page_number(page, "y_most", box->y_most);
}

/* One line; its legend is the geometric mean of its ratios to the best at each size. */
static void sweep_line(struct page *page, const struct run_summary *s, const GPtrArray *cells,
                       GArray *ranked, struct box *box) {
    double logs = 0;
    for (guint i = 0; i < cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(cells, i);
        const struct estimate *e = cell_estimate(cell, "ns_per_op");
        double bytes = 0;
        cell_parameter(cell, "bytes", &bytes);
        char *strategy = page_text_safe(cell->strategy);
        page_row(page, "%.0f\t%.9g\t%.9g\t%.9g\t%u\t%s\t%s", bytes, e->median, e->low, e->high,
                 cell->strategy_index + 1, strategy, cell->workload);
        g_free(strategy);
        logs += log(e->median / best_ns(s, cell));
        box_add(box, bytes, e);
    }
    page_block(page);
    if (cells->len > 0) {
        const struct cell_summary *cell = g_ptr_array_index(cells, 0);
        double mean = exp(logs / cells->len);
        ranked_add(ranked, cell->strategy_index, mean, g_strdup(quantity_ratio(mean).text));
    }
}

static GPtrArray *sizes_all(const struct run_summary *s, uint64_t threads) {
    GPtrArray *cells = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (strcmp(cell->group, "sizes") == 0 && cell->threads == threads) {
            g_ptr_array_add(cells, cell);
        }
    }
    return cells;
}

char *plot_size_sweep(const struct run_summary *s, GPtrArray *pages) {
    uint64_t threads = sizes_threads(s);
    struct page *page = page_new("size-sweep", NULL);
    GArray *ranked = ranked_new();
    struct box box = {INFINITY, 0, INFINITY, 0};
    page_columns(page, "bytes\tns/op\tlow\thigh\tstrategy number\tstrategy\tworkload");
    for (guint i = 0; i < s->strategies->len; i++) {
        GPtrArray *cells = sizes_of(s, i, threads);
        sweep_line(page, s, cells, ranked, &box);
        g_ptr_array_unref(cells);
    }
    bool drawable = ranked->len > 0 && box.x_most > box.x_least;
    if (!drawable) {
        g_array_unref(ranked);
        page_free(page);
        return g_strdup("it needs the group sizes with two sizes or more (--param bytes=...)");
    }
    page->title = g_strdup("Time per operation by object size (lower is better)");
    page->subtitle = g_strdup("workloads tiny, small and large; both axes logarithmic; median, "
                              "whiskers: interval of the median");
    GPtrArray *cells = sizes_all(s, threads);
    page_caption(page, cells, "");
    g_ptr_array_unref(cells);
    legend_draw(page, s, 1, ranked, "× the best of each size, geometric mean");
    page_looks(page, s);
    box_write(page, &box);
    page_number(page, "right_pixels", MAX(290U, strategies_pixels(s) + 100));
    page->width = 780 + MAX(290U, strategies_pixels(s) + 100);
    page->height = 620;
    g_array_unref(ranked);
    g_ptr_array_add(pages, page);
    return NULL;
}

/* Throughput is threads / ns_per_op; relative to the own one-thread cell. */
static bool scaling_of(const struct run_summary *s, const struct cell_summary *cell,
                       struct estimate *out) {
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *one = g_ptr_array_index(s->cells, i);
        bool is_base = one->threads == 1 && one->strategy_index == cell->strategy_index &&
                       strcmp(one->workload, cell->workload) == 0 &&
                       strcmp(one->parameters, cell->parameters) == 0;
        if (is_base && cell_has(one, "ns_per_op") && cell_has(cell, "ns_per_op")) {
            double base = cell_estimate(one, "ns_per_op")->median * (double)cell->threads;
            *out = *cell_estimate(cell, "ns_per_op");
            double low = out->low;
            out->median = base / out->median;
            out->low = base / out->high;
            out->high = base / low;
            return true;
        }
    }
    return false;
}

static bool cells_same_but_threads(const struct cell_summary *a, const struct cell_summary *b) {
    return strcmp(a->workload, b->workload) == 0 && strcmp(a->parameters, b->parameters) == 0;
}

/* Works that ran with one thread and with more; the first of small and of large, then any other. */
static GPtrArray *scaling_works(const struct run_summary *s) {
    enum { PANELS_MAX = 4 };
    GPtrArray *works = g_ptr_array_new();
    for (int preferred = 1; preferred >= 0; preferred--) {
        for (guint i = 0; i < s->cells->len && works->len < PANELS_MAX; i++) {
            struct cell_summary *cell = g_ptr_array_index(s->cells, i);
            struct estimate e;
            bool wanted = cell->threads > 1 && scaling_of(s, cell, &e) &&
                          (strcmp(cell->group, "sizes") == 0) == preferred;
            for (guint w = 0; w < works->len && wanted; w++) {
                wanted = !cells_same_but_threads(cell, g_ptr_array_index(works, w));
            }
            if (wanted) {
                g_ptr_array_add(works, cell);
            }
        }
    }
    return works;
}

static void scaling_panel(struct page *page, const struct run_summary *s, unsigned panel,
                          const struct cell_summary *work, struct box *box) {
    GArray *ranked = ranked_new();
    double last_threads = 1;
    for (guint k = 0; k < s->strategies->len; k++) {
        double last = NAN;
        for (guint i = 0; i < s->cells->len; i++) {
            const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
            struct estimate e;
            if (cell->strategy_index == k && cells_same_but_threads(cell, work) &&
                scaling_of(s, cell, &e)) {
                char *strategy = page_text_safe(cell->strategy);
                page_row(page, "%u\t%g\t%.6g\t%.6g\t%.6g\t%u\t%s", panel, (double)cell->threads,
                         e.median, e.low, e.high, k + 1, strategy);
                g_free(strategy);
                box_add(box, (double)cell->threads, &e);
                last = e.median;
                last_threads = fmax(last_threads, (double)cell->threads);
            }
        }
        page_block(page);
        if (!isnan(last)) {
            ranked_add(ranked, k, -last, g_strdup(quantity_ratio(last).text));
        }
    }
    char *heading = g_strdup_printf("at %.0f threads", last_threads);
    legend_draw(page, s, panel, ranked, heading);
    g_free(heading);
    page_mark(page, panel, MARK_TITLE, 0, 0, "%s  %s", work->workload, work->parameters);
    g_array_unref(ranked);
}

static void scaling_caption(struct page *page, const struct run_summary *s,
                            const GPtrArray *works) {
    GPtrArray *cells = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        for (guint w = 0; w < works->len; w++) {
            if (cells_same_but_threads(cell, g_ptr_array_index(works, w))) {
                g_ptr_array_add(cells, cell);
            }
        }
    }
    page_caption(page, cells, "");
    g_ptr_array_unref(cells);
}

char *plot_thread_scaling(const struct run_summary *s, GPtrArray *pages) {
    GPtrArray *works = scaling_works(s);
    if (works->len == 0) {
        g_ptr_array_unref(works);
        return g_strdup("it needs a workload with one thread and with more (--threads 1,2)");
    }
    struct page *page = page_new("thread-scaling", NULL);
    struct box box = {1, 1, 0, 1};
    page->title = g_strdup("Throughput of several threads (higher is better)");
    page->subtitle =
        g_strdup("operations per second relative to the same strategy with one thread; "
                 "dashed: ideal; whiskers: interval of the median");
    page_columns(page, "panel\tthreads\tspeed-up\tlow\thigh\tstrategy number\tstrategy");
    for (guint w = 0; w < works->len; w++) {
        scaling_panel(page, s, w + 1, g_ptr_array_index(works, w), &box);
    }
    scaling_caption(page, s, works);
    page_looks(page, s);
    box_write(page, &box);
    unsigned right = MAX(180U, strategies_pixels(s) + 90);
    unsigned columns = works->len > 1 ? 2 : 1;
    page_number(page, "panels", works->len);
    page_number(page, "columns", columns);
    page_number(page, "right_pixels", right);
    page->width = 60 + columns * (340 + right);
    page->height = 110 + (works->len + columns - 1) / columns * 380;
    g_ptr_array_unref(works);
    g_ptr_array_add(pages, page);
    return NULL;
}
