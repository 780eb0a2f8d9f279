/*
 * A value copied against a pointer to it, by the size of the struct: a panel per strategy, and
 * where the two lines cross.
 */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

enum { SIZES_MAX = 64, COLUMNS = 3 };

struct pair {
    size_t count;
    double sizes[SIZES_MAX], copy[SIZES_MAX], pointer[SIZES_MAX];
    const struct cell_summary *copy_cells[SIZES_MAX], *pointer_cells[SIZES_MAX];
};

static const struct cell_summary *twin_find(const struct run_summary *s,
                                            const struct cell_summary *copy) {
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (strcmp(cell->workload, "create-pointer") == 0 &&
            cell->strategy_index == copy->strategy_index && cell->threads == copy->threads &&
            strcmp(cell->parameters, copy->parameters) == 0 && cell_has(cell, "ns_per_op")) {
            return cell;
        }
    }
    return NULL;
}

/* Cells are sorted by their parameters' numbers, so sizes ascend. */
static void pair_collect(struct pair *pair, const struct run_summary *s, unsigned strategy_index) {
    pair->count = 0;
    for (guint i = 0; i < s->cells->len && pair->count < SIZES_MAX; i++) {
        const struct cell_summary *copy = g_ptr_array_index(s->cells, i);
        double bytes;
        bool fits = strcmp(copy->workload, "create-copy") == 0 && copy->threads == 1 &&
                    copy->strategy_index == strategy_index && cell_has(copy, "ns_per_op") &&
                    cell_parameter(copy, "bytes", &bytes);
        const struct cell_summary *pointer = fits ? twin_find(s, copy) : NULL;
        if (pointer != NULL) {
            pair->sizes[pair->count] = bytes;
            pair->copy[pair->count] = cell_estimate(copy, "ns_per_op")->median;
            pair->pointer[pair->count] = cell_estimate(pointer, "ns_per_op")->median;
            pair->copy_cells[pair->count] = copy;
            pair->pointer_cells[pair->count] = pointer;
            pair->count++;
        }
    }
}

/* How many sizes have the copy as the cheaper one. */
static size_t copies_cheaper(const struct pair *pair) {
    size_t cheaper = 0;
    for (size_t i = 0; i < pair->count; i++) {
        cheaper += pair->copy[i] < pair->pointer[i];
    }
    return cheaper;
}

/* Who won and by how much, in words. */
static void pair_remark(struct page *page, unsigned panel, const struct pair *pair,
                        double *crossing) {
    size_t last = pair->count - 1;
    size_t cheaper = copies_cheaper(pair);
    struct quantity copy_gain = quantity_ratio(pair->pointer[0] / pair->copy[0]);
    struct quantity copy_gain_last = quantity_ratio(pair->pointer[last] / pair->copy[last]);
    struct quantity pointer_gain = quantity_ratio(pair->copy[last] / pair->pointer[last]);
    struct quantity from = quantity_size(pair->sizes[0]);
    struct quantity to = quantity_size(pair->sizes[last]);
    *crossing = NAN;
    if (crossing_find(pair->sizes, pair->copy, pair->pointer, pair->count, crossing)) {
        page_mark(page, panel, MARK_REMARK, 0, 0,
                  "pointer cheaper from %s B on (%s at %s); copy below, %s at %s B",
                  quantity_plain(*crossing).text, pointer_gain.text, to.text, copy_gain.text,
                  from.text);
    } else if (cheaper == pair->count) {
        page_mark(page, panel, MARK_REMARK, 0, 0,
                  "no crossing: copy cheaper at every size, %s at %s B, %s at %s", copy_gain.text,
                  from.text, copy_gain_last.text, to.text);
    } else if (cheaper == 0) {
        page_mark(page, panel, MARK_REMARK, 0, 0,
                  "no crossing: pointer cheaper at every size, %s at %s", pointer_gain.text,
                  to.text);
    } else {
        page_mark(page, panel, MARK_REMARK, 0, 0,
                  "no lasting crossing: copy cheaper at %zu of %zu sizes, %s at %s", cheaper,
                  pair->count, copy_gain_last.text, to.text);
    }
}

static char *crossing_text(double crossing) {
    return isnan(crossing) ? g_strdup("") : g_strdup_printf("%s B", quantity_plain(crossing).text);
}

static void pair_draw(struct page *page, unsigned panel, const struct pair *pair) {
    for (size_t i = 0; i < pair->count; i++) {
        const struct estimate *copy = cell_estimate(pair->copy_cells[i], "ns_per_op");
        const struct estimate *pointer = cell_estimate(pair->pointer_cells[i], "ns_per_op");
        char *strategy = page_text_safe(pair->copy_cells[i]->strategy);
        page_row(page, "%u\t%.0f\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%u\t%s", panel,
                 pair->sizes[i], copy->median, copy->low, copy->high, pointer->median, pointer->low,
                 pointer->high, pair->copy_cells[i]->strategy_index + 1, strategy);
        g_free(strategy);
    }
    page_block(page);
}

static void pair_extent(const struct pair *pair, double *extent) {
    for (size_t i = 0; i < pair->count; i++) {
        extent[0] = fmin(extent[0], pair->sizes[i]);
        extent[1] = fmax(extent[1], pair->sizes[i]);
        extent[2] = fmin(extent[2], fmin(pair->copy[i], pair->pointer[i]));
        extent[3] = fmax(extent[3], fmax(pair->copy[i], pair->pointer[i]));
    }
}

static void pages_finish(struct page *page, const struct run_summary *s, unsigned panels) {
    GPtrArray *cells = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (strcmp(cell->group, "create") == 0) {
            g_ptr_array_add(cells, cell);
        }
    }
    page_caption(page, cells, "");
    g_ptr_array_unref(cells);
    page->title = g_strdup("A value copied or a pointer to it, by size (lower is better)");
    page->subtitle = g_strdup("create-copy against create-pointer; both axes logarithmic; median, "
                              "whiskers: interval of the median");
    page_looks(page, s);
    unsigned columns = MIN(panels, COLUMNS);
    columns = panels == 4 ? 2 : columns;
    page_number(page, "panels", panels);
    page_number(page, "columns", columns);
    page->width = MAX(820U, 40 + columns * 500);
    page->height = 110 + (panels + columns - 1) / columns * 350;
}

char *plot_copy_pointer(const struct run_summary *s, GPtrArray *pages) {
    struct page *page = page_new("copy-pointer", NULL);
    struct pair *pair = g_new(struct pair, 1);
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    double *crossings = g_new(double, s->strategies->len);
    double *looks = g_new(double, s->strategies->len);
    double extent[4] = {INFINITY, 0, INFINITY, 0};
    unsigned panels = 0;
    page_columns(page, "panel\tbytes\tcopy ns/op\tlow\thigh\tpointer ns/op\tlow\thigh\t"
                       "strategy number\tstrategy");
    for (guint i = 0; i < s->strategies->len; i++) {
        pair_collect(pair, s, i);
        if (pair->count >= 2) {
            char *strategy = strategy_label(s, i);
            page_mark(page, panels + 1, MARK_TITLE, 0, 0, "%s", strategy);
            g_free(strategy);
            pair_draw(page, panels + 1, pair);
            pair_remark(page, panels + 1, pair, &crossings[panels]);
            pair_extent(pair, extent);
            g_ptr_array_add(texts, crossing_text(crossings[panels]));
            looks[panels++] = i + 1;
        }
    }
    if (panels > 0) {
        page_numbers(page, "crossing", crossings, panels);
        page_strings(page, "crossing_text", texts);
        page_numbers(page, "panel_look", looks, panels);
        page_numbers(page, "extent", extent, 4);
        pages_finish(page, s, panels);
        g_ptr_array_add(pages, page);
    } else {
        page_free(page);
    }
    g_ptr_array_unref(texts);
    g_free(looks);
    g_free(crossings);
    g_free(pair);
    return panels > 0 ? NULL
                      : g_strdup("it needs create-copy and create-pointer with two sizes or more "
                                 "(--param bytes=...)");
}
