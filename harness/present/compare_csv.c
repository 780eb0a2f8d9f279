/* A comparison as CSV: everything, whatever tables show, in the order of the tables. */
#include <math.h>

#include "harness/present/compare_report.h"
#include "harness/store/csv.h"

#define FIELD(kind, name, group, meaning) FIELD_MEMBER_##kind(name)
struct compare_row {
#include "harness/present/compare_fields.def"
};
#undef FIELD

#define FIELD(kind, name, group, meaning)                                                          \
    {#name, FIELD_##kind, offsetof(struct compare_row, name), #group, meaning},
static const struct field compare_fields[] = {
#include "harness/present/compare_fields.def"
};
#undef FIELD

static const struct row_type compare_row_type = {
    "compare.csv", compare_fields, G_N_ELEMENTS(compare_fields), sizeof(struct compare_row)};

static const char *const verdict_names[COMPARE_VERDICT_COUNT] = {
    [COMPARE_UP] = "more",
    [COMPARE_DOWN] = "less",
    [COMPARE_PERHAPS_UP] = "perhaps-more",
    [COMPARE_PERHAPS_DOWN] = "perhaps-less",
    [COMPARE_NOISY] = "noisy",
    [COMPARE_FEW] = "few",
    [COMPARE_SAME] = "same",
    [COMPARE_EQUAL] = "equal",
};

static struct compare_row row_of_cell(const struct comparison *c, const struct compare_cell *cell) {
    struct compare_row row;
    row_clear(&compare_row_type, &row);
    row.strategy = cell->strategy;
    row.base = c->base;
    row.group = cell->named->group;
    row.workload = cell->named->workload;
    row.parameters = cell->named->parameters;
    row.threads = cell->named->threads;
    return row;
}

static void finding_append(GString *out, const struct comparison *c,
                           const struct compare_metric *metric, const struct compare_finding *f) {
    struct compare_row row = row_of_cell(c, f->cell);
    row.row = "cell";
    row.metric = metric->column;
    row.verdict = verdict_names[f->verdict];
    row.method = f->is_exact ? "exact" : f->is_paired ? "pairs" : "samples";
    row.count_a = f->count_a;
    row.count_b = f->count_b;
    row.a = f->a;
    row.b = f->b;
    row.ratio = exp(f->effect);
    row.ratio_low = exp(f->low);
    row.ratio_high = exp(f->high);
    row.coverage = f->coverage;
    row.p = f->p;
    row.visible = f->visible;
    row.reason = f->cell->remark;
    csv_row_append(out, &compare_row_type, &row);
}

static void mean_append(GString *out, const struct comparison *c,
                        const struct compare_metric *metric, const struct compare_mean *mean) {
    struct compare_row row;
    row_clear(&compare_row_type, &row);
    row.row = "mean";
    row.metric = metric->column;
    row.strategy = mean->strategy;
    row.base = c->base;
    row.group = mean->group;
    row.method = mean->is_exact ? "exact" : NULL;
    row.count_a = mean->cells;
    row.count_b = mean->left_out;
    row.ratio = exp(mean->effect);
    if (!mean->is_exact) {
        row.ratio_low = exp(mean->low);
        row.ratio_high = exp(mean->high);
    }
    csv_row_append(out, &compare_row_type, &row);
}

static void block_append(GString *out, const struct comparison *c,
                         const struct compare_block *block) {
    for (guint i = 0; i < block->findings->len; i++)
        finding_append(out, c, block->metric,
                       &g_array_index(block->findings, struct compare_finding, i));
    for (guint i = 0; i < block->means->len; i++)
        mean_append(out, c, block->metric, &g_array_index(block->means, struct compare_mean, i));
}

/* A cell that meets is left out when only its counts are compared. */
static void cell_append(GString *out, const struct comparison *c, const struct compare_cell *cell) {
    static const char *const names[COMPARE_FATE_COUNT] = {[COMPARE_MEETS] = "refused-but-counts",
                                                          [COMPARE_GONE] = "gone",
                                                          [COMPARE_APPEARED] = "appeared",
                                                          [COMPARE_FAILED] = "failed",
                                                          [COMPARE_OTHER] = "refused",
                                                          [COMPARE_NOWHERE] = "nowhere"};
    if (cell->fate == COMPARE_MEETS && cell->times_refused == NULL)
        return;
    struct compare_row row = row_of_cell(c, cell);
    row.row = "left-out";
    row.verdict = names[cell->fate];
    row.reason = cell->fate == COMPARE_MEETS ? cell->times_refused : cell->reason;
    csv_row_append(out, &compare_row_type, &row);
}

char *compare_csv_text(const struct compare_view *view) {
    const struct comparison *c = view->comparison;
    GString *out = g_string_new(NULL);
    csv_header_append(out, &compare_row_type);
    for (guint i = 0; i < c->blocks->len; i++)
        block_append(out, c, &g_array_index(c->blocks, struct compare_block, i));
    for (guint i = 0; i < c->cells->len; i++)
        cell_append(out, c, g_ptr_array_index(c->cells, i));
    return g_string_free(out, FALSE);
}

const struct compare_format compare_formats[] = {{"table", compare_table_text},
                                                 {"csv", compare_csv_text},
                                                 {"markdown", compare_markdown_text},
                                                 {NULL, NULL}};
