/* Overwritten pointers on their way from mutators to the marker. See write_barrier.h. */
#include "allocators/goheap/write_barrier.h"

#include <pthread.h>
#include <string.h>

#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mark.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"

/* A block of the list. */
struct block {
    struct write_barrier_buffer buffer;
    struct block *next;
};

enum { BLOCKS_AT_ONCE = 15 }; /* mapped in one piece of 64 KB */

static struct {
    pthread_mutex_t lock; /* guards the rest */
    struct block *full;   /* atomic for write_barrier_has_pointers */
    struct block *free;
} barrier = {.lock = PTHREAD_MUTEX_INITIALIZER};

void write_barrier_init(void) {
    barrier.full = barrier.free = NULL;
}

bool write_barrier_has_pointers(void) {
    return __atomic_load_n(&barrier.full, __ATOMIC_RELAXED) != NULL;
}

/* More free blocks. Lock held. */
static void barrier_grow(void) {
    struct block *blocks = os_map(BLOCKS_AT_ONCE * sizeof *blocks, OS_GC);
    for (int i = 0; blocks != NULL && i < BLOCKS_AT_ONCE; i++) {
        blocks[i].next = barrier.free;
        barrier.free = &blocks[i];
    }
}

/* A free block, taken off its list, or NULL: no memory. */
static struct block *barrier_block_take(void) {
    pthread_mutex_lock(&barrier.lock);
    if (barrier.free == NULL)
        barrier_grow();
    struct block *block = barrier.free;
    if (block != NULL)
        barrier.free = block->next;
    pthread_mutex_unlock(&barrier.lock);
    return block;
}

static void barrier_block_put(struct block *block) {
    pthread_mutex_lock(&barrier.lock);
    block->next = barrier.full;
    __atomic_store_n(&barrier.full, block, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&barrier.lock);
}

/* No memory for a block: the mutator marks its pointers itself. */
static void barrier_mark_own(const struct write_barrier_buffer *buffer) {
    for (uint64_t i = 0; i < buffer->count; i++)
        mark_pointer_late(buffer->pointers[i]);
}

void write_barrier_flush(struct mutator *m) {
    struct write_barrier_buffer *buffer = &m->overwritten;
    if (buffer->count == 0)
        return;
    struct block *block = barrier_block_take();
    if (block == NULL) {
        barrier_mark_own(buffer);
    } else {
        block->buffer.count = buffer->count;
        memcpy(block->buffer.pointers, buffer->pointers, buffer->count * sizeof(uintptr_t));
        barrier_block_put(block);
    }
    buffer->count = 0;
}

const struct write_barrier_buffer *write_barrier_take(void) {
    if (!write_barrier_has_pointers())
        return NULL;
    pthread_mutex_lock(&barrier.lock);
    struct block *block = barrier.full;
    if (block != NULL)
        __atomic_store_n(&barrier.full, block->next, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&barrier.lock);
    return block == NULL ? NULL : &block->buffer;
}

void write_barrier_give(const struct write_barrier_buffer *buffer) {
    struct block *block = (struct block *)buffer;
    pthread_mutex_lock(&barrier.lock);
    block->next = barrier.free;
    barrier.free = block;
    pthread_mutex_unlock(&barrier.lock);
}

static inline void barrier_note(struct mutator *m, uintptr_t pointer) {
    struct write_barrier_buffer *buffer = &m->overwritten;
    if (pointer == 0 || mark_is_known(pointer))
        return;
    if (buffer->count == WRITE_BARRIER_POINTERS)
        write_barrier_flush(m);
    buffer->pointers[buffer->count++] = pointer;
}

/* Not noipa: called only while a collection is marking. */
__attribute__((noinline)) void goheap_overwritten(struct goheap_mutator *handle, void *pointer) {
    barrier_note(mutator_of(handle), (uintptr_t)pointer);
}

__attribute__((noinline)) void goheap_overwritten_bulk(struct goheap_mutator *handle,
                                                       void *const *first, size_t count,
                                                       size_t words, uint64_t pointers) {
    struct mutator *m = mutator_of(handle);
    for (size_t i = 0; i < count; i++)
        for (uint64_t mask = pointers; mask != 0; mask &= mask - 1)
            barrier_note(m, (uintptr_t)first[i * words + (size_t)__builtin_ctzll(mask)]);
}
