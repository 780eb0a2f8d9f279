/*
 * Marking: finds all objects that can be reached from the roots. The world is stopped.
 *
 * Tri-colour, with the colours told by one bit and a stack: white, not marked; grey, marked and on
 * the mark stack; black, marked and scanned. An object becomes grey at most once, since only
 * setting its bit pushes it, and noscan objects go straight to black. When the stack is empty, what
 * is white is garbage.
 *
 * There is no recursion: a list of 10^7 nodes needs one entry of the stack at a time. Objects of
 * more than 128 KB are scanned in parts (oblets), so that a large array does not push all its
 * children at once. The stack grows by mapping a larger one. If that fails, marking still ends
 * correctly: the object stays marked but unscanned, and when the stack has run dry the whole heap's
 * marked objects are scanned again, until no object was left out.
 *
 * Which words count:
 *   - Roots are ambiguous: a word counts if it points into a slot that is taken, anywhere in it;
 * and, since a pointer one past the end of an array keeps the array, also if the byte before it
 * lies in such a slot.
 *   - Words of heap objects are known by layout; they may point anywhere into an object.
 * Order of tests for a word: arena bounds, arena, span in use, slot index, slot taken, marked
 * already. Nothing is read through a word before the tests.
 *
 * Source: Go, runtime/mgcmark.go; the validity filter as in the Boehm-Demers-Weiser collector.
 */
#ifndef HEAPMARK_GOHEAP_MARK_H
#define HEAPMARK_GOHEAP_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gets the first mark stack. False: no memory. */
bool mark_init(void);

/* Marks everything reachable. Returns the bytes of the slots found. */
uint64_t mark_all(void);

#endif
