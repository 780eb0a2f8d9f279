/*
 * Arenas: the heap's address space, and the way from an address to its span.
 *
 * An arena is 64 MB of address space, aligned to 64 MB: 8192 pages of 8 KB. It is reserved whole
 * and becomes usable from its start on, in pieces of at least 1 MB (`committed` pages). What is
 * known of its pages lies beside it, in struct arena: which are free (the page allocator's bitmap
 * and summaries), which of those hold no memory, and to which span each belongs.
 *
 * The way from an address to a span is two loads: arena_index[address / 64 MB], a flat table over
 * the whole 48-bit address space of which only the parts in use are backed by memory, then
 * arena->spans[page]. It answers NULL for every address that is not in a span in use, so any word
 * may be asked about (the collector asks about every word of a stack).
 *
 * Writers hold the heap lock. Readers need no lock: entries are published with release stores, and
 * an arena never goes away.
 *
 * Source: Go, runtime/mheap.go (arenaHint, heapArena, spanOf).
 */
#ifndef HEAPMARK_GOHEAP_ARENA_H
#define HEAPMARK_GOHEAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/size_classes.h"

struct mspan;

enum {
    ARENA_SHIFT = 26,
    ARENA_BYTES = 1 << ARENA_SHIFT,
    ARENA_PAGES = ARENA_BYTES / PAGE_BYTES,
    ARENA_GROW_PAGES = (1 << 20) / PAGE_BYTES, /* least growth: 1 MB */
    ARENA_ADDRESS_BITS = 48,
    PAGE_CHUNK_PAGES = 512, /* pages per summary of the page allocator */
    PAGE_CHUNKS = ARENA_PAGES / PAGE_CHUNK_PAGES
};

/* Free pages of a stretch of pages: the run at its start, the longest, the run at its end. */
struct page_summary {
    uint16_t start, longest, end;
};

struct arena {
    uintptr_t base;
    uint32_t committed; /* pages [0, committed) are ready memory */
    uint32_t idle;      /* pages that are free and hold memory */
    uint32_t stale;     /* bit c: chunks[c] is to be derived anew, and so is `whole` */
    struct page_summary whole;
    struct page_summary chunks[PAGE_CHUNKS];
    uint64_t taken[ARENA_PAGES / 64]; /* bit: page is in a span, or not committed */
    /* Bit: page is free and holds no memory, because it was never handed out, or given back to the
       operating system since. It reads as zero. */
    uint64_t released[ARENA_PAGES / 64];
    struct mspan *spans[ARENA_PAGES]; /* of each page; NULL: in no span */
};

/* All arenas by rising address. */
extern struct arena **arenas;
extern size_t arena_count;

/* [arena_low, arena_low + arena_extent) holds every arena; a quick test for words that are no
 * pointers. */
extern uintptr_t arena_low;
extern uintptr_t arena_extent;
extern struct arena **arena_index; /* by address >> ARENA_SHIFT */

/* Reserves the tables. False: no memory; nothing is left behind. */
bool arena_init(void);
void arena_release(void); /* only after a goheap_init that failed: no arena exists yet */

/* Reserves count arenas in a row, none of their pages committed. NULL: no memory. */
struct arena *arena_reserve(size_t count);

/* The arena of an address, or NULL. */
static inline struct arena *arena_find(uintptr_t address) {
    uintptr_t low = __atomic_load_n(&arena_low, __ATOMIC_ACQUIRE);
    if (address - low >= __atomic_load_n(&arena_extent, __ATOMIC_RELAXED))
        return NULL;
    return __atomic_load_n(&arena_index[address >> ARENA_SHIFT], __ATOMIC_ACQUIRE);
}

/* The span in use whose pages hold the address, or NULL. */
static inline struct mspan *arena_span(uintptr_t address) {
    struct arena *arena = arena_find(address);
    if (arena == NULL)
        return NULL;
    return __atomic_load_n(&arena->spans[address >> PAGE_SHIFT & (ARENA_PAGES - 1)],
                           __ATOMIC_ACQUIRE);
}

/* Makes pages [address, address + pages) of arenas belong to span; NULL: to none. */
void arena_spans_set(uintptr_t address, size_t pages, struct mspan *span);

#endif
