/*
 * mspan: a run of pages cut into equal slots, the unit in which memory moves between the page
 * allocator, mcentral, the mcaches and the sweeper.
 *
 * Bitmaps. alloc_bits: 1 = the slot is taken (by an object, or by a run that an mcache has
 * claimed). No list of free slots is ever built; the next free run is found in alloc_bits when it
 * is wanted.
 *
 * Marks. A byte per slot: white; found, by a marker; or born, in a run that was claimed while a
 * collection marks. After marking, what is not white survives: sweeping a span makes that its
 * alloc_bits and clears the marks. A span without marks, told by a flag, is not even looked at: all
 * its slots are free. Nor is one that was claimed whole while a collection marked: a flag makes all
 * its slots born. Bytes, because then markers and the span's owner write marks of neighbours at
 * the same time with plain stores, where Go needs an atomic instruction for every object that is
 * marked or born while it marks; the price is a byte per slot, 6 % of objects of 16 bytes.
 * Before a partial collection (mark.h) sweeping keeps the marks of what was found, and clears those
 * of what was born; a span in which all is found is not looked at any more.
 *
 * States, told by sweepgen against the heap's sweepgen sg, which grows by 2 in each collection:
 *
 *     sg - 2   needs sweeping              --mspan_try_own-->  sg - 1
 *     sg - 1   being swept                 --sweep_span----->  sg
 *     sg       swept, in mcentral's sets   --mcache_refill-->  sg + 3
 *     sg + 3   swept, cached by an mcache  --mcache_flush--->  sg
 *
 * A flip (sg += 2) turns sg into sg - 2. Every mcache is flushed before it, so sg + 1 (cached over
 * a flip), which Go has, cannot occur here.
 *
 * Pointers. What words of an object hold pointers is known per span where possible:
 *   noscan       none, in the whole span.
 *   <= 512 B     all slots have the same 64-bit mask (`pointers`), or, once objects of different
 * shape have met in the span (`mixed`), bit w of `bitmap` belongs to word w of the span. > 512 B
 * each slot has its own struct layout (`layouts`); large objects are a span of one slot.
 *
 * Who may touch a span: the thread that owns it (it has it in its mcache, or took it from
 * mcentral); the collector while the world is stopped; markers its marks, and what they need to
 * find an object's pointers, which nobody changes for an object that was there when marking began.
 * Source: Go, runtime/mheap.go (mspan), mbitmap.go.
 */
#ifndef HEAPMARK_GOHEAP_MSPAN_H
#define HEAPMARK_GOHEAP_MSPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/size_classes.h"

enum { MSPAN_MASKED_BYTES_MAX = 512, MSPAN_WORDS_MAX = PAGE_BYTES / 8 };

/* An object of equal elements: bit i of `pointers`: word i of each element is a pointer. */
struct layout {
    size_t element_bytes;
    uint64_t pointers; /* 0: noscan */
};

enum mspan_mark { MSPAN_WHITE, MSPAN_FOUND, MSPAN_BORN };

struct mspan {
    /* What the marker reads of every object that it meets: one cache line. */
    uintptr_t base;
    size_t slot_bytes;
    uint8_t *marks;     /* enum mspan_mark; in a swept span white, or found before a partial
                           collection, unless marking is under way */
    uint64_t scan_mask; /* of every slot's object, within the slot; 0: it is not so simple */
    uint32_t divide;    /* slot index = (address - base) * divide >> 32 */
    uint32_t slot_count;
    uint8_t span_class; /* size class << 1 | noscan */
    bool has_marks;     /* some mark was set; atomic */
    bool is_born;       /* every slot is born, whatever its mark says; atomic */
    bool is_old;        /* every slot is found, and stays so in partial collections */
    bool is_fresh;      /* all its objects were made since the last collection or, if that found
                           them born, the one before; atomic */
    bool mixed;         /* `bitmap` counts, not `pointers`; atomic, published after `bitmap` */
    bool needs_zero;    /* free slots may hold old bytes */
    uint8_t shard;      /* of the mutator that had it last: mcentral.h */
    uint32_t sweepgen;  /* atomic; see above */

    uint64_t pointers; /* mask of every slot's object, as asked for */
    uint64_t *alloc_bits;
    size_t bytes;           /* pages * PAGE_BYTES */
    uint32_t free_index;    /* every slot below is taken; where the search for a free run begins */
    uint32_t alloc_count;   /* bits set in alloc_bits */
    uint64_t *bitmap;       /* <= 512 B scan spans that are or were mixed: a bit per word */
    struct layout *layouts; /* > 512 B scan spans: one per slot */
    struct layout one;      /* where `layouts` of a large span points */
    struct mspan *next;     /* in a set of mcentral, or in an mcache's stock */
} __attribute__((aligned(64)));

/* A span that covers `pages` pages at base, all slots free. slot_bytes counts for class 0 only (the
   pages' bytes). NULL: no memory. Heap lock held. */
struct mspan *mspan_new(uintptr_t base, size_t pages, unsigned span_class);

/* Gives the descriptor back; nothing may refer to it any more. Heap lock held. */
void mspan_free(struct mspan *s);

static inline bool mspan_is_noscan(const struct mspan *s) {
    return (s->span_class & 1) != 0;
}

static inline unsigned mspan_size_class(const struct mspan *s) {
    return s->span_class >> 1;
}

static inline bool mspan_is_large(const struct mspan *s) {
    return mspan_size_class(s) == 0;
}

/* Index of the slot that holds the address, which lies in the span's pages; may be >= slot_count in
   the tail. Divides by multiplying: exact for every offset in a small span (tested). */
static inline uint32_t mspan_index(const struct mspan *s, uintptr_t address) {
    return (uint32_t)((uint64_t)(address - s->base) * s->divide >> 32);
}

static inline uintptr_t mspan_slot(const struct mspan *s, uint32_t index) {
    return s->base + (uintptr_t)index * s->slot_bytes;
}

static inline bool mspan_bit(const uint64_t *bits, uint32_t index) {
    return (bits[index / 64] >> (index % 64) & 1) != 0;
}

static inline size_t mspan_bitmap_words(const struct mspan *s) {
    return (s->slot_count + 63) / 64;
}

static inline uint32_t mspan_sweepgen(const struct mspan *s) {
    return __atomic_load_n(&s->sweepgen, __ATOMIC_ACQUIRE);
}

static inline void mspan_sweepgen_set(struct mspan *s, uint32_t sweepgen) {
    __atomic_store_n(&s->sweepgen, sweepgen, __ATOMIC_RELEASE);
}

/* sg - 2 -> sg - 1: the caller is the one to sweep it. */
static inline bool mspan_try_own(struct mspan *s, uint32_t sg) {
    uint32_t expected = sg - 2;
    return __atomic_compare_exchange_n(&s->sweepgen, &expected, sg - 1, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* Takes the next maximal run of free slots at or behind free_index: its first slot and its length.
   black: a collection is marking, so what is born there survives it. 0: the span is full. */
uint32_t mspan_claim(struct mspan *s, bool black, uint32_t *first);

/* Gives back the last `count` slots of the run claimed last, which ends before free_index. */
void mspan_unclaim(struct mspan *s, uint32_t first, uint32_t count);

/* Of a span without taken slots: all its objects will have this mask. */
void mspan_uniform(struct mspan *s, uint64_t pointers);

/* From now on each object's mask counts for itself. False: no memory. Heap lock not held. */
bool mspan_mix(struct mspan *s);

/* Notes what the slot's new object looks like: in a mixed span, or one with layouts. */
void mspan_layout_set(struct mspan *s, uint32_t index, struct layout layout);

/* Says what a large object looks like that was noscan while it was zeroed: a marker may be at it.
 */
void mspan_layout_publish(struct mspan *s, struct layout layout);

/* The layout of a slot's object in a span with larger slots; pointers 0: nothing to scan (yet). */
struct layout mspan_layout(const struct mspan *s, uint32_t index);

/* The mask of the slot's object in a span with slots of at most MSPAN_MASKED_BYTES_MAX. */
uint64_t mspan_mask(const struct mspan *s, uint32_t index);

/* Calls visit for each word of the slot's object that may hold a pointer. For checks: the marker
   has its own way, by the cache line and the oblet. */
void mspan_visit_pointers(const struct mspan *s, uint32_t index, void (*visit)(uintptr_t word));

static inline bool mspan_has_marks(const struct mspan *s) {
    return __atomic_load_n(&s->has_marks, __ATOMIC_RELAXED);
}

static inline bool mspan_is_born(const struct mspan *s) {
    return __atomic_load_n(&s->is_born, __ATOMIC_RELAXED);
}

static inline enum mspan_mark mspan_mark(const struct mspan *s, uint32_t index) {
    uint8_t mark = __atomic_load_n(&s->marks[index], __ATOMIC_RELAXED);
    return mark == MSPAN_WHITE && mspan_is_born(s) ? MSPAN_BORN : (enum mspan_mark)mark;
}

static inline bool mspan_is_fresh(const struct mspan *s) {
    return __atomic_load_n(&s->is_fresh, __ATOMIC_RELAXED);
}

/* To be called after a mark was set. Looks first: most of the time the line need not be written. */
static inline void mspan_note_marks(struct mspan *s) {
    if (__builtin_expect(!mspan_has_marks(s), 0))
        __atomic_store_n(&s->has_marks, true, __ATOMIC_RELAXED);
}

/* Bit i: the mark of slot 64 * word + i is not white. */
uint64_t mspan_marked_bits(const struct mspan *s, size_t word);

/* All white again. */
void mspan_marks_clear(struct mspan *s);

/* What was born is white again, what was found stays so. */
void mspan_marks_keep_found(struct mspan *s);

/* Bits set among the first slot_count. */
uint32_t mspan_bits_count(const struct mspan *s, const uint64_t *bits);

#endif
