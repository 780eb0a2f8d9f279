/*
 * The write barrier: what a mutator tells the marker while it marks.
 *
 * A pointer store into the heap or a registered range goes through goheap_store, which dirties a
 * card (remembered.h) and, while a collection is marking, first hands the pointer that it
 * overwrites to the marker (why that is enough is told in mark.h). What is marked already, as most
 * of the heap is after a while, is not worth telling. The mutator only notes the rest, in a buffer
 * of its own; a full buffer is copied to a block on a common list, one lock for 512 pointers, and
 * the mutator goes on. Nobody marks on its account: what a block holds is marked by a marker that
 * has nothing else to do.
 *
 * Whether a collection is marking is told by a flag in the mutator, which changes only while the
 * world is stopped. So no store can see one phase and end in another.
 *
 * Marking is over when every buffer and the list are empty and no marker has anything grey; the
 * world is stopped to be sure of it (mgc.h).
 */
#ifndef HEAPMARK_GOHEAP_WRITE_BARRIER_H
#define HEAPMARK_GOHEAP_WRITE_BARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mutator;

enum { WRITE_BARRIER_POINTERS = 511 }; /* with its count, 4 KB */

struct write_barrier_buffer {
    uint64_t count;
    uintptr_t pointers[WRITE_BARRIER_POINTERS];
};

/* Empty lists; gives nothing back. */
void write_barrier_init(void);

/* Puts what m has noted on the common list. By m's own thread, or with the world stopped. */
void write_barrier_flush(struct mutator *m);

/* Takes one block's pointers off the common list, NULL: there is none; and gives the block back. */
const struct write_barrier_buffer *write_barrier_take(void);
void write_barrier_give(const struct write_barrier_buffer *buffer);

/* Is there anything on the common list? A hint unless the world is stopped. */
bool write_barrier_has_pointers(void);

#endif
