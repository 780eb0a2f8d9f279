/* See trace_stops.h. */
#include "harness/analyze/trace_stops.h"

#include <math.h>

#include "harness/analyze/statistics.h"
#include "harness/store/record.h"

/* How many rows from `first` on are of one cycle; *excess_ns is the mean of a stop of it. */
static guint cycle_excess(const GArray *lengths_ns, const GArray *pauses, guint first,
                          double *excess_ns) {
    uint64_t cycle = g_array_index(pauses, struct pause_row, first).cycle;
    double sum = 0;
    guint count = 0;
    while (first + count < pauses->len &&
           g_array_index(pauses, struct pause_row, first + count).cycle == cycle) {
        sum += (double)g_array_index(lengths_ns, uint64_t, first + count) -
               (double)g_array_index(pauses, struct pause_row, first + count).pause_ns;
        count++;
    }
    *excess_ns = sum / count;
    return count;
}

double trace_stops_excess_ns(const GArray *lengths_ns, const GArray *pauses) {
    if (lengths_ns->len != pauses->len || pauses->len == 0)
        return NAN;
    double *excess = g_new(double, pauses->len);
    size_t cycles = 0;
    for (guint i = 0; i < pauses->len;)
        i += cycle_excess(lengths_ns, pauses, i, &excess[cycles++]);
    size_t compared = MIN(cycles, (size_t)TRACE_CYCLES_COMPARED);
    double *last = excess + cycles - compared;
    values_sort(last, compared);
    double median = median_of(last, compared);
    g_free(excess);
    return median;
}
