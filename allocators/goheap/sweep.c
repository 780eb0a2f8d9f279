/* Lazy sweeping. See sweep.h. */
#include "allocators/goheap/sweep.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

enum {
    RECLAIM_SPANS_MAX = 256, /* spans swept for one request for pages: bounds its time */
    SAMPLE_EVERY = 64,       /* one span in so many is timed: a clock costs more than most sweeps */
    PAY_SPANS_MAX = 64,      /* swept for one refill */
    PAGES_AT_ONCE = 8,
    PAGES_BEHIND_MAX = 32 /* how far the sweep may be behind before mutators pay */
};

/* What freed slots are filled with in stress mode: no address, odd, easy to recognise. */
#define POISON_BYTE 0xdb

static struct {
    unsigned span_class;   /* atomic; classes below have no unswept span left */
    uint64_t pages;        /* atomic; swept since the flip */
    uint64_t live_basis;   /* heap_live at the flip */
    double pages_per_byte; /* to sweep per byte allocated since */
    bool keeps_marks;
} sweep;

bool sweep_keeps_marks(void) {
    return sweep.keeps_marks;
}

void sweep_restart(uint64_t trigger, bool keep_marks) {
    sweep.keeps_marks = keep_marks;
    uint64_t live = mheap_live();
    double distance = trigger > live ? (double)(trigger - live) : 0;
    sweep.live_basis = live;
    sweep.pages_per_byte =
        (double)mheap.pages_in_use / (distance < PAGE_BYTES ? PAGE_BYTES : distance);
    __atomic_store_n(&sweep.pages, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&sweep.span_class, 0, __ATOMIC_RELAXED);
}

bool sweep_is_done(void) {
    return __atomic_load_n(&sweep.span_class, __ATOMIC_RELAXED) == SPAN_CLASS_COUNT;
}

/* Stress mode: every slot that was taken and does not survive gets poison. */
static void sweep_poison(const struct mspan *s) {
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (mspan_bit(s->alloc_bits, i) && mspan_mark(s, i) == MSPAN_WHITE)
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

/* Only what is taken can survive. A slot that is marked and not taken ("zombie") was reached by a
   pointer that should not exist: to an object freed while it was reachable, or to none. */
static void sweep_check_zombies(const struct mspan *s, size_t word, uint64_t marked) {
    uint64_t zombies = marked & ~s->alloc_bits[word];
    if (zombies != 0)
        fatal("span %p of %zu B objects: object %p is marked, but not allocated", (void *)s->base,
              s->slot_bytes,
              (void *)mspan_slot(s, (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(zombies)));
}

/* alloc_bits become what is marked. Returns how many slots are. */
static uint32_t sweep_take_marks(struct mspan *s) {
    uint32_t survivors = 0;
    for (size_t w = 0; w < mspan_bitmap_words(s); w++) {
        uint64_t marked = mspan_marked_bits(s, w);
        sweep_check_zombies(s, w, marked);
        s->alloc_bits[w] = marked;
        survivors += (uint32_t)__builtin_popcountll(marked);
    }
    return survivors;
}

/* alloc_bits become what survives; marks become white, but for those that are kept. Returns how
   many slots survive. */
static uint32_t sweep_take_survivors(struct mspan *s) {
    uint32_t survivors = s->alloc_count;
    if (s->is_old && sweep.keeps_marks)
        return survivors;
    if (!s->is_born && s->has_marks)
        survivors = sweep_take_marks(s);
    else if (!s->is_born) {
        memset(s->alloc_bits, 0, mspan_bitmap_words(s) * sizeof(uint64_t));
        survivors = 0;
    }
    s->is_born = false;
    if (s->has_marks && sweep.keeps_marks)
        mspan_marks_keep_found(s);
    else if (s->has_marks)
        mspan_marks_clear(s);
    return survivors;
}

/* Told to the others in batches: mutators would meet at that counter at every span. */
static void sweep_note_pages(size_t pages, struct stats *stats) {
    stats->swept_pages += pages;
    if (stats->swept_pages >= PAGES_AT_ONCE) {
        __atomic_fetch_add(&sweep.pages, stats->swept_pages, __ATOMIC_RELAXED);
        stats->swept_pages = 0;
    }
}

static void sweep_span_now(struct mspan *s, struct stats *stats) {
    assert(mspan_sweepgen(s) == mheap_sweepgen() - 1);
    if (mheap.options.stress != 0)
        sweep_poison(s);
    s->is_fresh = s->is_fresh && s->is_born;
    uint32_t survivors = sweep_take_survivors(s), freed = s->alloc_count - survivors;
    if (freed > 0) {
        sweep_count_frees(s, freed, stats);
        s->needs_zero = true;
    }
    s->alloc_count = survivors;
    s->free_index = 0;
    sweep_note_pages(s->bytes / PAGE_BYTES, stats);
    mspan_sweepgen_set(s, mheap_sweepgen());
}

void sweep_prefetch(const struct mspan *s) {
    enum { LINE_BYTES = 64 };
    for (uint32_t i = 0; s->has_marks && i < s->slot_count; i += LINE_BYTES)
        __builtin_prefetch(&s->marks[i], 1);
    __builtin_prefetch(s->alloc_bits, 1);
}

void sweep_span(struct mspan *s, struct stats *stats) {
    if (stats->sweep_count++ % SAMPLE_EVERY != 0) {
        sweep_span_now(s, stats);
        return;
    }
    uint64_t start_ns = os_now_ns(), before_ns = stats->sweep_ns;
    sweep_span_now(s, stats);
    uint64_t took_ns = os_now_ns() - start_ns, clock_ns = os_clock_cost_ns();
    stats->sweep_ns += took_ns > clock_ns ? (took_ns - clock_ns) * SAMPLE_EVERY : 0;
    trace_event(EVENT_SWEEP_BEGIN, start_ns, 0, 0);
    trace_event(EVENT_SWEEP_END, start_ns + took_ns, SAMPLE_EVERY, stats->sweep_ns - before_ns);
}

/* Sweeps one span of any class and files it. False: nothing is left. *pages: given back. */
static bool sweep_one(struct stats *stats, size_t *pages) {
    unsigned c = __atomic_load_n(&sweep.span_class, __ATOMIC_RELAXED);
    for (; c < SPAN_CLASS_COUNT; c++) {
        struct mspan *s = mcentral_take_unswept(&mheap.central[c]);
        __atomic_store_n(&sweep.span_class, c, __ATOMIC_RELAXED);
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
    __atomic_store_n(&sweep.span_class, c, __ATOMIC_RELAXED);
    if (trace_wants())
        trace_sweep_done();
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

unsigned sweep_some(unsigned spans, struct stats *stats) {
    unsigned swept = 0;
    for (size_t given; swept < spans && sweep_one(stats, &given); swept++) {
    }
    return swept;
}

void sweep_finish(struct stats *stats) {
    while (sweep_some(UINT_MAX, stats) > 0) {
    }
}

/* Sweeps until so many pages are, or a bound on the work is reached, or none is left, or somebody
   wants to stop the world: a safepoint comes soon. */
static void sweep_pay_due(struct mutator *m, double due) {
    size_t given;
    for (int spans = 0; spans < PAY_SPANS_MAX && !world_wants_stop(m); spans++)
        if ((double)__atomic_load_n(&sweep.pages, __ATOMIC_RELAXED) >= due ||
            !sweep_one(&m->stats, &given))
            break;
}

void sweep_pay(struct mutator *m, size_t bytes) {
    if (sweep_is_done())
        return;
    /* What is not yet charged counts, or a batch of it would be paid for at once. */
    double live = (double)(mheap_live() + bytes) + (double)m->live_pending;
    double allocated = live - (double)sweep.live_basis;
    double due = allocated * sweep.pages_per_byte - PAGES_BEHIND_MAX;
    if ((double)__atomic_load_n(&sweep.pages, __ATOMIC_RELAXED) >= due)
        return;
    mutator_delay_begin(m);
    sweep_pay_due(m, due);
}
