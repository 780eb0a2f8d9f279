/*
 * From the slices of a block to its number: a pure function of what was seen.
 *
 * Slices come in pairs of neighbours, one of each side. The rule by which a pair is dropped was
 * fixed before any measurement and never looks at which side was faster: either of its slices
 *
 *   lost its CPU     wall time beyond its own CPU time, as a share of the wall time, is more than
 *                    5 % above what is usual for its side in this block, or above 10 %: the only
 *                    thread that works has nothing to wait for but its CPU
 *   was faulted      more than 4 times the minor faults usual for its side, and 32 more
 *
 * where usual is the median over the side's slices: what a side always does is its own and stays.
 * With more than a quarter of the pairs dropped the block is void.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_SLICES_RULE_H
#define HEAPMARK_HARNESS_RUN_GATE_SLICES_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate_slice {
    bool is_candidate;
    uint64_t wall_ns, cpu_ns; /* above 0; cpu: of the measured thread */
    uint64_t minor_faults;
    uint64_t checksum;
};

struct gate_slices_ratio {
    double base, candidate; /* medians of wall_ns over all slices of a side */
    double log_ratio;       /* median over the pairs kept of ln candidate - ln base; NaN: void */
    size_t pairs, dropped;
};

/* Slices 2i and 2i+1 are a pair. count is even and above 0. */
void gate_slices_judge(const struct gate_slice *slices, size_t count,
                       struct gate_slices_ratio *out);

/* Middle value, or the mean of the two in the middle; sorts the values. count > 0. */
double gate_median(double *values, size_t count);

#endif
