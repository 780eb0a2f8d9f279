/* Blocks of grey objects, and markers that come and go. See mark_pool.h. */
#include "allocators/goheap/mark_pool.h"

#include <pthread.h>
#include <string.h>

#include "allocators/goheap/os.h"
#include "allocators/goheap/world.h"
#include "allocators/goheap/write_barrier.h"

enum {
    BLOCK_ENTRIES = 127,
    BLOCKS_AT_ONCE = 32, /* mapped in one piece of 64 KB */
    SHARE_ENTRIES = 16   /* a stack below this is done before anybody else could be */
};

struct block {
    struct block *next;
    size_t count;
    struct grey entries[BLOCK_ENTRIES];
};

static struct marker stopper;
static struct marker reserve; /* so that somebody can mark when there is no memory */

static struct {
    pthread_mutex_t lock;
    struct block *full;          /* lock; atomic for those who only look */
    struct block *free_blocks;   /* lock */
    struct marker *free_markers; /* lock */
    unsigned inside;             /* lock; atomic for those who only look */
    bool is_open;                /* lock; atomic for those who only look */
    bool is_wanted;              /* atomic; somebody looked for a block in vain */
    bool has_overflowed;         /* atomic */
    struct mark_counts counts;   /* atomic, each */
} pool;

static void pool_lock(void) {
    pthread_mutex_lock(&pool.lock);
}

static void pool_unlock(void) {
    pthread_mutex_unlock(&pool.lock);
}

void mark_init(void) {
    os_short_lock_init(&pool.lock);
    pool.full = pool.free_blocks = NULL;
    pool.free_markers = &reserve;
    reserve.next = NULL;
}

struct marker *mark_pool_stopper(void) {
    return &stopper;
}

struct mark_counts mark_counts(void) {
    return (struct mark_counts){__atomic_load_n(&pool.counts.marked_bytes, __ATOMIC_RELAXED),
                                __atomic_load_n(&pool.counts.fresh_bytes, __ATOMIC_RELAXED),
                                mark_work()};
}

uint64_t mark_work(void) {
    return __atomic_load_n(&pool.counts.work, __ATOMIC_RELAXED);
}

uint64_t marker_work(const struct marker *k) {
    return k->counts.work;
}

void mark_pool_count(const struct mark_counts *counts) {
    __atomic_fetch_add(&pool.counts.marked_bytes, counts->marked_bytes, __ATOMIC_RELAXED);
    __atomic_fetch_add(&pool.counts.fresh_bytes, counts->fresh_bytes, __ATOMIC_RELAXED);
    __atomic_fetch_add(&pool.counts.work, counts->work, __ATOMIC_RELAXED);
}

void mark_pool_overflow(void) {
    __atomic_store_n(&pool.has_overflowed, true, __ATOMIC_RELAXED);
}

bool mark_pool_overflow_take(void) {
    return __atomic_exchange_n(&pool.has_overflowed, false, __ATOMIC_RELAXED);
}

static void marker_reset(struct marker *k) {
    k->depth = 0;
    k->counts = k->told = (struct mark_counts){0};
}

void mark_pool_begin(void) {
    /* Atomic: the collector's thread does not stop, and looks. */
    __atomic_store_n(&pool.counts.marked_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pool.counts.fresh_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pool.counts.work, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pool.has_overflowed, false, __ATOMIC_RELAXED);
    __atomic_store_n(&pool.is_wanted, false, __ATOMIC_RELAXED);
    marker_reset(&stopper);
}

/* More free blocks. Lock held. */
static void pool_grow(void) {
    struct block *blocks = os_map(BLOCKS_AT_ONCE * sizeof *blocks, OS_GC);
    for (int i = 0; blocks != NULL && i < BLOCKS_AT_ONCE; i++) {
        blocks[i].next = pool.free_blocks;
        pool.free_blocks = &blocks[i];
    }
}

/* Entries that find no block stay marked and unscanned. Lock held. */
static void pool_put(const struct grey *entries, size_t count) {
    if (pool.free_blocks == NULL)
        pool_grow();
    struct block *block = pool.free_blocks;
    if (block == NULL) {
        mark_pool_overflow();
        return;
    }
    pool.free_blocks = block->next;
    memcpy(block->entries, entries, count * sizeof *entries);
    block->count = count;
    block->next = pool.full;
    __atomic_store_n(&pool.full, block, __ATOMIC_RELAXED);
}

/* Lock held. */
static void pool_give(struct marker *k, size_t count) {
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < BLOCK_ENTRIES ? count - done : BLOCK_ENTRIES;
        pool_put(&k->stack[done], some);
    }
    k->depth -= count;
    memmove(k->stack, &k->stack[count], k->depth * sizeof k->stack[0]);
}

/* Lock held. */
static bool pool_take(struct marker *k) {
    struct block *block = pool.full;
    if (block == NULL)
        return false;
    __atomic_store_n(&pool.full, block->next, __ATOMIC_RELAXED);
    memcpy(k->stack, block->entries, block->count * sizeof block->entries[0]);
    k->depth = block->count;
    block->next = pool.free_blocks;
    pool.free_blocks = block;
    return true;
}

void mark_pool_give(struct marker *k, size_t count) {
    pool_lock();
    pool_give(k, count);
    pool_unlock();
}

bool mark_pool_take(struct marker *k) {
    if (__atomic_load_n(&pool.full, __ATOMIC_RELAXED) == NULL)
        return false;
    pool_lock();
    bool has_some = pool_take(k);
    pool_unlock();
    return has_some;
}

static void marker_tell(struct marker *k) {
    mark_pool_count(&(struct mark_counts){k->counts.marked_bytes - k->told.marked_bytes,
                                          k->counts.fresh_bytes - k->told.fresh_bytes,
                                          k->counts.work - k->told.work});
    k->told = k->counts;
}

void mark_pool_share(struct marker *k) {
    marker_tell(k);
    if (k->depth < SHARE_ENTRIES || !__atomic_load_n(&pool.is_wanted, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&pool.is_wanted, false, __ATOMIC_RELAXED);
    mark_pool_give(k, k->depth / 2);
}

bool mark_pool_looks_empty(void) {
    return __atomic_load_n(&pool.full, __ATOMIC_RELAXED) == NULL &&
           __atomic_load_n(&pool.inside, __ATOMIC_RELAXED) == 0;
}

bool mark_pool_is_empty(void) {
    pool_lock();
    bool is_empty = pool.full == NULL && pool.inside == 0;
    pool_unlock();
    return is_empty;
}

bool mark_is_open(void) {
    return __atomic_load_n(&pool.is_open, __ATOMIC_RELAXED);
}

void mark_open(void) {
    pool_lock();
    pool_give(&stopper, stopper.depth);
    __atomic_store_n(&pool.is_open, true, __ATOMIC_RELAXED);
    pool_unlock();
}

void mark_close(void) {
    pool_lock();
    __atomic_store_n(&pool.is_open, false, __ATOMIC_RELAXED);
    while (pool.inside > 0) {
        pool_unlock();
        world_pause();
        pool_lock();
    }
    pool_unlock();
}

/* A marker that nobody uses; NULL: no memory. Lock held. */
static struct marker *pool_marker(void) {
    struct marker *k = pool.free_markers;
    if (k == NULL)
        k = os_map(sizeof *k, OS_GC);
    else
        pool.free_markers = k->next;
    if (k != NULL)
        marker_reset(k);
    return k;
}

/* Lock held. */
static struct marker *pool_enter(void) {
    bool has_work = pool.full != NULL || write_barrier_has_pointers() || !mark_is_searched();
    if (!has_work)
        __atomic_store_n(&pool.is_wanted, true, __ATOMIC_RELAXED);
    struct marker *k = has_work && pool.is_open ? pool_marker() : NULL;
    if (k != NULL) {
        __atomic_store_n(&pool.inside, pool.inside + 1, __ATOMIC_RELAXED);
        pool_take(k);
    }
    return k;
}

struct marker *marker_enter(void) {
    pool_lock();
    struct marker *k = pool_enter();
    pool_unlock();
    return k;
}

void marker_leave(struct marker *k) {
    marker_tell(k);
    pool_lock();
    pool_give(k, k->depth);
    __atomic_store_n(&pool.inside, pool.inside - 1, __ATOMIC_RELAXED);
    k->next = pool.free_markers;
    pool.free_markers = k;
    pool_unlock();
}
