/* Columns that follow from what a cell program reported, where it did not fill them itself. */
#ifndef HEAPMARK_HARNESS_RUN_DERIVE_H
#define HEAPMARK_HARNESS_RUN_DERIVE_H

#include "harness/measure/counters.h"
#include "harness/run/report.h"

/* ns_per_op, cpu_ns_per_op, gc_pause_ns_p50/p99/max/total and gc_stw_count from the single stops,
   mmu_1ms/10ms/50ms, gc_mutator_share. A column stays empty when a part of it is. */
void derive_columns(struct observation *o);

/* The nearest-rank percentile (0 < percent <= 100) of ascending values; count > 0. */
uint64_t percentile_nearest(const uint64_t *ascending, size_t count, unsigned percent);

/* Fills the observation's counter rows: one per event of the set, whether it opened or not.
   Readings' indices count the opened events only. */
void derive_counters(struct observation *o, const struct counter_set *set,
                     const struct counter_opening *openings, const GArray *readings);

/* Copies the record's identity into the pause rows. */
void derive_pause_keys(struct observation *o);

#endif
