/*
 * Marking: finds all objects that could be reached when marking began.
 *
 * Tri-colour, with the colours told by one bit and a queue: white, not marked; grey, marked and in
 * the queue; black, marked and scanned, or born since marking began (mspan.h). An object becomes
 * grey at most once, since only setting its bit queues it, and noscan objects go straight to black.
 * When the queue is empty, and no mutator holds back what it has overwritten (write_barrier.h),
 * what is white is garbage.
 *
 * Why that is enough while mutators run (Yuasa 1990, "snapshot at the beginning"). The roots are
 * scanned while the world is stopped, so at that moment every object a mutator can get at is
 * reachable from what is grey: the snapshot. From then on a mutator can only get hold of a pointer
 * by loading it from an object of the snapshot, or by allocating. New objects are black. And an
 * object of the snapshot stays findable: a path to it in the snapshot breaks only where a pointer
 * is overwritten, and the barrier hands the overwritten pointer to the marker. So what is white at
 * the end was unreachable at the beginning. Stacks need no second scan, and stores of new pointers
 * no barrier; Go, which scans each stack at another moment, shades both.
 *
 * One marker. Whoever marks holds the marker lock, for some microseconds at a time: the collector's
 * thread, a mutator that assists, or who has stopped the world. So mark bits, counts and the queue
 * are plain memory, and what Go pays an atomic instruction for costs a store. The price: mutators
 * that allocate faster than one thread marks (two of binary-trees) wait for it where a second
 * marker could help. Several markers would need atomic marks, a queue each, and a way to share;
 * that is not built.
 *
 * The queue is a stack for depth and, between it and the scanning, a short ring: what leaves the
 * stack is prefetched and scanned eight objects later, so that its cache line is there (Cher,
 * Hosking, Vitek 2004). There is no recursion: a list of 10^7 nodes needs one entry of the stack at
 * a time. Objects of more than 4 KB are scanned in parts (oblets), so that a large array neither
 * queues all its children at once nor makes a stop or a quantum long (with Go's 128 KB a table of
 * pointers made stops of 200 us). The stack grows by mapping a larger one. If that fails, marking
 * still ends correctly: the object stays marked but unscanned, and when marking is over, with the
 * world stopped, the whole heap's marked objects are scanned again, until none was left out.
 *
 * Which words count:
 *   - Roots are ambiguous: a word counts if it points into a slot that is taken, anywhere in it;
 *     and, since a pointer one past the end of an array keeps the array, also if the byte before it
 *     lies in such a slot.
 *   - Words of heap objects are known by layout; they may point anywhere into an object. That the
 *     slot is taken need not be asked: a reachable object points to reachable objects.
 *
 * Source: Go, runtime/mgcmark.go, mbarrier.go; the validity filter as in the Boehm-Demers-Weiser
 * collector.
 */
#ifndef HEAPMARK_GOHEAP_MARK_H
#define HEAPMARK_GOHEAP_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scan work: bytes of objects with pointers, and of roots, that were looked at. */
#define MARK_NO_BUDGET UINT64_MAX

/* Gets the first mark stack. False: no memory. */
bool mark_init(void);

/* Holding the marker lock is a precondition of all below, unless the world is stopped. */
void mark_lock(void);
bool mark_try_lock(void);
void mark_unlock(void);
/* Holding it: does anybody wait for it? */
bool mark_is_wanted(void);
/* Not holding it: lets those who wait for the lock have it. */
void mark_yield(void);

/* Counts begin again, and all roots become grey. World stopped. */
void mark_begin(void);

/* An ambiguous word of a root: what it points to becomes grey, if anything. */
void mark_ambiguous(const uintptr_t *words, size_t count);

/* A pointer to or into an object of the snapshot, or NULL, or a pointer outside the heap. */
void mark_pointer(uintptr_t pointer);

/* Would mark_pointer do nothing? By any mutator while a collection marks, without the lock: bits
   are only set meanwhile, so "yes" is the truth and "no" costs a pointer handed over for nothing.
 */
bool mark_is_known(uintptr_t pointer);

/* Scans grey objects until none is left (true) or about `budget` more scan work is done (false). */
bool mark_drain(uint64_t budget);

/* Was an object marked that the queue had no room for? Then, world stopped, scans all that is
   marked once more, until there was room for everything. */
void mark_settle(void);

/* Since mark_begin: bytes of the slots marked, and scan work done. */
uint64_t mark_marked_bytes(void);
uint64_t mark_work(void);

#endif
