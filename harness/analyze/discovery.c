#include "harness/analyze/discovery.h"

#include <glib.h>

#include "harness/analyze/statistics.h"

double discovery_threshold(const double *p, size_t count, double rate) {
    if (count == 0)
        return -1;
    double *sorted = g_memdup2(p, count * sizeof *sorted);
    values_sort(sorted, count);
    double threshold = -1;
    for (size_t k = count; k > 0 && threshold < 0; k--) {
        if (sorted[k - 1] <= (double)k * rate / (double)count)
            threshold = sorted[k - 1];
    }
    g_free(sorted);
    return threshold;
}
