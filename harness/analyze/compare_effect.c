/*
 * One metric of one cell.
 *
 * The smallest visible effect is told from the interval, as in visible.h but for two-sided tests of
 * one sample or two: half of the interval is so many standard errors as the quantile of its
 * coverage (Lehmann 1963), whatever the distribution, and an effect is seen with the probability
 * asked for when it lies that probability's quantile of errors beyond what the test needs.
 */
#include "harness/analyze/compare_effect.h"

#include <math.h>

#include "harness/analyze/normal.h"
#include "harness/analyze/rank_sum.h"
#include "harness/analyze/signed_rank.h"

/* Below an even chance an interval says nothing. */
#define COVERAGE_LEAST 0.5

/* The values of a side, with the repetition of each. */
struct side_values {
    GArray *values;      /* of double */
    GArray *repetitions; /* of uint64_t */
};

static struct side_values side_read(const struct cell_summary *cell,
                                    const struct compare_metric *metric) {
    struct side_values side = {g_array_new(FALSE, FALSE, sizeof(double)),
                               g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    for (guint i = 0; i < cell->ok->len; i++) {
        const struct record *record = g_ptr_array_index(cell->ok, i);
        double value = compare_metric_value(metric, record);
        if (isfinite(value)) {
            g_array_append_val(side.values, value);
            g_array_append_val(side.repetitions, record->repetition);
        }
    }
    return side;
}

static void side_release(struct side_values *side) {
    g_array_unref(side->values);
    g_array_unref(side->repetitions);
}

static const double *side_data(const struct side_values *side) {
    return (const double *)(const void *)side->values->data;
}

static double side_median(const struct side_values *side) {
    GArray *sorted = g_array_copy(side->values);
    double *values = (double *)(void *)sorted->data;
    values_sort(values, sorted->len);
    double median = median_of(values, sorted->len);
    g_array_unref(sorted);
    return median;
}

static bool side_is_constant(const struct side_values *side) {
    for (guint i = 1; i < side->values->len; i++) {
        if (side_data(side)[i] < side_data(side)[0] || side_data(side)[i] > side_data(side)[0])
            return false;
    }
    return true;
}

/* ---- shifts ---- */

/* ln B - ln A of the repetitions both sides have; NULL when they are too few to be paired. */
static GArray *pairs_of(const struct side_values *a, const struct side_values *b) {
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < a->values->len; i++) {
        for (guint j = 0; j < b->values->len; j++) {
            if (g_array_index(a->repetitions, uint64_t, i) !=
                g_array_index(b->repetitions, uint64_t, j))
                continue;
            double difference = log(side_data(b)[j]) - log(side_data(a)[i]);
            g_array_append_val(pairs, difference);
            break;
        }
    }
    if (pairs->len < COMPARE_PAIRS_LEAST)
        g_clear_pointer(&pairs, g_array_unref);
    return pairs;
}

static void samples_shift(struct shifts *s, const struct side_values *a,
                          const struct side_values *b, bool is_ratio) {
    GArray *logs_a = g_array_copy(a->values), *logs_b = g_array_copy(b->values);
    for (guint i = 0; is_ratio && i < logs_a->len; i++)
        g_array_index(logs_a, double, i) = log(g_array_index(logs_a, double, i));
    for (guint i = 0; is_ratio && i < logs_b->len; i++)
        g_array_index(logs_b, double, i) = log(g_array_index(logs_b, double, i));
    struct sample base = {(const double *)(const void *)logs_a->data, logs_a->len};
    struct sample candidate = {(const double *)(const void *)logs_b->data, logs_b->len};
    rank_sum_init(s, base, candidate);
    g_array_unref(logs_a);
    g_array_unref(logs_b);
}

/* At the level, or at the greatest that so few values attain. */
static struct shift shift_attained(const struct shifts *s) {
    struct shift shift = shifts_estimate(s, COMPARE_LEVEL);
    if (!shift_is_bounded(&shift)) {
        double attained = 1 - 2 * rank_null_below(&s->null, 0);
        if (attained >= COVERAGE_LEAST)
            shift = shifts_estimate(s, attained - 1e-9);
    }
    return shift;
}

static void finding_test(struct compare_finding *f, const struct shifts *s) {
    double above = shifts_p_above(s, 0), below = shifts_p_below(s, 0);
    f->p = fmin(1, 2 * fmin(above, below));
    f->is_more = above < below;
}

/* Errors to each side of an interval of that coverage; Student's from where it is known well. */
static double errors_of(double coverage, unsigned degrees) {
    double below = (1 + coverage) / 2;
    return degrees >= 4 ? student_quantile(below, degrees) : normal_quantile(below);
}

static void finding_shift(struct compare_finding *f, const struct shifts *s) {
    unsigned degrees = f->is_paired ? f->count_a - 1 : f->count_a + f->count_b - 2;
    struct shift shift = shift_attained(s);
    f->effect = shift.estimate;
    finding_test(f, s);
    if (!shift_is_bounded(&shift))
        return;
    f->low = shift.low;
    f->high = shift.high;
    f->coverage = shift.coverage;
    f->error = (shift.high - shift.low) / 2 / errors_of(shift.coverage, degrees);
    if (shift.coverage >= COMPARE_LEVEL)
        f->visible =
            expm1(f->error * (errors_of(COMPARE_LEVEL, degrees) + normal_quantile(COMPARE_POWER)));
}

static void finding_measure(struct compare_finding *f, const struct side_values *a,
                            const struct side_values *b, bool same_rounds) {
    struct shifts s;
    GArray *pairs = same_rounds ? pairs_of(a, b) : NULL;
    f->is_paired = pairs != NULL;
    if (pairs != NULL) {
        f->count_a = f->count_b = pairs->len;
        signed_rank_init(&s, (const double *)(const void *)pairs->data, pairs->len);
        g_array_unref(pairs);
    } else {
        samples_shift(&s, a, b, true);
    }
    finding_shift(f, &s);
    shifts_release(&s);
}

/* A ratio with 0 in it is none: only which side has more can be told. */
static void finding_zero(struct compare_finding *f, const struct side_values *a,
                         const struct side_values *b) {
    struct shifts s;
    samples_shift(&s, a, b, false);
    finding_test(f, &s);
    if (2 * rank_null_below(&s.null, 0) <= 1 - COMPARE_LEVEL)
        f->visible = INFINITY;
    shifts_release(&s);
}

static bool side_is_positive(const struct side_values *side) {
    for (guint i = 0; i < side->values->len; i++) {
        if (!(side_data(side)[i] > 0))
            return false;
    }
    return true;
}

static void finding_exact(struct compare_finding *f) {
    f->is_exact = true;
    f->is_more = f->b > f->a;
    f->error = f->visible = 0;
    if (f->a > 0 && f->b > 0)
        f->effect = log(f->b) - log(f->a);
    else if (!(f->a < f->b) && !(f->a > f->b))
        f->effect = 0;
}

void compare_effect_fill(struct compare_finding *f, const struct compare_metric *metric,
                         bool same_rounds) {
    struct side_values a = side_read(f->cell->a, metric), b = side_read(f->cell->b, metric);
    f->a = f->b = f->effect = f->low = f->high = f->coverage = NAN;
    f->error = f->p = f->visible = NAN;
    f->count_a = a.values->len;
    f->count_b = b.values->len;
    f->is_exact = f->is_paired = f->is_more = f->is_constant = f->is_among_many = false;
    if (f->count_a > 0 && f->count_b > 0) {
        f->a = side_median(&a);
        f->b = side_median(&b);
        f->is_constant = side_is_constant(&a) && side_is_constant(&b);
        if (metric->is_exact && f->is_constant)
            finding_exact(f);
        else if (side_is_positive(&a) && side_is_positive(&b))
            finding_measure(f, &a, &b, same_rounds);
        else
            finding_zero(f, &a, &b);
    }
    side_release(&a);
    side_release(&b);
}

/* ---- verdicts ---- */

static bool interval_is_within(const struct compare_finding *f, double share) {
    return f->coverage >= COMPARE_LEVEL && f->low >= -log1p(share) && f->high <= log1p(share);
}

/* Equal without doubt: not one value of a side is another than all of the other's. */
static bool finding_is_equal(const struct compare_finding *f) {
    return f->is_constant && !(f->a < f->b) && !(f->a > f->b);
}

enum compare_verdict compare_effect_verdict(const struct compare_finding *f,
                                            const struct compare_request *r) {
    bool up = f->is_more;
    if (finding_is_equal(f))
        return COMPARE_EQUAL;
    if (f->is_exact)
        return up ? COMPARE_UP : COMPARE_DOWN;
    if (interval_is_within(f, r->margin))
        return COMPARE_SAME;
    if (f->p <= 1 - COMPARE_LEVEL)
        return f->is_among_many ? (up ? COMPARE_UP : COMPARE_DOWN)
                                : (up ? COMPARE_PERHAPS_UP : COMPARE_PERHAPS_DOWN);
    if (interval_is_within(f, r->same))
        return COMPARE_SAME;
    return isnan(f->visible) ? COMPARE_FEW : COMPARE_NOISY;
}
