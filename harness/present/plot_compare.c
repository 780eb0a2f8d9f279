/*
 * Ratios on a logarithmic axis, a row per cell under its group, the group's geometric mean below.
 *
 * A verdict has a colour, a point of its own and a word at the right, so that none of them is
 * needed to understand the others. Twice and half lie equally far from the line at 1.
 */
#include "harness/present/plot_compare.h"

#include <math.h>
#include <string.h>

#include "harness/present/compare_words.h"
#include "harness/present/plot_page.h"

/* How a row looks; scripts/plot/compare.gp knows the same numbers. */
enum row_look { LOOK_UP = 1, LOOK_DOWN, LOOK_PERHAPS, LOOK_NONE, LOOK_MEAN };

struct ratio_page {
    struct page *page;
    const struct compare_block *block;
    const char *strategy;
    double y;             /* of the next row */
    double least, most;   /* logarithms that the axis must hold */
    unsigned left, right; /* pixels of the widest label and note */
    unsigned counts[COMPARE_VERDICT_COUNT];
};

static enum row_look look_of(enum compare_verdict verdict) {
    switch (verdict) {
    case COMPARE_UP:
        return LOOK_UP;
    case COMPARE_DOWN:
        return LOOK_DOWN;
    case COMPARE_PERHAPS_UP:
    case COMPARE_PERHAPS_DOWN:
        return LOOK_PERHAPS;
    default:
        return LOOK_NONE;
    }
}

static void axis_hold(struct ratio_page *p, double effect) {
    if (isfinite(effect)) {
        p->least = fmin(p->least, effect);
        p->most = fmax(p->most, effect);
    }
}

struct ratio_row {
    double effect, low, high;
    enum row_look look;
    const char *label, *note;
};

/* The bounds of a mean or a count stand on its ratio. */
static void row_draw(struct ratio_page *p, const struct ratio_row *row) {
    double y = p->y + 0.5;
    double low = isnan(row->low) ? row->effect : row->low;
    double high = isnan(row->high) ? row->effect : row->high;
    char *label = page_text_safe(row->label), *note = page_text_safe(row->note);
    page_mark(p->page, 1, MARK_ROW, 0, y, "%s", label);
    page_mark(p->page, 1, MARK_NOTE, 0, y, "%s", note);
    if (isfinite(row->effect))
        page_row(p->page, "%g\t%.9g\t%.9g\t%.9g\t%d\t%s\t%s", y, exp(row->effect), exp(low),
                 exp(high), row->look, label, note);
    p->left = MAX(p->left, text_pixels(label));
    p->right = MAX(p->right, text_pixels(note));
    axis_hold(p, low);
    axis_hold(p, high);
    p->y += 1;
    g_free(label);
    g_free(note);
}

static void finding_draw(struct ratio_page *p, const struct compare_finding *f) {
    char *work = compare_work(f->cell);
    char *verdict = compare_finding_verdict(f, p->block->metric);
    char *note = g_strdup_printf("%s  %s", compare_finding_ratio(f).text, verdict);
    row_draw(p, &(struct ratio_row){f->effect, f->low, f->high, look_of(f->verdict), work, note});
    p->counts[f->verdict]++;
    g_free(note);
    g_free(verdict);
    g_free(work);
}

static void mean_draw(struct ratio_page *p, const struct compare_mean *mean, const char *label) {
    char *note = g_strdup_printf("%s  over %u cells%s", compare_ratio(mean->effect).text,
                                 mean->cells, mean->left_out > 0 ? ", not all" : "");
    row_draw(p, &(struct ratio_row){mean->effect, mean->low, mean->high, LOOK_MEAN, label, note});
    g_free(note);
}

static const struct compare_mean *mean_find(const struct ratio_page *p, const char *group) {
    for (guint i = 0; i < p->block->means->len; i++) {
        const struct compare_mean *mean = &g_array_index(p->block->means, struct compare_mean, i);
        if (g_strcmp0(mean->strategy, p->strategy) == 0 && g_strcmp0(mean->group, group) == 0 &&
            mean->cells > 1)
            return mean;
    }
    return NULL;
}

static void group_end(struct ratio_page *p, const char *group) {
    const struct compare_mean *mean = group != NULL ? mean_find(p, group) : NULL;
    if (mean != NULL)
        mean_draw(p, mean, "geometric mean");
}

/* Rows by name, whatever the order of the table: a group stays together. */
static gint finding_compare(gconstpointer x, gconstpointer y) {
    const struct compare_finding *a = *(const struct compare_finding *const *)x;
    const struct compare_finding *b = *(const struct compare_finding *const *)y;
    return (a->cell->index > b->cell->index) - (a->cell->index < b->cell->index);
}

static GPtrArray *findings_of(const struct ratio_page *p) {
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < p->block->findings->len; i++) {
        const struct compare_finding *f =
            &g_array_index(p->block->findings, struct compare_finding, i);
        if (strcmp(f->cell->strategy, p->strategy) == 0)
            g_ptr_array_add(chosen, (gpointer)f);
    }
    g_ptr_array_sort(chosen, finding_compare);
    return chosen;
}

static void rows_draw(struct ratio_page *p, const GPtrArray *findings) {
    const char *group = NULL;
    for (guint i = 0; i < findings->len; i++) {
        const struct compare_finding *f = g_ptr_array_index(findings, i);
        if (group == NULL || strcmp(group, f->cell->named->group) != 0) {
            group_end(p, group);
            group = f->cell->named->group;
            char *safe = page_text_safe(compare_group(group));
            page_mark(p->page, 1, MARK_HEADING, 0, p->y + 0.55, "%s", safe);
            g_free(safe);
            p->y += 1;
        }
        finding_draw(p, f);
    }
    group_end(p, group);
    const struct compare_mean *all = mean_find(p, NULL);
    if (all != NULL) {
        p->y += 0.4;
        mean_draw(p, all, "all groups");
    }
}

/* Around 1, and never so narrow that noise of a thousandth looks like much. */
static void axis_set(struct ratio_page *p) {
    double room = fmax(0.05 * (p->most - p->least), 0.01);
    page_number(p->page, "axis_start", exp(p->least - room));
    page_number(p->page, "axis_end", exp(p->most + room));
    page_string(p->page, "axis", "ratio, logarithmic");
    page_number(p->page, "more_is_better", p->block->metric->more_is_better);
    char *down = g_strdup_printf("← %s", p->block->metric->down);
    char *up = g_strdup_printf("%s →", p->block->metric->up);
    page_string(p->page, "word_down", down);
    page_string(p->page, "word_up", up);
    g_free(down);
    g_free(up);
}

static void names_set(struct ratio_page *p, const struct comparison *c) {
    char *a = page_text_safe(c->base != NULL ? c->base : c->request->a.name);
    char *b = page_text_safe(c->base != NULL ? p->strategy : c->request->b.name);
    p->page->title = g_strdup_printf("%s: %s against %s", p->block->metric->heading, b, a);
    p->page->subtitle = g_strdup_printf(
        "%s%sratio of each cell with its 95 %% interval%s", c->base == NULL ? p->strategy : "",
        c->base == NULL ? ", " : "", c->machines != NULL ? "; DIFFERENT MACHINES" : "");
    p->page->caption = g_strdup_printf(
        "Sure: %u %s, %u %s; perhaps: %u; cannot tell: %u; same or equal: %u.",
        p->counts[COMPARE_UP], p->block->metric->up, p->counts[COMPARE_DOWN],
        p->block->metric->down, p->counts[COMPARE_PERHAPS_UP] + p->counts[COMPARE_PERHAPS_DOWN],
        p->counts[COMPARE_NOISY] + p->counts[COMPARE_FEW],
        p->counts[COMPARE_SAME] + p->counts[COMPARE_EQUAL]);
    g_free(a);
    g_free(b);
}

static void page_size(struct ratio_page *p) {
    unsigned left = p->left + 24, right = p->right + 20;
    p->page->width = MAX(900U, left + right + 420);
    p->page->height = 172 + (unsigned)(p->y * 22);
    page_number(p->page, "rows", p->y);
    page_number(p->page, "left_pixels", left);
    page_number(p->page, "right_pixels", right);
}

static bool is_any_unequal(const GPtrArray *findings) {
    for (guint i = 0; i < findings->len; i++) {
        const struct compare_finding *f = g_ptr_array_index(findings, i);
        if (f->verdict != COMPARE_EQUAL && isfinite(f->effect))
            return true;
    }
    return false;
}

static void strategy_draw(const struct comparison *c, const struct compare_block *block,
                          const char *strategy, GPtrArray *pages) {
    struct ratio_page p = {.block = block, .strategy = strategy};
    GPtrArray *findings = findings_of(&p);
    if (is_any_unequal(findings)) {
        char *part = g_strdup_printf("%s %s", block->metric->column, strategy);
        p.page = page_new("compare", part);
        page_columns(p.page, "row\tratio\tlow\thigh\tlook\tcell\tverdict");
        rows_draw(&p, findings);
        axis_set(&p);
        names_set(&p, c);
        page_size(&p);
        g_ptr_array_add(pages, p.page);
        g_free(part);
    }
    g_ptr_array_unref(findings);
}

void plot_compare(const struct comparison *c, GPtrArray *pages) {
    for (guint i = 0; i < c->blocks->len; i++) {
        const struct compare_block *block = &g_array_index(c->blocks, struct compare_block, i);
        for (guint s = 0; s < c->strategies->len; s++)
            strategy_draw(c, block, g_ptr_array_index(c->strategies, s), pages);
    }
}
