/*
 * What matters first: sure differences by how much they surely are (the end of the interval that is
 * nearer 1, so that a vague large one does not stand before a certain one), then those that are
 * perhaps one, then what cannot be told, then what is the same.
 */
#include "harness/analyze/compare_order.h"

#include <math.h>

static unsigned verdict_rank(enum compare_verdict verdict) {
    static const unsigned ranks[COMPARE_VERDICT_COUNT] = {
        [COMPARE_UP] = 0,           [COMPARE_DOWN] = 0,  [COMPARE_PERHAPS_UP] = 1,
        [COMPARE_PERHAPS_DOWN] = 1, [COMPARE_NOISY] = 2, [COMPARE_FEW] = 3,
        [COMPARE_SAME] = 4,         [COMPARE_EQUAL] = 5};
    return ranks[verdict];
}

/* How far the ratio lies from 1; a sure difference from 0 or to it is beyond all others. */
static double effect_size(const struct compare_finding *f) {
    if (isnan(f->effect))
        return compare_verdict_is_sure(f->verdict) ? INFINITY : 0;
    return fabs(f->effect);
}

/* The part of it that is sure. */
static double sure_part(const struct compare_finding *f) {
    if (f->is_exact || isnan(f->effect))
        return effect_size(f);
    return isnan(f->low) ? 0 : fmax(0, fmax(f->low, -f->high));
}

static int descending(double a, double b) {
    return (a < b) - (a > b);
}

static gint by_name(gconstpointer x, gconstpointer y) {
    const struct compare_finding *a = x, *b = y;
    return (a->cell->index > b->cell->index) - (a->cell->index < b->cell->index);
}

static gint by_sure(gconstpointer x, gconstpointer y) {
    const struct compare_finding *a = x, *b = y;
    unsigned rank_a = verdict_rank(a->verdict), rank_b = verdict_rank(b->verdict);
    int order = (rank_a > rank_b) - (rank_a < rank_b);
    order = order != 0 ? order : descending(sure_part(a), sure_part(b));
    order = order != 0 ? order : descending(effect_size(a), effect_size(b));
    return order != 0 ? order : by_name(x, y);
}

/* Without a ratio: as far as can be, to the side that has more. */
static double ratio_place(const struct compare_finding *f) {
    return !isnan(f->effect) ? f->effect : f->is_more ? INFINITY : -INFINITY;
}

static gint by_ratio(gconstpointer x, gconstpointer y) {
    const struct compare_finding *a = x, *b = y;
    int order = descending(ratio_place(a), ratio_place(b));
    return order != 0 ? order : by_name(x, y);
}

void compare_order_sort(GArray *findings, enum compare_order order) {
    static const GCompareFunc compares[] = {
        [COMPARE_BY_SURE] = by_sure, [COMPARE_BY_RATIO] = by_ratio, [COMPARE_BY_NAME] = by_name};
    g_array_sort(findings, compares[order]);
}
