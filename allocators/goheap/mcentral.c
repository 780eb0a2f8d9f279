/* The sets of spans of one span class. See mcentral.h. */
#include "allocators/goheap/mcentral.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"

void mcentral_init(struct mcentral *c) {
    memset(c, 0, sizeof *c);
    os_short_lock_init(&c->lock);
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

static void mcentral_file(struct mcentral *c, struct mspan *s) {
    unsigned swept = mheap_sweepgen() / 2 % 2;
    assert(mspan_sweepgen(s) == mheap_sweepgen());
    bool is_full = s->alloc_count == s->slot_count;
    span_set_push(is_full ? &c->full[swept][s->shard] : &c->partial[swept][s->shard], s);
    c->count[swept]++;
}

void mcentral_push(struct mcentral *c, struct mspan *s) {
    pthread_mutex_lock(&c->lock);
    mcentral_file(c, s);
    pthread_mutex_unlock(&c->lock);
}

void mcentral_push_all(struct mcentral *c, struct mspan *list) {
    pthread_mutex_lock(&c->lock);
    while (list != NULL) {
        struct mspan *s = list;
        list = s->next;
        mcentral_file(c, s);
    }
    pthread_mutex_unlock(&c->lock);
}

/* From one of the halves' sets, the shard's own first. Lock held. */
static struct mspan *mcentral_pop(struct mcentral *c, struct span_set sets[MCENTRAL_SHARDS],
                                  unsigned half, unsigned shard) {
    for (unsigned i = 0; i < MCENTRAL_SHARDS; i++) {
        struct mspan *s = span_set_pop(&sets[(shard + i) % MCENTRAL_SHARDS]);
        if (s != NULL) {
            c->count[half]--;
            return s;
        }
    }
    return NULL;
}

static struct mspan *mcentral_pop_unswept(struct mcentral *c, unsigned shard) {
    unsigned unswept = 1 - mheap_sweepgen() / 2 % 2;
    if (c->count[unswept] == 0)
        return NULL;
    struct mspan *s = mcentral_pop(c, c->partial[unswept], unswept, shard);
    return s != NULL ? s : mcentral_pop(c, c->full[unswept], unswept, shard);
}

static void mcentral_own(struct mspan *s) {
    if (!mspan_try_own(s, mheap_sweepgen()))
        fatal("span %p is in an unswept set with sweepgen %u (heap %u)", (void *)s->base,
              mspan_sweepgen(s), mheap_sweepgen());
}

struct mspan *mcentral_take_unswept(struct mcentral *c) {
    pthread_mutex_lock(&c->lock);
    struct mspan *s = mcentral_pop_unswept(c, 0);
    pthread_mutex_unlock(&c->lock);
    if (s != NULL)
        mcentral_own(s);
    return s;
}

/* Up to `most` unswept spans as a list, in their order. Lock held. */
static struct mspan *mcentral_pop_list(struct mcentral *c, unsigned shard, unsigned most) {
    struct mspan *list = NULL, **end = &list;
    for (; most > 0 && (*end = mcentral_pop_unswept(c, shard)) != NULL; most--) {
        mcentral_own(*end);
        end = &(*end)->next;
    }
    return list;
}

struct mspan *mcentral_take(struct mcentral *c, unsigned shard, unsigned most) {
    unsigned swept = mheap_sweepgen() / 2 % 2;
    pthread_mutex_lock(&c->lock);
    struct mspan *list = mcentral_pop(c, c->partial[swept], swept, shard);
    if (list == NULL)
        list = mcentral_pop_list(c, shard, most);
    pthread_mutex_unlock(&c->lock);
    return list;
}
