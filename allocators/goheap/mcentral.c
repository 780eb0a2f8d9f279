/* The sets of spans of one span class. See mcentral.h. */
#include "allocators/goheap/mcentral.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/sweep.h"

enum { SWEEP_SPANS_MAX = 100 };

void mcentral_init(struct mcentral *c) {
    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
}

static void span_set_push(struct span_set *set, struct mspan *s) {
    s->next = NULL;
    if (set->tail != NULL)
        set->tail->next = s;
    else
        set->head = s;
    set->tail = s;
    set->count++;
}

static struct mspan *span_set_pop(struct span_set *set) {
    struct mspan *s = set->head;
    if (s == NULL)
        return NULL;
    set->head = s->next;
    if (set->head == NULL)
        set->tail = NULL;
    set->count--;
    s->next = NULL;
    return s;
}

void mcentral_push(struct mcentral *c, struct mspan *s) {
    unsigned swept = mheap_sweepgen() / 2 % 2;
    assert(mspan_sweepgen(s) == mheap_sweepgen());
    pthread_mutex_lock(&c->lock);
    bool is_full = s->alloc_count == s->slot_count;
    span_set_push(is_full ? &c->full[swept] : &c->partial[swept], s);
    pthread_mutex_unlock(&c->lock);
}

static struct mspan *mcentral_pop_swept(struct mcentral *c) {
    pthread_mutex_lock(&c->lock);
    struct mspan *s = span_set_pop(&c->partial[mheap_sweepgen() / 2 % 2]);
    pthread_mutex_unlock(&c->lock);
    return s;
}

struct mspan *mcentral_take_unswept(struct mcentral *c) {
    unsigned unswept = 1 - mheap_sweepgen() / 2 % 2;
    pthread_mutex_lock(&c->lock);
    struct mspan *s = span_set_pop(&c->partial[unswept]);
    if (s == NULL)
        s = span_set_pop(&c->full[unswept]);
    pthread_mutex_unlock(&c->lock);
    if (s != NULL && !mspan_try_own(s, mheap_sweepgen()))
        fatal("span %p is in an unswept set with sweepgen %u (heap %u)", (void *)s->base,
              mspan_sweepgen(s), mheap_sweepgen());
    return s;
}

struct mspan *mcentral_take(struct mcentral *c, struct stats *stats) {
    struct mspan *s = mcentral_pop_swept(c);
    if (s != NULL)
        return s;
    for (int budget = SWEEP_SPANS_MAX; budget > 0; budget--) {
        s = mcentral_take_unswept(c);
        if (s == NULL)
            return NULL;
        sweep_span(s, stats);
        if (s->alloc_count < s->slot_count)
            return s;
        mcentral_push(c, s);
    }
    return NULL;
}
