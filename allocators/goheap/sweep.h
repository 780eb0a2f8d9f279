/*
 * Sweep: turns marks into free slots, one span at a time, when somebody needs it.
 *
 * After marking, the flip has made every span unswept. A span is swept
 *   - by a mutator whose mcache needs a span of its class (mcentral_take),
 *   - by a mutator that needs pages, before the heap grows (sweep_reclaim),
 *   - at the latest before the next collection (sweep_finish), since marking needs clean mark bits.
 * Freed spans without a survivor give their pages back, unless the one who sweeps wants the span.
 *
 * The caller owns the span while it sweeps (mspan_try_own), and no stop of the world can come in
 * between, since the sweeper is a running mutator, or holds the collection lock.
 *
 * Source: Go, runtime/mgcsweep.go.
 */
#ifndef HEAPMARK_GOHEAP_SWEEP_H
#define HEAPMARK_GOHEAP_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

struct mspan;
struct stats;

/* Sweeps an owned span: sg - 1 -> sg. Frees are counted in stats. The span stays the caller's. */
void sweep_span(struct mspan *s, struct stats *stats);

/* Sweeps unswept spans of any class until so many pages were given back in all, or a bound on the
   work is reached, or none is left. True: some pages were given back. */
bool sweep_reclaim(size_t pages, struct stats *stats);

/* Sweeps all that is unswept. */
void sweep_finish(struct stats *stats);

/* After a flip: the search for unswept spans starts again. World stopped. */
void sweep_restart(void);

#endif
