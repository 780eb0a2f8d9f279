/*
 * The collection cycle.
 *
 *   1. Somebody wants one: heap_live has reached the trigger (seen at a refill or a large object),
 * a call of goheap_collect, exhausted memory, or stress mode. Collections are serialised.
 *   2. What is left to sweep from the last cycle is swept, while mutators run.
 *   3. The world is stopped. All mcaches are flushed, so that every span is in mcentral.
 *   4. Mark (mark.h). This version marks with the world stopped; a concurrent marker will replace
 *      this step and split the stop in two.
 *   5. Flip: sweepgen += 2, which makes every span unswept; the next goal is set.
 *   6. The world runs. Sweeping is lazy (sweep.h).
 *
 * Goal, as Go's since 1.18: marked + (marked + stacks + registered ranges) * GOGC / 100, at least
 * 4 MB * GOGC / 100, and at least 64 KB above what is marked. Marking takes no time by
 * the mutators' clock, so the trigger is the goal.
 *
 * Source: Go, runtime/mgc.go, mgcpacer.go.
 */
#ifndef HEAPMARK_GOHEAP_MGC_H
#define HEAPMARK_GOHEAP_MGC_H

#include <stdbool.h>
#include <stdint.h>

struct mutator;

enum mgc_reason {
    MGC_TRIGGER,  /* heap_live has reached the trigger; looked at again once it is our turn */
    MGC_STRESS,   /* stress mode */
    MGC_FORCED,   /* goheap_collect */
    MGC_EXHAUSTED /* memory; swept to its end, so that pages come free */
};

/* Sets the first goal. */
void mgc_init(void);

/* Runs a collection. m: the calling mutator, or NULL. */
void mgc_collect(struct mutator *m, enum mgc_reason reason);

/* One more attempt for an allocation that found no memory: collects, unless gc=off. False: no use.
 */
bool mgc_collect_exhausted(struct mutator *m);

/* Stops the world with all mcaches flushed, calls function(argument), starts it again. Not a
   collection: not among the pauses. */
void mgc_with_world_stopped(struct mutator *m, void (*function)(void *), void *argument);

/* What goheap_read_memstats tells of the collector. World stopped. */
struct mgc_totals {
    uint64_t cycles, forced_cycles, stops, pause_ns, stop_cpu_ns, sweep_cpu_ns;
    uint64_t marked_bytes;        /* by the last cycle */
    uint64_t alloc_bytes_at_mark; /* handed out in all, when it marked */
    uint64_t goal_bytes;
};
const struct mgc_totals *mgc_totals(void);

#endif
