/* The second marker and the comparison. See checkmark.h. */
#include "allocators/goheap/checkmark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mspan.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/roots.h"

enum {
    BITMAP_BYTES = ARENA_BYTES / 8 / 8, /* of an arena: a bit per word */
    STACK_INITIAL = 4096
};

struct found {
    struct mspan *span;
    uint32_t index;
};

/* World stopped. */
static struct {
    bool has_snapshot, is_partial;
    uint64_t **bitmaps; /* by position in the index of arenas; NULL: nothing found there */
    struct found *stack;
    size_t depth, capacity;
} check;

#define INDEX_ENTRIES ((size_t)1 << (ARENA_ADDRESS_BITS - ARENA_SHIFT))

static void *check_map(size_t bytes) {
    void *p = os_map(bytes, OS_GC);
    if (p == NULL)
        fatal("checkmark: no memory for its own tables");
    return p;
}

/* The word of the bitmap for an address; NULL: no such bitmap yet, and none wanted. */
static uint64_t *check_word(uintptr_t address, bool make) {
    uint64_t **bitmap = &check.bitmaps[address >> ARENA_SHIFT];
    if (*bitmap == NULL) {
        if (!make)
            return NULL;
        *bitmap = check_map(BITMAP_BYTES);
    }
    return &(*bitmap)[(address & (ARENA_BYTES - 1)) / 8 / 64];
}

static uint64_t check_bit(uintptr_t address) {
    return UINT64_C(1) << (address / 8 % 64);
}

static bool check_has(uintptr_t slot) {
    const uint64_t *word = check_word(slot, false);
    return word != NULL && (*word & check_bit(slot)) != 0;
}

static void check_push(struct mspan *s, uint32_t index) {
    if (check.depth == check.capacity) {
        size_t capacity = check.capacity == 0 ? STACK_INITIAL : check.capacity * 2;
        struct found *larger = check_map(capacity * sizeof *larger);
        if (check.stack != NULL) {
            memcpy(larger, check.stack, check.depth * sizeof *larger);
            os_unmap(check.stack, check.capacity * sizeof *larger, OS_GC);
        }
        check.stack = larger;
        check.capacity = capacity;
    }
    check.stack[check.depth++] = (struct found){s, index};
}

/* A word of an object, or one that may be a pointer: found, if it leads to an object. */
static void check_find(uintptr_t word) {
    struct mspan *s = arena_span(word);
    if (s == NULL)
        return;
    uint32_t index = mspan_index(s, word);
    if (index >= s->slot_count || !mspan_bit(s->alloc_bits, index))
        return;
    uintptr_t slot = mspan_slot(s, index);
    uint64_t *bits = check_word(slot, true);
    if ((*bits & check_bit(slot)) != 0)
        return;
    *bits |= check_bit(slot);
    check_push(s, index);
}

static __attribute__((no_sanitize("address", "thread", "undefined"))) void
check_roots(const uintptr_t *words, size_t count, enum roots_kind kind) {
    (void)kind;
    for (size_t i = 0; i < count; i++) {
        check_find(words[i]);
        check_find(words[i] - 1);
    }
}

static void check_clear(void) {
    if (check.bitmaps == NULL)
        check.bitmaps = check_map(INDEX_ENTRIES * sizeof *check.bitmaps);
    for (size_t i = 0; i < arena_count; i++) {
        uint64_t *bitmap = check.bitmaps[arenas[i]->base >> ARENA_SHIFT];
        if (bitmap != NULL)
            memset(bitmap, 0, BITMAP_BYTES);
    }
}

void checkmark_snapshot(bool is_partial) {
    if (!mheap.options.checkmark)
        return;
    check.is_partial = is_partial;
    check_clear();
    roots_scan(check_roots);
    while (check.depth > 0) {
        struct found next = check.stack[--check.depth];
        mspan_visit_pointers(next.span, next.index, check_find);
    }
    check.has_snapshot = true;
}

static bool survives(const struct mspan *s, uint32_t index) {
    return mspan_mark(s, index) != MSPAN_WHITE;
}

static void check_target(uintptr_t word) {
    const struct mspan *s = arena_span(word);
    uint32_t index = s == NULL ? 0 : mspan_index(s, word);
    if (s != NULL && !survives(s, index))
        fatal(
            "checkmark: a survivor points to %p, in slot %u of %zu B at %p, which does not survive",
            (void *)word, index, s->slot_bytes, (void *)s->base);
}

static void check_slot(const struct mspan *s, uint32_t index) {
    uintptr_t slot = mspan_slot(s, index);
    bool is_marked = mspan_mark(s, index) == MSPAN_FOUND, was_found = check_has(slot);
    if (was_found && !is_marked)
        fatal("checkmark: the object of %zu B at %p was reachable when marking began, and has no "
              "mark",
              s->slot_bytes, (void *)slot);
    if (is_marked && !was_found && !check.is_partial)
        fatal(
            "checkmark: the object of %zu B at %p was not reachable when marking began, and has a "
            "mark",
            s->slot_bytes, (void *)slot);
    if (survives(s, index))
        mspan_visit_pointers(s, index, check_target);
}

static void check_arena(const struct arena *arena) {
    for (size_t page = 0; page < ARENA_PAGES; page++) {
        const struct mspan *s = arena->spans[page];
        if (s == NULL || s->base != arena->base + page * PAGE_BYTES)
            continue;
        for (uint32_t i = 0; i < s->slot_count; i++)
            if (mspan_bit(s->alloc_bits, i))
                check_slot(s, i);
    }
}

void checkmark_compare(void) {
    if (!check.has_snapshot)
        return;
    for (size_t i = 0; i < arena_count; i++)
        check_arena(arenas[i]);
    check.has_snapshot = false;
}
