/* Walsh averages, and the distribution of a random subset's sum. */
#include "harness/analyze/signed_rank.h"

#include <glib.h>
#include <math.h>

#include "harness/analyze/statistics.h"

/* The lower half of the distribution: after rank r, sums[k] = P(sum of a random subset of 1..r =
   k), each rank being in it with probability 1/2. From above to below, so that sums[k - r] is still
   the one without r. */
static double *signed_rank_sums(size_t count, size_t half) {
    double *sums = g_new0(double, half + 1);
    sums[0] = 1;
    size_t greatest = 0;
    for (size_t rank = 1; rank <= count; rank++) {
        greatest = greatest + rank < half ? greatest + rank : half;
        for (size_t k = greatest; k >= rank && k <= half; k--) {
            sums[k] = (sums[k] + sums[k - rank]) / 2;
        }
        for (size_t k = 0; k < rank && k <= greatest; k++) {
            sums[k] /= 2;
        }
    }
    return sums;
}

void signed_rank_null_init(struct rank_null *null, size_t count) {
    double n = (double)count;
    null->most = count * (count + 1) / 2;
    null->deviation = sqrt(n * (n + 1) * (2 * n + 1) / 24);
    null->below = NULL;
    if (count > SIGNED_RANK_EXACT)
        return;
    null->below = signed_rank_sums(count, null->most / 2);
    for (size_t k = 1; k <= null->most / 2; k++) {
        null->below[k] += null->below[k - 1];
    }
}

void signed_rank_init(struct shifts *s, const double *values, size_t count) {
    signed_rank_null_init(&s->null, count);
    s->count = s->null.most;
    s->values = g_new0(double, s->count + 1);
    size_t k = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            s->values[k++] = (values[i] + values[j]) / 2;
        }
    }
    values_sort(s->values, s->count);
}

struct shift signed_rank_estimate(const double *values, size_t count, double level) {
    struct shifts s;
    signed_rank_init(&s, values, count);
    struct shift shift = shifts_estimate(&s, level);
    shifts_release(&s);
    return shift;
}
