/*
 * What the values of a comparison are worth. Each notice says what was seen, why it matters and
 * what to do.
 *
 * Only ns/op is looked at: what the others share with it is told by it, and a notice per metric
 * would be read by nobody.
 */
#include <math.h>
#include <string.h>

#include "harness/analyze/compare_drift.h"
#include "harness/present/compare_notes.h"
#include "harness/present/compare_words.h"
#include "harness/present/notices.h"

/* A cell drifts when its trend is one that chance gives in 1 of 200 (7 repetitions at least), and a
   run when all its cells together have one of 1 in 15,000. Less than so much is nothing. */
#define CELL_DEVIATIONS 2.81
#define RUN_DEVIATIONS  4.0
#define CELL_CHANGE     0.05
#define RUN_CHANGE      0.02

enum { NAMED_MAX = 4 };

/* ---- values ---- */

static gint record_compare(gconstpointer x, gconstpointer y) {
    const struct record *a = *(const struct record *const *)x,
                        *b = *(const struct record *const *)y;
    return (a->repetition > b->repetition) - (a->repetition < b->repetition);
}

/* ns/op in the order of repetitions; a resumed run may have measured an early one last. */
static GArray *times_of(const struct cell_summary *cell) {
    GPtrArray *records = g_ptr_array_new();
    GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < cell->ok->len; i++)
        g_ptr_array_add(records, g_ptr_array_index(cell->ok, i));
    g_ptr_array_sort(records, record_compare);
    for (guint i = 0; i < records->len; i++) {
        double ns = ((const struct record *)g_ptr_array_index(records, i))->ns_per_op;
        if (ns > 0 && isfinite(ns))
            g_array_append_val(times, ns);
    }
    g_ptr_array_unref(records);
    return times;
}

/* ---- sides ---- */

/* What was seen on one side, or under one strategy. */
struct side_seen {
    struct drift drift;
    GString *bimodal, *drifting; /* names of cells */
    unsigned bimodal_count, drifting_count;
};

static void name_append(GString *names, unsigned *count, const struct compare_cell *cell,
                        const char *strategy) {
    char *work = compare_work(cell);
    if ((*count)++ < NAMED_MAX)
        g_string_append_printf(names, "%s%s under %s", names->len > 0 ? ", " : "", work, strategy);
    g_free(work);
}

static void side_look(struct side_seen *seen, const struct compare_cell *cell, bool is_b) {
    const struct cell_summary *side = is_b ? cell->b : cell->a;
    GArray *times = times_of(side);
    const double *values = (const double *)(const void *)times->data;
    struct drift own = {0};
    drift_add(&own, values, times->len);
    drift_add(&seen->drift, values, times->len);
    if (values_are_bimodal(values, times->len))
        name_append(seen->bimodal, &seen->bimodal_count, cell, side->strategy);
    if (fabs(drift_deviations(&own)) > CELL_DEVIATIONS &&
        fabs(drift_factor(&own) - 1) > CELL_CHANGE)
        name_append(seen->drifting, &seen->drifting_count, cell, side->strategy);
    g_array_unref(times);
}

static char *more_text(unsigned count) {
    return count > NAMED_MAX ? g_strdup_printf(" and %u more", count - NAMED_MAX) : g_strdup("");
}

static void side_tell(GPtrArray *lines, const struct side_seen *seen, const char *where) {
    char *bimodal_more = more_text(seen->bimodal_count);
    char *drifting_more = more_text(seen->drifting_count);
    if (seen->bimodal_count > 0)
        compare_line_add(
            lines,
            "%s, the times of %u cell%s fall into two groups (%s%s): a ratio between them "
            "depends on how many fell into which; more --repetitions, or one --cpus, tell.",
            where, seen->bimodal_count, seen->bimodal_count == 1 ? "" : "s", seen->bimodal->str,
            bimodal_more);
    if (fabs(drift_deviations(&seen->drift)) > RUN_DEVIATIONS &&
        fabs(drift_factor(&seen->drift) - 1) > RUN_CHANGE)
        compare_line_add(
            lines,
            "%s, the times drift: the last repetition takes %s times the first, on average "
            "over %u cells; the machine changed while it measured, so measure again when it "
            "is quiet.",
            where, compare_ratio(log(drift_factor(&seen->drift))).text, seen->drift.cells);
    if (seen->drifting_count > 0)
        compare_line_add(
            lines,
            "%s, the times of %u cell%s drift from repetition to repetition (%s%s): their "
            "intervals are about a middle that moved; measure again.",
            where, seen->drifting_count, seen->drifting_count == 1 ? "" : "s", seen->drifting->str,
            drifting_more);
    g_free(bimodal_more);
    g_free(drifting_more);
}

/* is_b: of strategy `index`; A of one run is the same for all strategies, and looked at once. */
static void side_tell_all(GPtrArray *lines, const struct comparison *c, unsigned index, bool is_b) {
    struct side_seen seen = {.bimodal = g_string_new(NULL), .drifting = g_string_new(NULL)};
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        bool meant = c->base == NULL || cell->strategy_index == index;
        if (meant && cell->fate == COMPARE_MEETS && cell->times_refused == NULL)
            side_look(&seen, cell, is_b);
    }
    char *where = c->base == NULL
                      ? g_strdup(is_b ? "In B" : "In A")
                      : g_strdup_printf("Under %s",
                                        is_b ? (const char *)g_ptr_array_index(c->strategies, index)
                                             : c->base);
    side_tell(lines, &seen, where);
    g_free(where);
    g_string_free(seen.bimodal, TRUE);
    g_string_free(seen.drifting, TRUE);
}

/* ---- repetitions ---- */

/* p of two samples that do not overlap, at its least: 2 / (2n choose n). */
static double p_least(unsigned count) {
    double p = 2;
    for (unsigned i = 1; i <= count; i++)
        p = p * i / (count + i);
    return p;
}

/* One difference alone among many cells must reach rate / cells, which few repetitions cannot. */
static void repetitions_tell(GPtrArray *lines, const struct compare_block *block) {
    unsigned most = 0;
    for (guint i = 0; i < block->findings->len; i++) {
        const struct compare_finding *f =
            &g_array_index(block->findings, struct compare_finding, i);
        if (!isnan(f->p))
            most = MAX(most, MIN(f->count_a, f->count_b));
    }
    if (block->tested < 2 || most == 0 || p_least(most) <= COMPARE_RATE / block->tested)
        return;
    unsigned enough = most;
    while (p_least(enough) > COMPARE_RATE / block->tested)
        enough++;
    compare_line_add(
        lines,
        "%u repetitions a side cannot make one difference alone sure among %u cells (%s): at "
        "best it is \"perhaps\"; %u repetitions, or fewer --workloads, can.",
        most, block->tested, block->metric->heading, enough);
}

GPtrArray *compare_notices(const struct comparison *c) {
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < c->blocks->len; i++) {
        const struct compare_block *block = &g_array_index(c->blocks, struct compare_block, i);
        if (strcmp(block->metric->column, "ns_per_op") != 0 || block->findings->len == 0)
            continue;
        side_tell_all(lines, c, 0, false);
        for (guint s = 0; s < (c->base != NULL ? c->strategies->len : 1); s++)
            side_tell_all(lines, c, s, true);
        repetitions_tell(lines, block);
    }
    return lines;
}
