/*
 * The matrix at a glance: a row per work, a column per strategy, the ratio to the best of the row.
 *
 * Lightness goes with the logarithm of the ratio. A pair that was not measured shows its status.
 */
#include <math.h>
#include <string.h>

#include "harness/present/palette.h"
#include "harness/present/plot_builders.h"

static double row_best(const struct run_summary *s, const struct cell_summary *work) {
    double best = INFINITY;
    for (guint i = 0; i < s->strategies->len; i++) {
        const struct cell_summary *cell = summary_find(s, work, i);
        if (cell != NULL && cell_has(cell, "ns_per_op")) {
            best = fmin(best, cell_estimate(cell, "ns_per_op")->median);
        }
    }
    return best;
}

/* Where the colours end: at the greatest ratio, but not below 10, so that what is 5 % slower does
   not look as if it were ten times slower. */
static double ratio_most(const struct run_summary *s, const GPtrArray *works) {
    double most = 10;
    for (guint w = 0; w < works->len; w++) {
        const struct cell_summary *work = g_ptr_array_index(works, w);
        double best = row_best(s, work);
        for (guint i = 0; i < s->strategies->len; i++) {
            const struct cell_summary *cell = summary_find(s, work, i);
            if (cell != NULL && cell_has(cell, "ns_per_op") && best > 0) {
                most = fmax(most, cell_estimate(cell, "ns_per_op")->median / best);
            }
        }
    }
    return most;
}

/* A field of the heat map; grey with its status when it was not measured. */
static void field_draw(struct page *page, const struct cell_summary *cell, double best, double most,
                       double y) {
    double x = cell->strategy_index + 0.5;
    char *strategy = page_text_safe(cell->strategy);
    bool measured = cell_has(cell, "ns_per_op") && best > 0;
    double ratio = measured ? cell_estimate(cell, "ns_per_op")->median / best : NAN;
    uint32_t rgb = measured ? palette_heat(ratio, most) : 0xF2F2F2;
    page_row(page, "%g\t%g\t%g\t%u\t%s\t%s\t%s\t%s", x, y, ratio, rgb, strategy, cell->workload,
             cell->parameters, measured ? "ok" : cell_status_name(cell->problem));
    enum mark_kind kind = measured && palette_is_dark(rgb) ? MARK_INVERSE : MARK_INSIDE;
    if (!measured) {
        page_mark(page, 1, kind, x, y, "%s", cell_status_name(cell->problem));
    } else {
        const char *flag = cell_status_is_failure(cell->problem) ? " !" : "";
        page_mark(page, 1, kind, x, y, "%s%s", ratio < 1.005 ? "best" : quantity_ratio(ratio).text,
                  flag);
    }
    g_free(strategy);
}

/* Returns the height after the row. */
static double row_draw(struct page *page, const struct run_summary *s,
                       const struct cell_summary *work, double most, double y) {
    char *label = cell_label(work);
    double best = row_best(s, work);
    page_mark(page, 1, MARK_ROW, 0, y + 0.5, "%s", label);
    if (!isinf(best)) {
        page_mark(page, 1, MARK_NOTE, 0, y + 0.5, "best %s", quantity_time(best).text);
    }
    g_free(label);
    for (guint i = 0; i < s->strategies->len; i++) {
        const struct cell_summary *cell = summary_find(s, work, i);
        if (cell != NULL) {
            field_draw(page, cell, best, most, y + 0.5);
        }
    }
    return y + 1;
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

/* Swatches at ratios between 1 and the greatest one. */
static void scale_draw(struct page *page, double most) {
    enum { SWATCHES = 5 };
    double colours[SWATCHES];
    g_string_append_printf(page->job, "array swatch_text[%d]\n", SWATCHES);
    for (unsigned i = 0; i < SWATCHES; i++) {
        double ratio = pow(most, i / (SWATCHES - 1.0));
        colours[i] = palette_heat(ratio, most);
        g_string_append_printf(page->job, "swatch_text[%u] = '%s'\n", i + 1,
                               quantity_ratio(ratio).text);
    }
    page_numbers(page, "swatch_color", colours, SWATCHES);
}

char *plot_overview(const struct run_summary *s, GPtrArray *pages) {
    GPtrArray *works = works_representative(s);
    double most = ratio_most(s, works);
    struct page *page = page_new("overview", NULL);
    double y = 0;
    bool any = false;
    page_columns(page, "column\trow\tratio\tcolour\tstrategy\tworkload\tparameters\tstatus");
    for (guint w = 0; w < works->len; w++) {
        const struct cell_summary *work = g_ptr_array_index(works, w);
        any |= !isinf(row_best(s, work));
        y = row_draw(page, s, work, most, y);
    }
    for (guint i = 0; i < s->strategies->len; i++) {
        char *strategy = strategy_label(s, i);
        page_mark(page, 1, MARK_COLUMN, i + 0.5, 0, "%s", strategy);
        g_free(strategy);
    }
    page->title = g_strdup("Every workload under every strategy (lighter is better)");
    page->subtitle = g_strdup("ns/op as a multiple of the best of its row; colours over the "
                              "logarithm of the ratio");
    GPtrArray *cells = works_cells(s, works);
    page_caption(page, cells, "Sweeps: least, middle and greatest value only.");
    g_ptr_array_unref(cells);
    page_looks(page, s);
    scale_draw(page, most);
    unsigned head = 60 + strategies_pixels(s) / 2;
    unsigned left = labels_pixels(works) + 24;
    page_number(page, "rows", y);
    page_number(page, "left_pixels", left);
    page_number(page, "head_pixels", head);
    page_number(page, "right_pixels", 150);
    page->width = MAX(720U, left + s->strategies->len * 88 + 150 + strategies_pixels(s) / 3);
    page->height = head + 80 + (unsigned)(y * 24);
    g_ptr_array_unref(works);
    if (!any) {
        page_free(page);
        return g_strdup("no ok record has ns_per_op");
    }
    g_ptr_array_add(pages, page);
    return NULL;
}
