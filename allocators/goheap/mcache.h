/*
 * mcache: a mutator's own stock of free slots, one per span class, used without lock or atomic.
 *
 * Where Go looks up the next free slot of the current span for each object, this mcache works on
 * *free runs*: it claims the next maximal run of free slots of the span as a whole, and allocation
 * is a bump of `cur` towards `limit`. What need not be done per object is done per run: setting
 * alloc bits, counting, zeroing. Three tiers:
 *
 *   1. bump: cur + slot_bytes <= limit (malloc.c, a handful of instructions)
 *   2. the next slice of the run, or the next run of the span (this thread's own memory only)
 *   3. the next span: from mcentral (which sweeps), else a fresh one; this is where heap_live is
 *      charged and where a collection starts when its time has come
 *
 * Spans come from mcentral and go back there in batches of up to 64 KB, under one lock: `stock` is
 * what came, swept one by one when it is wanted; `filled` what is to go back.
 *
 * Slices: a run of slots that have pointers, or are for tiny objects, is opened 1 to 4 KB at a
 * time: zeroed in one go where the span was used before, while its cache lines will soon be written
 * anyway; and with a look at whether somebody wants to stop the world, who would otherwise wait for
 * a whole span and its page faults. Other noscan runs are open to their end and not zeroed here:
 * who asks for zeroed memory zeroes the one slot.
 *
 *     span   |taken|  run: used  | open slice | not zeroed yet |taken| free ...
 *                        start  cur        limit              end
 *
 * An empty entry has cur = limit = 0, so the first allocation fails the same test as any other that
 * needs the slow path. A claimed but unused slot is harmless: before the collector looks, every
 * mcache is flushed, which gives the slots back.
 *
 * Invariant of each entry: cur <= limit <= end, all multiples of slot_bytes apart; but in the class
 * of tiny objects cur may be inside a slot, which then counts as used.
 */
#ifndef HEAPMARK_GOHEAP_MCACHE_H
#define HEAPMARK_GOHEAP_MCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocators/goheap/mspan.h"
#include "allocators/goheap/size_classes.h"

/* Noscan objects of 1 to 16 bytes share the slots of one class: malloc.c. */
enum { TINY_BYTES_MAX = 16, TINY_SLOT_BYTES = 16, TINY_SPAN_CLASS = 2 << 1 | 1 };

struct mutator;

/* What the fast path reads and writes: two of these, scan and noscan of a size class, fill a line.
 */
struct mcache_entry {
    uintptr_t cur, limit;
    uint64_t pointers; /* scan: mask of the current span's objects, 0: each has its own */
    uint32_t slot_bytes;
    uint32_t needs_zero; /* what is not open yet, and noscan slots, may hold old bytes */
};

struct mcache_run {
    struct mspan *span; /* NULL: none */
    uintptr_t end;
    uint32_t slice_bytes;  /* how much is zeroed at once: whole slots, at least one */
    uint32_t filled_count; /* length of `filled` */
    struct mspan *stock;   /* the next spans: swept, or owned for sweeping (sg - 1) */
    struct mspan *filled;  /* full spans on their way to mcentral: swept, sg */
};

struct mcache {
    struct mcache_entry entries[SPAN_CLASS_COUNT] __attribute__((aligned(64)));
    struct mcache_run runs[SPAN_CLASS_COUNT];
    uint64_t
        held[(SPAN_CLASS_COUNT + 63) / 64]; /* bit: the class has a span, stock or filled ones */
};

void mcache_init(struct mcache *cache);

/* The first half of tier 2: opens the next slice of the run, if there is one. Inline, since it is
   all that most slow paths do. */
static inline bool mcache_next_slice(struct mcache_entry *entry, const struct mcache_run *run) {
    uintptr_t slice = entry->limit, bytes = run->end - slice;
    if (bytes == 0)
        return false;
    if (bytes > run->slice_bytes)
        bytes = run->slice_bytes;
    entry->limit = slice + bytes;
    if (entry->needs_zero)
        memset((void *)slice, 0, bytes);
    return true;
}

/* Tiers 2 and 3: makes cur + slot_bytes <= limit true for the span class. pointers: mask of the
   object that is wanted, for a span that can still be made to suit it. May collect. False: no
   memory. */
bool mcache_make_room(struct mutator *m, unsigned span_class, uint64_t pointers);

/* Gives every run and span back: by the mutator itself, or by another while the world is stopped.
 */
void mcache_flush(struct mutator *m);

#endif
