/*
 * Sweep: turns marks into free slots, one span at a time, when somebody needs it.
 *
 * After marking, the flip has made every span unswept. A span is swept
 *   - by a mutator whose mcache needs a span of its class (mcache.c): in the cache of the thread
 *     that is about to use it, which is the cheapest place, so this has precedence;
 *   - by a mutator that needs pages, before the heap grows (sweep_reclaim);
 *   - by a mutator that allocates while the sweep is behind (sweep_pay): pages must be swept in
 *     proportion to bytes allocated, so that all is done when the next collection begins. (Go aims
 *     at being done 1 MB earlier. That makes a small heap free spans that the next refill would
 *     have taken, and get them again.)
 *   - by the collector's thread, when it has left mutators a start and they did not finish
 *     (sweep_some): then what is dead in classes that nobody allocates from comes back, too;
 *   - at the latest before the next marking (sweep_finish), since marking needs clean mark bits.
 * Before a partial collection (mark.h) the marks of what was found stay.
 *
 * Freed spans without a survivor give their pages back, unless the one who sweeps wants the span.
 *
 * The caller owns the span while it sweeps (mspan_try_own), and no stop of the world can come in
 * between if it is a running mutator, or holds the collection lock.
 *
 * Source: Go, runtime/mgcsweep.go.
 */
#ifndef HEAPMARK_GOHEAP_SWEEP_H
#define HEAPMARK_GOHEAP_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;
struct mutator;
struct stats;

/* Sweeps an owned span: sg - 1 -> sg. Frees are counted in stats. The span stays the caller's. */
void sweep_span(struct mspan *s, struct stats *stats);

/* An owned span will be swept soon: has its marks brought here, which a marker wrote last, most
   likely on another CPU. */
void sweep_prefetch(const struct mspan *s);

/* Sweeps unswept spans of any class until so many pages were given back in all, or a bound on the
   work is reached, or none is left. True: some pages were given back. */
bool sweep_reclaim(size_t pages, struct stats *stats);

/* m is about to allocate `bytes`: sweeps what is due for that. */
void sweep_pay(struct mutator *m, size_t bytes);

/* Sweeps at most `spans` spans. Returns how many; 0: none is left. */
unsigned sweep_some(unsigned spans, struct stats *stats);

/* Sweeps all that is unswept. */
void sweep_finish(struct stats *stats);

/* Nothing is left to sweep, as far as this thread can tell. */
bool sweep_is_done(void);

/* After a flip: the search for unswept spans starts again, and must be through when heap_live
   reaches `trigger`. keep_marks: what was found stays marked, for a partial collection. World
   stopped. */
void sweep_restart(uint64_t trigger, bool keep_marks);

/* Does what survives the sweep keep its mark? Changes only while the world is stopped. */
bool sweep_keeps_marks(void);

#endif
