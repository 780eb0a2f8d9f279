/* Giving and taking spans; what the pacer counts. See mheap.h. */
#include "allocators/goheap/mheap.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/metadata.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/scavenge.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

enum { LIVE_BATCH_BYTES = 64 << 10 };

struct mheap mheap;

bool mheap_init(const struct goheap_options *options) {
    memset(&mheap, 0, sizeof mheap);
    os_short_lock_init(&mheap.lock);
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

void mheap_live_flush(struct mutator *m) {
    if (m->live_pending < 0)
        mheap_live_peak_note();
    __atomic_fetch_add(&mheap.heap_live, (uint64_t)m->live_pending, __ATOMIC_RELAXED);
    m->live_pending = 0;
}

void mheap_live_charge(struct mutator *m, int64_t bytes) {
    m->live_pending += bytes;
    if (m->live_pending >= LIVE_BATCH_BYTES || m->live_pending <= -LIVE_BATCH_BYTES)
        mheap_live_flush(m);
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

/* A descriptor for free pages, which are taken. NULL: no memory. Heap lock held. */
static struct mspan *mheap_span_at(uintptr_t address, size_t pages, unsigned span_class) {
    struct mspan *s = mspan_new(address, pages, span_class);
    if (s == NULL)
        return NULL;
    s->needs_zero = page_alloc_take(address, pages);
    mspan_sweepgen_set(s, mheap_sweepgen());
    mheap.pages_in_use += pages;
    mheap.span_count++;
    arena_spans_set(address, pages, s);
    return s;
}

/* Up to `most` spans in a row as a list, if they can be had without growing; fewer where somebody
   wants to stop the world, who waits for m. Heap lock held. */
static struct mspan *mheap_carve(const struct mutator *m, const struct span_request *request) {
    struct mspan *list = NULL, **end = &list;
    uintptr_t address = page_alloc_find(request->pages);
    if (address == 0)
        return NULL;
    size_t run = request->most == 1 ? request->pages
                                    : page_alloc_idle_run(address, request->pages * request->most);
    scavenge_note_cycle();
    for (size_t given = 0; given == 0 || (given + request->pages <= run && !world_wants_stop(m));
         given += request->pages) {
        *end = mheap_span_at(address + given * PAGE_BYTES, request->pages, request->span_class);
        if (*end == NULL)
            break;
        end = &(*end)->next;
    }
    scavenge_note_use();
    return list;
}

/* The lock is given back. The limit is looked at before anybody touches the spans' memory. */
static struct mspan *mheap_hand_out(struct mspan *list, size_t pages) {
    size_t spans = 0;
    for (const struct mspan *s = list; s != NULL; s = s->next)
        spans++;
    mheap_unlock();
    if (trace_wants())
        for (const struct mspan *s = list; s != NULL; s = s->next)
            trace_span_alloc(s);
    if (list != NULL)
        scavenge_keep_limit(spans * pages);
    return list;
}

static struct mspan *mheap_try(const struct mutator *m, const struct span_request *request) {
    mheap_lock();
    return mheap_hand_out(mheap_carve(m, request), request->pages);
}

static struct mspan *mheap_try_grown(const struct mutator *m, const struct span_request *request) {
    mheap_lock();
    /* Another thread may have freed or grown meanwhile; then this one need not. */
    bool has_pages = page_alloc_find(request->pages) != 0 || page_alloc_grow(request->pages);
    if (trace_wants())
        trace_heap_grown();
    return mheap_hand_out(has_pages ? mheap_carve(m, request) : NULL, request->pages);
}

struct mspan *mheap_spans_new(struct mutator *m, const struct span_request *request) {
    struct mspan *list = mheap_try(m, request);
    if (list != NULL)
        return list;
    mutator_delay_begin(m);
    if (sweep_reclaim(request->pages, &m->stats)) {
        list = mheap_try(m, request);
        if (list != NULL)
            return list;
    }
    return mheap_try_grown(m, request);
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
