/*
 * The remembered set: what a partial collection must know of old objects without marking them.
 *
 * A partial collection takes what earlier ones have marked for live (mark.h). It must find every
 * young object that an old one points to. An old object was scanned when it became old, and what it
 * pointed to became old with it, so only two kinds of them can point to something young:
 *
 *   1. Those stored into since, by goheap_store or goheap_copy. These dirty the card of the slot:
 *      a byte for each 512 bytes of the heap. A later partial collection scans what old objects
 *      have on dirty cards.
 *   2. Those that got their first pointers by goheap_store_first, which tells nobody. Its object is
 *      held in a local variable of the thread that made it, by contract; so every collection that
 *      could make it old finds it from that thread's stack or registers. What a stack leads to
 *      directly is noted, and scanned once more by the next partial collection. ("Held".)
 *
 * Cards are bytes that say in which collection's time they were written: dirty means, in this one's
 * or in the one's before. So nobody has to clear them, and a store that meets the collection's scan
 * is not lost: it counts for the next. The table is smaller than the address space and used again
 * every 128 MB, and the number of a collection comes again after 255: both only make clean cards
 * look dirty, and cost the time of looking.
 *
 * Source: Demers, Weiser, Hayes, Boehm, Bobrow, Shenker: Combining generational and conservative
 * garbage collection (1990), sticky mark bits; Wilson, Moher: a card-marking scheme (1989).
 */
#ifndef HEAPMARK_GOHEAP_REMEMBERED_H
#define HEAPMARK_GOHEAP_REMEMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/goheap.h"

struct mutator;

enum { CARD_BYTES = 1 << GOHEAP_CARD_SHIFT, CARDS_AT_ONCE = 8 };

/* Nothing is remembered. */
void remembered_init(void);

/* m dirties cards as all others do. World lock. */
void remembered_attach(struct mutator *m);

/* A collection begins: its time starts on all cards, and what the one before has held is for it.
   World stopped. */
void remembered_cycle_begin(void);

/* An object that a stack or a register leads to. World stopped, after remembered_cycle_begin. */
void remembered_hold(uintptr_t object);

/* What the collection before this one has held; *count: how many. */
const uintptr_t *remembered_held(size_t *count);

/* Did all that the roots led to find room, so that the next collection may be a partial one? */
bool remembered_is_complete(void);

/* Of the CARDS_AT_ONCE cards from address on (a multiple of their bytes): bit 8 i + 7 says that
   card i is dirty. Any thread. */
uint64_t remembered_dirty(uintptr_t address);

#endif
