/*
 * mheap: the heap itself, and the giving and taking of spans.
 *
 * One lock, the heap lock, guards pages, span descriptors, arenas, roots and the list of mutators'
 * memory. It is held for one of these steps only, never while sweeping, marking (but for the scan
 * of the roots) or waiting for the world; and no other lock of goheap is taken under it. Allocation
 * needs it once per fresh span.
 *
 * heap_live is what the pacer counts: bytes marked by the last collection, plus everything handed
 * out since, by whole spans: when an mcache takes a span, all its free slots are charged; what it
 * gives back unused is taken off.
 *
 * Source: Go, runtime/mheap.go, mgcpacer.go.
 */
#ifndef HEAPMARK_GOHEAP_MHEAP_H
#define HEAPMARK_GOHEAP_MHEAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mcentral.h"
#include "allocators/goheap/mspan.h"
#include "allocators/goheap/stats.h"

struct mutator;

struct mheap {
    pthread_mutex_t lock;
    bool is_ready; /* goheap_init has been called with success */
    struct goheap_options options;
    uint32_t sweepgen;       /* even; changes only while the world is stopped */
    uint64_t heap_live;      /* atomic */
    uint64_t heap_live_peak; /* atomic; most of heap_live since goheap_marks_reset */
    uint64_t trigger;        /* atomic; heap_live at which to collect; UINT64_MAX: never */
    uint64_t pages_in_use;   /* in spans; heap lock */
    uint64_t span_count;     /* in use; heap lock */
    uint64_t refills;        /* atomic; counted in stress mode only */
    struct stats stats;      /* of threads that have gone; heap lock, or world stopped */
    struct mcentral central[SPAN_CLASS_COUNT];
};

extern struct mheap mheap;

bool mheap_init(const struct goheap_options *options);

void mheap_lock(void);
void mheap_unlock(void);

static inline uint32_t mheap_sweepgen(void) {
    return __atomic_load_n(&mheap.sweepgen, __ATOMIC_RELAXED);
}

static inline uint64_t mheap_live(void) {
    return __atomic_load_n(&mheap.heap_live, __ATOMIC_RELAXED);
}

void mheap_live_add(uint64_t bytes);
/* For spans, which come and go often: m notes what it took (gave back, if negative) and adds it to
   heap_live once it is a batch, or is flushed, so that mutators rarely meet at that counter. */
void mheap_live_charge(struct mutator *m, int64_t bytes);
void mheap_live_flush(struct mutator *m);
/* After marking, and when the peak starts again. */
void mheap_live_set(uint64_t bytes);
void mheap_live_peak_reset(void);

/* Adds what a thread that is no mutator has counted to the heap's own statistics. */
void mheap_stats_add(const struct stats *own);

/* Time for a collection? */
static inline bool mheap_wants_collection(void) {
    return mheap_live() >= __atomic_load_n(&mheap.trigger, __ATOMIC_RELAXED);
}

struct span_request {
    size_t pages; /* of each span */
    unsigned span_class;
    unsigned most; /* how many spans; for more than one, pages that happen to lie in a row and hold
                      memory already: untouched ones are taken one by one */
};

/* Fresh spans as a list, at least one: swept (sweepgen sg), all slots free, in no set. Pages come
   from the free ones, else from dead spans that wait for their sweep, else from the operating
   system. NULL: no memory. m: the calling mutator. */
struct mspan *mheap_spans_new(struct mutator *m, const struct span_request *request);

/* Takes back a span without objects that nobody holds. */
void mheap_span_free(struct mspan *s);

#endif
