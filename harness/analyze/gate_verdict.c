#include "harness/analyze/gate_verdict.h"

#include <math.h>

#include "harness/analyze/discovery.h"
#include "harness/analyze/gate_presence.h"
#include "harness/analyze/visible.h"

#define POWER    0.9
#define BIAS_P   0.01
#define BEYOND_P 0.05

struct gate_family gate_family_of(const GArray *drafts, const struct gate_rule *rule) {
    double *more = g_new(double, drafts->len);
    double *less = g_new(double, drafts->len);
    size_t count = 0;
    for (guint i = 0; i < drafts->len; i++) {
        const struct gate_draft *draft = &g_array_index(drafts, struct gate_draft, i);
        if (draft->state == GATE_DRAFT_OPEN) {
            more[count] = draft->p_more;
            less[count++] = draft->p_less;
        }
    }
    struct gate_family family = {
        .p_more = discovery_threshold(more, count, rule->rate),
        .p_less = discovery_threshold(less, count, rule->rate),
        .level = rule->rate / (double)(count == 0 ? 1 : count),
        .confirm_p = rule->confirm_p,
    };
    g_free(more);
    g_free(less);
    return family;
}

/* Whether the base against itself lies to one side by more than half of what counts. */
static bool is_biased(const struct gate_draft *draft) {
    return fmin(draft->aa_more, draft->aa_less) <= BIAS_P;
}

/* What the first stage finds, whatever the A/A blocks say: more (1), less (-1), nothing (0). */
static int rejected(const struct gate_draft *draft, const struct gate_family *family) {
    if (draft->p_more <= family->p_more)
        return 1;
    return draft->p_less <= family->p_less ? -1 : 0;
}

int gate_draft_direction(const struct gate_draft *draft, const struct gate_family *family) {
    if (draft->state != GATE_DRAFT_OPEN || is_biased(draft))
        return 0;
    int direction = rejected(draft, family);
    double beyond = direction > 0 ? draft->beyond_more : draft->beyond_less;
    return beyond <= BEYOND_P ? direction : 0;
}

static double percent(double log_ratio) {
    return 100 * expm1(log_ratio);
}

static const char *comparative(const struct gate_draft *draft) {
    bool is_time = draft->finding.tier == GATE_TIME;
    if (draft->ab.estimate < 0)
        return is_time ? "faster" : "less";
    return is_time ? "slower" : "more";
}

/* "4.8 % slower (3.9 to 5.6 %)"; caller frees. */
static char *effect_text(const struct gate_draft *draft) {
    double sign = draft->ab.estimate < 0 ? -1 : 1;
    double near = sign < 0 ? draft->ab.high : draft->ab.low;
    double far = sign < 0 ? draft->ab.low : draft->ab.high;
    return g_strdup_printf("%.3g %% %s (%.3g to %.3g %%)", sign * percent(draft->ab.estimate),
                           comparative(draft), sign * percent(near), sign * percent(far));
}

static void conclude_doubtful(struct gate_draft *draft, GStringChunk *text) {
    char *effect = effect_text(draft);
    gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                   "%s, but the base against itself seems %+.3g %% in %u blocks, which are too "
                   "scattered to tell the two apart; measure again on a quieter machine",
                   effect, percent(draft->aa.estimate), draft->finding.aa_blocks);
    g_free(effect);
}

static void conclude_biased(struct gate_draft *draft, GStringChunk *text) {
    gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                   "the base against itself differs by %+.3g %% in %u blocks: the machine favours "
                   "a side, and no difference can be trusted; measure again on a quieter machine",
                   percent(draft->aa.estimate), draft->finding.aa_blocks);
}

static void conclude_found(struct gate_draft *draft, bool is_confirmed, GStringChunk *text) {
    char *effect = effect_text(draft);
    const struct gate_finding *f = &draft->finding;
    bool is_more = draft->ab.estimate > 0;
    if (is_confirmed)
        gate_draft_end(draft, text, is_more ? GATE_REGRESSED : GATE_IMPROVED,
                       "%s, beyond the margin of %.3g %%, in %u blocks and again in %u fresh ones",
                       effect, 100 * f->margin, f->blocks, f->confirm_blocks);
    else if (f->confirm_blocks == 0)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "%s in %u blocks, but no fresh blocks were measured to confirm it; give it "
                       "more --budget",
                       effect, f->blocks);
    else
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "%s in %u blocks, but %u fresh ones did not confirm it; measure again",
                       effect, f->blocks, f->confirm_blocks);
    g_free(effect);
}

static void conclude_pass(struct gate_draft *draft, bool is_less, GStringChunk *text) {
    draft->finding.verdict = GATE_PASS;
    draft->state = GATE_DRAFT_DONE;
    if (is_less) {
        char *effect = effect_text(draft);
        gate_draft_end(draft, text, GATE_PASS, "seems %s, which fresh blocks %s", effect,
                       draft->finding.confirm_blocks == 0 ? "were not there to confirm"
                                                          : "did not confirm");
        g_free(effect);
    }
}

/* How many blocks would bring the upper bound below what passes, when the estimate stays; 0: no
   number would. */
static size_t blocks_to_pass(const struct gate_draft *draft) {
    double room = draft->margin.log_pass - draft->ab.estimate;
    double half = draft->ab.high - draft->ab.estimate;
    return room > 0 ? visible_count(half, draft->finding.blocks, room) : 0;
}

static void conclude_open(struct gate_draft *draft, GStringChunk *text) {
    size_t blocks = blocks_to_pass(draft);
    double low = percent(draft->ab.low);
    double high = percent(draft->ab.high);
    if (blocks > 0 && blocks < 10000)
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "between %+.3g and %+.3g %%: neither shown to be beyond the margin of %.3g "
                       "%% nor below %.3g %%; about %zu blocks instead of %u would tell",
                       low, high, 100 * draft->margin.margin, 100 * draft->margin.pass, blocks,
                       draft->finding.blocks);
    else
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "between %+.3g and %+.3g %%: not shown to be beyond the margin of %.3g %%, "
                       "and not below %.3g %% either; give it more --budget",
                       low, high, 100 * draft->margin.margin, 100 * draft->margin.pass);
}

static bool is_confirmed(const struct gate_draft *draft, const struct gate_family *family,
                         int direction) {
    double p = direction > 0 ? draft->confirm_more : draft->confirm_less;
    return p <= family->confirm_p;
}

void gate_draft_conclude(struct gate_draft *draft, const struct gate_family *family,
                         GStringChunk *text) {
    int direction = gate_draft_direction(draft, family);
    bool is_confirmed_now = direction != 0 && is_confirmed(draft, family, direction);
    if (draft->is_presence) {
        gate_presence_conclude(draft, direction, is_confirmed_now, text);
        return;
    }
    struct visible_rule visible = {family->level, POWER};
    double beyond = visible_shift(&draft->ab, draft->finding.blocks, visible);
    draft->finding.visible = expm1(draft->margin.log_margin + beyond);
    if (is_biased(draft))
        conclude_biased(draft, text);
    else if (rejected(draft, family) > 0 && direction == 0)
        conclude_doubtful(draft, text);
    else if (direction > 0 || is_confirmed_now)
        conclude_found(draft, is_confirmed_now, text);
    else if (draft->ab.high < draft->margin.log_pass)
        conclude_pass(draft, rejected(draft, family) < 0, text);
    else
        conclude_open(draft, text);
}
