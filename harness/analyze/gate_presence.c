#include "harness/analyze/gate_presence.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/proportion.h"
#include "harness/analyze/statistics.h"

#define LONE_SHARE_MOST 0.25
#define BIAS_P          0.01

/* Blocks of one stage and kind of pair, by who has the metric. */
struct presence {
    unsigned both, base_only, candidate_only, voids;
};

static unsigned lone_of(const struct presence *p) {
    return p->base_only + p->candidate_only;
}

bool gate_block_is_lone(const struct gate_block_row *row, const struct gate_metric *metric) {
    bool is_void = isnan(row->log_ratio) && row->reason != NULL && *row->reason != '\0';
    bool has_values = isfinite(row->base) && isfinite(row->candidate);
    return is_void && has_values && (metric->traits & GATE_POSITIVE) == 0 &&
           (row->base > 0) != (row->candidate > 0);
}

/* stage NULL: of both. */
static struct presence presence_of(const struct gate_group *group, const char *stage,
                                   const char *pair) {
    const struct gate_metric *metric = gate_metric_find(group->metric);
    struct presence p = {0, 0, 0, 0};
    for (guint i = 0; i < group->blocks->len; i++) {
        const struct gate_block_row *row = g_ptr_array_index(group->blocks, i);
        if (g_strcmp0(row->pair, pair) != 0 || (stage != NULL && g_strcmp0(row->stage, stage) != 0))
            continue;
        if (!gate_block_is_lone(row, metric))
            ++*(isnan(row->log_ratio) ? &p.voids : &p.both);
        else
            ++*(row->base > 0 ? &p.base_only : &p.candidate_only);
    }
    return p;
}

/* P(so few or fewer of the lone blocks are the other side's), when either side is as likely; 1 of
   none. */
static double tail_p(unsigned others, const struct presence *p) {
    return lone_of(p) == 0 ? 1 : binomial_below(others, lone_of(p), 0.5);
}

/* Over the blocks of the first stage in which a side has it; 0: in none. */
static double side_median(const struct gate_group *group, bool is_candidate) {
    double *values = g_new(double, group->blocks->len);
    size_t count = 0;
    for (guint i = 0; i < group->blocks->len; i++) {
        const struct gate_block_row *row = g_ptr_array_index(group->blocks, i);
        double value = is_candidate ? row->candidate : row->base;
        bool is_first = g_strcmp0(row->stage, "measure") == 0 && g_strcmp0(row->pair, "ab") == 0;
        if (is_first && isfinite(value) && value > 0)
            values[count++] = value;
    }
    values_sort(values, count);
    double median = count == 0 ? 0 : median_of(values, count);
    g_free(values);
    return median;
}

static void finding_fill(struct gate_draft *draft, const struct gate_group *group,
                         const struct presence *ab) {
    struct gate_finding *f = &draft->finding;
    f->base = side_median(group, false);
    f->candidate = side_median(group, true);
    f->blocks = ab->both + lone_of(ab);
    f->void_blocks = ab->voids;
    f->margin = draft->margin.margin;
    f->p = fmin(draft->p_more, draft->p_less);
}

bool gate_presence_measure(struct gate_draft *draft, const struct gate_group *group,
                           const struct gate_rule *rule, GStringChunk *text) {
    struct presence ab = presence_of(group, "measure", "ab");
    struct presence confirm = presence_of(group, "confirm", "ab");
    struct presence aa = presence_of(group, NULL, "aa");
    unsigned all = ab.both + lone_of(&ab) + ab.voids;
    if (lone_of(&ab) == 0 || lone_of(&ab) <= LONE_SHARE_MOST * all)
        return false;
    draft->is_presence = true;
    draft->base_only = ab.base_only;
    draft->candidate_only = ab.candidate_only;
    draft->p_more = tail_p(ab.base_only, &ab);
    draft->p_less = tail_p(ab.candidate_only, &ab);
    draft->confirm_more = tail_p(confirm.base_only, &confirm);
    draft->confirm_less = tail_p(confirm.candidate_only, &confirm);
    draft->aa_more = tail_p(aa.base_only, &aa);
    draft->aa_less = tail_p(aa.candidate_only, &aa);
    draft->finding.confirm_blocks = confirm.both + lone_of(&confirm);
    draft->finding.aa_blocks = aa.both + lone_of(&aa);
    finding_fill(draft, group, &ab);
    if (draft->finding.blocks < rule->blocks_least)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "only the base has it in %u blocks, only the candidate in %u, and a verdict "
                       "needs %u; give it more --budget",
                       ab.base_only, ab.candidate_only, rule->blocks_least);
    return true;
}

static void conclude_gone(struct gate_draft *draft, bool is_confirmed, GStringChunk *text) {
    const struct gate_finding *f = &draft->finding;
    bool is_meant = draft->margin.is_limited && draft->margin.margin >= 1;
    if (is_meant && is_confirmed)
        gate_draft_end(draft, text, GATE_IMPROVED,
                       "gone: only the base has it in %u of %u blocks, and again in fresh ones",
                       draft->base_only, f->blocks);
    else
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "gone: only the base has it in %u of %u blocks; a counter that broke looks "
                       "the same, so if it is meant, say so with --limit '%s:%s=100'",
                       draft->base_only, f->blocks, f->label, f->metric);
}

void gate_presence_conclude(struct gate_draft *draft, int direction, bool is_confirmed,
                            GStringChunk *text) {
    const struct gate_finding *f = &draft->finding;
    if (fmin(draft->aa_more, draft->aa_less) <= BIAS_P)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "only the base has it in %u of %u blocks, only the candidate in %u, but the "
                       "base and its own copy differ in this, too; measure again",
                       draft->base_only, f->blocks, draft->candidate_only);
    else if (direction > 0 && is_confirmed)
        gate_draft_end(draft, text, GATE_REGRESSED,
                       "new: only the candidate has it in %u of %u blocks, and again in fresh ones",
                       draft->candidate_only, f->blocks);
    else if (direction > 0)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "new: only the candidate has it in %u of %u blocks, but %s; %s",
                       draft->candidate_only, f->blocks,
                       f->confirm_blocks == 0 ? "no fresh blocks were measured to confirm it"
                                              : "fresh ones did not confirm it",
                       f->confirm_blocks == 0 ? "give it more --budget" : "measure again");
    else if (direction < 0)
        conclude_gone(draft, is_confirmed, text);
    else
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "comes and goes: of %u blocks, only the base has it in %u and only the "
                       "candidate in %u, so there is nothing to compare; give it more operations "
                       "(--ops)",
                       f->blocks, draft->base_only, draft->candidate_only);
}
