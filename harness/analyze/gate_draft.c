#include "harness/analyze/gate_draft.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static int number_compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static gint block_compare(gconstpointer left, gconstpointer right) {
    const struct gate_block_row *a = *(const struct gate_block_row *const *)left;
    const struct gate_block_row *b = *(const struct gate_block_row *const *)right;
    int order = number_compare(a->cell, b->cell);
    if (order == 0)
        order = g_strcmp0(a->metric, b->metric);
    return order != 0 ? order : number_compare(a->block, b->block);
}

static gint count_compare(gconstpointer left, gconstpointer right) {
    const struct gate_count_row *a = *(const struct gate_count_row *const *)left;
    const struct gate_count_row *b = *(const struct gate_count_row *const *)right;
    int order = number_compare(a->cell, b->cell);
    if (order == 0)
        order = g_strcmp0(a->metric, b->metric);
    return order != 0 ? order : number_compare(a->repeat, b->repeat);
}

static gint group_compare(gconstpointer left, gconstpointer right) {
    const struct gate_group *a = left;
    const struct gate_group *b = right;
    int order = number_compare(a->cell, b->cell);
    if (order == 0)
        order = g_strcmp0(a->metric, b->metric);
    return order != 0 ? order : (a->blocks == NULL) - (b->blocks == NULL);
}

static struct gate_group *group_for(GArray *groups, uint64_t cell, const char *metric) {
    struct gate_group *last =
        groups->len > 0 ? &g_array_index(groups, struct gate_group, groups->len - 1) : NULL;
    if (last != NULL && last->cell == cell && g_strcmp0(last->metric, metric) == 0)
        return last;
    struct gate_group group = {cell, metric, NULL, NULL};
    g_array_append_val(groups, group);
    return &g_array_index(groups, struct gate_group, groups->len - 1);
}

static void blocks_group(GArray *groups, const GArray *rows) {
    GPtrArray *sorted = g_ptr_array_new();
    for (guint i = 0; i < rows->len; i++) {
        g_ptr_array_add(sorted, &g_array_index(rows, struct gate_block_row, i));
    }
    g_ptr_array_sort(sorted, block_compare);
    for (guint i = 0; i < sorted->len; i++) {
        struct gate_block_row *row = g_ptr_array_index(sorted, i);
        struct gate_group *group = group_for(groups, row->cell, row->metric);
        if (group->blocks == NULL)
            group->blocks = g_ptr_array_new();
        g_ptr_array_add(group->blocks, row);
    }
    g_ptr_array_free(sorted, TRUE);
}

static void counts_group(GArray *groups, const GArray *rows) {
    GPtrArray *sorted = g_ptr_array_new();
    for (guint i = 0; i < rows->len; i++) {
        g_ptr_array_add(sorted, &g_array_index(rows, struct gate_count_row, i));
    }
    g_ptr_array_sort(sorted, count_compare);
    for (guint i = 0; i < sorted->len; i++) {
        struct gate_count_row *row = g_ptr_array_index(sorted, i);
        struct gate_group *group = group_for(groups, row->cell, row->metric);
        if (group->counts == NULL)
            group->counts = g_ptr_array_new();
        g_ptr_array_add(group->counts, row);
    }
    g_ptr_array_free(sorted, TRUE);
}

static void group_release(gpointer group) {
    struct gate_group *g = group;
    if (g->blocks != NULL)
        g_ptr_array_free(g->blocks, TRUE);
    if (g->counts != NULL)
        g_ptr_array_free(g->counts, TRUE);
}

GArray *gate_groups_new(const struct gate_rows *rows) {
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(struct gate_group));
    g_array_set_clear_func(groups, group_release);
    GArray *counted = g_array_new(FALSE, FALSE, sizeof(struct gate_group));
    blocks_group(groups, rows->blocks);
    counts_group(counted, rows->counts);
    g_array_append_vals(groups, counted->data, counted->len);
    g_array_free(counted, TRUE);
    g_array_sort(groups, group_compare);
    return groups;
}

void gate_groups_free(GArray *groups) {
    g_array_free(groups, TRUE);
}

struct gate_draft gate_draft_of(const char *label, uint64_t cell,
                                const struct gate_metric *metric) {
    struct shift none = {NAN, NAN, NAN, NAN};
    return (struct gate_draft){
        .finding = {.cell = cell,
                    .label = label,
                    .metric = metric == NULL ? NULL : metric->name,
                    .tier = metric == NULL ? GATE_VALIDITY : metric->tier,
                    .verdict = GATE_INVALID,
                    .base = NAN,
                    .candidate = NAN,
                    .effect = NAN,
                    .low = NAN,
                    .high = NAN,
                    .log_ratio = NAN,
                    .p = NAN,
                    .margin = NAN,
                    .visible = NAN,
                    .visible_count = NAN,
                    .aa_effect = NAN},
        .state = GATE_DRAFT_OPEN,
        .ab = none,
        .aa = none,
        .p_more = 1,
        .p_less = 1,
        .aa_more = 1,
        .aa_less = 1,
        .confirm_more = 1,
        .confirm_less = 1,
    };
}

void gate_draft_end(struct gate_draft *draft, GStringChunk *text, enum gate_verdict verdict,
                    const char *format, ...) {
    va_list values;
    va_start(values, format);
    char *reason = g_strdup_vprintf(format, values);
    va_end(values);
    draft->finding.verdict = verdict;
    draft->finding.reason = g_string_chunk_insert(text, reason);
    draft->state = GATE_DRAFT_DONE;
    g_free(reason);
}
