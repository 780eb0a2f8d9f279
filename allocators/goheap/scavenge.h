/*
 * The scavenger: gives the memory of idle pages back to the operating system.
 *
 * How much. What may be needed again soon is kept, since giving it back and faulting it in again
 * costs more than it saves. The heap keeps 110 % of the larger of
 *   - its goal-sized use: the pages in use when the last cycle ended, which is the most of that
 *     cycle, scaled as the pacer scaled the goal. So a heap in a steady state keeps all it uses,
 * and one whose live objects have died does not keep their place;
 *   - the most pages that were in use at any time in the last half to whole second: a program that
 *     lives in short phases, now large, now small, keeps what the large ones need, and a cycle that
 *     happened to need a little more than the last one does not fault it in every time.
 * (Go keeps the first only.) Nothing is given back before the first cycle has ended.
 *
 * Which, and how fast. Highest addresses first, because the page allocator hands out the lowest;
 * 64 KB at a time, or a huge page (page_alloc.h). The collector's thread does it with 1 % of one
 * CPU: after each 50 us or more of CPU time it waits 99 times as long. So whatever this file
 * guesses wrong costs at most that, and a few times as much in page faults. Where fewer mutators
 * run than there are CPUs it takes 10 % of one; 64 MB are gone in a second either way.
 *
 * The soft memory limit counts what is ready and not released. From 95 % of it on, nothing is kept.
 * When pages that are handed out would pass it, the mutator that gets them first gives back as many
 * idle ones, and a little more if more is due, but not all at once: that bounds its delay.
 *
 * How. A run of idle pages is taken off the page allocator, so that nobody else uses it, and given
 * back as released after the system call, which needs no lock. A released page is zero.
 *
 * With gc=off there is no collector's thread and no limit, and nothing is ever given back.
 *
 * Source: Go, runtime/mgcscavenge.go (goals, share of CPU time, order).
 */
#ifndef HEAPMARK_GOHEAP_SCAVENGE_H
#define HEAPMARK_GOHEAP_SCAVENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void scavenge_init(void);

/* The number of pages in use is about to change: notes what it was when the last cycle ended,
   unless that is known already. Heap lock held, by a running mutator or under the collection lock.
 */
void scavenge_note_cycle(void);

/* It has grown. Heap lock held. */
void scavenge_note_use(void);

/* `pages` have just been handed out, and not been touched. Heap lock not held. Only a load and a
   test without a limit. */
void scavenge_keep_limit(size_t pages);

/* Pages of memory that the heap lacks to what it will need when the next cycle ends, or soon, if
   that is less. Both locks held, the cycle noted. */
size_t scavenge_lack(void);

/* For the collector's thread, which holds no lock: gives back what is due. Returns in how many ns
   it should be called again; 0: nothing will be due before another cycle has ended. */
uint64_t scavenge_step(void);

/* Is this page being given back at the moment, so that it is taken, but in no span? Heap lock held,
   world stopped. */
bool scavenge_holds(uintptr_t address);

#endif
