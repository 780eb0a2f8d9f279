/* Free runs: slices, runs, spans. See mcache.h. */
#include "allocators/goheap/mcache.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

/* SLICE_BYTES are zeroed ahead of the bump. 1 KB stays in the first-level cache until it is used,
   and the call is paid once per 12 objects of 80 bytes: churn-pointer takes 4.1 ns with it, 4.4
   with 512 bytes, 4.6 with 2048, where presumably the end of a slice is no longer predicted. Tiny
   objects are too many to a slice for that in any case: 8 bytes take 1.7 ns, with 1 KB 1.9. */
enum {
    SLICE_BYTES = 1024,
    TINY_SLICE_BYTES = 4096,
    BATCH_PAGES = 8,      /* of spans taken, or brought back, under one lock: 64 KB */
    SWEEP_SPANS_MAX = 100 /* for one refill: bounds its time; the space it can cost is small (Go's
                             figure) */
};

void mcache_init(struct mcache *cache) {
    for (unsigned c = 0; c < SPAN_CLASS_COUNT; c++) {
        uint32_t bytes = size_class_bytes[c >> 1];
        /* Class 0 (no bytes asked for, or large objects) must never look as if it had room. */
        cache->entries[c].slot_bytes = bytes != 0 ? bytes : 1;
        cache->runs[c].slice_bytes =
            bytes != 0 && bytes < SLICE_BYTES ? SLICE_BYTES / bytes * bytes : bytes;
    }
    cache->runs[TINY_SPAN_CLASS].slice_bytes = TINY_SLICE_BYTES;
}

/* Whether a span's runs are opened in slices. */
static bool mcache_has_slices(const struct mspan *s) {
    return !mspan_is_noscan(s) || s->span_class == TINY_SPAN_CLASS;
}

/* Slots that were claimed, or with a negative count given back. A tiny object adds one to
   tiny_allocs, so without the slots these are the ones that found a slot in use (stats.h). */
static void mcache_count(struct mutator *m, unsigned span_class, int64_t slots) {
    m->stats.small_allocs[span_class >> 1] += (uint64_t)slots;
    if (span_class == TINY_SPAN_CLASS)
        m->stats.tiny_allocs -= (uint64_t)slots;
}

/* Claims the next run of free slots of the current span. False: it is full. */
static bool mcache_claim(struct mutator *m, unsigned span_class) {
    struct mcache_entry *entry = &m->cache.entries[span_class];
    struct mcache_run *run = &m->cache.runs[span_class];
    uint32_t first, count = mspan_claim(run->span, m->shared.marking != 0, &first);
    if (count == 0)
        return false;
    mcache_count(m, span_class, count);
    entry->cur = mspan_slot(run->span, first);
    run->end = entry->cur + (uintptr_t)count * entry->slot_bytes;
    entry->limit = mcache_has_slices(run->span) ? entry->cur : run->end;
    mcache_next_slice(entry, run);
    return true;
}

/* Gives the filled spans of a class to mcentral. */
static void mcache_file(struct mutator *m, unsigned span_class) {
    struct mcache_run *run = &m->cache.runs[span_class];
    if (run->filled == NULL)
        return;
    mcentral_push_all(&mheap.central[span_class], run->filled);
    run->filled = NULL;
    run->filled_count = 0;
}

/* How many spans of a class are taken, or brought back, at once. */
static unsigned mcache_batch(unsigned span_class) {
    unsigned spans = (unsigned)BATCH_PAGES / size_class_pages[span_class >> 1];
    return spans == 0 ? 1 : spans;
}

/* Puts a span that is done with among the filled ones, although it may not be full. */
static void mcache_put(struct mutator *m, unsigned span_class, struct mspan *s) {
    struct mcache_run *run = &m->cache.runs[span_class];
    s->next = run->filled;
    run->filled = s;
    if (++run->filled_count >= mcache_batch(span_class))
        mcache_file(m, span_class);
}

/* Gives the current span of a class back, with what is left of the run. */
static void mcache_drop(struct mutator *m, unsigned span_class) {
    struct mcache_entry *entry = &m->cache.entries[span_class];
    struct mcache_run *run = &m->cache.runs[span_class];
    struct mspan *s = run->span;
    /* Rounded down: a slot that tiny objects have used in part is used. */
    uint32_t unused = (uint32_t)((run->end - entry->cur) / entry->slot_bytes);
    if (unused > 0) {
        mspan_unclaim(s, mspan_index(s, run->end - 1) + 1 - unused, unused);
        mcache_count(m, span_class, -(int64_t)unused);
    }
    if (s->alloc_count < s->slot_count)
        mheap_live_charge(m, -(int64_t)((s->slot_count - s->alloc_count) * s->slot_bytes));
    entry->cur = entry->limit = run->end = 0;
    entry->pointers = 0;
    run->span = NULL;
    assert(mspan_sweepgen(s) == mheap_sweepgen() + 3);
    mspan_sweepgen_set(s, mheap_sweepgen());
    mcache_put(m, span_class, s);
}

/* Makes a span the current one of its class. */
static void mcache_adopt(struct mutator *m, unsigned span_class, struct mspan *s,
                         uint64_t pointers) {
    struct mcache_entry *entry = &m->cache.entries[span_class];
    if (s->alloc_count == 0) {
        mspan_uniform(s, pointers);
        __atomic_store_n(&s->is_fresh, true, __ATOMIC_RELAXED);
        m->stats.fresh_bytes += s->slot_count * s->slot_bytes;
    }
    bool has_one_mask = !mspan_is_noscan(s) && s->slot_bytes <= MSPAN_MASKED_BYTES_MAX && !s->mixed;
    entry->pointers = has_one_mask ? s->pointers : 0;
    entry->needs_zero = s->needs_zero;
    assert(mspan_sweepgen(s) == mheap_sweepgen());
    mspan_sweepgen_set(s, mheap_sweepgen() + 3);
    s->shard = m->shard;
    mheap_live_charge(m, (int64_t)((s->slot_count - s->alloc_count) * s->slot_bytes));
    m->cache.runs[span_class].span = s;
}

/* Takes the first span off the stock, swept. NULL: the stock is empty. */
static struct mspan *mcache_stock_take(struct mutator *m, unsigned span_class) {
    struct mcache_run *run = &m->cache.runs[span_class];
    struct mspan *s = run->stock;
    if (s == NULL)
        return NULL;
    run->stock = s->next;
    if (run->stock != NULL)
        sweep_prefetch(run->stock);
    if (mspan_sweepgen(s) != mheap_sweepgen())
        sweep_span(s, &m->stats);
    return s;
}

/* The mutator has something of this class, or is about to. */
static void mcache_hold(struct mutator *m, unsigned span_class) {
    m->cache.held[span_class / 64] |= UINT64_C(1) << (span_class % 64);
}

/* A safepoint between two spans, so that who stops the world does not wait for a hundred of them.
 */
static void mcache_poll(struct mutator *m, unsigned span_class) {
    if (world_wants_stop(m)) {
        mgc_safepoint(m);
        mcache_hold(m, span_class);
    }
}

/* A swept span with a free slot: from the stock, which is filled up as long as mcentral has
   anything, but not for ever. NULL: none found. */
static struct mspan *mcache_span_take(struct mutator *m, unsigned span_class) {
    struct mcache_run *run = &m->cache.runs[span_class];
    for (unsigned budget = SWEEP_SPANS_MAX; budget > 0; budget--) {
        mcache_poll(m, span_class);
        if (run->stock == NULL) {
            mcache_file(m, span_class);
            run->stock =
                mcentral_take(&mheap.central[span_class], m->shard, mcache_batch(span_class));
            if (trace_wants())
                trace_refill(span_class, run->stock);
        }
        struct mspan *s = mcache_stock_take(m, span_class);
        if (s == NULL || s->alloc_count < s->slot_count)
            return s;
        mcache_put(m, span_class, s);
        mutator_delay_begin(m);
    }
    return NULL;
}

/* Fresh spans, before what may be left of the stock; one at a time where a memory limit counts
   every page. */
static struct mspan *mcache_span_new(struct mutator *m, unsigned span_class) {
    struct mcache_run *run = &m->cache.runs[span_class];
    struct span_request request = {.pages = size_class_pages[span_class >> 1],
                                   .span_class = span_class,
                                   .most =
                                       mheap.options.memlimit == 0 ? mcache_batch(span_class) : 1};
    struct mspan *list = mheap_spans_new(m, &request), *last = list;
    if (list == NULL)
        return NULL;
    while (last->next != NULL)
        last = last->next;
    last->next = run->stock;
    run->stock = list;
    return mcache_stock_take(m, span_class);
}

/* Tier 3. A span that was full when the mutator left it is put away first: a collection may come
   now, and flushes whatever the mcache holds. */
static bool mcache_refill(struct mutator *m, unsigned span_class, uint64_t pointers) {
    size_t pages = size_class_pages[span_class >> 1];
    if (m->cache.runs[span_class].span != NULL)
        mcache_drop(m, span_class);
    mgc_pace(m, pages * PAGE_BYTES);
    mcache_hold(m, span_class);
    struct mspan *s = mcache_span_take(m, span_class);
    if (s == NULL)
        s = mcache_span_new(m, span_class);
    if (s == NULL)
        return false;
    mcache_adopt(m, span_class, s, pointers);
    return mcache_claim(m, span_class);
}

bool mcache_make_room(struct mutator *m, unsigned span_class, uint64_t pointers) {
    const struct mcache_run *run = &m->cache.runs[span_class];
    if (mcache_next_slice(&m->cache.entries[span_class], run))
        return true;
    if (run->span != NULL && mcache_claim(m, span_class))
        return true;
    return mcache_refill(m, span_class, pointers);
}

/* A stop may come while some of the stock is not swept: that is done now. */
static void mcache_flush_class(struct mutator *m, unsigned span_class) {
    struct mspan *s;
    if (m->cache.runs[span_class].span != NULL)
        mcache_drop(m, span_class);
    while ((s = mcache_stock_take(m, span_class)) != NULL)
        mcache_put(m, span_class, s);
    mcache_file(m, span_class);
}

void mcache_flush(struct mutator *m) {
    for (size_t w = 0; w < sizeof m->cache.held / sizeof m->cache.held[0]; w++) {
        for (uint64_t held = m->cache.held[w]; held != 0; held &= held - 1)
            mcache_flush_class(m, (unsigned)(w * 64) + (unsigned)__builtin_ctzll(held));
        m->cache.held[w] = 0;
    }
    mheap_live_flush(m);
}
