#include "harness/analyze/gate_exact.h"

#include <inttypes.h>
#include <math.h>

#include "harness/analyze/gate_cell.h"
#include "harness/analyze/statistics.h"

#define RANGES_ALIKE 4.0

/* Both sides' counts over the repeats. */
struct counts {
    double base, candidate; /* medians */
    double base_least, base_most, candidate_least, candidate_most;
    double base_range, candidate_range;
    double range;      /* the greater of both */
    double operations; /* 1 when not known */
    unsigned repeats;
};

static const struct gate_count_row *row_at(const struct gate_group *group, guint i) {
    return g_ptr_array_index(group->counts, i);
}

static bool is_number(double count, const struct gate_metric *metric) {
    return isfinite(count) && (count >= 0 || (metric->traits & GATE_SIGNED) != 0);
}

/* Whether neither side has a number in any repeat, but a reason. */
static bool is_absent(const struct gate_group *group) {
    for (guint i = 0; i < group->counts->len; i++) {
        const struct gate_count_row *row = row_at(group, i);
        bool has_reason = row->reason != NULL && *row->reason != '\0';
        if (!isnan(row->base) || !isnan(row->candidate) || !has_reason)
            return false;
    }
    return true;
}

/* What is wrong with one repeat, or NULL. */
static const char *repeat_fault(const struct gate_group *group, guint i,
                                const struct gate_metric *metric) {
    const struct gate_count_row *row = row_at(group, i);
    if (row->repeat == COUNT_EMPTY)
        return "has no number";
    if (i > 0 && row_at(group, i - 1)->repeat == row->repeat)
        return "stands twice in counts.csv";
    if (isnan(row->base) != isnan(row->candidate))
        return isnan(row->base) ? "has a count of the candidate only"
                                : "has a count of the base only";
    if (isnan(row->base))
        return "has no count";
    if (!is_number(row->base, metric) || !is_number(row->candidate, metric))
        return "has a count that is negative or infinite";
    if ((metric->traits & GATE_POSITIVE) && (row->base <= 0 || row->candidate <= 0))
        return "counts 0 of what is never 0";
    return NULL;
}

static bool rows_check(struct gate_draft *draft, const struct gate_group *group,
                       const struct gate_metric *metric, GStringChunk *text) {
    for (guint i = 0; i < group->counts->len; i++) {
        const struct gate_count_row *row = row_at(group, i);
        const char *fault = repeat_fault(group, i, metric);
        if (fault == NULL)
            continue;
        const char *why = row->reason == NULL ? "" : row->reason;
        if (row->repeat == COUNT_EMPTY)
            gate_draft_end(draft, text, GATE_INVALID,
                           "a repeat has no number in counts.csv, which is damaged; count again");
        else
            gate_draft_end(draft, text, GATE_INVALID, "repeat %" PRIu64 " %s%s%s; count again",
                           row->repeat, fault, *why == '\0' ? "" : ": ", why);
        return false;
    }
    return true;
}

static bool operations_check(struct gate_draft *draft, const struct gate_group *group,
                             const struct gate_cell_row *cell, GStringChunk *text) {
    uint64_t operations = row_at(group, 0)->operations;
    for (guint i = 0; i < group->counts->len; i++) {
        if (row_at(group, i)->operations != operations) {
            gate_draft_end(draft, text, GATE_INVALID,
                           "repeats belong to different numbers of operations and cannot be "
                           "compared; count again with one --ops");
            return false;
        }
    }
    if (operations == 0 || (operations == COUNT_EMPTY && gate_cell_is_checked(cell))) {
        gate_draft_end(draft, text, GATE_INVALID,
                       "counted over %s operations, so nothing was measured; count again",
                       operations == 0 ? "zero" : "an unknown number of");
        return false;
    }
    return true;
}

static struct counts counts_of(const struct gate_group *group) {
    guint repeats = group->counts->len;
    double *base = g_new(double, repeats);
    double *candidate = g_new(double, repeats);
    for (guint i = 0; i < repeats; i++) {
        base[i] = row_at(group, i)->base;
        candidate[i] = row_at(group, i)->candidate;
    }
    values_sort(base, repeats);
    values_sort(candidate, repeats);
    uint64_t operations = row_at(group, 0)->operations;
    struct counts c = {
        .base = median_of(base, repeats),
        .candidate = median_of(candidate, repeats),
        .base_least = base[0],
        .base_most = base[repeats - 1],
        .candidate_least = candidate[0],
        .candidate_most = candidate[repeats - 1],
        .operations = operations == COUNT_EMPTY ? 1 : (double)operations,
        .repeats = repeats,
    };
    c.base_range = c.base_most - c.base_least;
    c.candidate_range = c.candidate_most - c.candidate_least;
    c.range = fmax(c.base_range, c.candidate_range);
    g_free(base);
    g_free(candidate);
    return c;
}

/* candidate / base - 1; of nothing, or less: 0 when they are the same, else not known. */
static double share_of(double candidate, double base) {
    if (base <= 0 || candidate < 0)
        return candidate == base ? 0 : NAN;
    return candidate / base - 1;
}

/* A difference of logarithms, so that swapped sides negate it to the bit. */
static double log_ratio_of(const struct counts *c) {
    if (c->base == c->candidate)
        return 0;
    return c->base <= 0 || c->candidate <= 0 ? NAN : log(c->candidate) - log(c->base);
}

/* Within which difference it is PASS. */
static double band_of(const struct gate_draft *draft, const struct gate_metric *metric,
                      const struct counts *c) {
    double share = draft->margin.margin * fmin(fabs(c->base), fabs(c->candidate));
    return fmax(share, metric->slack);
}

/* The greatest difference between a count of one side and one of the other. */
static double farthest(const struct counts *c) {
    return fmax(c->candidate_most - c->base_least, c->base_most - c->candidate_least);
}

static double range_factor(unsigned repeats) {
    return repeats <= 2 ? 20 : repeats == 3 ? 4 : 2;
}

/* The least difference that would be told. */
static double told_from(const struct counts *c, double band) {
    return fmax(band, range_factor(c->repeats) * c->range);
}

/* Whether both sides are noise of one kind, as far as repeats can show it. */
static bool scatter_alike(const struct counts *c) {
    double lesser = fmin(c->base_range, c->candidate_range);
    return lesser > 0 && c->range <= RANGES_ALIKE * lesser && c->base >= c->candidate_least &&
           c->base <= c->candidate_most && c->candidate >= c->base_least &&
           c->candidate <= c->base_most;
}

static void describe(struct gate_draft *draft, const struct gate_metric *metric,
                     const struct counts *c) {
    struct gate_finding *f = &draft->finding;
    f->base = c->base / c->operations;
    f->candidate = c->candidate / c->operations;
    f->effect = share_of(c->candidate, c->base);
    f->low = share_of(c->candidate_least, c->base_most);
    f->high = share_of(c->candidate_most, c->base_least);
    f->log_ratio = log_ratio_of(c);
    f->margin = draft->margin.margin;
    double band = told_from(c, band_of(draft, metric, c));
    f->visible = c->base > 0 ? band / c->base : f->margin;
    bool is_slack = band == metric->slack && band > f->margin * c->base;
    if (is_slack || c->base <= 0 || band > c->base)
        f->visible_count = band;
    f->blocks = c->repeats;
}

/* Whether the candidate's count fell as only a broken counter's does. */
static bool is_collapsed(const struct gate_draft *draft, const struct gate_metric *metric,
                         const struct gate_cell_row *cell, const struct counts *c) {
    bool is_allowed =
        draft->margin.is_limited && c->base - c->candidate <= draft->margin.margin * c->base;
    bool is_suspect = (metric->traits & GATE_OF_WORK) || !gate_cell_is_checked(cell);
    return is_suspect && !is_allowed && c->base > 0 && c->candidate < c->base / 2;
}

/* "100", or "100 to 104" of a side whose repeats differ. Caller frees. */
static char *side_text(double least, double most) {
    return least == most ? g_strdup_printf("%.10g", least)
                         : g_strdup_printf("%.10g to %.10g", least, most);
}

static void conclude_unclear(struct gate_draft *draft, const struct counts *c, GStringChunk *text) {
    char *base = side_text(c->base_least, c->base_most);
    char *candidate = side_text(c->candidate_least, c->candidate_most);
    gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                   "not an exact metric here: %s of the base and %s of the candidate in %u "
                   "repeats, which neither differ surely nor are alike; allow such a difference "
                   "with --limit, or see why %s",
                   base, candidate, c->repeats,
                   c->base_range > 0 && c->candidate_range > 0 ? "they differ from repeat to repeat"
                   : c->base_range > 0 ? "the base differs from repeat to repeat"
                                       : "the candidate differs from repeat to repeat");
    g_free(candidate);
    g_free(base);
}

static void conclude_different(struct gate_draft *draft, const struct counts *c,
                               GStringChunk *text) {
    char *range = c->range == 0 ? g_strdup("")
                                : g_strdup_printf("; not exact here: its repeats differ by up to "
                                                  "%.10g",
                                                  c->range);
    gate_draft_end(draft, text, c->candidate > c->base ? GATE_REGRESSED : GATE_IMPROVED,
                   "%.10g instead of %.10g%s%s", c->candidate, c->base,
                   c->operations == 1 ? "" : " for the same operations", range);
    g_free(range);
}

static void conclude(struct gate_draft *draft, const struct gate_metric *metric,
                     const struct counts *c, GStringChunk *text) {
    double difference = fabs(c->candidate - c->base);
    double band = band_of(draft, metric, c);
    bool is_within = farthest(c) <= band;
    if (is_within && c->range == 0) {
        draft->finding.verdict = GATE_PASS;
        draft->state = GATE_DRAFT_DONE;
    } else if (is_within) {
        gate_draft_end(draft, text, GATE_PASS,
                       "repeats differ by up to %.10g, all within the band of %.10g", c->range,
                       band);
    } else if (c->repeats < 2) {
        gate_draft_end(draft, text, GATE_INCONCLUSIVE,
                       "%.10g instead of %.10g, but counted only once, so it is not known whether "
                       "it repeats; count twice or more",
                       c->candidate, c->base);
    } else if (difference > told_from(c, band)) {
        conclude_different(draft, c, text);
    } else if (scatter_alike(c)) {
        gate_draft_end(draft, text, GATE_PASS,
                       "not an exact metric here: its repeats differ by up to %.10g, so only a "
                       "difference above %.10g would be told",
                       c->range, told_from(c, band));
    } else {
        conclude_unclear(draft, c, text);
    }
}

void gate_exact_judge(struct gate_draft *draft, const struct gate_group *group,
                      const struct gate_cell_row *cell, GStringChunk *text) {
    const struct gate_metric *metric = gate_metric_find(group->metric);
    if (is_absent(group)) {
        gate_draft_end(draft, text, GATE_INCONCLUSIVE, "%s", row_at(group, 0)->reason);
        draft->state = GATE_DRAFT_ABSENT;
        return;
    }
    if (!rows_check(draft, group, metric, text) || !operations_check(draft, group, cell, text))
        return;
    struct counts c = counts_of(group);
    describe(draft, metric, &c);
    if (is_collapsed(draft, metric, cell, &c)) {
        gate_draft_end(draft, text, GATE_INVALID,
                       "%.10g instead of %.10g: a count that falls by more than half is taken for "
                       "a broken counter; see what the candidate counts, and if the fall is meant, "
                       "allow it with --limit '%s:%s=100'",
                       c.candidate, c.base, draft->finding.label, metric->name);
        return;
    }
    conclude(draft, metric, &c, text);
}
