/*
 * mcentral: per span class, the spans that no mcache holds.
 *
 * Four sets: spans with free slots (partial) and without (full), each swept and unswept. Which of
 * two sets is the swept one is told by the heap's sweepgen, so that a flip turns all swept sets
 * into unswept ones without touching a span: set[sg / 2 % 2] is swept, the other unswept. Before a
 * flip the unswept sets are empty.
 *
 * A set is a queue, first in, first out. So a class's spans come round in the order in which they
 * were filled, which after a fresh start is the order of their addresses: good for the hardware's
 * prefetching, and no span waits for ever.
 *
 * Each set is cut into shards, by the mutator that had the span last. A mutator takes its own spans
 * before others', since its core's cache still holds some of what it wrote there, and no other
 * core's does; with one queue for all, two mutators of churn-pointer exchanged their spans in every
 * cycle.
 *
 * Each mcentral has a lock, held for a push or a pop and never while sweeping. An mcache takes
 * several spans at once and brings them back several at once (mcache.h), so the lock is taken about
 * once per 64 KB allocated.
 *
 * Source: Go, runtime/mcentral.go. (Go's sets have been lock-free since 1.15; at two CPUs nothing
 * is gained by that.)
 */
#ifndef HEAPMARK_GOHEAP_MCENTRAL_H
#define HEAPMARK_GOHEAP_MCENTRAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/mspan.h"

struct span_set {
    struct mspan *head, *tail;
    size_t count;
};

enum { MCENTRAL_SHARDS = 4 };

struct mcentral {
    pthread_mutex_t lock;
    size_t count[2]; /* spans in all sets of either half */
    struct span_set partial[2][MCENTRAL_SHARDS];
    struct span_set full[2][MCENTRAL_SHARDS];
} __attribute__((aligned(64))); /* two mutators' classes must not share a line */

void mcentral_init(struct mcentral *c);

/* Adds a swept span of sweepgen sg that nobody holds. */
void mcentral_push(struct mcentral *c, struct mspan *s);

/* The same for a list of spans, linked by `next`, under one lock. */
void mcentral_push_all(struct mcentral *c, struct mspan *list);

/* Takes up to `most` spans that have, or may have, free slots, as a list: one swept one if there is
   any, else unswept ones, which the caller owns for sweeping (sg - 1); the shard's before others'.
   NULL: none. */
struct mspan *mcentral_take(struct mcentral *c, unsigned shard, unsigned most);

/* Takes any unswept span out; the caller owns it for sweeping (sg - 1). NULL: none. */
struct mspan *mcentral_take_unswept(struct mcentral *c);

#endif
