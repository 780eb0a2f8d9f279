/*
 * Minimum mutator utilisation: the least share of any window of a given length in which a mutator
 * could run (Cheng and Blelloch, "A Parallel, Real-Time Garbage Collector", PLDI 2001).
 *
 * The longest stop says nothing of ten short ones in a row; the worst window does. Here a mutator
 * loses what stops take from it: neither the time-slices of a collector that shares its CPU nor its
 * own assists are in it.
 */
#ifndef HEAPMARK_HARNESS_RUN_MMU_H
#define HEAPMARK_HARNESS_RUN_MMU_H

#include "harness/store/record.h"

/*
 * For each of `count` window lengths the least share, 0 to 1, over all windows within the run of
 * wall_ns and over all mutators: a row of thread 0 stopped every mutator, any other the one that it
 * names. Stops are clipped to the run and may overlap. A run shorter than the window is one window.
 * wall_ns and lengths are above 0. Exact; O(n log n), and the stops of the world once more for each
 * mutator that was stopped by itself.
 */
void mmu_compute(const struct pause_row *rows, size_t row_count, uint64_t wall_ns,
                 const uint64_t *windows_ns, size_t count, double *shares);

#endif
