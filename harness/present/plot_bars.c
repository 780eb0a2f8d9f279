/*
 * Bars: a block of strategies per work, the best on top, a value beside each bar.
 *
 * One page per group, because a group's workloads are what shall be compared. The axis begins at
 * zero.
 */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

/* Times further apart than this go on a logarithmic axis. */
#define LINEAR_RATIO_MOST 30

struct bars_panel {
    const char *title;
    const char *column;
    struct quantity (*write)(double value);
};

struct bars {
    const char *script;
    const char *title; /* "%s" is the group */
    const char *subtitle;
    struct bars_panel panels[2];
    unsigned panel_count;
    bool exact; /* counts, not times: equal means equal */
};

/* A strategy's cell in a block; value: of the first panel, which sorts. */
struct bar {
    const struct cell_summary *cell;
    double value;
};

/* Unknown values (NaN) last; the run's order among equals. */
static int bar_compare(gconstpointer x, gconstpointer y) {
    const struct bar *a = x;
    const struct bar *b = y;
    if (isnan(a->value) != isnan(b->value)) {
        return isnan(a->value) ? 1 : -1;
    }
    if (a->value != b->value && !isnan(a->value)) {
        return a->value < b->value ? -1 : 1;
    }
    return (a->cell->strategy_index > b->cell->strategy_index) -
           (a->cell->strategy_index < b->cell->strategy_index);
}

/* Measured cells and failed ones; skipped and unavailable ones are in the caption only. */
static GArray *block_bars(const struct run_summary *s, const struct cell_summary *work,
                          const char *column) {
    GArray *bars = g_array_new(FALSE, FALSE, sizeof(struct bar));
    for (guint i = 0; i < s->strategies->len; i++) {
        const struct cell_summary *cell = summary_find(s, work, i);
        bool shown = cell != NULL &&
                     (cell->records[CELL_STATUS_OK] > 0 || cell_status_is_failure(cell->problem));
        if (shown) {
            struct bar bar = {cell, cell_estimate(cell, column)->median};
            g_array_append_val(bars, bar);
        }
    }
    g_array_sort(bars, bar_compare);
    return bars;
}

/* "55.1 ns  ×10.2", against the best of the block. */
static char *bar_text(const struct bars_panel *panel, const struct estimate *own,
                      const struct estimate *best, bool is_best) {
    struct quantity value = panel->write(own->median);
    if (best == NULL || !(best->median > 0) || is_best || best->median == own->median) {
        return g_strdup(value.text);
    }
    double ratio = own->median / best->median;
    bool differs = estimates_differ(own, best);
    return g_strdup_printf("%s  %s%s", value.text, differs ? "" : "≈ ", quantity_ratio(ratio).text);
}

static void bar_draw(struct page *page, const struct bars *bars, unsigned p, const struct bar *bar,
                     const struct bar *best, double y) {
    const struct bars_panel *panel = &bars->panels[p];
    const struct estimate *e = cell_estimate(bar->cell, panel->column);
    if (e->count == 0) {
        const char *why = bar->cell->records[CELL_STATUS_OK] > 0
                              ? "not known"
                              : cell_status_name(bar->cell->problem);
        page_mark(page, p + 1, MARK_VALUE, 0, y, "%s", why);
        return;
    }
    char *strategy = page_text_safe(bar->cell->strategy);
    page_row(page, "%u\t%g\t%.9g\t%.9g\t%.9g\t%u\t%s\t%s\t%s", p + 1, y, e->median, e->low, e->high,
             bar->cell->strategy_index + 1, strategy, bar->cell->workload, bar->cell->parameters);
    g_free(strategy);
    const struct estimate *least = cell_estimate(best->cell, panel->column);
    char *text = bar_text(panel, e, least->count > 0 ? least : NULL, bar->cell == best->cell);
    double end = isnan(e->high) ? e->median : MAX(e->median, e->high);
    page_mark(page, p + 1, MARK_VALUE, end, y, "%s", text);
    g_free(text);
}

/* Whether every bar has the same value in every panel. */
static bool block_is_equal(const struct bars *bars, const GArray *block) {
    const struct bar *first = &g_array_index(block, struct bar, 0);
    for (guint i = 0; i < block->len; i++) {
        const struct bar *bar = &g_array_index(block, struct bar, i);
        for (unsigned p = 0; p < bars->panel_count; p++) {
            const struct estimate *e = cell_estimate(bar->cell, bars->panels[p].column);
            const struct estimate *f = cell_estimate(first->cell, bars->panels[p].column);
            if (!(e->least == f->most && e->most == f->most)) {
                return false;
            }
        }
    }
    return block->len > 1;
}

/* Equal exact numbers need one bar; strategy 0 is all of them. */
static void equal_draw(struct page *page, const struct bars *bars, const GArray *block, double y) {
    const struct cell_summary *cell = g_array_index(block, struct bar, 0).cell;
    page_mark(page, 1, MARK_ROW, 0, y, "all %u alike", block->len);
    for (unsigned p = 0; p < bars->panel_count; p++) {
        const struct bars_panel *panel = &bars->panels[p];
        double value = cell_estimate(cell, panel->column)->median;
        page_row(page, "%u\t%g\t%.9g\t%.9g\t%.9g\t0\tall\t%s\t%s", p + 1, y, value, value, value,
                 cell->workload, cell->parameters);
        page_mark(page, p + 1, MARK_VALUE, value, y, "%s", panel->write(value).text);
    }
}

/* A heading and its bars; returns the height after it, in rows. */
static double block_draw(struct page *page, const struct bars *bars, const struct run_summary *s,
                         const struct cell_summary *work, double y) {
    GArray *block = block_bars(s, work, bars->panels[0].column);
    if (block->len == 0) {
        g_array_unref(block);
        return y;
    }
    char *label = cell_label(work);
    page_mark(page, 1, MARK_HEADING, 0, y + 0.5, "%s", label);
    g_free(label);
    y += 1;
    if (bars->exact && block_is_equal(bars, block)) {
        equal_draw(page, bars, block, y + 0.5);
        g_array_unref(block);
        return y + 1.4;
    }
    const struct bar *best = &g_array_index(block, struct bar, 0);
    for (guint i = 0; i < block->len; i++, y += 1) {
        const struct bar *bar = &g_array_index(block, struct bar, i);
        char *strategy = strategy_label(s, bar->cell->strategy_index);
        page_mark(page, 1, MARK_ROW, 0, y + 0.5, "%s", strategy);
        g_free(strategy);
        for (unsigned p = 0; p < bars->panel_count; p++) {
            bar_draw(page, bars, p, bar, best, y + 0.5);
        }
    }
    g_array_unref(block);
    return y + 0.4;
}

static bool works_have(const struct run_summary *s, const GPtrArray *works, const char *column) {
    for (guint w = 0; w < works->len; w++) {
        for (guint i = 0; i < s->strategies->len; i++) {
            const struct cell_summary *cell = summary_find(s, g_ptr_array_index(works, w), i);
            if (cell != NULL && cell_has(cell, column)) {
                return true;
            }
        }
    }
    return false;
}

/* Where the axis begins: 0, or, when times lie so far apart that most bars would vanish, the power
   of ten below the least. Counts stay linear: 0 is one of them. */
static double axis_start(const struct bars *bars, const struct run_summary *s,
                         const GPtrArray *works, const char *column) {
    double least = INFINITY;
    double most = 0;
    GPtrArray *cells = works_cells(s, works);
    for (guint i = 0; i < cells->len; i++) {
        const struct estimate *e = cell_estimate(g_ptr_array_index(cells, i), column);
        if (e->count > 0) {
            least = fmin(least, isnan(e->low) ? e->median : fmin(e->low, e->median));
            most = fmax(most, e->median);
        }
    }
    g_ptr_array_unref(cells);
    if (bars->exact || !(least > 0) || !(most > least * LINEAR_RATIO_MOST)) {
        return 0;
    }
    return pow(10, floor(log10(least)));
}

static double works_most(const struct run_summary *s, const GPtrArray *works, const char *column) {
    double most = 0;
    GPtrArray *cells = works_cells(s, works);
    for (guint i = 0; i < cells->len; i++) {
        const struct estimate *e = cell_estimate(g_ptr_array_index(cells, i), column);
        most = e->count > 0 ? fmax(most, fmax(e->median, isnan(e->high) ? 0 : e->high)) : most;
    }
    g_ptr_array_unref(cells);
    return most;
}

static void bars_page(GPtrArray *pages, const struct bars *bars, const struct run_summary *s,
                      const GPtrArray *works) {
    const struct cell_summary *first = g_ptr_array_index(works, 0);
    struct page *page = page_new(bars->script, first->group);
    page->title = g_strdup_printf(bars->title, first->group);
    page->subtitle = g_strdup(bars->subtitle);
    page_columns(page,
                 "panel\trow\tvalue\tlow\thigh\tstrategy number\tstrategy\tworkload\tparameters");
    GPtrArray *cells = works_cells(s, works);
    page_caption(page, cells, "");
    g_ptr_array_unref(cells);
    double y = 0;
    for (guint w = 0; w < works->len; w++) {
        y = block_draw(page, bars, s, g_ptr_array_index(works, w), y);
    }
    double starts[2];
    double ends[2];
    for (unsigned p = 0; p < bars->panel_count; p++) {
        ends[p] = works_most(s, works, bars->panels[p].column);
        ends[p] = ends[p] > 0 ? ends[p] : 1;
        starts[p] = axis_start(bars, s, works, bars->panels[p].column);
        page_mark(page, p + 1, MARK_TITLE, 0, 0, "%s%s", bars->panels[p].title,
                  starts[p] > 0 ? ", logarithmic" : "");
    }
    page_looks(page, s);
    page_numbers(page, "panel_start", starts, bars->panel_count);
    page_numbers(page, "panel_end", ends, bars->panel_count);
    page_number(page, "panels", bars->panel_count);
    page_number(page, "rows", y);
    page_number(page, "label_pixels", strategies_pixels(s) + 40);
    page->width = 1000;
    page->height = 150 + (unsigned)(y * 22);
    g_ptr_array_add(pages, page);
}

static char *bars_build(const struct bars *bars, const struct run_summary *s, GPtrArray *pages) {
    guint before = pages->len;
    GPtrArray *all = works_representative(s);
    for (guint i = 0; i < all->len;) {
        const struct cell_summary *first = g_ptr_array_index(all, i);
        GPtrArray *works = g_ptr_array_new();
        for (; i < all->len; i++) {
            struct cell_summary *work = g_ptr_array_index(all, i);
            if (strcmp(work->group, first->group) != 0) {
                break;
            }
            g_ptr_array_add(works, work);
        }
        if (works_have(s, works, bars->panels[0].column)) {
            bars_page(pages, bars, s, works);
        }
        g_ptr_array_unref(works);
    }
    g_ptr_array_unref(all);
    return pages->len > before ? NULL
                               : g_strdup_printf("no ok record has %s", bars->panels[0].column);
}

char *plot_ns_per_op(const struct run_summary *s, GPtrArray *pages) {
    static const struct bars bars = {
        .script = "ns-per-op",
        .title = "%s: time per operation (shorter is better)",
        .subtitle = "median wall time in ns/op, whiskers: interval of the median; × the fastest of "
                    "its block, ≈ no difference shown",
        .panels = {{"ns/op", "ns_per_op", quantity_time}},
        .panel_count = 1,
    };
    return bars_build(&bars, s, pages);
}

char *plot_allocation(const struct run_summary *s, GPtrArray *pages) {
    static const struct bars bars = {
        .script = "allocation",
        .title = "%s: memory allocated per operation (less is better)",
        .subtitle = "exact counts: bytes the allocator handed out, by size class or usable size, "
                    "and objects",
        .panels = {{"B/op", "bytes_per_op", quantity_bytes},
                   {"allocs/op", "allocs_per_op", quantity_exact}},
        .panel_count = 2,
        .exact = true,
    };
    return bars_build(&bars, s, pages);
}
