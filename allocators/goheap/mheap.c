/* Giving and taking spans; what the pacer counts. See mheap.h. */
#include "allocators/goheap/mheap.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/metadata.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/scavenge.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/trace.h"

struct mheap mheap;

bool mheap_init(const struct goheap_options *options) {
    memset(&mheap, 0, sizeof mheap);
    pthread_mutex_init(&mheap.lock, NULL);
    mheap.options = *options;
    mheap.sweepgen = 4; /* so that sg - 2 of the first spans is not 0, the state of no span */
    for (size_t c = 0; c < SPAN_CLASS_COUNT; c++)
        mcentral_init(&mheap.central[c]);
    metadata_reset();
    page_alloc_init();
    scavenge_init();
    return arena_init();
}

void mheap_lock(void) {
    pthread_mutex_lock(&mheap.lock);
}

void mheap_unlock(void) {
    pthread_mutex_unlock(&mheap.lock);
}

/* heap_live only falls here and after marking, so looking before each fall finds the peak. */
static void mheap_live_peak_note(void) {
    uint64_t live = mheap_live(), peak = __atomic_load_n(&mheap.heap_live_peak, __ATOMIC_RELAXED);
    while (live > peak && !__atomic_compare_exchange_n(&mheap.heap_live_peak, &peak, live, false,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

void mheap_live_add(uint64_t bytes) {
    __atomic_fetch_add(&mheap.heap_live, bytes, __ATOMIC_RELAXED);
}

void mheap_live_sub(uint64_t bytes) {
    mheap_live_peak_note();
    __atomic_fetch_sub(&mheap.heap_live, bytes, __ATOMIC_RELAXED);
}

void mheap_live_set(uint64_t bytes) {
    mheap_live_peak_note();
    __atomic_store_n(&mheap.heap_live, bytes, __ATOMIC_RELAXED);
}

void mheap_live_peak_reset(void) {
    __atomic_store_n(&mheap.heap_live_peak, mheap_live(), __ATOMIC_RELAXED);
}

void mheap_stats_add(const struct stats *own) {
    mheap_lock();
    stats_add(&mheap.stats, own);
    mheap_unlock();
}

/* A descriptor and pages, if both can be had without growing. Heap lock held. */
static struct mspan *mheap_carve(size_t pages, unsigned span_class) {
    uintptr_t address = page_alloc_find(pages);
    if (address == 0)
        return NULL;
    struct mspan *s = mspan_new(address, pages, span_class);
    if (s == NULL)
        return NULL;
    scavenge_note_cycle();
    s->needs_zero = page_alloc_take(address, pages);
    mspan_sweepgen_set(s, mheap_sweepgen());
    mheap.pages_in_use += pages;
    mheap.span_count++;
    scavenge_note_use();
    return s;
}

/* The lock is given back, and the span, if there is one, is in the map. The limit is looked at
   before anybody touches the span's memory. */
static struct mspan *mheap_hand_out(struct mspan *s, size_t pages) {
    if (s != NULL)
        arena_spans_set(s->base, pages, s);
    mheap_unlock();
    if (trace_wants())
        trace_span_alloc(s);
    if (s != NULL)
        scavenge_keep_limit(pages);
    return s;
}

static struct mspan *mheap_try(size_t pages, unsigned span_class) {
    mheap_lock();
    return mheap_hand_out(mheap_carve(pages, span_class), pages);
}

static struct mspan *mheap_try_grown(size_t pages, unsigned span_class) {
    mheap_lock();
    /* Another thread may have freed or grown meanwhile; then this one need not. */
    bool has_pages = page_alloc_find(pages) != 0 || page_alloc_grow(pages);
    if (trace_wants())
        trace_heap_grown();
    return mheap_hand_out(has_pages ? mheap_carve(pages, span_class) : NULL, pages);
}

struct mspan *mheap_span_new(struct mutator *m, size_t pages, unsigned span_class) {
    struct mspan *s = mheap_try(pages, span_class);
    if (s != NULL)
        return s;
    mutator_delay_begin(m);
    if (sweep_reclaim(pages, &m->stats)) {
        s = mheap_try(pages, span_class);
        if (s != NULL)
            return s;
    }
    return mheap_try_grown(pages, span_class);
}

void mheap_span_free(struct mspan *s) {
    assert(s->alloc_count == 0 && mspan_sweepgen(s) == mheap_sweepgen());
    size_t pages = s->bytes / PAGE_BYTES;
    mheap_lock();
    scavenge_note_cycle();
    arena_spans_set(s->base, pages, NULL);
    page_alloc_give(s->base, pages, PAGES_IDLE);
    mheap.pages_in_use -= pages;
    mheap.span_count--;
    mspan_free(s);
    mheap_unlock();
    trace_event(EVENT_SPAN_FREE, 0, pages, 0);
}
