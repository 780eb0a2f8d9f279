/*
 * Prefaulting: memory for the pages that the heap is going to need, before a mutator touches them.
 *
 * The first touch of a page is a page fault: the kernel takes a page, clears it and enters it, 0.2
 * to 1.5 us for each 4 KB, all of it the mutator's time, and a growing heap has a thousand of them
 * in every 4 MB. When a cycle has ended the pacer says how large the heap will be when the next one
 * ends. Where that is more than the heap holds now, and a CPU is idle, the collector's thread gets
 * the memory meanwhile.
 *
 * Not more than the goal needs, at most 4 MB or a sixteenth of the heap at a time, since a program
 * may end before its goal is reached, in whole stretches of 2 MB. Nothing before the first cycle
 * has ended: small heaps stay small. Not where every CPU has a mutator: it would wait longer for
 * its CPU than for its faults. Not with a memory limit, where what is resident is somebody else's
 * question.
 *
 * Huge pages are not asked for. They would take a fifth of the time, but finding one may take the
 * kernel milliseconds, in which nobody can map memory, and the mutator that wants to waits.
 *
 * Go leaves all this to the kernel.
 */
#ifndef HEAPMARK_GOHEAP_PREFAULT_H
#define HEAPMARK_GOHEAP_PREFAULT_H

#include <stdbool.h>
#include <stdint.h>

/* For the collector's thread, which holds no lock, whenever it looks around: gets what is lacking
   after the last cycle, and leaves off when the next one begins. Nothing but a load and a test once
   that is done. */
void prefault_step(void);

/* Is this page being prefaulted at the moment, so that it is taken, but in no span? Heap lock held,
   world stopped. */
bool prefault_holds(uintptr_t address);

#endif
