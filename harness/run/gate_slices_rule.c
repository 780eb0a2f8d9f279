/* Which pairs of slices count, and the median of their log ratios. */
#include "harness/run/gate_slices_rule.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#define LOST_SHARE_MOST    0.05
#define FAULTS_TIMES_MOST  4.0
#define FAULTS_BEYOND_MOST 32.0
#define DROPPED_SHARE_MOST 0.25

/* What is usual for a side. */
struct usual {
    double lost_share, minor_faults, wall_ns;
};

static int value_compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double gate_median(double *values, size_t count) {
    qsort(values, count, sizeof *values, value_compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* CPU time is counted by another clock than wall time and may be a little more. */
static double slice_lost_share(const struct gate_slice *s) {
    return s->cpu_ns >= s->wall_ns ? 0 : (double)(s->wall_ns - s->cpu_ns) / (double)s->wall_ns;
}

static double slice_faults(const struct gate_slice *s) {
    return (double)s->minor_faults;
}

static double slice_wall_ns(const struct gate_slice *s) {
    return (double)s->wall_ns;
}

static double side_median(const struct gate_slice *slices, size_t count, bool is_candidate,
                          double (*value)(const struct gate_slice *)) {
    double *values = g_new(double, count);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (slices[i].is_candidate == is_candidate)
            values[used++] = value(&slices[i]);
    double median = gate_median(values, used);
    g_free(values);
    return median;
}

static struct usual side_usual(const struct gate_slice *slices, size_t count, bool is_candidate) {
    return (struct usual){.lost_share = side_median(slices, count, is_candidate, slice_lost_share),
                          .minor_faults = side_median(slices, count, is_candidate, slice_faults),
                          .wall_ns = side_median(slices, count, is_candidate, slice_wall_ns)};
}

static bool slice_is_disturbed(const struct gate_slice *s, const struct usual *usual) {
    double lost_share_most = LOST_SHARE_MOST + fmin(usual->lost_share, LOST_SHARE_MOST);
    return slice_lost_share(s) > lost_share_most ||
           slice_faults(s) > FAULTS_TIMES_MOST * usual->minor_faults + FAULTS_BEYOND_MOST;
}

static double pair_log_ratio(const struct gate_slice *pair) {
    const struct gate_slice *base = &pair[pair[0].is_candidate ? 1 : 0];
    const struct gate_slice *candidate = &pair[pair[0].is_candidate ? 0 : 1];
    return log((double)candidate->wall_ns) - log((double)base->wall_ns);
}

void gate_slices_judge(const struct gate_slice *slices, size_t count,
                       struct gate_slices_ratio *out) {
    struct usual usual[2] = {side_usual(slices, count, false), side_usual(slices, count, true)};
    double *ratios = g_new(double, count / 2);
    size_t kept = 0;
    for (size_t i = 0; i < count; i += 2) {
        if (!slice_is_disturbed(&slices[i], &usual[slices[i].is_candidate]) &&
            !slice_is_disturbed(&slices[i + 1], &usual[slices[i + 1].is_candidate]))
            ratios[kept++] = pair_log_ratio(&slices[i]);
    }
    *out = (struct gate_slices_ratio){.base = usual[0].wall_ns,
                                      .candidate = usual[1].wall_ns,
                                      .log_ratio = NAN,
                                      .pairs = count / 2,
                                      .dropped = count / 2 - kept};
    if ((double)out->dropped <= DROPPED_SHARE_MOST * (double)out->pairs)
        out->log_ratio = gate_median(ratios, kept);
    g_free(ratios);
}
