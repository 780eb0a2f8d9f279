/*
 * The page allocator: finds, takes and gives back runs of pages.
 *
 * Policy: address-ordered first fit. It keeps the heap dense at low addresses, so that the highest
 * pages fall idle.
 *
 * Each arena has a bitmap of its pages and, so that a search need not walk it, summaries: of every
 * 512 pages and of the whole arena, the free run at the start, the longest, and the free run at the
 * end. A search adds the free end of one stretch to the free start of the next; a run that fits is
 * either such a sum or lies within a stretch whose longest run suffices. So it looks at one summary
 * per arena, then one per 512 pages, then at 8 words of bitmap, and runs may cross arenas. (Go has
 * five levels for the same idea; at 64 MB per arena two levels and a hint reach far.)
 *
 * Taking and giving pages only notes which summaries are stale; the next search derives them anew.
 * Sweeping gives pages back one span at a time, and many spans lie in the same 512 pages.
 *
 * A free page either holds memory ("idle") or none ("released": never handed out since it became
 * ready, or given back to the operating system, scavenge.h). Released pages are zero, so a span of
 * nothing else need not be zeroed.
 *
 * Everything here is guarded by the heap lock. Source: Go, runtime/mpagealloc.go, mgcscavenge.go.
 */
#ifndef HEAPMARK_GOHEAP_PAGE_ALLOC_H
#define HEAPMARK_GOHEAP_PAGE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/arena.h"

void page_alloc_init(void);

/* Address of the first run of `pages` free pages, or 0. Takes nothing. */
uintptr_t page_alloc_find(size_t pages);

/* How many pages from a free one on are free in a row and hold memory, counted up to `most`, in its
   arena. */
size_t page_alloc_idle_run(uintptr_t address, size_t most);

/* Derives all stale summaries anew. */
void page_alloc_settle(void);

/* Takes free pages. True: some of them hold memory, so they may not be zero. */
bool page_alloc_take(uintptr_t address, size_t pages);

/* Gives taken pages back, holding memory or released. */
enum page_state { PAGES_IDLE, PAGES_RELEASED };
void page_alloc_give(uintptr_t address, size_t pages, enum page_state state);

/* How much goes back at once: little enough for a short system call, but a huge page whole, because
   breaking it up costs the kernel more. */
enum { PAGES_RELEASE_STEP = (64 << 10) / PAGE_BYTES, PAGES_HUGE = (2 << 20) / PAGE_BYTES };

/* The highest idle pages, at most `most`: the huge page they end, if all of it is idle; else the
   run they end, up to PAGES_RELEASE_STEP. Takes nothing. */
struct page_run {
    uintptr_t address;
    size_t pages; /* 0: nothing is idle */
};
struct page_run page_alloc_find_idle(size_t most);

/* The first PAGES_HUGE pages, aligned to their size, that are free and hold no memory; 0: none.
   Takes nothing. */
uintptr_t page_alloc_find_huge_released(void);

/* Free pages that hold no memory. */
size_t page_alloc_released(void);

/* Makes at least `pages` more pages, in a row, ready and free. False: no memory. */
bool page_alloc_grow(size_t pages);

/* The summary of chunk `chunk` of an arena, and of an arena from its chunks' summaries, derived
   anew. goheap_verify compares them with what is kept. */
struct page_summary page_alloc_summarize_chunk(const struct arena *arena, size_t chunk);
struct page_summary page_alloc_summarize_arena(const struct arena *arena);

/* Every arena before this one (in order of address) has no free page. */
size_t page_alloc_hint(void);

#endif
