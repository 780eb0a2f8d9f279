/*
 * What has been handed out and freed, counted exactly and nearly for free.
 *
 * Each mutator counts for itself, in plain memory, and not per object: a run of free slots counts
 * as allocated when it is claimed, and what is left of it is taken off when it is dropped. Frees
 * are counted by whoever sweeps the span. Reading stops the world, drops all runs, and adds up: the
 * heap's own struct stats (of threads that have gone) and every mutator's.
 *
 * Tiny objects count as Go counts them: the 16-byte slot is one allocation and its bytes; an
 * object put into a slot in use adds one to mallocs and to frees (so that mallocs - frees is the
 * number of slots in use) and nothing to the bytes. Each object adds one to tiny_allocs, and each
 * slot of a run takes one off when the run is claimed: while a mutator holds a run its count is too
 * small, maybe below 0, and with all mcaches flushed it is right.
 */
#ifndef HEAPMARK_GOHEAP_STATS_H
#define HEAPMARK_GOHEAP_STATS_H

#include <stdint.h>

#include "allocators/goheap/size_classes.h"

struct stats {
    uint64_t small_allocs[SIZE_CLASS_COUNT]; /* slots, by size class */
    uint64_t small_frees[SIZE_CLASS_COUNT];
    uint64_t large_allocs, large_alloc_bytes;
    uint64_t large_frees, large_free_bytes;
    uint64_t tiny_allocs; /* objects put into a slot in use: modulo 2^64, see above */
    uint64_t sweep_ns;    /* estimated: a sample of spans is timed */
    uint64_t sweep_count; /* spans swept; tells which are in the sample */
    uint64_t assist_ns;   /* marking done in place of allocating */
    uint64_t fresh_bytes; /* of spans that were empty when they were taken to allocate from */
    uint64_t swept_pages; /* not yet told to the others: sweep.c */
};

/* to += from. */
void stats_add(struct stats *to, const struct stats *from);

/* Bytes in all slots ever allocated, and in those freed. */
uint64_t stats_alloc_bytes(const struct stats *s);
uint64_t stats_free_bytes(const struct stats *s);

/* The longest slow path. A slow path calls delay_begin before its first step that can take long
   (a collection, getting memory, waiting), and delay_end at its end; only then is a clock read. */
void stats_delay_note(uint64_t delay_ns);

/* The sum over the heap and all mutators. The world is stopped and all mcaches are flushed. */
void stats_sum(struct stats *out);

/* Of that sum, fresh_bytes. World stopped. */
uint64_t stats_fresh_bytes(void);

#endif
