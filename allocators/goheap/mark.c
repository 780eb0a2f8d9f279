/* The marker. See mark.h. */
#include "allocators/goheap/mark.h"

#include <pthread.h>
#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/mspan.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/roots.h"
#include "allocators/goheap/world.h"

enum {
    STACK_INITIAL = 4096,
    OBLET_BYTES = 4096,
    RING_ENTRIES = 8,
    MASK_POINTERS_MAX = 64,
    LOOKS_MOST = 3000 /* about 30 us */
};

/* An object to scan, or the rest of one from `address` on. */
struct grey {
    struct mspan *span;
    uintptr_t address;
};

static struct {
    pthread_mutex_t lock; /* guards the rest, and mark_bits and mark_count of every span */
    struct grey *stack;
    size_t depth, capacity;
    uintptr_t low, extent; /* of all arenas, when marking began */
    uint64_t marked_bytes, work;
    unsigned waiting; /* atomic; threads that wait for the lock */
    bool overflowed;  /* an object was marked for which the stack had no room */
} marker = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool mark_try_lock(void) {
    return pthread_mutex_trylock(&marker.lock) == 0;
}

/* A quantum is shorter than the waking of a thread, so whoever wants the lock looks again and again
   for about as long before it sleeps, if there are CPUs for it ... */
void mark_lock(void) {
    if (mark_try_lock())
        return;
    __atomic_fetch_add(&marker.waiting, 1, __ATOMIC_RELAXED);
    bool is_locked = false;
    for (int look = 0; look < LOOKS_MOST && world_cpus() > 1 && !is_locked; look++) {
        world_pause();
        is_locked = mark_try_lock();
    }
    if (!is_locked)
        pthread_mutex_lock(&marker.lock);
    __atomic_fetch_sub(&marker.waiting, 1, __ATOMIC_RELAXED);
}

bool mark_is_wanted(void) {
    return __atomic_load_n(&marker.waiting, __ATOMIC_RELAXED) > 0;
}

/* ... and whoever would take it again at once waits until they had it. */
void mark_yield(void) {
    for (int look = 0; look < LOOKS_MOST; look++) {
        if (!mark_is_wanted())
            return;
        world_pause();
    }
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
    marker.depth = 0;
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

/* Marks the object in a slot. True: it was white, and holds pointers, so somebody has to scan it.
 */
static inline bool mark_set(struct mspan *s, uint32_t index, uint64_t *marked_bytes) {
    uint64_t bit = UINT64_C(1) << (index % 64);
    uint64_t *marks = &s->mark_bits[index / 64];
    if ((*marks & bit) != 0 || mspan_is_black(s, index))
        return false;
    __atomic_store_n(marks, *marks | bit, __ATOMIC_RELAXED); /* mutators look: mark_is_known */
    s->mark_count++;
    *marked_bytes += s->slot_bytes;
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
static void mark_slot(struct mspan *s, uint32_t index) {
    if (mark_set(s, index, &marker.marked_bytes))
        mark_push(s, mspan_slot(s, index));
}

void mark_pointer(uintptr_t pointer) {
    struct mspan *s = mark_span_of(pointer, marker.low, marker.extent);
    uint32_t index = s == NULL ? 0 : mspan_index(s, pointer);
    if (s != NULL && index < s->slot_count)
        mark_slot(s, index);
}

bool mark_is_known(uintptr_t pointer) {
    const struct mspan *s = mark_span_of(pointer, marker.low, marker.extent);
    uint32_t index = s == NULL ? 0 : mspan_index(s, pointer);
    if (s == NULL || index >= s->slot_count)
        return true;
    uint64_t marks = __atomic_load_n(&s->mark_bits[index / 64], __ATOMIC_RELAXED);
    return (marks >> (index % 64) & 1) != 0 || mspan_is_black(s, index);
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
static void mark_masked(const uintptr_t *words, uint64_t mask) {
    for (; mask != 0; mask &= mask - 1)
        mark_pointer(__atomic_load_n(&words[__builtin_ctzll(mask)], __ATOMIC_ACQUIRE));
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

/* grey -> black, in any span. */
static __attribute__((noinline)) void mark_scan(struct mspan *s, uintptr_t address) {
    uint32_t index = mspan_index(s, address);
    if (s->slot_bytes <= MSPAN_MASKED_BYTES_MAX) {
        marker.work += s->slot_bytes;
        mark_masked((const uintptr_t *)address, mspan_mask(s, index));
    } else if (s->layouts[index].pointers != 0) { /* 0: large object that is being zeroed */
        mark_elements(s, address, mspan_slot(s, index) + s->slot_bytes, s->layouts[index]);
    }
}

/* What the loop of mark_drain keeps in registers of the marker. */
struct trace {
    uintptr_t low, extent;
    struct grey *top;   /* of the stack */
    struct grey *limit; /* below it there is room for a whole mask of objects */
    uint64_t marked_bytes, work;
};

static inline void trace_load(struct trace *t) {
    t->low = marker.low;
    t->extent = marker.extent;
    t->top = marker.stack + marker.depth;
    t->limit = marker.stack + marker.capacity - MASK_POINTERS_MAX;
    t->marked_bytes = marker.marked_bytes;
    t->work = marker.work;
}

static inline void trace_save(const struct trace *t) {
    marker.depth = (size_t)(t->top - marker.stack);
    marker.marked_bytes = t->marked_bytes;
    marker.work = t->work;
}

/* grey -> black, where all objects of the span have the same mask, which is the common case. */
static inline void trace_scan(struct trace *t, uintptr_t address, uint64_t mask) {
    for (; mask != 0; mask &= mask - 1) {
        const uintptr_t *slot = (const uintptr_t *)address + __builtin_ctzll(mask);
        uintptr_t word = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
        struct mspan *target = mark_span_of(word, t->low, t->extent);
        if (target == NULL)
            continue;
        uint32_t index = mspan_index(target, word);
        if (index < target->slot_count && mark_set(target, index, &t->marked_bytes))
            *t->top++ = (struct grey){target, mspan_slot(target, index)};
    }
}

/* Any object; the stack may have to grow. */
static __attribute__((noinline)) void trace_other(struct grey grey) {
    if (marker.capacity - marker.depth < MASK_POINTERS_MAX)
        mark_stack_grow(); /* or not: mark_push will see */
    mark_scan(grey.span, grey.address);
}

static inline void trace_object(struct trace *t, struct grey grey) {
    uint64_t mask = __atomic_load_n(&grey.span->scan_mask, __ATOMIC_ACQUIRE);
    if (__builtin_expect(mask != 0 && t->top < t->limit, 1)) {
        t->work += grey.span->slot_bytes;
        trace_scan(t, grey.address, mask);
        return;
    }
    trace_save(t);
    trace_other(grey);
    trace_load(t);
}

/* What has left the stack and is being prefetched: a queue. */
struct ring {
    struct mspan *spans[RING_ENTRIES];
    uintptr_t addresses[RING_ENTRIES];
    unsigned first, count;
};

/* Moves greys from the stack to the ring until it is full. */
static inline void ring_fill(struct ring *ring, struct trace *t) {
    while (ring->count < RING_ENTRIES && t->top != marker.stack) {
        unsigned at = (ring->first + ring->count++) % RING_ENTRIES;
        t->top--;
        ring->spans[at] = t->top->span;
        ring->addresses[at] = t->top->address;
        __builtin_prefetch((const void *)t->top->address);
    }
}

static inline struct grey ring_take(struct ring *ring) {
    struct grey grey = {ring->spans[ring->first], ring->addresses[ring->first]};
    ring->first = (ring->first + 1) % RING_ENTRIES;
    ring->count--;
    return grey;
}

bool mark_drain(uint64_t budget) {
    struct ring ring;
    ring.first = ring.count = 0;
    uint64_t most = UINT64_MAX - marker.work;
    uint64_t work_end = marker.work + (budget < most ? budget : most);
    struct trace t;
    trace_load(&t);
    ring_fill(&ring, &t);
    while (ring.count > 0 && t.work < work_end) {
        trace_object(&t, ring_take(&ring));
        ring_fill(&ring, &t);
    }
    trace_save(&t);
    bool is_empty = ring.count == 0;
    while (ring.count > 0) { /* what is still in it goes back */
        struct grey grey = ring_take(&ring);
        mark_push(grey.span, grey.address);
    }
    return is_empty;
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
