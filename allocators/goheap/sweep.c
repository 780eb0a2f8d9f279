/* Lazy sweeping. See sweep.h. */
#include "allocators/goheap/sweep.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"

enum {
    RECLAIM_SPANS_MAX = 256, /* spans swept for one request for pages: bounds its time */
    SAMPLE_EVERY = 64        /* one span in so many is timed: a clock costs more than most sweeps */
};

/* What freed slots are filled with in stress mode: no address, odd, easy to recognise. */
#define POISON_BYTE 0xdb

static unsigned sweep_class; /* atomic; classes below have no unswept span left */

void sweep_restart(void) {
    __atomic_store_n(&sweep_class, 0, __ATOMIC_RELAXED);
}

/* Stress mode: every slot that was taken and is not marked gets poison. */
static void sweep_poison(const struct mspan *s) {
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (mspan_bit(s->alloc_bits, i) && !mspan_bit(s->mark_bits, i))
            memset((void *)mspan_slot(s, i), POISON_BYTE, s->slot_bytes);
}

static void sweep_count_frees(const struct mspan *s, uint32_t freed, struct stats *stats) {
    if (!mspan_is_large(s)) {
        stats->small_frees[mspan_size_class(s)] += freed;
    } else {
        stats->large_frees += freed;
        stats->large_free_bytes += s->slot_bytes * freed;
    }
}

/* alloc_bits become what was marked, mark_bits become clean. */
static void sweep_swap_bits(struct mspan *s) {
    size_t bytes = mspan_bitmap_words(s) * sizeof(uint64_t);
    if (s->mark_count == 0) { /* the marks are clean; nothing survives */
        memset(s->alloc_bits, 0, bytes);
        return;
    }
    uint64_t *marks = s->mark_bits;
    s->mark_bits = s->alloc_bits;
    s->alloc_bits = marks;
    memset(s->mark_bits, 0, bytes);
}

static void sweep_span_now(struct mspan *s, struct stats *stats) {
    assert(mspan_sweepgen(s) == mheap_sweepgen() - 1);
    if (s->mark_count > s->alloc_count)
        fatal("span %p: %u objects marked, but only %u allocated", (void *)s->base, s->mark_count,
              s->alloc_count);
    uint32_t freed = s->alloc_count - s->mark_count;
    if (freed > 0) {
        if (mheap.options.stress != 0)
            sweep_poison(s);
        sweep_count_frees(s, freed, stats);
        sweep_swap_bits(s);
        s->needs_zero = true;
    } else {
        memset(s->mark_bits, 0, mspan_bitmap_words(s) * sizeof(uint64_t));
    }
    s->alloc_count = s->mark_count;
    s->mark_count = 0;
    s->free_index = 0;
    mspan_sweepgen_set(s, mheap_sweepgen());
}

void sweep_span(struct mspan *s, struct stats *stats) {
    if (stats->sweep_count++ % SAMPLE_EVERY != 0) {
        sweep_span_now(s, stats);
        return;
    }
    uint64_t start_ns = os_now_ns();
    sweep_span_now(s, stats);
    uint64_t took_ns = os_now_ns() - start_ns, clock_ns = os_clock_cost_ns();
    stats->sweep_ns += took_ns > clock_ns ? (took_ns - clock_ns) * SAMPLE_EVERY : 0;
}

/* Sweeps one span of any class and files it. False: nothing is left. *pages: given back. */
static bool sweep_one(struct stats *stats, size_t *pages) {
    unsigned c = __atomic_load_n(&sweep_class, __ATOMIC_RELAXED);
    for (; c < SPAN_CLASS_COUNT; c++) {
        struct mspan *s = mcentral_take_unswept(&mheap.central[c]);
        __atomic_store_n(&sweep_class, c, __ATOMIC_RELAXED);
        if (s == NULL)
            continue;
        sweep_span(s, stats);
        *pages = s->alloc_count == 0 ? s->bytes / PAGE_BYTES : 0;
        if (*pages != 0)
            mheap_span_free(s);
        else
            mcentral_push(&mheap.central[c], s);
        return true;
    }
    __atomic_store_n(&sweep_class, c, __ATOMIC_RELAXED);
    return false;
}

bool sweep_reclaim(size_t pages, struct stats *stats) {
    size_t given = 0, some = 0;
    for (int spans = 0; spans < RECLAIM_SPANS_MAX && given < pages; spans++) {
        if (!sweep_one(stats, &some))
            break;
        given += some;
    }
    return given > 0;
}

void sweep_finish(struct stats *stats) {
    size_t pages;
    while (sweep_one(stats, &pages)) {
    }
}
