/* Slots, bitmaps and pointer masks of one span. See mspan.h. */
#include "allocators/goheap/mspan.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/metadata.h"
#include "allocators/goheap/mheap.h"

enum { BITMAP_BYTES = MSPAN_WORDS_MAX / 8 };

/* 1 in each byte. */
#define EVERY_BYTE UINT64_C(0x0101010101010101)

/* alloc_bits and marks lie in one block. Marks are padded to a multiple of 64. */
static size_t mspan_bits_bytes(const struct mspan *s) {
    return mspan_bitmap_words(s) * (sizeof(uint64_t) + 64);
}

static bool mspan_has_layouts(const struct mspan *s) {
    return !mspan_is_noscan(s) && s->slot_bytes > MSPAN_MASKED_BYTES_MAX;
}

static size_t mspan_layouts_bytes(const struct mspan *s) {
    return mspan_has_layouts(s) && !mspan_is_large(s) ? s->slot_count * sizeof(struct layout) : 0;
}

static void mspan_shape(struct mspan *s, uintptr_t base, size_t pages, unsigned span_class) {
    unsigned size_class = span_class >> 1;
    s->base = base;
    s->bytes = pages * PAGE_BYTES;
    s->slot_bytes = size_class != 0 ? size_class_bytes[size_class] : s->bytes;
    s->slot_count = size_class != 0 ? size_class_slots[size_class] : 1;
    s->divide = size_class_divide[size_class];
    s->span_class = (uint8_t)span_class;
}

struct mspan *mspan_new(uintptr_t base, size_t pages, unsigned span_class) {
    struct mspan *s = metadata_new(sizeof *s);
    if (s == NULL)
        return NULL;
    mspan_shape(s, base, pages, span_class);
    s->alloc_bits = metadata_new(mspan_bits_bytes(s));
    s->layouts = &s->one;
    if (mspan_layouts_bytes(s) != 0)
        s->layouts = metadata_new(mspan_layouts_bytes(s));
    if (s->alloc_bits == NULL || s->layouts == NULL) {
        mspan_free(s);
        return NULL;
    }
    s->marks = (uint8_t *)(s->alloc_bits + mspan_bitmap_words(s));
    return s;
}

void mspan_free(struct mspan *s) {
    metadata_free(s->alloc_bits, mspan_bits_bytes(s));
    metadata_free(s->bitmap, BITMAP_BYTES);
    if (s->layouts != &s->one)
        metadata_free(s->layouts, mspan_layouts_bytes(s));
    metadata_free(s, sizeof *s);
}

/* First slot >= from whose alloc bit is `taken`, or slot_count. */
static uint32_t mspan_next(const struct mspan *s, uint32_t from, bool taken) {
    while (from < s->slot_count) {
        uint64_t word = s->alloc_bits[from / 64];
        word = (taken ? word : ~word) >> (from % 64);
        if (word != 0) {
            from += (uint32_t)__builtin_ctzll(word);
            return from < s->slot_count ? from : s->slot_count;
        }
        from = (from / 64 + 1) * 64;
    }
    return s->slot_count;
}

/* Inverts bits [first, last). */
static void bits_flip(uint64_t *bits, uint32_t first, uint32_t last) {
    while (first < last) {
        uint32_t word_end = (first / 64 + 1) * 64;
        uint32_t end = word_end < last ? word_end : last;
        bits[first / 64] ^= ~UINT64_C(0) >> (64 - (end - first)) << (first % 64);
        first = end;
    }
}

/* Eight at a time where it can: markers may look at any of them, and write their neighbours. */
static void mspan_marks_fill(struct mspan *s, uint32_t first, uint32_t count,
                             enum mspan_mark mark) {
    uint8_t *at = &s->marks[first], *end = at + count;
    while (at < end) {
        if ((uintptr_t)at % 8 == 0 && end - at >= 8) {
            __atomic_store_n((uint64_t *)(void *)at, EVERY_BYTE * mark, __ATOMIC_RELAXED);
            at += 8;
        } else {
            __atomic_store_n(at++, (uint8_t)mark, __ATOMIC_RELAXED);
        }
    }
}

static void mspan_blacken(struct mspan *s, uint32_t first, uint32_t count) {
    if (count == s->slot_count) {
        __atomic_store_n(&s->is_born, true, __ATOMIC_RELAXED);
    } else if (count > 0) {
        mspan_marks_fill(s, first, count, MSPAN_BORN);
        mspan_note_marks(s);
    }
}

/* What was born there was not. */
static void mspan_unblacken(struct mspan *s, uint32_t first, uint32_t count) {
    if (mspan_is_born(s)) {
        __atomic_store_n(&s->is_born, false, __ATOMIC_RELAXED);
        mspan_blacken(s, 0, first);
    } else if (mspan_mark(s, first) == MSPAN_BORN) {
        mspan_marks_fill(s, first, count, MSPAN_WHITE);
    }
}

uint32_t mspan_claim(struct mspan *s, bool black, uint32_t *first) {
    uint32_t start = mspan_next(s, s->free_index, false);
    uint32_t end = mspan_next(s, start, true);
    bits_flip(s->alloc_bits, start, end);
    if (black)
        mspan_blacken(s, start, end - start);
    s->alloc_count += end - start;
    s->free_index = end;
    *first = start;
    return end - start;
}

void mspan_unclaim(struct mspan *s, uint32_t first, uint32_t count) {
    assert(first + count <= s->free_index && s->alloc_count >= count);
    bits_flip(s->alloc_bits, first, first + count);
    mspan_unblacken(s, first, count);
    s->alloc_count -= count;
    s->free_index = first;
}

void mspan_uniform(struct mspan *s, uint64_t pointers) {
    assert(s->alloc_count == 0);
    __atomic_store_n(&s->pointers, pointers, __ATOMIC_RELAXED);
    bool is_simple = !mspan_is_noscan(s) && s->slot_bytes <= MSPAN_MASKED_BYTES_MAX;
    uint64_t in_slot = is_simple ? ~UINT64_C(0) >> (64 - s->slot_bytes / 8) : 0;
    __atomic_store_n(&s->scan_mask, pointers & in_slot, __ATOMIC_RELAXED);
    __atomic_store_n(&s->mixed, false, __ATOMIC_RELAXED);
}

/* Makes words [word, word + count) of the span's bitmap say what mask says; count <= 64. The marker
   may read the bits of other objects in the same word, which stay as they are. */
static void mspan_bitmap_set(struct mspan *s, size_t word, size_t count, uint64_t mask) {
    uint64_t all = ~UINT64_C(0) >> (64 - count);
    size_t at = word / 64, shift = word % 64;
    mask &= all;
    uint64_t *words = s->bitmap;
    __atomic_store_n(&words[at], (words[at] & ~(all << shift)) | mask << shift, __ATOMIC_RELAXED);
    if (shift + count > 64) {
        unsigned low = (unsigned)(64 - shift); /* bits that found room in the first word */
        __atomic_store_n(&words[at + 1], (words[at + 1] & ~(all >> low)) | mask >> low,
                         __ATOMIC_RELAXED);
    }
}

bool mspan_mix(struct mspan *s) {
    assert(!mspan_is_noscan(s) && s->slot_bytes <= MSPAN_MASKED_BYTES_MAX);
    if (s->bitmap == NULL) {
        mheap_lock();
        s->bitmap = metadata_new(BITMAP_BYTES);
        mheap_unlock();
    }
    if (s->bitmap == NULL)
        return false;
    size_t words = s->slot_bytes / 8;
    for (uint32_t i = 0; i < s->slot_count; i++)
        mspan_bitmap_set(s, i * words, words, s->pointers);
    /* The marker may be in this span: it sees the old mask, or the bitmap, and both are right. */
    __atomic_store_n(&s->mixed, true, __ATOMIC_RELEASE);
    __atomic_store_n(&s->scan_mask, 0, __ATOMIC_RELEASE);
    return true;
}

void mspan_layout_set(struct mspan *s, uint32_t index, struct layout layout) {
    if (mspan_has_layouts(s)) {
        s->layouts[index] = layout;
        return;
    }
    assert(s->mixed);
    size_t words = s->slot_bytes / 8;
    mspan_bitmap_set(s, index * words, words, layout.pointers);
}

void mspan_layout_publish(struct mspan *s, struct layout layout) {
    __atomic_store_n(&s->one.element_bytes, layout.element_bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&s->one.pointers, layout.pointers, __ATOMIC_RELEASE);
}

struct layout mspan_layout(const struct mspan *s, uint32_t index) {
    const struct layout *layout = &s->layouts[index];
    uint64_t pointers = __atomic_load_n(&layout->pointers, __ATOMIC_ACQUIRE);
    return (struct layout){__atomic_load_n(&layout->element_bytes, __ATOMIC_RELAXED), pointers};
}

uint64_t mspan_mask(const struct mspan *s, uint32_t index) {
    size_t words = s->slot_bytes / 8;
    uint64_t mask = __atomic_load_n(&s->pointers, __ATOMIC_RELAXED);
    if (__atomic_load_n(&s->mixed, __ATOMIC_ACQUIRE)) {
        size_t word = index * words, at = word / 64, shift = word % 64;
        mask = __atomic_load_n(&s->bitmap[at], __ATOMIC_RELAXED) >> shift;
        if (shift + words > 64)
            mask |= __atomic_load_n(&s->bitmap[at + 1], __ATOMIC_RELAXED) << (64 - shift);
    }
    return mask & ~UINT64_C(0) >> (64 - words);
}

/* A mark is 0, 1 or 2. The multiplication moves the lowest bit of byte i to bit 56 + i. */
uint64_t mspan_marked_bits(const struct mspan *s, size_t word) {
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++) {
        uint64_t eight;
        memcpy(&eight, &s->marks[word * 64 + i * 8], sizeof eight);
        eight = (eight | eight >> 1) & EVERY_BYTE;
        bits |= eight * UINT64_C(0x0102040810204080) >> 56 << (i * 8);
    }
    return bits;
}

void mspan_marks_clear(struct mspan *s) {
    memset(s->marks, MSPAN_WHITE, mspan_bitmap_words(s) * 64);
    s->has_marks = s->is_old = false;
}

void mspan_marks_keep_found(struct mspan *s) {
    uint32_t found = 0;
    for (size_t i = 0; i < mspan_bitmap_words(s) * 8; i++) {
        uint64_t eight;
        memcpy(&eight, &s->marks[i * 8], sizeof eight);
        eight &= EVERY_BYTE * MSPAN_FOUND;
        memcpy(&s->marks[i * 8], &eight, sizeof eight);
        found += (uint32_t)(eight * EVERY_BYTE >> 56);
    }
    s->has_marks = found > 0;
    s->is_old = found == s->slot_count;
}

uint32_t mspan_bits_count(const struct mspan *s, const uint64_t *bits) {
    uint32_t count = 0;
    for (size_t w = 0; w < mspan_bitmap_words(s); w++)
        count += (uint32_t)__builtin_popcountll(bits[w]);
    return count;
}

static void mspan_visit_masked(const uintptr_t *words, uint64_t mask, void (*visit)(uintptr_t)) {
    for (; mask != 0; mask &= mask - 1)
        visit(words[__builtin_ctzll(mask)]);
}

void mspan_visit_pointers(const struct mspan *s, uint32_t index, void (*visit)(uintptr_t word)) {
    uintptr_t slot = mspan_slot(s, index), end = slot + s->slot_bytes;
    if (mspan_is_noscan(s))
        return;
    if (!mspan_has_layouts(s)) {
        mspan_visit_masked((const uintptr_t *)slot, mspan_mask(s, index), visit);
        return;
    }
    struct layout layout = s->layouts[index];
    for (uintptr_t e = slot; layout.pointers != 0 && e < end; e += layout.element_bytes) {
        size_t words = (end - e) / 8;
        uint64_t in_slot = words < 64 ? (UINT64_C(1) << words) - 1 : ~UINT64_C(0);
        mspan_visit_masked((const uintptr_t *)e, layout.pointers & in_slot, visit);
    }
}
