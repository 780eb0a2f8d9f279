/*
 * alignment: the order of a struct's fields decides how much is allocated.
 *
 * A field starts at a multiple of its own alignment, and a struct is as large as a multiple of its
 * widest field's. The same six fields take 40 bytes when small ones stand between large ones, and
 * 24 when they are sorted by size:
 *
 *   padded   a bool .......  b int64  c bool .......  d int64  e bool ...  f int32      40 B, size
 * class 48 packed   b int64  d int64  f int32  a bool  c bool  e bool .                        24
 * B, size class 24
 *
 * Size classes make it worse: 40 bytes are handed out as 48 by Go, so the order of the fields costs
 * half the memory. (The table of type sizes is held by tests/unit/test_type_sizes.c.)
 */
#include "workloads/batch.h"

#include <stdbool.h>

struct padded {
    bool a;
    int64_t b;
    bool c;
    int64_t d;
    bool e;
    int32_t f;
};

struct packed {
    int64_t b;
    int64_t d;
    int32_t f;
    bool a;
    bool c;
    bool e;
};

_Static_assert(sizeof(struct padded) == 40 && sizeof(struct packed) == 24, "as the essay says");

static const struct shape padded_shape = {sizeof(struct padded), 0};
static const struct shape packed_shape = {sizeof(struct packed), 0};

static TIMED_OPAQUE struct padded *padded_new(struct mutator *m) {
    struct padded *p = heap_new_raw(m, &padded_shape);
    p->a = true;
    p->b = 1000;
    p->c = true;
    p->d = 2000;
    p->e = true;
    p->f = 3000;
    return p;
}

static TIMED_OPAQUE struct packed *packed_new(struct mutator *m) {
    struct packed *p = heap_new_raw(m, &packed_shape);
    p->a = true;
    p->b = 1000;
    p->c = true;
    p->d = 2000;
    p->e = true;
    p->f = 3000;
    return p;
}

TIMED_INLINE uint64_t padded_once(struct mutator *m, void *state) {
    (void)state;
    struct padded *p = padded_new(m);
    uint64_t sum = (uint64_t)(p->b + p->d + p->f) + p->a + p->c + p->e;
    heap_delete(m, p, sizeof *p);
    return sum;
}

TIMED_INLINE uint64_t packed_once(struct mutator *m, void *state) {
    (void)state;
    struct packed *p = packed_new(m);
    uint64_t sum = (uint64_t)(p->b + p->d + p->f) + p->a + p->c + p->e;
    heap_delete(m, p, sizeof *p);
    return sum;
}

BATCH_RUN(padded_run, padded_once, sizeof(struct padded))
BATCH_RUN(packed_run, packed_once, sizeof(struct packed))

static uint64_t alignment_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

WORKLOAD(alignment_padded) = {
    .name = "alignment-padded",
    .group = "alignment",
    .article = "",
    .summary = "a struct of six fields in an order that needs padding is made in the heap",
    .stresses = "40 B/op, 48 with Go's size classes",
    .traits = TRAIT_SLICEABLE,
    .ops = alignment_ops,
    .run = padded_run,
};

WORKLOAD(alignment_packed) = {
    .name = "alignment-packed",
    .group = "alignment",
    .article = "",
    .summary = "a struct of the same six fields, the largest first, is made in the heap",
    .stresses = "24 B/op: the same data in half the memory",
    .traits = TRAIT_SLICEABLE,
    .ops = alignment_ops,
    .run = packed_run,
};
