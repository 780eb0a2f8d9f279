/* See trace_histogram.h. */
#include "harness/analyze/trace_histogram.h"

#include <math.h>

enum { SUB_BUCKETS = 1 << HISTOGRAM_SUB_BITS };

/* Below SUB_BUCKETS every value has a bucket; above, the SUB_BITS bits after the highest choose. */
static unsigned bucket_of(uint64_t value) {
    if (value < SUB_BUCKETS)
        return (unsigned)value;
    unsigned highest = 63u - (unsigned)__builtin_clzll(value);
    unsigned shift = highest - HISTOGRAM_SUB_BITS;
    return ((shift + 1) << HISTOGRAM_SUB_BITS) + (unsigned)((value >> shift) - SUB_BUCKETS);
}

static double bucket_middle(unsigned bucket) {
    if (bucket < SUB_BUCKETS)
        return bucket;
    unsigned shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    double least = ldexp((bucket & (SUB_BUCKETS - 1)) + SUB_BUCKETS, (int)shift);
    return least + (ldexp(1, (int)shift) - 1) / 2;
}

void trace_histogram_add(struct trace_histogram *h, uint64_t value, uint64_t count) {
    h->counts[bucket_of(value)] += count;
    h->total += count;
    h->most = value > h->most ? value : h->most;
}

double trace_histogram_quantile(const struct trace_histogram *h, double q) {
    if (h->total == 0)
        return NAN;
    uint64_t rank = (uint64_t)ceil(q * (double)h->total), seen = 0;
    unsigned bucket = 0;
    while ((seen += h->counts[bucket]) < (rank > 0 ? rank : 1))
        bucket++;
    return fmin(bucket_middle(bucket), (double)h->most);
}
