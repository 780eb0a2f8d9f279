#include "harness/analyze/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "harness/analyze/statistics.h"

double discovery_threshold(const double *p, size_t count, double rate) {
    if (count == 0)
        return -1;
    double *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL)
        abort(); /* as GLib's containers do */
    memcpy(sorted, p, count * sizeof *sorted);
    values_sort(sorted, count);
    double threshold = -1;
    for (size_t k = count; k > 0 && threshold < 0; k--) {
        if (sorted[k - 1] <= (double)k * rate / (double)count)
            threshold = sorted[k - 1];
    }
    free(sorted);
    return threshold;
}
