/* The marker. See mark.h. */
#include "allocators/goheap/mark.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/mspan.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/roots.h"

enum { STACK_INITIAL = 4096, OBLET_BYTES = 128 * 1024, RING_ENTRIES = 16, YIELDS_MOST = 64 };

/* An object to scan, or the rest of one from `address` on. */
struct grey {
    struct mspan *span;
    uintptr_t address;
};

static struct {
    pthread_mutex_t lock; /* guards the rest, and mark_bits and mark_count of every span */
    struct grey *stack;
    size_t depth, capacity;
    struct grey ring[RING_ENTRIES]; /* the oldest at ring_first, then on around */
    unsigned ring_first, ring_count;
    uintptr_t low, extent; /* of all arenas, when marking began */
    uint64_t marked_bytes, work;
    unsigned waiting; /* atomic; threads that wait for the lock */
    bool overflowed;  /* an object was marked for which the stack had no room */
} marker = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool mark_try_lock(void) {
    return pthread_mutex_trylock(&marker.lock) == 0;
}

void mark_lock(void) {
    if (mark_try_lock())
        return;
    __atomic_fetch_add(&marker.waiting, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&marker.lock);
    __atomic_fetch_sub(&marker.waiting, 1, __ATOMIC_RELAXED);
}

void mark_yield(void) {
    for (int i = 0; i < YIELDS_MOST && __atomic_load_n(&marker.waiting, __ATOMIC_RELAXED) > 0; i++)
        sched_yield();
}

void mark_unlock(void) {
    pthread_mutex_unlock(&marker.lock);
}

uint64_t mark_marked_bytes(void) {
    return marker.marked_bytes;
}

uint64_t mark_work(void) {
    return marker.work;
}

bool mark_init(void) {
    marker.stack = os_map(STACK_INITIAL * sizeof *marker.stack, OS_GC);
    marker.capacity = STACK_INITIAL;
    marker.depth = marker.ring_count = 0;
    return marker.stack != NULL;
}

static __attribute__((noinline)) bool mark_stack_grow(void) {
    size_t capacity = marker.capacity * 2;
    struct grey *larger = os_map(capacity * sizeof *larger, OS_GC);
    if (larger == NULL)
        return false;
    memcpy(larger, marker.stack, marker.depth * sizeof *larger);
    os_unmap(marker.stack, marker.capacity * sizeof *larger, OS_GC);
    marker.stack = larger;
    marker.capacity = capacity;
    return true;
}

static inline void mark_push(struct mspan *s, uintptr_t address) {
    if (__builtin_expect(marker.depth == marker.capacity, 0) && !mark_stack_grow()) {
        marker.overflowed = true;
        return;
    }
    marker.stack[marker.depth++] = (struct grey){s, address};
}

/* The object in a slot becomes grey if it is white. */
static inline void mark_slot(struct mspan *s, uint32_t index) {
    uint64_t bit = UINT64_C(1) << (index % 64);
    uint64_t *marks = &s->mark_bits[index / 64];
    if ((*marks & bit) != 0 || mspan_is_black(s, index))
        return;
    *marks |= bit;
    s->mark_count++;
    marker.marked_bytes += s->slot_bytes;
    if (!mspan_is_noscan(s))
        mark_push(s, mspan_slot(s, index));
}

/* Arenas that came after the snapshot hold black objects only, so the bounds of then will do. */
static inline void mark_word(uintptr_t word) {
    if (word - marker.low >= marker.extent)
        return;
    const struct arena *arena = __atomic_load_n(&arena_index[word >> ARENA_SHIFT], __ATOMIC_ACQUIRE);
    if (arena == NULL)
        return;
    struct mspan *s = __atomic_load_n(&arena->spans[word >> PAGE_SHIFT & (ARENA_PAGES - 1)],
                                      __ATOMIC_ACQUIRE);
    if (s != NULL)
        mark_slot(s, mspan_index(s, word));
}

void mark_pointer(uintptr_t pointer) {
    mark_word(pointer);
}

static void mark_ambiguous_word(uintptr_t word) {
    struct mspan *s = arena_span(word);
    if (s == NULL)
        return;
    uint32_t index = mspan_index(s, word);
    if (index < s->slot_count && mspan_bit(s->alloc_bits, index))
        mark_slot(s, index);
}

/* Other threads' stacks are read with no respect for variables or red zones, hence no sanitizer. */
__attribute__((noinline, no_sanitize("address", "thread", "undefined"))) void
mark_ambiguous(const uintptr_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uintptr_t word = words[i];
        if (word - arena_low > arena_extent) /* `>`: one past the last arena counts as well */
            continue;
        mark_ambiguous_word(word);
        mark_ambiguous_word(word - 1);
    }
    marker.work += count * sizeof *words;
}

/* Bit i of mask: words[i] is a pointer. Mutators store into the object meanwhile; acquire, so that
   whoever sees a pointer to a new object sees that it is black. */
static inline void mark_masked(const uintptr_t *words, uint64_t mask) {
    for (; mask != 0; mask &= mask - 1)
        mark_word(__atomic_load_n(&words[__builtin_ctzll(mask)], __ATOMIC_ACQUIRE));
}

/* Scans an object of elements from address (an element's start) on: an oblet; what is left is
   pushed before its children, so that they are done first. */
static void mark_elements(struct mspan *s, uintptr_t address, uintptr_t end, struct layout layout) {
    uintptr_t oblet_end = end;
    if (end - address > OBLET_BYTES) {
        size_t elements = (OBLET_BYTES + layout.element_bytes - 1) / layout.element_bytes;
        if (elements < (end - address) / layout.element_bytes) {
            oblet_end = address + elements * layout.element_bytes;
            mark_push(s, oblet_end);
        }
    }
    marker.work += oblet_end - address;
    for (uintptr_t e = address; e < oblet_end; e += layout.element_bytes) {
        size_t words = (end - e) / 8;
        uint64_t mask = layout.pointers;
        if (words < 64) /* the element reaches past the slot: only an array's unused tail does */
            mask &= (UINT64_C(1) << words) - 1;
        mark_masked((const uintptr_t *)e, mask);
    }
}

/* In spans whose objects differ, or are larger than a mask tells. */
static __attribute__((noinline)) void mark_scan_other(struct mspan *s, uintptr_t address) {
    uint32_t index = mspan_index(s, address);
    if (s->slot_bytes <= MSPAN_MASKED_BYTES_MAX) {
        marker.work += s->slot_bytes;
        mark_masked((const uintptr_t *)address, mspan_mask(s, index));
    } else if (s->layouts[index].pointers != 0) { /* 0: large object that is being zeroed */
        mark_elements(s, address, mspan_slot(s, index) + s->slot_bytes, s->layouts[index]);
    }
}

/* grey -> black. */
static inline void mark_scan(struct mspan *s, uintptr_t address) {
    size_t bytes = s->slot_bytes;
    if (bytes > MSPAN_MASKED_BYTES_MAX || __atomic_load_n(&s->mixed, __ATOMIC_ACQUIRE)) {
        mark_scan_other(s, address);
        return;
    }
    marker.work += bytes;
    uint64_t in_slot = ~UINT64_C(0) >> (64 - bytes / 8);
    mark_masked((const uintptr_t *)address,
                __atomic_load_n(&s->pointers, __ATOMIC_RELAXED) & in_slot);
}

/* Moves greys from the stack to the ring until it is full. */
static inline void mark_ring_fill(void) {
    while (marker.ring_count < RING_ENTRIES && marker.depth > 0) {
        struct grey grey = marker.stack[--marker.depth];
        __builtin_prefetch((const void *)grey.address);
        marker.ring[(marker.ring_first + marker.ring_count++) % RING_ENTRIES] = grey;
    }
}

bool mark_drain(uint64_t budget) {
    uint64_t end = marker.work + budget < budget ? UINT64_MAX : marker.work + budget;
    for (;;) {
        mark_ring_fill();
        if (marker.ring_count == 0)
            return true;
        if (marker.work >= end)
            return false;
        struct grey grey = marker.ring[marker.ring_first];
        marker.ring_first = (marker.ring_first + 1) % RING_ENTRIES;
        marker.ring_count--;
        mark_scan(grey.span, grey.address);
    }
}

/* Scans every marked object of a span. */
static void mark_rescan_span(struct mspan *s) {
    if (mspan_is_noscan(s) || s->mark_count == 0)
        return;
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (mspan_bit(s->mark_bits, i)) {
            mark_scan(s, mspan_slot(s, i));
            mark_drain(MARK_NO_BUDGET);
        }
}

/* Scans every marked object of the heap. */
static void mark_rescan(void) {
    for (size_t a = 0; a < arena_count; a++)
        for (size_t page = 0; page < ARENA_PAGES; page++) {
            struct mspan *s = arenas[a]->spans[page];
            if (s != NULL && s->base == arenas[a]->base + page * PAGE_BYTES)
                mark_rescan_span(s);
        }
}

void mark_settle(void) {
    while (marker.overflowed) {
        marker.overflowed = false;
        mark_rescan();
    }
}

void mark_begin(void) {
    marker.marked_bytes = marker.work = 0;
    marker.overflowed = false;
    marker.low = arena_low;
    marker.extent = arena_extent;
    roots_scan(mark_ambiguous);
}
