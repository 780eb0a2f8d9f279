#include "harness/analyze/gate_sample.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/analyze/gate_presence.h"
#include "harness/analyze/rank_sum.h"
#include "harness/analyze/signed_rank.h"
#include "harness/analyze/statistics.h"

#define LEVEL            0.95
#define VOID_SHARE_MOST  0.25
#define CONTRADICTS_MOST M_LN2

/* Blocks that count, of one stage and kind of pair. */
struct blocks {
    double *ratios, *base, *candidate; /* logarithm; medians of the sides */
    size_t count;
    unsigned voids;
    const char *void_reason; /* of the first */
};

static bool is_word(const char *text, const char *word) {
    return text != NULL && strcmp(text, word) == 0;
}

static bool is_void(const struct gate_block_row *row) {
    return isnan(row->log_ratio) && row->reason != NULL && *row->reason != '\0';
}

static bool has_reason(const struct gate_block_row *row) {
    return row->reason != NULL && *row->reason != '\0';
}

/* What is wrong with a block that counts, or NULL. */
static const char *values_fault(const struct gate_block_row *row,
                                const struct gate_metric *metric) {
    if (isnan(row->log_ratio))
        return "has neither a ratio nor a reason why not";
    if (has_reason(row))
        return "has a ratio and a reason why it has none";
    if (isinf(row->log_ratio) || isinf(row->base) || isinf(row->candidate))
        return "has an infinite value";
    if (isnan(row->base) || isnan(row->candidate))
        return isnan(row->base) ? "has no value of the base" : "has no value of the candidate";
    double least = fmin(row->base, row->candidate);
    if (least < 0 || ((metric->traits & GATE_POSITIVE) && least <= 0))
        return "has a value that is not positive";
    return NULL;
}

static const char *block_fault(const struct gate_group *group, guint i,
                               const struct gate_metric *metric) {
    const struct gate_block_row *row = g_ptr_array_index(group->blocks, i);
    const struct gate_block_row *before = i > 0 ? g_ptr_array_index(group->blocks, i - 1) : NULL;
    if (before != NULL && before->block == row->block)
        return "stands twice in blocks.csv";
    if (!is_word(row->stage, "measure") && !is_word(row->stage, "confirm"))
        return "is of no stage (measure or confirm)";
    if (!is_word(row->pair, "ab") && !is_word(row->pair, "aa"))
        return "is no pair (ab or aa)";
    if (is_void(row))
        return NULL;
    return row->slices == 0 ? "has no slices" : values_fault(row, metric);
}

static bool rows_check(struct gate_draft *draft, const struct gate_group *group,
                       const struct gate_metric *metric, GStringChunk *text) {
    for (guint i = 0; i < group->blocks->len; i++) {
        const struct gate_block_row *row = g_ptr_array_index(group->blocks, i);
        if (row->block == COUNT_EMPTY) {
            gate_draft_end(draft, text, GATE_INVALID,
                           "a block has no number in blocks.csv, which is damaged; measure again");
            return false;
        }
        const char *fault = block_fault(group, i, metric);
        if (fault != NULL) {
            gate_draft_end(draft, text, GATE_INVALID, "block %" PRIu64 " %s; measure again",
                           row->block, fault);
            return false;
        }
    }
    return true;
}

/* The blocks of a pair, of one stage or (NULL) of both. */
static struct blocks blocks_of(const struct gate_group *group, const char *stage,
                               const char *pair) {
    guint most = group->blocks->len;
    struct blocks b = {g_new(double, most), g_new(double, most), g_new(double, most), 0, 0, NULL};
    for (guint i = 0; i < most; i++) {
        const struct gate_block_row *row = g_ptr_array_index(group->blocks, i);
        if (!is_word(row->pair, pair) || (stage != NULL && !is_word(row->stage, stage)))
            continue;
        if (is_void(row)) {
            b.void_reason = b.voids++ == 0 ? row->reason : b.void_reason;
            continue;
        }
        b.ratios[b.count] = row->log_ratio;
        b.base[b.count] = row->base;
        b.candidate[b.count++] = row->candidate;
    }
    return b;
}

static void blocks_release(struct blocks *b) {
    g_free(b->ratios);
    g_free(b->base);
    g_free(b->candidate);
}

/* Whether no side of any block has a value of what is no time, but a reason: it cannot be measured
   here. */
static bool is_absent(const struct gate_group *group) {
    if (gate_metric_find(group->metric)->tier == GATE_TIME)
        return false;
    for (guint i = 0; i < group->blocks->len; i++) {
        const struct gate_block_row *row = g_ptr_array_index(group->blocks, i);
        if (!is_void(row) || !isnan(row->base) || !isnan(row->candidate))
            return false;
    }
    return true;
}

static bool is_constant(const double *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (values[i] != values[0])
            return false;
    }
    return true;
}

static double median_unsorted(const double *values, size_t count) {
    double *sorted = g_memdup2(values, count * sizeof *values);
    values_sort(sorted, count);
    double median = median_of(sorted, count);
    g_free(sorted);
    return median;
}

/* Too few blocks count. That is nobody's fault, and no verdict, when enough were measured and a
   busy machine made them void. */
static void few_blocks_end(struct gate_draft *draft, const struct blocks *b, GStringChunk *text) {
    if (b->count + b->voids >= GATE_BLOCKS_FOR_INTERVAL)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE, "only %zu of %zu blocks count: %s%s",
                       b->count, b->count + b->voids, b->void_reason,
                       draft->finding.tier == GATE_TIME ? "; measure again on a quieter machine"
                                                        : "");
    else
        gate_draft_end(draft, text, GATE_INVALID,
                       "%zu block%s cannot make an interval, %d can; give it more --budget",
                       b->count, b->count == 1 ? "" : "s", GATE_BLOCKS_FOR_INTERVAL);
}

static bool counts_check(struct gate_draft *draft, const struct blocks *b, GStringChunk *text) {
    if (b->count >= GATE_BLOCKS_FOR_INTERVAL)
        return true;
    if (b->count == 0 && b->voids == 0)
        gate_draft_end(draft, text, GATE_INVALID,
                       "no block compares base and candidate; measure again");
    else
        few_blocks_end(draft, b, text);
    return false;
}

static bool clock_check(struct gate_draft *draft, const struct gate_metric *metric,
                        const struct blocks *b, GStringChunk *text) {
    const char *what = is_constant(b->base, b->count)        ? "the base's value"
                       : is_constant(b->candidate, b->count) ? "the candidate's value"
                       : is_constant(b->ratios, b->count)    ? "the ratio"
                                                             : NULL;
    bool is_clock = strcmp(metric->unit, "ns") == 0;
    /* No stop of the world at all, in any block, is a fact and no clock. */
    bool is_zero = b->base[0] == 0 || b->candidate[0] == 0;
    if (what == NULL || !is_clock || is_zero)
        return true;
    gate_draft_end(draft, text, GATE_INVALID,
                   "%s is the same in all %zu blocks: a clock that does not move measures nothing; "
                   "see what `heapmark doctor` says of the clock",
                   what, b->count);
    return false;
}

/* ln candidate - ln base of each block must tell the same as the ratios, which are the medians of
   neighbouring slices: not the same number, but not another story. */
static bool columns_check(struct gate_draft *draft, const struct blocks *b, GStringChunk *text) {
    double *columns = g_new(double, b->count);
    double farthest = 0;
    for (size_t i = 0; i < b->count; i++) {
        bool has_ratio = b->base[i] > 0 && b->candidate[i] > 0;
        columns[i] = has_ratio ? log(b->candidate[i]) - log(b->base[i]) : INFINITY;
        farthest = fmax(farthest, fabs(columns[i] - b->ratios[i]));
    }
    /* A value of 0 has no logarithm; and no two stories are so near each other. */
    if (isinf(farthest) || farthest <= draft->margin.log_margin) {
        g_free(columns);
        return true;
    }
    struct shift shift = signed_rank_estimate(columns, b->count, LEVEL);
    double medians_apart =
        fabs(median_unsorted(columns, b->count) - median_unsorted(b->ratios, b->count));
    g_free(columns);
    double margin = draft->margin.log_margin;
    bool is_swapped = (shift.low > margin && draft->ab.high < -margin) ||
                      (shift.high < -margin && draft->ab.low > margin);
    bool is_apart = medians_apart > CONTRADICTS_MOST &&
                    (shift.low > draft->ab.high || shift.high < draft->ab.low);
    if (!is_swapped && !is_apart)
        return true;
    gate_draft_end(draft, text, GATE_INVALID,
                   "log_ratio says %+.3g %% and the columns base and candidate %+.3g %%: %s in "
                   "blocks.csv; measure again",
                   100 * expm1(draft->ab.estimate), 100 * expm1(shift.estimate),
                   is_swapped ? "sides were swapped" : "a unit was changed");
    return false;
}

static void estimate(struct gate_draft *draft, const struct blocks *ab) {
    struct shifts s;
    signed_rank_init(&s, ab->ratios, ab->count);
    draft->ab = shifts_estimate(&s, LEVEL);
    draft->p_more = shifts_p_above(&s, draft->margin.log_margin);
    draft->p_less = shifts_p_below(&s, -draft->margin.log_margin);
    shifts_release(&s);
    struct gate_finding *f = &draft->finding;
    f->base = median_unsorted(ab->base, ab->count);
    f->candidate = median_unsorted(ab->candidate, ab->count);
    f->log_ratio = draft->ab.estimate;
    f->effect = expm1(draft->ab.estimate);
    f->low = expm1(draft->ab.low);
    f->high = expm1(draft->ab.high);
    f->p = fmin(draft->p_more, draft->p_less);
}

static void confirm(struct gate_draft *draft, const struct gate_group *group) {
    struct blocks b = blocks_of(group, "confirm", "ab");
    draft->finding.confirm_blocks = (unsigned)b.count;
    struct shifts s;
    signed_rank_init(&s, b.ratios, b.count);
    draft->confirm_more = shifts_p_above(&s, draft->margin.log_margin);
    draft->confirm_less = shifts_p_below(&s, -draft->margin.log_margin);
    shifts_release(&s);
    blocks_release(&b);
}

/* Whether the sides differ more than the base from itself. */
static void compare_with_aa(struct gate_draft *draft, const struct blocks *ab,
                            const struct blocks *aa) {
    if (aa->count == 0)
        return;
    struct shifts s;
    rank_sum_init(&s, (struct sample){aa->ratios, aa->count},
                  (struct sample){ab->ratios, ab->count});
    draft->beyond_more = shifts_p_above(&s, 0);
    draft->beyond_less = shifts_p_below(&s, 0);
    shifts_release(&s);
}

static void calibrate(struct gate_draft *draft, const struct gate_group *group,
                      const struct blocks *ab) {
    struct blocks aa = blocks_of(group, NULL, "aa");
    struct shifts s;
    signed_rank_init(&s, aa.ratios, aa.count);
    draft->aa = shifts_estimate(&s, LEVEL);
    draft->aa_more = shifts_p_above(&s, draft->margin.log_margin / 2);
    draft->aa_less = shifts_p_below(&s, -draft->margin.log_margin / 2);
    draft->finding.aa_blocks = (unsigned)aa.count;
    draft->finding.aa_effect = expm1(draft->aa.estimate);
    shifts_release(&s);
    compare_with_aa(draft, ab, &aa);
    blocks_release(&aa);
}

/* Whether a machine that voids and stops so much can be trusted with a verdict. */
static void quantity_check(struct gate_draft *draft, const struct blocks *ab,
                           const struct gate_rule *rule, GStringChunk *text) {
    double all = (double)(ab->count + ab->voids);
    if (ab->voids > VOID_SHARE_MOST * all)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "%u of %.0f blocks are void (%s), more than a quarter%s", ab->voids, all,
                       ab->void_reason,
                       draft->finding.tier == GATE_TIME ? "; measure again on a quieter machine"
                                                        : "");
    else if (ab->count < rule->blocks_least)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "%zu blocks of the %u that a verdict needs; give it more --budget",
                       ab->count, rule->blocks_least);
}

static void blocks_measure(struct gate_draft *draft, const struct gate_group *group,
                           const struct blocks *ab, GStringChunk *text) {
    const struct gate_metric *metric = gate_metric_find(group->metric);
    draft->finding.blocks = (unsigned)ab->count;
    draft->finding.void_blocks = ab->voids;
    draft->finding.margin = draft->margin.margin;
    if (!counts_check(draft, ab, text) || !clock_check(draft, metric, ab, text))
        return;
    estimate(draft, ab);
    if (!columns_check(draft, ab, text))
        return;
    confirm(draft, group);
    calibrate(draft, group, ab);
}

void gate_sample_measure(struct gate_draft *draft, const struct gate_group *group,
                         const struct gate_rule *rule, GStringChunk *text) {
    if (!rows_check(draft, group, gate_metric_find(group->metric), text))
        return;
    if (is_absent(group)) {
        gate_draft_end(
            draft, text, GATE_INCONCLUSIVE, "%s",
            ((const struct gate_block_row *)g_ptr_array_index(group->blocks, 0))->reason);
        draft->state = GATE_DRAFT_ABSENT;
        return;
    }
    if (gate_presence_measure(draft, group, rule, text))
        return;
    struct blocks ab = blocks_of(group, "measure", "ab");
    blocks_measure(draft, group, &ab, text);
    if (draft->state == GATE_DRAFT_OPEN)
        quantity_check(draft, &ab, rule, text);
    blocks_release(&ab);
}
