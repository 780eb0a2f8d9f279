/*
 * Lengths of slices in a fixed space: 64 buckets per power of two, so a percentile is within 0.8 %
 * of the true value, whatever the lengths.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_TRACE_HISTOGRAM_H
#define HEAPMARK_HARNESS_ANALYZE_TRACE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 6,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS
};

struct trace_histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t most; /* the largest value */
};

void trace_histogram_add(struct trace_histogram *h, uint64_t value, uint64_t count);

/* The value that at least the share q (0..1) does not exceed: the middle of its bucket, or the
   largest value if that is less; NaN when there is none. */
double trace_histogram_quantile(const struct trace_histogram *h, double q);

#endif
