/*
 * sizes: an allocator's three ways, by the size of the object.
 *
 * Go's runtime, and most mallocs in one form or another, allocate tiny objects (below 16 B, without
 * pointers) several to a block, small ones (up to 32 KB) from lists by size class, and large ones
 * as runs of whole pages. One workload for each, and the parameter `bytes` to sweep within it.
 *
 * An object stays alive while the next few are made, so that an allocator cannot hand the same slot
 * out for ever. It is not zeroed and not filled: its first and last byte and one in each page are
 * written when it is made and compared when it is given up. Written bytes are the object's position
 * in its batch; what goes into the checksum is the difference, so that slices of a run add up.
 */
#include "workloads/batch.h"

enum {
    SIZES_ALIVE = 64, /* tiny and small: at most 2 MB */
    SIZES_ALIVE_LARGE = 4,
    SIZES_TOUCH = 4096,
};

TIMED_INLINE unsigned char *object_new(struct mutator *m, size_t bytes, uint64_t position) {
    struct shape shape = {bytes, 0};
    unsigned char *object = heap_new_raw(m, &shape);
    for (size_t i = 0; i < bytes; i += SIZES_TOUCH)
        object[i] = (unsigned char)position;
    object[bytes - 1] = (unsigned char)position;
    return object;
}

/* 1, plus the number of bytes that are not what object_new wrote. */
TIMED_INLINE uint64_t object_retire(struct mutator *m, unsigned char *object, size_t bytes,
                                    uint64_t position) {
    unsigned char written = (unsigned char)position;
    uint64_t sum = 1;
    for (size_t i = 0; i < bytes; i += SIZES_TOUCH)
        sum += object[i] != written;
    sum += object[bytes - 1] != written;
    heap_delete(m, object, bytes);
    return sum;
}

/* A batch: n objects, of which `alive` (at most SIZES_ALIVE) live at a time. */
TIMED_INLINE uint64_t sizes_batch(struct mutator *m, size_t bytes, uint64_t n, uint64_t alive) {
    unsigned char *objects[SIZES_ALIVE];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        unsigned char **slot = &objects[i % alive];
        if (i >= alive)
            sum += object_retire(m, *slot, bytes, i - alive);
        *slot = object_new(m, bytes, i);
    }
    for (uint64_t i = n > alive ? n - alive : 0; i < n; i++)
        sum += object_retire(m, objects[i % alive], bytes, i);
    return sum;
}

static TIMED uint64_t sizes_run(struct mutator *m, void *state, uint64_t ops) {
    const size_t bytes = (uintptr_t)state;
    const uint64_t batch = batch_ops(bytes);
    uint64_t sum = 0;
    for (uint64_t left = ops; left > 0;) {
        sum += sizes_batch(m, bytes, batch_take(&left, batch), SIZES_ALIVE);
        batch_end(m);
    }
    return sum;
}

static TIMED uint64_t sizes_large_run(struct mutator *m, void *state, uint64_t ops) {
    const size_t bytes = (uintptr_t)state;
    const uint64_t fit = batch_ops(bytes);
    const uint64_t least = SIZES_ALIVE_LARGE + SIZES_ALIVE_LARGE;
    const uint64_t batch = fit > least ? fit : least;
    uint64_t sum = 0;
    for (uint64_t left = ops; left > 0;) {
        sum += sizes_batch(m, bytes, batch_take(&left, batch), SIZES_ALIVE_LARGE);
        batch_end(m);
    }
    return sum;
}

/* The state is the size. */
static void *sizes_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m;
    return (void *)(uintptr_t)arguments->parameters[0];
}

/* A million, or as many as make 512 MiB (quick). */
static uint64_t sizes_ops(const uint64_t *parameters, enum effort effort) {
    uint64_t fit = (UINT64_C(512) << 20) / parameters[0];
    return (fit < 1000000 ? fit : 1000000) * (effort == EFFORT_FULL ? 10 : 1);
}

static const struct workload_parameter tiny_parameters[] = {
    {"bytes", "size of an object in bytes", 8, 1, 15, NULL},
    {0},
};

static const struct workload_parameter small_parameters[] = {
    {"bytes", "size of an object in bytes", 64, 16, 32768, NULL},
    {0},
};

static const struct workload_parameter large_parameters[] = {
    {"bytes", "size of an object in bytes", 65536, 32769, 16777216, NULL},
    {0},
};

WORKLOAD(tiny) = {
    .name = "tiny",
    .group = "sizes",
    .article = "",
    .summary = "an object of less than 16 bytes without pointers; 64 alive",
    .stresses = "the tiny allocator: several objects to a block",
    .parameters = tiny_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = sizes_ops,
    .setup = sizes_setup,
    .run = sizes_run,
};

WORKLOAD(small) = {
    .name = "small",
    .group = "sizes",
    .article = "",
    .summary = "an object of 16 bytes to 32 KB; 64 alive",
    .stresses = "size classes and thread caches",
    .parameters = small_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = sizes_ops,
    .setup = sizes_setup,
    .run = sizes_run,
};

WORKLOAD(large) = {
    .name = "large",
    .group = "sizes",
    .article = "",
    .summary = "an object of more than 32 KB, one byte in each page written; 4 alive",
    .stresses = "the page allocator, and what fresh pages cost",
    .parameters = large_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = sizes_ops,
    .setup = sizes_setup,
    .run = sizes_large_run,
};
