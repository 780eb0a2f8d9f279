/* Cells that meet, findings, verdicts, means; see the header for the method. */
#include "harness/analyze/compare.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/compare_cells.h"
#include "harness/analyze/compare_effect.h"
#include "harness/analyze/compare_machine.h"
#include "harness/analyze/compare_mean.h"
#include "harness/analyze/compare_order.h"
#include "harness/analyze/compare_select.h"
#include "harness/analyze/discovery.h"

/* ---- words ---- */

const char *compare_verdict_word(enum compare_verdict verdict,
                                 const struct compare_metric *metric) {
    switch (verdict) {
    case COMPARE_UP:
    case COMPARE_PERHAPS_UP:
        return metric->up;
    case COMPARE_DOWN:
    case COMPARE_PERHAPS_DOWN:
        return metric->down;
    case COMPARE_NOISY:
        return "too noisy";
    case COMPARE_FEW:
        return "too few repetitions";
    case COMPARE_SAME:
        return "same";
    default:
        return "equal";
    }
}

bool compare_verdict_is_sure(enum compare_verdict verdict) {
    return verdict == COMPARE_UP || verdict == COMPARE_DOWN;
}

/* ---- a metric ---- */

/* Whether a side that measured the cell knows the metric. */
static bool cell_knows(const struct compare_cell *cell, const struct compare_metric *metric) {
    return (cell->a != NULL && cell_has(cell->a, metric->column)) ||
           (cell->b != NULL && cell_has(cell->b, metric->column));
}

/* The finding of a cell, unless there is none; *lacks tells whether it is missed. */
static void block_cell(struct compare_block *block, const struct comparison *c,
                       const struct compare_cell *cell, guint8 *lacks) {
    *lacks = 0;
    if (!cell_knows(cell, block->metric))
        return;
    *lacks = 1;
    if (cell->fate != COMPARE_MEETS)
        return;
    if (cell->times_refused != NULL && !block->metric->is_exact) {
        block->times_refused++;
        return;
    }
    struct compare_finding f = {.cell = cell};
    compare_effect_fill(&f, block->metric, c->base != NULL);
    block->unknown_a += f.count_a == 0;
    block->unknown_b += f.count_b == 0;
    if (f.count_a > 0 && f.count_b > 0) {
        *lacks = 0;
        g_array_append_val(block->findings, f);
    }
}

/* Benjamini and Hochberg's procedure over the findings that were tested. */
static void block_discover(struct compare_block *block) {
    GArray *p = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < block->findings->len; i++) {
        const struct compare_finding *f =
            &g_array_index(block->findings, struct compare_finding, i);
        if (!isnan(f->p))
            g_array_append_val(p, f->p);
    }
    block->tested = p->len;
    block->threshold =
        discovery_threshold((const double *)(const void *)p->data, p->len, COMPARE_RATE);
    g_array_unref(p);
    for (guint i = 0; i < block->findings->len; i++) {
        struct compare_finding *f = &g_array_index(block->findings, struct compare_finding, i);
        f->is_among_many = f->p <= block->threshold;
    }
}

static void block_add(struct comparison *c, const struct compare_metric *metric) {
    struct compare_block block = {.metric = metric};
    guint8 *lacks = g_new0(guint8, c->cells->len + 1);
    block.findings = g_array_new(FALSE, FALSE, sizeof(struct compare_finding));
    block.means = g_array_new(FALSE, FALSE, sizeof(struct compare_mean));
    for (guint i = 0; i < c->cells->len; i++)
        block_cell(&block, c, g_ptr_array_index(c->cells, i), &lacks[i]);
    block_discover(&block);
    for (guint i = 0; i < block.findings->len; i++) {
        struct compare_finding *f = &g_array_index(block.findings, struct compare_finding, i);
        f->verdict = compare_effect_verdict(f, c->request);
        block.counts[f->verdict]++;
    }
    compare_means_build(c, &block, lacks);
    compare_order_sort(block.findings, c->request->order);
    g_array_append_val(c->blocks, block);
    g_free(lacks);
}

static void block_clear(gpointer pointer) {
    struct compare_block *block = pointer;
    g_array_unref(block->findings);
    g_array_unref(block->means);
}

/* ---- nothing to compare ---- */

static bool blocks_have_findings(const struct comparison *c) {
    for (guint i = 0; i < c->blocks->len; i++) {
        if (g_array_index(c->blocks, struct compare_block, i).findings->len > 0)
            return true;
    }
    return false;
}

/* Why the cells of one fate are not compared: their number and the first one's reason. */
static void refusal_append(GString *text, const struct comparison *c, enum compare_fate fate,
                           const char *what) {
    const struct compare_cell *first = NULL;
    unsigned count = 0;
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        first = cell->fate == fate && first == NULL ? cell : first;
        count += cell->fate == fate;
    }
    if (count > 0)
        g_string_append_printf(text, "; %u %s (%s %s: %s)", count, what, first->named->workload,
                               first->strategy, first->reason);
}

static bool nothing_refuse(const struct comparison *c, struct error *err) {
    GString *text = g_string_new(NULL);
    unsigned times = 0;
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        times += cell->fate == COMPARE_MEETS && cell->times_refused != NULL;
    }
    if (times > 0 && c->machines != NULL && !c->request->across_machines)
        g_string_append_printf(text,
                               "; times of another machine (%s), which --across-machines "
                               "compares anyway",
                               c->machines);
    refusal_append(text, c, COMPARE_OTHER, "did other work");
    refusal_append(text, c, COMPARE_FAILED, "failed");
    refusal_append(text, c, COMPARE_GONE, "measured on the first side alone");
    refusal_append(text, c, COMPARE_APPEARED, "measured on the second side alone");
    refusal_append(text, c, COMPARE_NOWHERE, "measured on neither");
    error_set(err, EXIT_CANNOT, "nothing can be compared%s",
              text->len > 0       ? text->str
              : c->cells->len > 0 ? "; no side knows these metrics"
                                  : "; the runs have no such cell");
    g_string_free(text, TRUE);
    return false;
}

/* ---- the whole ---- */

static bool strategies_split(struct comparison *c, struct error *err) {
    c->strategies = compare_strategies_choose(c->request, err);
    if (c->strategies == NULL || !c->request->one_run)
        return c->strategies != NULL;
    if (c->strategies->len < 2)
        return error_set(
            err, EXIT_USAGE, "one run is compared by two or more of its strategies; %s has %s%s",
            c->request->a.name, c->strategies->len == 0 ? "none" : "been asked for ",
            c->strategies->len == 0 ? "" : (const char *)g_ptr_array_index(c->strategies, 0));
    c->base = g_ptr_array_remove_index(c->strategies, 0);
    return true;
}

static void machines_compare(struct comparison *c) {
    if (c->request->one_run)
        return;
    const char *a = c->request->a.machine, *b = c->request->b.machine;
    char *machines = compare_machines(a, b);
    c->machines = machines != NULL ? g_string_chunk_insert(c->text, machines) : NULL;
    g_free(machines);
    compare_surroundings(a, b, c->surroundings);
}

static bool comparison_fill(struct comparison *c, GHashTable *workloads, struct error *err) {
    machines_compare(c);
    compare_cells_build(c, workloads);
    compare_answers_add(c);
    for (guint i = 0; i < c->metrics->len; i++)
        block_add(c, &g_array_index(c->metrics, struct compare_metric, i));
    return blocks_have_findings(c) || nothing_refuse(c, err);
}

static void cell_free(gpointer cell) {
    g_free(cell);
}

bool compare_build(struct comparison *c, const struct compare_request *r, struct error *err) {
    *c = (struct comparison){.request = r};
    c->cells = g_ptr_array_new_with_free_func(cell_free);
    c->blocks = g_array_new(FALSE, FALSE, sizeof(struct compare_block));
    g_array_set_clear_func(c->blocks, block_clear);
    c->surroundings = g_ptr_array_new_with_free_func(g_free);
    c->text = g_string_chunk_new(1024);
    c->metrics = compare_metrics_choose(r->metrics, err);
    if (c->metrics == NULL || !strategies_split(c, err))
        return false;
    GHashTable *workloads = compare_workloads_choose(r, err);
    bool ok = workloads != NULL && comparison_fill(c, workloads, err);
    if (workloads != NULL)
        g_hash_table_unref(workloads);
    return ok;
}

void compare_release(struct comparison *c) {
    g_ptr_array_unref(c->cells);
    g_array_unref(c->blocks);
    g_ptr_array_unref(c->surroundings);
    g_string_chunk_free(c->text);
    if (c->metrics != NULL)
        g_array_unref(c->metrics);
    if (c->strategies != NULL)
        g_ptr_array_unref(c->strategies);
}
