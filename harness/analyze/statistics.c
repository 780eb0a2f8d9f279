/* Medians, quantiles and the order-statistic interval; see the header for why these. */
#include "harness/analyze/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Intervals that hold the median less often than this show no difference: at 3 repetitions (75 %)
   one pair of equal cells in ten would seem to differ, at 4 (87.5 %) one in 35, at 5 one in 126. */
#define COVERAGE_LEAST 0.8

static int values_compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void values_sort(double *values, size_t count) {
    if (count > 1) {
        qsort(values, count, sizeof *values, values_compare);
    }
}

double median_of(const double *sorted, size_t count) {
    assert(count > 0);
    double upper = sorted[count / 2];
    if (count % 2 == 1) {
        return upper;
    }
    return sorted[count / 2 - 1] + (upper - sorted[count / 2 - 1]) / 2;
}

double quantile_nearest_rank(const double *sorted, size_t count, double q) {
    assert(count > 0 && q >= 0 && q <= 1);
    /* 0.07 x 100 is a little over 7 in binary; the rank meant is 7. */
    double rank = ceil(q * (double)count - 1e-9);
    return sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

/* P(Binomial(n, 1/2) = 0), then each term from the one before. */
double median_interval_coverage(size_t count, size_t rank) {
    double term = ldexp(1, -(int)count);
    double below = 0;
    for (size_t k = 0; k < rank; k++) {
        below += term;
        term *= (double)(count - k) / (double)(k + 1);
    }
    return 1 - 2 * below;
}

size_t median_interval_rank(size_t count) {
    assert(count >= 2);
    if (count >
        1000) { /* 2^-count would underflow; there the normal approximation is exact enough */
        return (size_t)((double)count / 2 - 0.98 * sqrt((double)count));
    }
    size_t rank = 1;
    while (rank + 1 <= count / 2 && median_interval_coverage(count, rank + 1) >= 0.95) {
        rank++;
    }
    return rank;
}

struct estimate estimate_of(double *values, size_t count) {
    struct estimate e = {0, NAN, NAN, NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            values[e.count++] = values[i];
        }
    }
    if (e.count == 0) {
        return e;
    }
    values_sort(values, e.count);
    e.median = median_of(values, e.count);
    e.least = values[0];
    e.most = values[e.count - 1];
    if (e.count >= 2) {
        size_t rank = median_interval_rank(e.count);
        e.low = values[rank - 1];
        e.high = values[e.count - rank];
        e.coverage = median_interval_coverage(e.count, rank);
    }
    return e;
}

double estimate_spread(const struct estimate *e) {
    if (!(e->median > 0)) {
        return NAN;
    }
    return (e->high - e->low) / 2 / e->median;
}

bool estimates_differ(const struct estimate *a, const struct estimate *b) {
    if (a->coverage < COVERAGE_LEAST || b->coverage < COVERAGE_LEAST)
        return false;
    return a->high < b->low || b->high < a->low;
}
