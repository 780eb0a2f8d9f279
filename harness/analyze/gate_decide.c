/*
 * All drafts of a gate: one per metric of each valid cell, one per cell that is not; then, when all
 * are known, the family of tests, the verdicts, and the order in which they are told.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/analyze/gate.h"
#include "harness/analyze/gate_cell.h"
#include "harness/analyze/gate_draft.h"
#include "harness/analyze/gate_exact.h"
#include "harness/analyze/gate_sample.h"
#include "harness/analyze/gate_verdict.h"
#include "harness/base/error.h"

const struct gate_rule gate_rule_initial = {
    .margin = NAN,
    .pass_margin = NAN,
    .rate = 0.01,
    .confirm_p = 0.05,
    .blocks_least = 16,
};

/* What the passes over cells and groups share. */
struct decision {
    const struct gate_rows *rows;
    const struct gate_rule *rule;
    GStringChunk *text;
    GArray *groups; /* of struct gate_group */
    GArray *drafts; /* of struct gate_draft */
};

static const char *label_of(struct decision *d, const struct gate_cell_row *cell) {
    char *label = gate_cell_label_among(cell, d->rows->cells);
    const char *kept = g_string_chunk_insert(d->text, label);
    g_free(label);
    return kept;
}

static const struct gate_cell_row *cell_find(const struct gate_rows *rows, uint64_t number) {
    for (guint i = 0; i < rows->cells->len; i++) {
        const struct gate_cell_row *cell = &g_array_index(rows->cells, struct gate_cell_row, i);
        if (cell->cell == number)
            return cell;
    }
    return NULL;
}

/* The metric as the group's rows can be judged by it; NULL: they cannot, and the draft has ended.
 */
static const struct gate_metric *metric_judged(struct decision *d, struct gate_draft *draft,
                                               const struct gate_group *group,
                                               const struct gate_metric *metric) {
    const char *name = group->metric == NULL ? "(no name)" : group->metric;
    bool is_exact = metric != NULL && metric->tier == GATE_EXACT;
    if (metric == NULL)
        gate_draft_end(draft, d->text, GATE_INVALID,
                       "%s is no metric that this gate knows; measure again with this version",
                       name);
    else if (is_exact && group->counts == NULL)
        gate_draft_end(draft, d->text, GATE_INVALID,
                       "%s is counted, not timed, but stands in blocks.csv; measure again", name);
    else if (!is_exact && group->counts != NULL)
        gate_draft_end(draft, d->text, GATE_INVALID,
                       "%s is measured by blocks, but stands in counts.csv; measure again", name);
    else
        return metric;
    return NULL;
}

static void group_judge(struct decision *d, const struct gate_group *group,
                        const struct gate_cell_row *cell) {
    const struct gate_metric *metric = gate_metric_find(group->metric);
    struct gate_draft draft = gate_draft_of(label_of(d, cell), cell->cell, metric);
    if (metric == NULL && group->metric != NULL)
        draft.finding.metric = g_string_chunk_insert(d->text, group->metric);
    metric = metric_judged(d, &draft, group, metric);
    if (metric != NULL) {
        draft.margin = gate_margin_of(d->rule, metric, cell, draft.finding.label);
        if (metric->tier == GATE_EXACT)
            gate_exact_judge(&draft, group, cell, d->text);
        else
            gate_sample_measure(&draft, group, d->rule, d->text);
    }
    g_array_append_val(d->drafts, draft);
}

/* A time that was to be measured and was not, or nothing at all. */
static void cell_check_measured(struct decision *d, const struct gate_cell_row *cell, bool has_time,
                                bool has_any) {
    bool wants_time = cell->method != NULL && *cell->method != '\0';
    if (has_any && (has_time || !wants_time))
        return;
    const struct gate_metric *time = wants_time ? gate_metric_find("wall_ns") : NULL;
    struct gate_draft draft = gate_draft_of(label_of(d, cell), cell->cell, time);
    gate_draft_end(&draft, d->text, GATE_INVALID, "%s; measure again, with a greater --budget",
                   wants_time ? "its time was to be measured, and no block is there"
                              : "nothing was measured of it that could be judged");
    g_array_append_val(d->drafts, draft);
}

static void cell_judge(struct decision *d, const struct gate_cell_row *cell) {
    struct gate_draft whole = gate_draft_of(label_of(d, cell), cell->cell, NULL);
    if (!gate_cell_check(cell, d->rows->cells, &whole, d->text)) {
        g_array_append_val(d->drafts, whole);
        return;
    }
    bool has_time = false;
    bool has_any = false;
    for (guint i = 0; i < d->groups->len; i++) {
        const struct gate_group *group = &g_array_index(d->groups, struct gate_group, i);
        if (group->cell != cell->cell)
            continue;
        group_judge(d, group, cell);
        has_time |= g_strcmp0(group->metric, "wall_ns") == 0;
        has_any |= g_array_index(d->drafts, struct gate_draft, d->drafts->len - 1).state !=
                   GATE_DRAFT_ABSENT;
    }
    cell_check_measured(d, cell, has_time, has_any);
}

/* Rows of a cell that cells.csv does not know: once for each number. */
static void strangers_judge(struct decision *d) {
    for (guint i = 0; i < d->groups->len; i++) {
        const struct gate_group *group = &g_array_index(d->groups, struct gate_group, i);
        bool is_told =
            i > 0 && g_array_index(d->groups, struct gate_group, i - 1).cell == group->cell;
        if (is_told || cell_find(d->rows, group->cell) != NULL)
            continue;
        struct gate_draft draft = gate_draft_of("?", group->cell, NULL);
        gate_draft_end(&draft, d->text, GATE_INVALID,
                       "measured as a cell that is not in cells.csv, which is damaged; measure "
                       "again");
        g_array_append_val(d->drafts, draft);
    }
}

static void drafts_make(struct decision *d, const struct gate_rows *rows,
                        const struct gate_rule *rule, GStringChunk *text) {
    *d = (struct decision){rows, rule, text, gate_groups_new(rows),
                           g_array_new(FALSE, FALSE, sizeof(struct gate_draft))};
    for (guint i = 0; i < rows->cells->len; i++) {
        cell_judge(d, &g_array_index(rows->cells, struct gate_cell_row, i));
    }
    strangers_judge(d);
}

static void drafts_release(struct decision *d) {
    gate_groups_free(d->groups);
    g_array_free(d->drafts, TRUE);
}

/* The sort key; what is not known, as more than nothing, is the greatest. */
static double effect_size(const struct gate_finding *f) {
    return isnan(f->log_ratio) ? INFINITY : fabs(f->log_ratio);
}

static gint finding_compare(gconstpointer left, gconstpointer right) {
    const struct gate_finding *a = left;
    const struct gate_finding *b = right;
    if (a->verdict != b->verdict)
        return (a->verdict < b->verdict) - (a->verdict > b->verdict);
    double x = effect_size(a);
    double y = effect_size(b);
    if (x != y)
        return (x < y) - (x > y);
    if (a->cell != b->cell)
        return (a->cell > b->cell) - (a->cell < b->cell);
    int order = g_strcmp0(a->metric, b->metric);
    if (order == 0)
        order = g_strcmp0(a->label, b->label);
    return order != 0 ? order : g_strcmp0(a->reason, b->reason);
}

static void findings_count(struct gate_findings *out) {
    out->verdict = out->findings->len == 0 ? GATE_INVALID : GATE_IMPROVED;
    for (guint i = 0; i < out->findings->len; i++) {
        enum gate_verdict verdict = g_array_index(out->findings, struct gate_finding, i).verdict;
        out->counts[verdict]++;
        out->verdict = MAX(out->verdict, verdict);
    }
}

void gate_decide(struct gate_findings *out, const struct gate_rows *rows,
                 const struct gate_rule *rule) {
    *out = (struct gate_findings){
        .findings = g_array_new(FALSE, FALSE, sizeof(struct gate_finding)),
        .absent = g_array_new(FALSE, FALSE, sizeof(struct gate_finding)),
        .text = g_string_chunk_new(4096),
    };
    struct decision d;
    drafts_make(&d, rows, rule, out->text);
    struct gate_family family = gate_family_of(d.drafts, rule);
    for (guint i = 0; i < d.drafts->len; i++) {
        struct gate_draft *draft = &g_array_index(d.drafts, struct gate_draft, i);
        if (draft->state == GATE_DRAFT_OPEN)
            gate_draft_conclude(draft, &family, out->text);
        GArray *to = draft->state == GATE_DRAFT_ABSENT ? out->absent : out->findings;
        g_array_append_val(to, draft->finding);
    }
    g_array_sort(out->findings, finding_compare);
    g_array_sort(out->absent, finding_compare);
    findings_count(out);
    drafts_release(&d);
}

void gate_findings_release(struct gate_findings *f) {
    g_array_free(f->findings, TRUE);
    g_array_free(f->absent, TRUE);
    g_string_chunk_free(f->text);
}

GArray *gate_to_confirm(const struct gate_rows *rows, const struct gate_rule *rule) {
    GStringChunk *text = g_string_chunk_new(4096);
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct gate_finding));
    struct decision d;
    drafts_make(&d, rows, rule, text);
    struct gate_family family = gate_family_of(d.drafts, rule);
    for (guint i = 0; i < d.drafts->len; i++) {
        const struct gate_draft *draft = &g_array_index(d.drafts, struct gate_draft, i);
        int direction = gate_draft_direction(draft, &family);
        if (direction == 0 || draft->finding.confirm_blocks > 0)
            continue;
        struct gate_finding finding = draft->finding;
        finding.verdict = direction > 0 ? GATE_REGRESSED : GATE_IMPROVED;
        finding.label = NULL;
        finding.reason = NULL;
        g_array_append_val(found, finding);
    }
    g_array_sort(found, finding_compare);
    drafts_release(&d);
    g_string_chunk_free(text);
    return found;
}

const char *gate_verdict_name(enum gate_verdict verdict) {
    static const char *const names[GATE_VERDICT_COUNT] = {"IMPROVED", "PASS", "INCONCLUSIVE",
                                                          "REGRESSED", "INVALID"};
    return names[verdict];
}

int gate_exit_status(enum gate_verdict verdict) {
    static const int statuses[GATE_VERDICT_COUNT] = {EXIT_OK, EXIT_OK, EXIT_INCONCLUSIVE,
                                                     EXIT_FAILED, EXIT_CANNOT};
    return statuses[verdict];
}
