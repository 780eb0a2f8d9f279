/* Rows, sums and left-outs of each metric; heading and notes are in compare_notes.c. */
#include "harness/present/compare_document.h"

#include <math.h>
#include <string.h>

#include "harness/present/compare_notes.h"
#include "harness/present/compare_words.h"

enum {
    COLUMN_WORKLOAD,
    COLUMN_STRATEGY,
    COLUMN_A,
    COLUMN_B,
    COLUMN_COUNT,
    COLUMN_RATIO,
    COLUMN_INTERVAL,
    COLUMN_VISIBLE,
    COLUMN_VERDICT,
    COLUMNS
};

enum { MEAN_GROUP, MEAN_STRATEGY, MEAN_RATIO, MEAN_INTERVAL, MEAN_CELLS, MEAN_COLUMNS };

/* A column as a bit. */
#define BIT(column) (1U << (column))

/* ---- rows ---- */

static void rows_head(struct grid *g, const struct comparison *c) {
    char *texts[COLUMNS] = {
        [COLUMN_WORKLOAD] = g_strdup("workload"),
        [COLUMN_STRATEGY] = g_strdup("strategy"),
        [COLUMN_A] = g_strdup(c->base != NULL ? c->base : "A"),
        [COLUMN_B] = g_strdup(c->base == NULL           ? "B"
                              : c->strategies->len == 1 ? g_ptr_array_index(c->strategies, 0)
                                                        : "strategy's"),
        [COLUMN_COUNT] = g_strdup("n"),
        [COLUMN_RATIO] = g_strdup("ratio"),
        [COLUMN_INTERVAL] = g_strdup("95 % interval"),
        [COLUMN_VISIBLE] = g_strdup("could see"),
        [COLUMN_VERDICT] = g_strdup("verdict"),
    };
    grid_row(g, texts);
}

static void rows_add(struct grid *g, const struct compare_finding *f,
                     const struct compare_metric *metric) {
    char *verdict = compare_finding_verdict(f, metric);
    char *texts[COLUMNS] = {
        [COLUMN_WORKLOAD] = compare_work(f->cell),
        [COLUMN_STRATEGY] = g_strdup(f->cell->strategy),
        [COLUMN_A] = g_strdup(compare_value(metric, f->a).text),
        [COLUMN_B] = g_strdup(compare_value(metric, f->b).text),
        [COLUMN_COUNT] = compare_finding_count(f),
        [COLUMN_RATIO] = g_strdup(compare_finding_ratio(f).text),
        [COLUMN_INTERVAL] = compare_finding_interval(f),
        [COLUMN_VISIBLE] = g_strdup(compare_finding_visible(f).text),
        [COLUMN_VERDICT] = g_strconcat(verdict, f->cell->remark != NULL ? " !" : "", NULL),
    };
    g_free(verdict);
    grid_row(g, texts);
}

static bool finding_is_shown(const struct compare_finding *f, enum compare_show show) {
    if (show == COMPARE_SHOW_SURE)
        return compare_verdict_is_sure(f->verdict);
    return show == COMPARE_SHOW_ALL || f->verdict != COMPARE_EQUAL;
}

static void section_rows(struct compare_section *s, const struct compare_view *view,
                         const struct compare_block *block) {
    grid_init(&s->rows, COLUMNS, BIT(COLUMN_WORKLOAD) | BIT(COLUMN_STRATEGY) | BIT(COLUMN_VERDICT));
    s->rows.hidden = view->comparison->strategies->len == 1 ? BIT(COLUMN_STRATEGY) : 0;
    rows_head(&s->rows, view->comparison);
    for (guint i = 0; i < block->findings->len; i++) {
        const struct compare_finding *f =
            &g_array_index(block->findings, struct compare_finding, i);
        if (finding_is_shown(f, view->show))
            rows_add(&s->rows, f, block->metric);
    }
}

/* ---- means ---- */

static char *mean_cells(const struct compare_mean *mean) {
    const char *plural = mean->cells == 1 ? "" : "s";
    return mean->left_out == 0
               ? g_strdup_printf("%u cell%s", mean->cells, plural)
               : g_strdup_printf("%u cell%s, %u left out", mean->cells, plural, mean->left_out);
}

static void means_add(struct grid *g, const struct compare_mean *mean) {
    char *texts[MEAN_COLUMNS] = {
        [MEAN_GROUP] = g_strdup(mean->group != NULL ? compare_group(mean->group) : "all groups"),
        [MEAN_STRATEGY] = g_strdup(mean->strategy != NULL ? mean->strategy : "all strategies"),
        [MEAN_RATIO] = g_strdup(compare_ratio(mean->effect).text),
        [MEAN_INTERVAL] = mean->is_exact ? g_strdup("exact")
                                         : compare_interval(mean->low, mean->high, COMPARE_LEVEL),
        [MEAN_CELLS] = mean_cells(mean),
    };
    grid_row(g, texts);
}

/* A mean of one cell is that cell's row; where all is equal there is nothing to tell. */
static bool mean_is_shown(const struct compare_mean *mean, const struct compare_block *block) {
    return mean->cells > 1 && block->counts[COMPARE_EQUAL] < block->findings->len;
}

static void section_means(struct compare_section *s, const struct comparison *c,
                          const struct compare_block *block) {
    grid_init(&s->means, MEAN_COLUMNS, BIT(MEAN_GROUP) | BIT(MEAN_STRATEGY) | BIT(MEAN_CELLS));
    s->means.hidden = c->strategies->len == 1 ? BIT(MEAN_STRATEGY) : 0;
    char *heads[MEAN_COLUMNS] = {g_strdup("geometric mean of"), g_strdup("strategy"),
                                 g_strdup("ratio"), g_strdup("≈95 % interval"), g_strdup("over")};
    grid_row(&s->means, heads);
    for (guint i = 0; i < block->means->len; i++) {
        const struct compare_mean *mean = &g_array_index(block->means, struct compare_mean, i);
        if (mean_is_shown(mean, block))
            means_add(&s->means, mean);
    }
}

/* ---- sums ---- */

static void count_append(GString *text, unsigned count, const char *before, const char *word) {
    if (count > 0)
        g_string_append_printf(text, "%s%u %s%s", text->len > 0 ? ", " : "", count, before, word);
}

/* "90 cells: 3 slower, 2 perhaps faster, 40 cannot tell, 45 equal (not listed)" */
static void sums_add(struct compare_section *s, const struct compare_block *block) {
    GString *text = g_string_new(NULL);
    const unsigned *counts = block->counts;
    count_append(text, counts[COMPARE_UP], "", block->metric->up);
    count_append(text, counts[COMPARE_DOWN], "", block->metric->down);
    count_append(text, counts[COMPARE_PERHAPS_UP], "perhaps ", block->metric->up);
    count_append(text, counts[COMPARE_PERHAPS_DOWN], "perhaps ", block->metric->down);
    count_append(text, counts[COMPARE_NOISY], "", "cannot tell: too noisy");
    count_append(text, counts[COMPARE_FEW], "", "cannot tell: too few repetitions");
    count_append(text, counts[COMPARE_SAME], "", "same");
    count_append(text, counts[COMPARE_EQUAL], "", "equal");
    guint listed = s->rows.rows->len - 1, all = block->findings->len;
    if (listed < all)
        g_string_append_printf(text, " (%u not listed)", all - listed);
    if (all > 0)
        compare_line_add(s->lines, "%u cell%s: %s", all, all == 1 ? "" : "s", text->str);
    g_string_free(text, TRUE);
}

static void chance_add(struct compare_section *s, const struct compare_block *block) {
    if (block->tested > 1)
        compare_line_add(
            s->lines,
            "By chance alone about %.*f of %u would differ at 95 %%; of the sure ones at most "
            "5 %% are expected to be chance (Benjamini-Hochberg)",
            block->tested < 200 ? 1 : 0, block->tested * (1 - COMPARE_LEVEL), block->tested);
}

static void left_out_add(struct compare_section *s, const struct comparison *c,
                         const struct compare_block *block) {
    const char *a = c->base != NULL ? c->base : "A";
    const char *b = c->base == NULL           ? "B"
                    : c->strategies->len == 1 ? g_ptr_array_index(c->strategies, 0)
                                              : "the other strategy";
    if (block->unknown_a > 0)
        compare_line_add(s->lines, "Left out: %u of which only %s has %s", block->unknown_a, b,
                         block->metric->heading);
    if (block->unknown_b > 0)
        compare_line_add(s->lines, "Left out: %u of which only %s has %s", block->unknown_b, a,
                         block->metric->heading);
    if (block->times_refused > 0)
        compare_line_add(s->lines, "Refused: %u that are no exact counts (see below)",
                         block->times_refused);
}

/* A metric that nobody has needs no section. */
static bool block_is_told(const struct compare_block *block) {
    return block->findings->len > 0 || block->unknown_a > 0 || block->unknown_b > 0 ||
           block->times_refused > 0;
}

static void section_add(struct compare_document *d, const struct compare_view *view,
                        const struct compare_block *block) {
    struct compare_section s = {.lines = g_ptr_array_new_with_free_func(g_free)};
    s.title = g_strdup(block->metric->heading);
    s.direction = g_strdup_printf("a ratio above 1: %s", block->metric->up);
    section_rows(&s, view, block);
    section_means(&s, view->comparison, block);
    sums_add(&s, block);
    chance_add(&s, block);
    left_out_add(&s, view->comparison, block);
    g_array_append_val(d->sections, s);
}

static void section_clear(gpointer pointer) {
    struct compare_section *s = pointer;
    g_free(s->title);
    g_free(s->direction);
    grid_release(&s->rows);
    grid_release(&s->means);
    g_ptr_array_unref(s->lines);
}

/* ---- the whole ---- */

void compare_document_build(struct compare_document *d, const struct compare_view *view) {
    const struct comparison *c = view->comparison;
    d->sections = g_array_new(FALSE, FALSE, sizeof(struct compare_section));
    g_array_set_clear_func(d->sections, section_clear);
    for (guint i = 0; i < c->blocks->len; i++) {
        const struct compare_block *block = &g_array_index(c->blocks, struct compare_block, i);
        if (block_is_told(block))
            section_add(d, view, block);
    }
    d->heading = compare_heading(c);
    d->refused = compare_refused(c);
    d->differs = compare_differs(c);
    d->notices = compare_notices(c);
    d->legend = compare_legend(c);
}

void compare_document_release(struct compare_document *d) {
    g_array_unref(d->sections);
    g_ptr_array_unref(d->heading);
    g_ptr_array_unref(d->refused);
    g_ptr_array_unref(d->differs);
    g_ptr_array_unref(d->notices);
    g_ptr_array_unref(d->legend);
}
