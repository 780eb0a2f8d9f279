/*
 * The power curve: how often the gate says REGRESSED, over the slow-down that was planted, a line
 * per time that a cell is given. At 0 % the lines should lie on the ground: that is its errors.
 */
#include "harness/present/plot_gate_power.h"

#include "harness/store/gate_curve.h"

enum { LINES_MAX = 8 };

/* The times of the curve, ascending as they come. */
static size_t lines_find(const GArray *curve, double seconds[LINES_MAX]) {
    size_t count = 0;
    for (guint i = 0; i < curve->len && count < LINES_MAX; i++) {
        double s = g_array_index(curve, struct gate_curve_row, i).seconds;
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known |= seconds[k] <= s && seconds[k] >= s;
        if (!known)
            seconds[count++] = s;
    }
    return count;
}

/* Rows of all cells together; gnuplot reads them as an index. */
static void line_draw(struct page *page, const GArray *curve, double seconds) {
    for (guint i = 0; i < curve->len; i++) {
        const struct gate_curve_row *row = &g_array_index(curve, struct gate_curve_row, i);
        if (row->cell != NULL || row->drawn == 0 || row->seconds < seconds ||
            row->seconds > seconds)
            continue;
        page_row(page, "%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%" G_GUINT64_FORMAT, row->planted * 100,
                 100 * (double)row->drawn_regressed / (double)row->drawn, row->low * 100,
                 row->high * 100, seconds, row->drawn);
    }
    page_block(page);
}

static char *fresh_text(const GArray *curve, double seconds) {
    uint64_t fresh = 0, drawn = 0;
    for (guint i = 0; i < curve->len; i++) {
        const struct gate_curve_row *row = &g_array_index(curve, struct gate_curve_row, i);
        if (row->cell != NULL)
            continue;
        fresh += row->seconds <= seconds ? row->fresh : 0;
        drawn += row->drawn;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT
                           " decisions drawn from measured A/A blocks; %" G_GUINT64_FORMAT
                           " more were measured afresh, see power.csv.",
                           drawn, fresh);
}

struct page *plot_gate_power(const GArray *curve, const char *base) {
    double seconds[LINES_MAX];
    size_t lines = lines_find(curve, seconds);
    struct page *page = page_new("gate-power", NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    page_columns(page, "planted_percent\tregressed_percent\tlow\thigh\tseconds\tdecisions");
    for (size_t k = 0; k < lines; k++) {
        line_draw(page, curve, seconds[k]);
        g_ptr_array_add(names, g_strdup_printf("%.0f s a cell", seconds[k]));
    }
    page_number(page, "lines", (double)lines);
    page_strings(page, "line_name", names);
    page->title = g_strdup("How often the gate sees a slow-down of so many percent");
    char *brief = text_shorten(base, 60);
    page->subtitle = g_strdup_printf("share of decisions that are REGRESSED, with Wilson's 95 %% "
                                     "interval; %s against itself",
                                     brief);
    page->caption = lines == 0 ? g_strdup("") : fresh_text(curve, seconds[0]);
    page->width = 900;
    page->height = 520;
    g_free(brief);
    g_ptr_array_free(names, TRUE);
    return page;
}
