/*
 * The cold half of the binding `pool`: the store of slots that all mutators share.
 *
 * A mutator whose list is empty takes, under one lock, a batch of 16 KB: of what detached mutators
 * left in that size, else carved from the current chunk. (Were it given all that is left, the next
 * to run dry would have to carve, and threads that come and go would take ever more memory.) A
 * batch is a few hundred small objects, so the lock and the linking cost a fraction of a nanosecond
 * an object, and 1 MB chunks growing twofold to 64 MB keep system calls few and what is mapped
 * within twice what is used.
 */
#include "allocators/pool_binding.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

static const size_t batch_bytes_wanted = (size_t)16 << 10;
static const size_t chunk_bytes_least = (size_t)1 << 20;
static const size_t chunk_bytes_most = (size_t)64 << 20;

/* Everything in here is guarded by its lock. */
static struct {
    pthread_mutex_t lock;
    struct pool_slot *left[POOL_LISTS]; /* by detached mutators */
    char *chunk_next, *chunk_end;       /* the rest of the current chunk; 64-aligned */
    size_t chunk_bytes;                 /* size of the next chunk */
    uint64_t mapped_bytes, mapped_bytes_peak;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Once a large object was malloc's, what is mapped for us is malloc's secret. */
static atomic_bool large_was_used;

static bool pool_chunk_map(size_t bytes) {
    char *chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED)
        return false;
    store.chunk_next = chunk;
    store.chunk_end = chunk + bytes;
    store.mapped_bytes += bytes;
    if (store.mapped_bytes_peak < store.mapped_bytes)
        store.mapped_bytes_peak = store.mapped_bytes;
    return true;
}

/* A larger chunk than before, or, when memory is short, the least one. The rest of the old chunk,
   less than a batch, is lost. */
static bool pool_chunk_next(void) {
    size_t bytes = store.chunk_bytes == 0 ? chunk_bytes_least : store.chunk_bytes;
    if (!pool_chunk_map(bytes))
        return bytes > chunk_bytes_least && pool_chunk_map(chunk_bytes_least);
    store.chunk_bytes = bytes < chunk_bytes_most ? bytes * 2 : bytes;
    return true;
}

/* A batch of slots, linked in the order of their addresses; NULL: no memory. A batch begins on a
   cache line of its own, so mutators share at most the line where two batches meet. */
static struct pool_slot *pool_batch_carve(size_t slot_bytes) {
    size_t slots = batch_bytes_wanted / slot_bytes;
    size_t bytes = (slots * slot_bytes + 63) & ~(size_t)63;
    if ((size_t)(store.chunk_end - store.chunk_next) < bytes && !pool_chunk_next())
        return NULL;
    char *first = store.chunk_next;
    store.chunk_next += bytes;
    struct pool_slot *list = NULL;
    for (size_t i = slots; i-- > 0;) {
        struct pool_slot *slot = (struct pool_slot *)(void *)(first + i * slot_bytes);
        slot->next = list;
        list = slot;
    }
    return list;
}

/* At most a batch of what detached mutators left; NULL: they left nothing. */
static struct pool_slot *pool_left_take(size_t slot_bytes) {
    struct pool_slot **left = &store.left[slot_bytes / 8];
    struct pool_slot *list = *left;
    if (list == NULL)
        return NULL;
    struct pool_slot *last = list;
    for (size_t i = 1; i < batch_bytes_wanted / slot_bytes && last->next != NULL; i++)
        last = last->next;
    *left = last->next;
    last->next = NULL;
    return list;
}

void *pool_refill(struct mutator *m, size_t slot_bytes) {
    size_t index = slot_bytes / 8;
    pthread_mutex_lock(&store.lock);
    struct pool_slot *list = pool_left_take(slot_bytes);
    if (list == NULL)
        list = pool_batch_carve(slot_bytes);
    pthread_mutex_unlock(&store.lock);
    if (list == NULL)
        return NULL;
    m->free[index] = list->next;
    return list;
}

void pool_detach(struct mutator *m) {
    pthread_mutex_lock(&store.lock);
    for (size_t i = 0; i < POOL_LISTS; i++) {
        struct pool_slot **link = &m->free[i];
        while (*link != NULL)
            link = &(*link)->next;
        *link = store.left[i];
        store.left[i] = m->free[i];
        m->free[i] = NULL;
    }
    pthread_mutex_unlock(&store.lock);
}

void *pool_large_new(size_t bytes) {
    atomic_store_explicit(&large_was_used, true, memory_order_relaxed);
    return malloc(bytes);
}

void *pool_large_new_zeroed(size_t bytes) {
    atomic_store_explicit(&large_was_used, true, memory_order_relaxed);
    return calloc(1, bytes);
}

void *pool_large_resize(void *p, size_t bytes) {
    return realloc(p, bytes);
}

void pool_large_delete(void *p) {
    free(p);
}

size_t pool_large_usable(void *p) {
    return malloc_usable_size(p);
}

static bool pool_init(const struct setting_value *values, size_t count, struct error *err) {
    (void)values, (void)count, (void)err;
    return true;
}

static const char *pool_name(void) {
    return "pool";
}

static const char *pool_version(void) {
    return "0.1";
}

/* Objects are not counted: the hot path would pay for it. */
static void pool_stats(struct allocator_stats *out) {
    memset(out, 0xff, sizeof *out); /* STAT_UNKNOWN in every field */
    if (atomic_load_explicit(&large_was_used, memory_order_relaxed))
        return;
    pthread_mutex_lock(&store.lock);
    out->mapped_bytes = store.mapped_bytes;
    out->mapped_bytes_peak = store.mapped_bytes_peak;
    pthread_mutex_unlock(&store.lock);
}

static void pool_marks_reset(void) {
    pthread_mutex_lock(&store.lock);
    store.mapped_bytes_peak = store.mapped_bytes;
    pthread_mutex_unlock(&store.lock);
}

const struct allocator allocator_binding = {
    .binding = "pool",
    .summary = "a free list per object size, filled from big chunks",
    .link = "inline",
    .offers = TRAIT_RECLAIMS | TRAIT_THREADS,
    .init = pool_init,
    .name = pool_name,
    .version = pool_version,
    .stats = pool_stats,
    .marks_reset = pool_marks_reset,
};
