/*
 * The heap checker. See verify.h.
 *
 * Three views of the heap must agree: the pages (bitmaps, summaries, page map), the sets of
 * mcentral (every span in use is in exactly one, and it is the right one), and the counts
 * (statistics, heap_live, pages in use). Each is walked once; a span seen in the page map is
 * checked for itself, counted, and its objects added up, and the sums are compared at the end.
 */
#include "allocators/goheap/verify.h"

#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/fatal.h"
#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mspan.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/prefault.h"
#include "allocators/goheap/scavenge.h"
#include "allocators/goheap/stats.h"
#include "allocators/goheap/sweep.h"

/* Sums over the spans found in the page map, and over mcentral's sets. */
struct census {
    uint64_t spans, pages;
    uint64_t idle, released; /* free pages with memory, and without; idle: of one arena */
    uint64_t objects[SIZE_CLASS_COUNT]; /* taken slots, by size class */
    uint64_t large_bytes;
    uint64_t filed; /* spans in sets */
};

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fatal("verify: " __VA_ARGS__);                                                         \
    } while (0)

static void verify_bits(const struct mspan *s) {
    uint32_t taken = mspan_bits_count(s, s->alloc_bits);
    CHECK(taken == s->alloc_count, "span %p: %u alloc bits, alloc_count %u", (void *)s->base, taken,
          s->alloc_count);
    for (size_t w = 0; w < mspan_bitmap_words(s); w++) {
        uint64_t marked = mspan_marked_bits(s, w);
        CHECK((marked & ~s->alloc_bits[w]) == 0, "span %p: marked but not allocated: %llx",
              (void *)s->base, (unsigned long long)(marked & ~s->alloc_bits[w]));
        CHECK(marked == 0 || mspan_has_marks(s), "span %p: marks, but no note of it",
              (void *)s->base);
    }
    uint32_t last = s->slot_count % 64;
    CHECK(last == 0 || s->alloc_bits[s->slot_count / 64] >> last == 0,
          "span %p: alloc bits behind the last slot", (void *)s->base);
    for (uint32_t i = 0; i < s->free_index; i++)
        CHECK(mspan_bit(s->alloc_bits, i), "span %p: slot %u is free, below free_index %u",
              (void *)s->base, i, s->free_index);
}

static void verify_sweepgen(const struct mspan *s) {
    uint32_t sg = mheap_sweepgen(), have = mspan_sweepgen(s);
    CHECK(have == sg || have == sg - 2, "span %p: sweepgen %u (heap %u) with the world stopped",
          (void *)s->base, have, sg);
    CHECK(have == sg - 2 || !mspan_is_born(s), "span %p: swept, and all born", (void *)s->base);
    CHECK(have == sg - 2 || sweep_keeps_marks() || !mspan_has_marks(s),
          "span %p: swept, with marks", (void *)s->base);
}

static void verify_geometry(const struct mspan *s) {
    unsigned c = mspan_size_class(s);
    CHECK(s->span_class < SPAN_CLASS_COUNT, "span %p: span class %u", (void *)s->base,
          s->span_class);
    CHECK(s->base % PAGE_BYTES == 0 && s->bytes % PAGE_BYTES == 0 && s->bytes > 0,
          "span %p: %zu bytes", (void *)s->base, s->bytes);
    if (c == 0) {
        CHECK(s->slot_count == 1 && s->slot_bytes == s->bytes,
              "large span %p: %u slots of %zu bytes", (void *)s->base, s->slot_count,
              s->slot_bytes);
        return;
    }
    CHECK(s->slot_bytes == size_class_bytes[c] && s->slot_count == size_class_slots[c] &&
              s->bytes == (size_t)size_class_pages[c] * PAGE_BYTES,
          "span %p: %u slots of %zu bytes in %zu do not fit class %u", (void *)s->base,
          s->slot_count, s->slot_bytes, s->bytes, c);
    for (uint32_t i = 0; i < s->slot_count; i++)
        CHECK(mspan_index(s, mspan_slot(s, i)) == i &&
                  mspan_index(s, mspan_slot(s, i) + s->slot_bytes - 1) == i,
              "span %p: slot %u is found at another index", (void *)s->base, i);
}

/* Whether its pages, and no others, lead to the span is seen page by page in verify_arena. */
static void verify_span(const struct mspan *s, struct census *census) {
    verify_geometry(s);
    verify_bits(s);
    verify_sweepgen(s);
    if (!mspan_is_noscan(s) && s->slot_bytes <= MSPAN_MASKED_BYTES_MAX)
        CHECK(!s->mixed || s->bitmap != NULL, "span %p: mixed without bitmap", (void *)s->base);
    census->spans++;
    census->pages += s->bytes / PAGE_BYTES;
    census->objects[mspan_size_class(s)] += s->alloc_count;
    if (mspan_is_large(s))
        census->large_bytes += s->alloc_count * s->bytes;
}

static void verify_page(const struct arena *arena, size_t page, struct census *census) {
    uintptr_t address = arena->base + page * PAGE_BYTES;
    const struct mspan *s = arena->spans[page];
    bool is_taken = mspan_bit(arena->taken, (uint32_t)page);
    bool is_released = mspan_bit(arena->released, (uint32_t)page);
    CHECK(!is_taken || !is_released, "page %p is taken, but released", (void *)address);
    if (page >= arena->committed) {
        CHECK(is_taken && s == NULL, "page %p is not ready, but free or in a span",
              (void *)address);
        return;
    }
    CHECK(is_taken == (s != NULL || scavenge_holds(address) || prefault_holds(address)),
          "page %p is %s and %s a span", (void *)address, is_taken ? "taken" : "free",
          s != NULL ? "in" : "not in");
    census->released += is_released;
    census->idle += !is_taken && !is_released;
    if (s == NULL)
        return;
    CHECK(address - s->base < s->bytes, "page %p is mapped to span [%p, +%zu)", (void *)address,
          (void *)s->base, s->bytes);
    if (s->base == address)
        verify_span(s, census);
}

static bool summary_equal(struct page_summary a, struct page_summary b) {
    return a.start == b.start && a.longest == b.longest && a.end == b.end;
}

static void verify_arena(size_t position, struct census *census) {
    const struct arena *arena = arenas[position];
    CHECK(arena_find(arena->base) == arena && arena_find(arena->base + ARENA_BYTES - 1) == arena,
          "arena %p is not in the index", (void *)arena->base);
    CHECK(position == 0 || arenas[position - 1]->base < arena->base, "arenas are not in order");
    census->idle = 0;
    for (size_t page = 0; page < ARENA_PAGES; page++)
        verify_page(arena, page, census);
    CHECK(census->idle == arena->idle, "arena %p: %llu pages are idle, %u counted",
          (void *)arena->base, (unsigned long long)census->idle, arena->idle);
    for (size_t c = 0; c < PAGE_CHUNKS; c++)
        CHECK(summary_equal(arena->chunks[c], page_alloc_summarize_chunk(arena, c)),
              "arena %p: summary of chunk %zu is stale", (void *)arena->base, c);
    CHECK(summary_equal(arena->whole, page_alloc_summarize_arena(arena)),
          "arena %p: summary is stale", (void *)arena->base);
    CHECK(position >= page_alloc_hint() || arena->whole.longest == 0,
          "arena %p has free pages, but the search begins behind it", (void *)arena->base);
}

static void verify_set(const struct span_set *set, unsigned span_class, bool is_full, bool is_swept,
                       struct census *census) {
    uint32_t expected = mheap_sweepgen() - (is_swept ? 0 : 2);
    size_t count = 0;
    for (const struct mspan *s = set->head; s != NULL; s = s->next) {
        CHECK(arena_span(s->base) == s, "span %p is in a set, but not in the page map",
              (void *)s->base);
        CHECK(s->span_class == span_class, "span %p of class %u is in a set of class %u",
              (void *)s->base, s->span_class, span_class);
        CHECK(mspan_sweepgen(s) == expected, "span %p: sweepgen %u in a set of %u", (void *)s->base,
              mspan_sweepgen(s), expected);
        CHECK((s->alloc_count == s->slot_count) == is_full,
              "span %p: %u of %u slots taken, in a %s set", (void *)s->base, s->alloc_count,
              s->slot_count, is_full ? "full" : "partial");
        CHECK(s->next != NULL || set->tail == s, "the tail of a set is not its last span");
        count++;
    }
    CHECK(count == set->count, "a set of class %u has %zu spans, but counts %zu", span_class, count,
          set->count);
    census->filed += count;
}

static void verify_central(unsigned span_class, struct census *census) {
    const struct mcentral *c = &mheap.central[span_class];
    for (unsigned i = 0; i < 2; i++) {
        bool is_swept = i == mheap_sweepgen() / 2 % 2;
        size_t filed = census->filed;
        for (unsigned shard = 0; shard < MCENTRAL_SHARDS; shard++) {
            verify_set(&c->partial[i][shard], span_class, false, is_swept, census);
            verify_set(&c->full[i][shard], span_class, true, is_swept, census);
        }
        CHECK(census->filed - filed == c->count[i], "class %u has %zu spans, but counts %zu",
              span_class, census->filed - filed, c->count[i]);
    }
}

/* Allocated minus freed is what is there: alloc counts of unswept spans still hold the dead, whose
   frees are not counted yet either. */
static void verify_counts(const struct census *census) {
    struct stats sum;
    stats_sum(&sum);
    for (size_t c = 1; c < SIZE_CLASS_COUNT; c++)
        CHECK(sum.small_allocs[c] - sum.small_frees[c] == census->objects[c],
              "class %zu: %llu allocated, %llu freed, but %llu slots taken", c,
              (unsigned long long)sum.small_allocs[c], (unsigned long long)sum.small_frees[c],
              (unsigned long long)census->objects[c]);
    CHECK(sum.large_allocs - sum.large_frees == census->objects[0], "large objects: counts differ");
    CHECK(sum.large_alloc_bytes - sum.large_free_bytes == census->large_bytes,
          "large objects: bytes differ");
    uint64_t since_mark = stats_alloc_bytes(&sum) - mgc_totals()->alloc_bytes_at_mark;
    CHECK(mheap_live() == mgc_totals()->marked_bytes + since_mark,
          "heap_live is %llu, marked %llu and allocated since %llu",
          (unsigned long long)mheap_live(), (unsigned long long)mgc_totals()->marked_bytes,
          (unsigned long long)since_mark);
}

/* The lock: the collector's thread, which gives pages back, is no mutator, and does not stop. */
static void verify_pages(struct census *census) {
    mheap_lock();
    page_alloc_settle();
    for (size_t i = 0; i < arena_count; i++)
        verify_arena(i, census);
    CHECK(census->released == page_alloc_released(), "%llu pages are released, %zu counted",
          (unsigned long long)census->released, page_alloc_released());
    mheap_unlock();
}

void verify_heap(void) {
    struct census census;
    memset(&census, 0, sizeof census);
    verify_pages(&census);
    for (unsigned c = 0; c < SPAN_CLASS_COUNT; c++)
        verify_central(c, &census);
    CHECK(census.spans == mheap.span_count, "%llu spans in the page map, %llu counted",
          (unsigned long long)census.spans, (unsigned long long)mheap.span_count);
    CHECK(census.pages == mheap.pages_in_use, "%llu pages in spans, %llu counted",
          (unsigned long long)census.pages, (unsigned long long)mheap.pages_in_use);
    CHECK(census.filed == census.spans, "%llu spans, but %llu in mcentral's sets",
          (unsigned long long)census.spans, (unsigned long long)census.filed);
    verify_counts(&census);
}

#if defined(HEAPMARK_VERIFY)
void verify_if_enabled(void) {
    verify_heap();
}
#else
void verify_if_enabled(void) {}
#endif

static void verify_stopped(void *argument) {
    (void)argument;
    verify_heap();
}

void goheap_verify(struct goheap_mutator *m) {
    if (m != NULL)
        mutator_check(mutator_of(m), "goheap_verify");
    mgc_with_world_stopped(mutator_of(m), verify_stopped, NULL);
}
