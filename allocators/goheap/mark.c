/* Markers: from grey to black. See mark.h. */
#include "allocators/goheap/mark.h"

#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/mark_pool.h"
#include "allocators/goheap/mspan.h"
#include "allocators/goheap/remembered.h"
#include "allocators/goheap/roots.h"
#include "allocators/goheap/write_barrier.h"

enum { OBLET_BYTES = 4096, RING_ENTRIES = 8, MASK_POINTERS_MAX = 64 };

static uintptr_t mark_low, mark_extent; /* of all arenas, when marking began */

/* Where the search for dirty cards goes on; mark_low + mark_extent: it is over. */
enum { SEARCH_BYTES = 1 << 20 }; /* of heap, by one marker at once */
static uintptr_t search_next;    /* atomic */

static void marker_push(struct marker *k, struct mspan *s, uintptr_t address) {
    if (k->depth == MARKER_STACK_ENTRIES)
        mark_pool_give(k, MARKER_STACK_ENTRIES / 2);
    k->stack[k->depth++] = (struct grey){s, address};
}

static inline void mark_count(struct mark_counts *counts, const struct mspan *s, uint64_t bytes) {
    counts->marked_bytes += bytes;
    if (mspan_is_fresh(s))
        counts->fresh_bytes += bytes;
}

/* Marks the object in a slot. True: it was white, and holds pointers, so somebody has to scan it.
 */
static inline bool mark_set(struct mspan *s, uint32_t index, struct mark_counts *counts) {
    uint8_t *mark = &s->marks[index];
    if (__atomic_load_n(mark, __ATOMIC_RELAXED) != MSPAN_WHITE || mspan_is_born(s))
        return false;
    __atomic_store_n(mark, MSPAN_FOUND, __ATOMIC_RELAXED);
    mspan_note_marks(s);
    mark_count(counts, s, s->slot_bytes);
    return !mspan_is_noscan(s);
}

/* The span that a word of an object leads to; NULL: none. Arenas that came after the snapshot hold
   black objects only, so the bounds of then will do. */
static inline struct mspan *mark_span_of(uintptr_t word, uintptr_t low, uintptr_t extent) {
    if (word - low >= extent)
        return NULL;
    const struct arena *arena =
        __atomic_load_n(&arena_index[word >> ARENA_SHIFT], __ATOMIC_ACQUIRE);
    if (arena == NULL)
        return NULL;
    return __atomic_load_n(&arena->spans[word >> PAGE_SHIFT & (ARENA_PAGES - 1)], __ATOMIC_ACQUIRE);
}

/* The object in a slot becomes grey if it is white. */
static void mark_slot(struct marker *k, struct mspan *s, uint32_t index) {
    if (mark_set(s, index, &k->counts))
        marker_push(k, s, mspan_slot(s, index));
}

void mark_pointer(struct marker *k, uintptr_t pointer) {
    struct mspan *s = mark_span_of(pointer, mark_low, mark_extent);
    uint32_t index = s == NULL ? 0 : mspan_index(s, pointer);
    if (s != NULL && index < s->slot_count)
        mark_slot(k, s, index);
}

void mark_pointer_late(uintptr_t pointer) {
    struct mark_counts counts = {0};
    struct mspan *s = mark_span_of(pointer, mark_low, mark_extent);
    uint32_t index = s == NULL ? 0 : mspan_index(s, pointer);
    if (s != NULL && index < s->slot_count && mark_set(s, index, &counts))
        mark_pool_overflow();
    mark_pool_count(&counts);
}

bool mark_is_known(uintptr_t pointer) {
    const struct mspan *s = mark_span_of(pointer, mark_low, mark_extent);
    uint32_t index = s == NULL ? 0 : mspan_index(s, pointer);
    return s == NULL || index >= s->slot_count || mspan_mark(s, index) != MSPAN_WHITE;
}

static void mark_ambiguous_word(struct marker *k, uintptr_t word, enum roots_kind kind) {
    struct mspan *s = arena_span(word);
    if (s == NULL)
        return;
    uint32_t index = mspan_index(s, word);
    if (index >= s->slot_count || !mspan_bit(s->alloc_bits, index))
        return;
    mark_slot(k, s, index);
    if (kind == ROOTS_STACK && !mspan_is_noscan(s))
        remembered_hold(mspan_slot(s, index));
}

/* Words of a root: what they point to becomes grey, if anything. Other threads' stacks are read
   with no respect for variables or red zones, hence no sanitizer. */
static __attribute__((noinline, no_sanitize("address", "thread", "undefined"))) void
mark_ambiguous(const uintptr_t *words, size_t count, enum roots_kind kind) {
    struct marker *k = mark_pool_stopper();
    for (size_t i = 0; i < count; i++) {
        uintptr_t word = words[i];
        if (word - arena_low > arena_extent) /* `>`: one past the last arena counts as well */
            continue;
        mark_ambiguous_word(k, word, kind);
        mark_ambiguous_word(k, word - 1, kind);
    }
    k->counts.work += count * sizeof *words;
}

/* Bit i of mask: words[i] is a pointer. Mutators store into the object meanwhile; acquire, so that
   whoever sees a pointer to a new object sees that it is black. */
static void mark_masked(struct marker *k, const uintptr_t *words, uint64_t mask) {
    for (; mask != 0; mask &= mask - 1)
        mark_pointer(k, __atomic_load_n(&words[__builtin_ctzll(mask)], __ATOMIC_ACQUIRE));
}

/* Scans an object of elements from address (an element's start) on: an oblet; what is left is
   pushed before its children, so that they are done first. */
static void mark_elements(struct marker *k, struct grey grey, uintptr_t end, struct layout layout) {
    uintptr_t address = grey.address, oblet_end = end;
    if (end - address > OBLET_BYTES) {
        size_t elements = (OBLET_BYTES + layout.element_bytes - 1) / layout.element_bytes;
        if (elements < (end - address) / layout.element_bytes) {
            oblet_end = address + elements * layout.element_bytes;
            marker_push(k, grey.span, oblet_end);
        }
    }
    k->counts.work += oblet_end - address;
    for (uintptr_t e = address; e < oblet_end; e += layout.element_bytes) {
        size_t words = (end - e) / 8;
        uint64_t mask = layout.pointers;
        if (words < 64) /* the element reaches past the slot: only an array's unused tail does */
            mask &= (UINT64_C(1) << words) - 1;
        mark_masked(k, (const uintptr_t *)e, mask);
    }
}

/* grey -> black, in any span. */
static __attribute__((noinline)) void mark_scan(struct marker *k, struct grey grey) {
    struct mspan *s = grey.span;
    uint32_t index = mspan_index(s, grey.address);
    if (s->slot_bytes <= MSPAN_MASKED_BYTES_MAX) {
        k->counts.work += s->slot_bytes;
        mark_masked(k, (const uintptr_t *)grey.address, mspan_mask(s, index));
        return;
    }
    struct layout layout = mspan_layout(s, index);
    if (layout.pointers != 0) /* else a large object that is being zeroed */
        mark_elements(k, grey, mspan_slot(s, index) + s->slot_bytes, layout);
}

/* What the loop of marker_drain keeps in registers of the marker. */
struct trace {
    uintptr_t low, extent;
    struct grey *top; /* of the stack */
    struct mark_counts counts;
};

static inline void trace_load(struct trace *t, struct marker *k) {
    t->low = mark_low;
    t->extent = mark_extent;
    t->top = k->stack + k->depth;
    t->counts = k->counts;
}

static inline void trace_save(const struct trace *t, struct marker *k) {
    k->depth = (size_t)(t->top - k->stack);
    k->counts = t->counts;
}

/* The object that a word leads to becomes grey if it is white. */
static inline void trace_word(struct trace *t, uintptr_t word) {
    struct mspan *target = mark_span_of(word, t->low, t->extent);
    if (target == NULL)
        return;
    uint32_t index = mspan_index(target, word);
    if (index < target->slot_count && mark_set(target, index, &t->counts))
        *t->top++ = (struct grey){target, mspan_slot(target, index)};
}

/* grey -> black, where all objects of the span have the same mask, which is the common case. What
   was allocated together lies together, so most pointers stay in the span; then nothing has to be
   looked up, and of the span is known what mark_set asks: it has marks, is not born, and its
   objects have pointers. */
static inline void trace_scan(struct trace *t, struct grey grey, uint64_t mask) {
    struct mspan *s = grey.span;
    const uintptr_t *words = (const uintptr_t *)grey.address;
    const size_t slot_bytes = s->slot_bytes, slots_bytes = s->slot_count * slot_bytes;
    t->counts.work += slot_bytes;
    uint64_t found = 0;
    for (; mask != 0; mask &= mask - 1) {
        uintptr_t word = __atomic_load_n(&words[__builtin_ctzll(mask)], __ATOMIC_ACQUIRE);
        if (word - s->base >= slots_bytes) {
            trace_word(t, word);
            continue;
        }
        uint32_t index = mspan_index(s, word);
        if (__atomic_load_n(&s->marks[index], __ATOMIC_RELAXED) != MSPAN_WHITE)
            continue;
        __atomic_store_n(&s->marks[index], MSPAN_FOUND, __ATOMIC_RELAXED);
        found += slot_bytes;
        *t->top++ = (struct grey){s, mspan_slot(s, index)};
    }
    if (found != 0)
        mark_count(&t->counts, s, found);
}

static inline void trace_object(struct trace *t, struct marker *k, struct grey grey) {
    uint64_t mask = __atomic_load_n(&grey.span->scan_mask, __ATOMIC_ACQUIRE);
    bool has_room = t->top < k->stack + MARKER_STACK_ENTRIES - MASK_POINTERS_MAX;
    if (__builtin_expect(mask != 0 && has_room, 1)) {
        trace_scan(t, grey, mask);
        return;
    }
    trace_save(t, k);
    if (!has_room)
        mark_pool_give(k, k->depth / 2);
    mark_scan(k, grey);
    trace_load(t, k);
}

/* What has left the stack and is being prefetched. A new one takes the place of the oldest; places
   may be empty (span NULL). */
struct ring {
    struct grey entries[RING_ENTRIES];
    unsigned oldest;
};

static inline struct grey ring_exchange(struct ring *ring, struct grey grey) {
    struct grey oldest = ring->entries[ring->oldest];
    ring->entries[ring->oldest] = grey;
    ring->oldest = (ring->oldest + 1) % RING_ENTRIES;
    return oldest;
}

/* The newest, where nothing follows it for now; span NULL: the ring is empty. */
static struct grey ring_take_newest(struct ring *ring) {
    for (unsigned i = 1; i <= RING_ENTRIES; i++) {
        struct grey *entry = &ring->entries[(ring->oldest - i) % RING_ENTRIES];
        struct grey grey = *entry;
        entry->span = NULL;
        if (grey.span != NULL)
            return grey;
    }
    return (struct grey){NULL, 0};
}

/* What is to be scanned next; span NULL: the stack is empty, or the ring was not yet full. */
static inline struct grey trace_next(struct trace *t, struct ring *ring, const struct marker *k) {
    if (t->top == k->stack)
        return ring_take_newest(ring);
    struct grey grey = *--t->top;
    __builtin_prefetch((const void *)grey.address);
    return ring_exchange(ring, grey);
}

/* Scans what is on k's own stack until nothing is or work_end is reached. */
static void marker_trace(struct marker *k, uint64_t work_end) {
    struct ring ring = {0};
    struct trace t;
    trace_load(&t, k);
    while (t.counts.work < work_end) {
        bool is_last = t.top == k->stack;
        struct grey grey = trace_next(&t, &ring, k);
        if (grey.span != NULL)
            trace_object(&t, k, grey);
        else if (is_last)
            break;
    }
    trace_save(&t, k);
    /* What is still in the ring goes back. */
    for (struct grey grey; (grey = ring_take_newest(&ring)).span != NULL;)
        marker_push(k, grey.span, grey.address);
}

/* Makes grey what a barrier's buffer holds. */
static bool marker_take_overwritten(struct marker *k) {
    const struct write_barrier_buffer *buffer = write_barrier_take();
    if (buffer == NULL)
        return false;
    for (uint64_t i = 0; i < buffer->count; i++)
        mark_pointer(k, buffer->pointers[i]);
    write_barrier_give(buffer);
    return true;
}

/* Scans what an old object has on a card, [card, card + CARD_BYTES). */
static void mark_card_object(struct marker *k, struct mspan *s, uint32_t index, uintptr_t card) {
    uintptr_t slot = mspan_slot(s, index), end = slot + s->slot_bytes;
    if (s->slot_bytes <= MSPAN_MASKED_BYTES_MAX) {
        mark_scan(k, (struct grey){s, slot});
        return;
    }
    struct layout layout = mspan_layout(s, index);
    if (layout.pointers == 0)
        return;
    if (card > slot)
        slot += (card - slot) / layout.element_bytes * layout.element_bytes;
    end = end < card + CARD_BYTES ? end : card + CARD_BYTES;
    mark_elements(k, (struct grey){s, slot}, end, layout);
}

static void mark_card(struct marker *k, uintptr_t card) {
    struct mspan *s = mark_span_of(card, mark_low, mark_extent);
    if (s == NULL || mspan_is_noscan(s) || !mspan_has_marks(s))
        return;
    for (uint32_t i = mspan_index(s, card);
         i < s->slot_count && mspan_slot(s, i) < card + CARD_BYTES; i++)
        if (mspan_mark(s, i) == MSPAN_FOUND)
            mark_card_object(k, s, i, card);
}

bool mark_is_searched(void) {
    return __atomic_load_n(&search_next, __ATOMIC_ACQUIRE) >= mark_low + mark_extent;
}

/* Looks for dirty cards in the next stretch of the heap. False: there is none. */
static bool marker_search_cards(struct marker *k) {
    if (mark_is_searched() || !mark_is_open())
        return false;
    uintptr_t at = __atomic_fetch_add(&search_next, SEARCH_BYTES, __ATOMIC_ACQ_REL);
    if (at >= mark_low + mark_extent)
        return false;
    if (arena_find(at) == NULL)
        return true;
    for (uintptr_t end = at + SEARCH_BYTES; at < end; at += CARDS_AT_ONCE * CARD_BYTES)
        for (uint64_t dirty = remembered_dirty(at); dirty != 0; dirty &= dirty - 1)
            mark_card(k, at + (uintptr_t)__builtin_ctzll(dirty) / 8 * CARD_BYTES);
    return true;
}

bool marker_drain(struct marker *k, uint64_t budget) {
    uint64_t most = UINT64_MAX - k->counts.work;
    uint64_t work_end = k->counts.work + (budget < most ? budget : most);
    do
        marker_trace(k, work_end);
    while (k->counts.work < work_end && k->depth == 0 &&
           (mark_pool_take(k) || marker_take_overwritten(k) || marker_search_cards(k)));
    mark_pool_share(k);
    return k->depth == 0 && k->counts.work < work_end;
}

bool mark_drain_stopped(uint64_t budget) {
    return marker_drain(mark_pool_stopper(), budget) && mark_is_done();
}

/* In this order: who took the last stretch of the search is inside, or has given what it found. */
bool mark_is_done(void) {
    return mark_is_searched() && mark_pool_is_empty() && !write_barrier_has_pointers();
}

bool mark_looks_done(void) {
    return mark_is_searched() && mark_pool_looks_empty() && !write_barrier_has_pointers();
}

/* Scans every marked object of a span. */
static void mark_rescan_span(struct mspan *s) {
    if (mspan_is_noscan(s) || !mspan_has_marks(s))
        return;
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (mspan_mark(s, i) == MSPAN_FOUND) {
            mark_scan(mark_pool_stopper(), (struct grey){s, mspan_slot(s, i)});
            mark_drain_stopped(MARK_NO_BUDGET);
        }
}

/* Of the whole heap. World stopped. */
static void mark_each_span(void (*visit)(struct mspan *s)) {
    for (size_t a = 0; a < arena_count; a++)
        for (size_t page = 0; page < ARENA_PAGES; page++) {
            struct mspan *s = arenas[a]->spans[page];
            if (s != NULL && s->base == arenas[a]->base + page * PAGE_BYTES)
                visit(s);
        }
}

void mark_settle(void) {
    while (mark_pool_overflow_take())
        mark_each_span(mark_rescan_span);
}

/* What stacks led to when the collection before began is scanned once more. */
static void mark_held(void) {
    size_t count;
    const uintptr_t *held = remembered_held(&count);
    for (size_t i = 0; i < count; i++)
        marker_push(mark_pool_stopper(), arena_span(held[i]), held[i]);
}

void mark_begin(bool is_partial) {
    mark_low = arena_low;
    mark_extent = arena_extent;
    mark_pool_begin();
    remembered_cycle_begin();
    __atomic_store_n(&search_next, is_partial ? mark_low : mark_low + mark_extent,
                     __ATOMIC_RELAXED);
    if (is_partial)
        mark_held();
    roots_scan(mark_ambiguous);
}

static void mark_forget_span(struct mspan *s) {
    if (mspan_has_marks(s))
        mspan_marks_clear(s);
}

void mark_forget(void) {
    mark_each_span(mark_forget_span);
}
