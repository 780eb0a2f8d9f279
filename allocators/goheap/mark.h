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
 * Full and partial collections. A full one begins with everything white. A partial one begins with
 * what earlier ones have found still marked ("old"; the bits are sticky), so that only what is
 * young can be found and freed. Most of what is made dies soon, so it finds nearly all there is to
 * free and marks next to nothing. What is old counts as scanned; that is right unless an old object
 * points to a young one, and which of them may do so is remembered (remembered.h): these are
 * scanned again. So every young object that can be reached is reached from a root or from what is
 * remembered, and the argument above holds for the young. Old garbage stays, with what it leads to,
 * until a full collection, and the pacer sees to it that it does not become much (pacer.h). What is
 * born while a partial collection marks is young in the next one: only what a marker has found
 * becomes old.
 *
 * Several markers. Whoever marks does it with a `struct marker` of its own: the collector's thread,
 * a mutator that assists, or who has stopped the world. Each has a stack of grey objects that
 * nobody else touches. What they have in common is a pool of blocks of greys under a lock: a marker
 * whose stack is empty takes a block, one whose stack is full gives its bottom half, and so does
 * one that sees that somebody looked for work in vain. The bottom is given, since what was found
 * first leads to the most. A marker that leaves gives all it has. Marking is over when the pool is
 * empty and no marker is inside.
 *
 * No atomic instruction. The mark of a slot is a byte, not a bit, so two markers that set marks of
 * neighbours do not lose one, and what is born while a collection marks is marked in bulk by its
 * allocator in the same bytes. Two markers that come to the same white object in the same
 * nanoseconds both see it white and both scan it; that costs the time of one object, and its bytes
 * count twice in what the pacer is told. Go's bits need a locked instruction for each object.
 *
 * The queue of a marker is a stack for depth and, between it and the scanning, a short ring: what
 * leaves the stack is prefetched and scanned eight objects later, so that its cache line is there
 * (Cher, Hosking, Vitek 2004). There is no recursion: a list of 10^7 nodes needs one entry of the
 * stack at a time. Objects of more than 4 KB are scanned in parts (oblets), so that a large array
 * neither queues all its children at once nor makes a stop or a quantum long (with Go's 128 KB a
 * table of pointers made stops of 200 us). Blocks are mapped as they are needed. If that fails,
 * marking still ends correctly: the object stays marked but unscanned, and when marking is over,
 * with the world stopped, the whole heap's marked objects are scanned again, until none was left
 * out.
 *
 * Which words count:
 *   - Roots are ambiguous: a word counts if it points into a slot that is taken, anywhere in it;
 *     and, since a pointer one past the end of an array keeps the array, also if the byte before it
 *     lies in such a slot.
 *   - Words of heap objects are known by layout; they may point anywhere into an object. That the
 *     slot is taken need not be asked: a reachable object points to reachable objects.
 *
 * Source: Go, runtime/mgcmark.go, mbarrier.go; sticky mark bits: Demers et al. 1990 (remembered.h);
 * the validity filter as in the Boehm-Demers-Weiser
 * collector.
 */
#ifndef HEAPMARK_GOHEAP_MARK_H
#define HEAPMARK_GOHEAP_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scan work: bytes of objects with pointers, and of roots, that were looked at. */
#define MARK_NO_BUDGET UINT64_MAX

/* What was marked and done: bytes of the slots marked; of these, in spans of which all is young;
   and scan work. */
struct mark_counts {
    uint64_t marked_bytes, fresh_bytes, work;
};

/* What one thread marks with. */
struct marker;

/* Forgets all blocks and markers; gives nothing back. */
void mark_init(void);

/* ---- with the world stopped, by who stopped it ---- */

/* Counts begin again, and all roots become grey. is_partial: what is marked stays so and counts as
   scanned, but for what is remembered. */
void mark_begin(bool is_partial);

/* All marks of earlier collections become white: the next one is a full one after all. Everything
   is swept. */
void mark_forget(void);

/* Lets markers in. What the stopper has left is theirs. */
void mark_open(void);

/* Lets no marker in any more, and waits until none is inside: they see it within a slice. */
void mark_close(void);

/* Scans grey objects, and what barriers have told, until none is left (true) or about `budget` more
   scan work is done (false). Before mark_open, or after mark_close. */
bool mark_drain_stopped(uint64_t budget);

/* Was an object marked that found no room in any queue? Then scans all that is marked once more,
   until there was room for everything. Before mark_open, or after mark_close. */
void mark_settle(void);

/* ---- beside mutators ---- */

/* Something to mark with, and something to mark; NULL: there is nothing to do here, or no memory.
   Whoever enters leaves within a slice after mark_is_open has become false. */
struct marker *marker_enter(void);
/* Gives what is left to do to the others. */
void marker_leave(struct marker *k);
bool mark_is_open(void);

/* As mark_drain_stopped, but true only says that there was nothing left for this marker. */
bool marker_drain(struct marker *k, uint64_t budget);

/* Scan work that k has done since it entered. */
uint64_t marker_work(const struct marker *k);

/* Is nothing grey, and no marker inside? A hint unless the world is stopped. */
bool mark_is_done(void);

/* A hint of the same, which costs a few loads. */
bool mark_looks_done(void);

/* Have all cards been looked at, or need none be? */
bool mark_is_searched(void);

/* A pointer to or into an object of the snapshot, or NULL, or a pointer outside the heap. */
void mark_pointer(struct marker *k, uintptr_t pointer);

/* The same by a thread without a marker that must not wait: its object is scanned by mark_settle.
 */
void mark_pointer_late(uintptr_t pointer);

/* Would mark_pointer do nothing? By any thread while a collection marks: marks are only set
   meanwhile, so "yes" is the truth and "no" costs a pointer handed over for nothing. */
bool mark_is_known(uintptr_t pointer);

/* Since mark_begin, of all markers, a slice late. */
struct mark_counts mark_counts(void);
uint64_t mark_work(void);

#endif
