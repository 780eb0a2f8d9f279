/* See trace_stops.h. */
#include "harness/analyze/trace_stops.h"

#include <math.h>

#include "harness/analyze/statistics.h"
#include "harness/store/record.h"

/* A cycle's stops: how many, and by how much they are longer in the trace, together. */
struct cycle {
    guint stops;
    double excess_ns;
};

static struct cycle cycle_at(const GArray *lengths_ns, const GArray *pauses, guint first) {
    const struct pause_row *row = &g_array_index(pauses, struct pause_row, first);
    struct cycle cycle = {0, 0};
    for (guint i = first;
         i < pauses->len && g_array_index(pauses, struct pause_row, i).cycle == row->cycle; i++) {
        cycle.excess_ns += (double)g_array_index(lengths_ns, uint64_t, i) -
                           (double)g_array_index(pauses, struct pause_row, i).pause_ns;
        cycle.stops++;
    }
    return cycle;
}

static double cycles_median(const struct cycle *cycles, size_t count) {
    double *each = g_new(double, count);
    for (size_t i = 0; i < count; i++)
        each[i] = cycles[i].excess_ns / cycles[i].stops;
    values_sort(each, count);
    double median = median_of(each, count);
    g_free(each);
    return median;
}

struct trace_excess trace_stops_excess(const GArray *lengths_ns, const GArray *pauses) {
    struct trace_excess excess = {NAN, 0};
    if (lengths_ns->len != pauses->len || pauses->len == 0)
        return excess;
    struct cycle *cycles = g_new(struct cycle, pauses->len);
    size_t count = 0;
    for (guint i = 0; i < pauses->len; i += cycles[count++].stops)
        cycles[count] = cycle_at(lengths_ns, pauses, i);
    size_t compared = MIN(count, (size_t)TRACE_CYCLES_COMPARED);
    const struct cycle *last = cycles + count - compared;
    excess.each_ns = cycles_median(last, compared);
    for (size_t i = 0; i < compared; i++) {
        double more_ns = last[i].excess_ns - excess.each_ns * last[i].stops;
        excess.most_ns = fabs(more_ns) > fabs(excess.most_ns) ? more_ns : excess.most_ns;
    }
    g_free(cycles);
    return excess;
}
