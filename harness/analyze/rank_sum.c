/* Differences of all pairs, and the Gaussian binomial coefficients. */
#include "harness/analyze/rank_sum.h"

#include <glib.h>
#include <math.h>

#include "harness/analyze/statistics.h"

/*
 * The lower half of the number of orders per U, as a product of (1 - q^(more + i)) / (1 - q^i),
 * i = 1..fewer. After each i the coefficients are whole numbers again, and as each depends only on
 * ones of smaller U, which are smaller up to the middle, the subtraction loses no digits that count
 * (the test compares variances at 500 + 500).
 */
static double *rank_sum_orders(size_t fewer, size_t more, size_t half) {
    double *orders = g_new0(double, half + 1);
    orders[0] = 1;
    for (size_t i = 1; i <= fewer; i++) {
        for (size_t u = half; u >= more + i; u--) {
            orders[u] -= orders[u - more - i];
        }
        for (size_t u = i; u <= half; u++) {
            orders[u] += orders[u - i];
        }
    }
    return orders;
}

/* The number of all orders, m + n choose m. */
static double orders_all(size_t fewer, size_t more) {
    double all = 1;
    for (size_t i = 1; i <= fewer; i++) {
        all = all * (double)(more + i) / (double)i;
    }
    return all;
}

void rank_sum_null_init(struct rank_null *null, size_t base_count, size_t candidate_count) {
    size_t fewer = base_count < candidate_count ? base_count : candidate_count;
    size_t more = base_count + candidate_count - fewer;
    null->most = fewer * more;
    null->deviation = sqrt((double)null->most * (double)(fewer + more + 1) / 12);
    null->below = NULL;
    if (fewer + more > RANK_SUM_EXACT)
        return;
    null->below = rank_sum_orders(fewer, more, null->most / 2);
    double all = orders_all(fewer, more);
    double sum = 0;
    for (size_t u = 0; u <= null->most / 2; u++) {
        sum += null->below[u];
        null->below[u] = sum / all;
    }
}

void rank_sum_init(struct shifts *s, struct sample base, struct sample candidate) {
    rank_sum_null_init(&s->null, base.count, candidate.count);
    s->count = s->null.most;
    s->values = g_new0(double, s->count + 1);
    size_t k = 0;
    for (size_t i = 0; i < base.count; i++) {
        for (size_t j = 0; j < candidate.count; j++) {
            s->values[k++] = candidate.values[j] - base.values[i];
        }
    }
    values_sort(s->values, s->count);
}

struct shift rank_sum_estimate(struct sample base, struct sample candidate, double level) {
    struct shifts s;
    rank_sum_init(&s, base, candidate);
    struct shift shift = shifts_estimate(&s, level);
    shifts_release(&s);
    return shift;
}

/* The logarithms, or NULL when one of the values has none. */
static double *sample_logs(struct sample sample) {
    double *logs = g_new0(double, sample.count + 1);
    for (size_t i = 0; i < sample.count; i++) {
        if (!(sample.values[i] > 0) || isinf(sample.values[i])) {
            g_free(logs);
            return NULL;
        }
        logs[i] = log(sample.values[i]);
    }
    return logs;
}

struct shift rank_sum_log(struct sample base, struct sample candidate, double level) {
    struct shift shift = {NAN, NAN, NAN, NAN};
    double *base_logs = sample_logs(base);
    double *candidate_logs = sample_logs(candidate);
    if (base_logs != NULL && candidate_logs != NULL) {
        struct sample b = {base_logs, base.count};
        struct sample c = {candidate_logs, candidate.count};
        shift = rank_sum_estimate(b, c, level);
    }
    g_free(base_logs);
    g_free(candidate_logs);
    return shift;
}

struct shift rank_sum_ratio(struct sample base, struct sample candidate, double level) {
    struct shift shift = rank_sum_log(base, candidate, level);
    shift.estimate = exp(shift.estimate);
    shift.low = exp(shift.low);
    shift.high = exp(shift.high);
    return shift;
}
