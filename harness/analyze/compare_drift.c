/* Counts pairs that rise; see the header. */
#include "harness/analyze/compare_drift.h"

#include <math.h>

void drift_add(struct drift *d, const double *values, size_t count) {
    if (count < 2)
        return;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++)
            d->rises += (values[j] > values[i]) - (values[j] < values[i]);
    }
    double n = (double)count;
    d->variance += n * (n - 1) * (2 * n + 5) / 18;
    d->change += log(values[count - 1]) - log(values[0]);
    d->cells++;
}

double drift_deviations(const struct drift *d) {
    if (!(d->variance > 0))
        return 0;
    double rises = copysign(fmax(0, fabs(d->rises) - 1), d->rises);
    return rises / sqrt(d->variance);
}

double drift_factor(const struct drift *d) {
    return d->cells > 0 ? exp(d->change / d->cells) : 1;
}
