/*
 * The collector's thread: marks beside the mutators, and sweeps what they leave.
 *
 * Marking. A quarter of the CPUs belongs to it. Where fewer mutators run than there are CPUs, an
 * idle CPU costs nobody anything, and it marks without a pause (Go's idle worker). Below four CPUs,
 * where its quarter is less than one CPU and every CPU has a mutator, it would have to take a
 * mutator's CPU, and the scheduler takes it for milliseconds: a stop that waits for that mutator
 * waits as long. There mutators do the quarter, too, in the quanta of their assists, and this
 * thread only looks every half millisecond whether they do; if they do not allocate, so do not
 * assist, it works for a quantum and sleeps until its share of the time since marking began is a
 * quarter of the CPUs again (Go's fractional worker). It is one thread, so from four CPUs on it
 * never sleeps while marking, and what it lacks to a quarter of many CPUs is done by assists.
 *
 * Sweeping. Mutators get a start of at least a tick, because sweeping is cheapest where the slots
 * will be used. If the same cycle's spans are still not all swept by then, it sweeps them, a few at
 * a time.
 *
 * Memory. What the heap is going to need comes ahead of need where a CPU is idle (prefault.h). What
 * the heap does not need any more goes back to the operating system, slowly (scavenge.h): after
 * sweeping, and between the cycles of a heap that is always at it.
 *
 * It looks around every 10 ms while collections happen and sleeps for good when none does; a
 * mutator wakes it by a system call only when there is something to mark and a CPU for it, or after
 * such a sleep.
 *
 * Source: Go, runtime/mgcpacer.go (fractional and idle workers), mgcsweep.go (bgsweep).
 */
#ifndef HEAPMARK_GOHEAP_BGWORKER_H
#define HEAPMARK_GOHEAP_BGWORKER_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the thread, which takes no signals. False: it could not be started. */
bool bgworker_start(void);

/* A cycle it marked for has ended. Any thread. */
void bgworker_wake(void);

/* There is something to mark. By the mutator that began the cycle, which holds the collection lock:
   where every CPU has a mutator, the thread is only woken from a sleep without end, since mutators
   mark as they allocate; else it looks within a tick. Where there is a CPU without a mutator, the
   thread is kept off the caller's. The scheduler would wake it there now and then, and the mutator
   would wait for milliseconds. */
void bgworker_wake_to_mark(void);

/* A cycle has ended without it. Any thread. Seldom more than a store. */
void bgworker_note_cycle(void);

/* CPU time of its marking in a cycle: within its quarter, and on idle CPUs. */
struct bgworker_times {
    uint64_t quota_ns, idle_ns;
};
void bgworker_cycle_begin(void); /* world stopped */
struct bgworker_times bgworker_cycle_times(void);

/* With options.handshake_delays: waits for up to 200 us now and then. */
void bgworker_debug_delay(void);

#endif
