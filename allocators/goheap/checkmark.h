/*
 * Checkmark mode: every marking is compared with one that had the world to itself.
 *
 * In the setup's stop, everything that is reachable is found by a second, simple marker, in a
 * bitmap of its own: the snapshot. When marking has ended, again with the world stopped:
 *
 *   1. Marked is exactly the snapshot. An object of the snapshot without a mark would be freed
 * while a mutator may hold it; a mark outside the snapshot is garbage kept without cause. What was
 *      born meanwhile (black) is not in the snapshot and not marked. A partial collection also
 *      keeps what was garbage already among the old objects, and what that leads to.
 *   2. Whatever survives points only to what survives.
 *
 * The first is the promise of a snapshot collector; the second would catch a new object that was
 * not made black. Stacks are not looked at a second time: by then they may hold stale words that
 * were outside every frame at the snapshot, and would prove nothing.
 *
 * A violation prints the object and its span, and aborts. Source: the idea of Go's gccheckmark.
 */
#ifndef HEAPMARK_GOHEAP_CHECKMARK_H
#define HEAPMARK_GOHEAP_CHECKMARK_H

#include <stdbool.h>

/* Both do nothing unless options.checkmark. World stopped. */
void checkmark_snapshot(bool is_partial); /* all mcaches flushed */
void checkmark_compare(void);             /* all mcaches flushed, nothing grey */

#endif
