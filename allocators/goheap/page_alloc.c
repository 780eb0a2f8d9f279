/* Address-ordered first fit over bitmaps and summaries. See page_alloc.h. */
#include "allocators/goheap/page_alloc.h"

#include <assert.h>

#include "allocators/goheap/os.h"

static size_t hint;     /* every arena before arenas[hint] has no free page */
static size_t released; /* bits set in all arenas' released */

void page_alloc_init(void) {
    hint = 0;
    released = 0;
}

size_t page_alloc_released(void) {
    return released;
}

size_t page_alloc_hint(void) {
    return hint;
}

/* First page >= from of [from, to) whose bit is `taken`, or `to`. */
static size_t page_next(const uint64_t *bits, size_t from, size_t to, bool taken) {
    while (from < to) {
        uint64_t word = (taken ? bits[from / 64] : ~bits[from / 64]) >> (from % 64);
        if (word != 0) {
            from += (size_t)__builtin_ctzll(word);
            return from < to ? from : to;
        }
        from = (from / 64 + 1) * 64;
    }
    return to;
}

struct page_summary page_alloc_summarize_chunk(const struct arena *arena, size_t chunk) {
    size_t first = chunk * PAGE_CHUNK_PAGES, last = first + PAGE_CHUNK_PAGES;
    struct page_summary summary = {0, 0, 0};
    for (size_t page = first; page < last;) {
        size_t start = page_next(arena->taken, page, last, false);
        size_t end = page_next(arena->taken, start, last, true);
        uint16_t length = (uint16_t)(end - start);
        if (start == first)
            summary.start = length;
        if (end == last)
            summary.end = length;
        if (length > summary.longest)
            summary.longest = length;
        page = end;
    }
    return summary;
}

struct page_summary page_alloc_summarize_arena(const struct arena *arena) {
    struct page_summary summary = {0, 0, 0};
    size_t run = 0; /* free pages that end where the chunk begins */
    for (size_t c = 0; c < PAGE_CHUNKS; c++) {
        const struct page_summary *chunk = &arena->chunks[c];
        if (run == c * PAGE_CHUNK_PAGES)
            summary.start = (uint16_t)(run + chunk->start);
        size_t longest = run + chunk->start;
        if (chunk->longest > longest)
            longest = chunk->longest;
        if (longest > summary.longest)
            summary.longest = (uint16_t)longest;
        run = chunk->start == PAGE_CHUNK_PAGES ? run + PAGE_CHUNK_PAGES : chunk->end;
    }
    summary.end = (uint16_t)run;
    return summary;
}

/* First run of `pages` free pages that begins in or before, and ends in, this chunk; run is the
   number of free pages just before it. SIZE_MAX: none. */
static size_t chunk_search(const struct arena *arena, size_t chunk, size_t run, size_t pages) {
    size_t first = chunk * PAGE_CHUNK_PAGES, last = first + PAGE_CHUNK_PAGES;
    if (run + arena->chunks[chunk].start >= pages)
        return first - run;
    if (arena->chunks[chunk].longest < pages)
        return SIZE_MAX;
    for (size_t page = first; page < last;) {
        size_t start = page_next(arena->taken, page, last, false);
        page = page_next(arena->taken, start, last, true);
        if (page - start >= pages)
            return start;
    }
    return SIZE_MAX;
}

/* First run within one arena, which has one. */
static uintptr_t arena_search(const struct arena *arena, size_t pages) {
    size_t run = 0;
    for (size_t c = 0; c < PAGE_CHUNKS; c++) {
        size_t page = chunk_search(arena, c, run, pages);
        if (page != SIZE_MAX)
            return arena->base + page * PAGE_BYTES;
        const struct page_summary *chunk = &arena->chunks[c];
        run = chunk->start == PAGE_CHUNK_PAGES ? run + PAGE_CHUNK_PAGES : chunk->end;
    }
    return 0;
}

static const struct arena *arena_settled(size_t position) {
    struct arena *arena = arenas[position];
    if (arena->stale == 0)
        return arena;
    for (uint32_t stale = arena->stale; stale != 0; stale &= stale - 1) {
        size_t c = (size_t)__builtin_ctz(stale);
        arena->chunks[c] = page_alloc_summarize_chunk(arena, c);
    }
    arena->whole = page_alloc_summarize_arena(arena);
    arena->stale = 0;
    return arena;
}

void page_alloc_settle(void) {
    for (size_t i = 0; i < arena_count; i++)
        arena_settled(i);
}

uintptr_t page_alloc_find(size_t pages) {
    while (hint < arena_count && arena_settled(hint)->whole.longest == 0)
        hint++;
    size_t run = 0; /* free pages that end where the arena begins */
    for (size_t i = hint; i < arena_count; i++) {
        const struct arena *arena = arena_settled(i);
        if (i == hint || arenas[i - 1]->base + ARENA_BYTES != arena->base)
            run = 0;
        if (run + arena->whole.start >= pages)
            return arena->base - run * PAGE_BYTES;
        if (arena->whole.longest >= pages)
            return arena_search(arena, pages);
        run = arena->whole.start == ARENA_PAGES ? run + ARENA_PAGES : arena->whole.end;
    }
    return 0;
}

size_t page_alloc_idle_run(uintptr_t address, size_t most) {
    const struct arena *arena = arena_find(address);
    size_t first = (address - arena->base) / PAGE_BYTES;
    size_t last = most < ARENA_PAGES - first ? first + most : ARENA_PAGES;
    last = page_next(arena->taken, first, last, true);
    return page_next(arena->released, first, last, true) - first;
}

/* The bits of pages [page, last) that are in page's word. */
static uint64_t word_bits(size_t page, size_t last) {
    size_t word_end = (page / 64 + 1) * 64, end = word_end < last ? word_end : last;
    return ~UINT64_C(0) >> (64 - (end - page)) << (page % 64);
}

/* Marks free pages of one word as taken. Returns how many of them were idle. */
static uint32_t word_take(struct arena *arena, size_t word, uint64_t bits) {
    assert((arena->taken[word] & bits) == 0);
    uint32_t cold = (uint32_t)__builtin_popcountll(arena->released[word] & bits);
    uint32_t idle = (uint32_t)__builtin_popcountll(bits) - cold;
    arena->taken[word] |= bits;
    arena->released[word] &= ~bits;
    arena->idle -= idle;
    released -= cold;
    return idle;
}

static void word_give(struct arena *arena, size_t word, uint64_t bits, enum page_state state) {
    assert((arena->taken[word] & bits) == bits && (arena->released[word] & bits) == 0);
    uint32_t pages = (uint32_t)__builtin_popcountll(bits);
    arena->taken[word] &= ~bits;
    if (state == PAGES_RELEASED) {
        arena->released[word] |= bits;
        released += pages;
    } else {
        arena->idle += pages;
    }
}

/* Pages [first, last) have changed. */
static void arena_note_change(struct arena *arena, size_t first, size_t last) {
    for (size_t c = first / PAGE_CHUNK_PAGES; c * PAGE_CHUNK_PAGES < last; c++)
        arena->stale |= UINT32_C(1) << c;
}

/* The part of [address, address + *pages) that lies in its first arena: returns the arena, sets its
   pages [*first, *last), and takes them off what is left. */
static struct arena *range_cut(uintptr_t *address, size_t *pages, size_t *first, size_t *last) {
    struct arena *arena = arena_find(*address);
    assert(arena != NULL);
    *first = (*address - arena->base) / PAGE_BYTES;
    *last = *pages < ARENA_PAGES - *first ? *first + *pages : ARENA_PAGES;
    *pages -= *last - *first;
    *address = arena->base + *last * PAGE_BYTES;
    return arena;
}

bool page_alloc_take(uintptr_t address, size_t pages) {
    uint32_t idle = 0;
    while (pages > 0) {
        size_t first, last;
        struct arena *arena = range_cut(&address, &pages, &first, &last);
        for (size_t page = first; page < last; page = (page / 64 + 1) * 64)
            idle += word_take(arena, page / 64, word_bits(page, last));
        arena_note_change(arena, first, last);
    }
    return idle > 0;
}

/* Index of an arena in arenas[]. */
static size_t arena_position(const struct arena *arena) {
    size_t low = 0, high = arena_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (arenas[middle]->base <= arena->base)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void page_alloc_give(uintptr_t address, size_t pages, enum page_state state) {
    size_t position = arena_position(arena_find(address));
    if (position < hint)
        hint = position;
    while (pages > 0) {
        size_t first, last;
        struct arena *arena = range_cut(&address, &pages, &first, &last);
        for (size_t page = first; page < last; page = (page / 64 + 1) * 64)
            word_give(arena, page / 64, word_bits(page, last), state);
        arena_note_change(arena, first, last);
    }
}

static bool page_is_idle(const struct arena *arena, size_t page) {
    return ((arena->taken[page / 64] | arena->released[page / 64]) >> (page % 64) & 1) == 0;
}

/* The last idle page of an arena that has one. */
static size_t arena_last_idle(const struct arena *arena) {
    size_t word = ARENA_PAGES / 64 - 1;
    while (~(arena->taken[word] | arena->released[word]) == 0)
        word--;
    uint64_t idle = ~(arena->taken[word] | arena->released[word]);
    return word * 64 + 63 - (size_t)__builtin_clzll(idle);
}

struct page_run page_alloc_find_idle(size_t most) {
    size_t i = arena_count;
    while (i > 0 && arenas[i - 1]->idle == 0)
        i--;
    if (i == 0 || most == 0)
        return (struct page_run){0, 0};
    const struct arena *arena = arenas[i - 1];
    size_t last = arena_last_idle(arena), first = last, huge = last / PAGES_HUGE * PAGES_HUGE;
    while (first > huge && page_is_idle(arena, first - 1))
        first--;
    size_t pages = last + 1 - first, step = most < PAGES_RELEASE_STEP ? most : PAGES_RELEASE_STEP;
    if (pages > step && (pages < PAGES_HUGE || most < PAGES_HUGE))
        pages = step;
    return (struct page_run){arena->base + (last + 1 - pages) * PAGE_BYTES, pages};
}

/* Are all pages of these words free and without memory? */
static bool words_are_released(const struct arena *arena, size_t word, size_t words) {
    uint64_t taken = 0, released_all = ~UINT64_C(0);
    for (size_t i = word; i < word + words; i++) {
        taken |= arena->taken[i];
        released_all &= arena->released[i];
    }
    return taken == 0 && ~released_all == 0;
}

uintptr_t page_alloc_find_huge_released(void) {
    enum { WORDS = PAGES_HUGE / 64 };
    for (size_t i = hint; i < arena_count; i++)
        for (size_t word = 0; word < ARENA_PAGES / 64; word += WORDS)
            if (words_are_released(arenas[i], word, WORDS))
                return arenas[i]->base + word * 64 * PAGE_BYTES;
    return 0;
}

/* Commits `pages` pages from the committed end of `arena` on (into the arenas behind it, which are
   fresh), and frees them, released: nobody has touched them. */
static bool arena_commit(struct arena *arena, size_t pages) {
    uintptr_t address = arena->base + (size_t)arena->committed * PAGE_BYTES;
    if (!os_commit((void *)address, pages * PAGE_BYTES, OS_HEAP))
        return false;
    uintptr_t rest = address;
    size_t left = pages;
    while (left > 0) {
        size_t first, last;
        struct arena *part = range_cut(&rest, &left, &first, &last);
        part->committed = (uint32_t)last;
    }
    page_alloc_give(address, pages, PAGES_RELEASED);
    return true;
}

bool page_alloc_grow(size_t pages) {
    if (pages > SIZE_MAX / PAGE_BYTES - ARENA_PAGES)
        return false;
    size_t wanted = (pages + ARENA_GROW_PAGES - 1) / ARENA_GROW_PAGES * ARENA_GROW_PAGES;
    for (size_t i = 0; i < arena_count; i++)
        if (ARENA_PAGES - arenas[i]->committed >= wanted)
            return arena_commit(arenas[i], wanted);
    struct arena *arena = arena_reserve((wanted + ARENA_PAGES - 1) / ARENA_PAGES);
    return arena != NULL && arena_commit(arena, wanted);
}
