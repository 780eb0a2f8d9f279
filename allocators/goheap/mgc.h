/*
 * The collection cycle.
 *
 *   1. Somebody wants one: heap_live has reached the trigger (seen at a refill or a large object),
 *      a call of goheap_collect, exhausted memory, or stress mode. Cycles are serialised: a cycle
 *      holds the collection lock from its beginning to its end.
 *      The pacer has said of what kind it is: full or partial (mark.h). Forced ones, and those for
 *      want of memory, are full: the marks that were kept for a partial one are cleared in the
 *      setup's stop.
 *   2. What is left to sweep from the last cycle is swept, while mutators run.
 *   3. Mark setup, the world stopped: all mcaches are flushed, so that every span is in mcentral;
 *      all roots become grey; the write barriers are turned on; what is allocated from now on is
 *      black. Where the last cycle found next to nothing, as much is marked as takes about 2 us. If
 *      that was all there is, the cycle ends in this very stop: a heap that holds little is marked
 *      in less time than it takes to wake another thread, and has one short stop per cycle where Go
 *      has two.
 *   4. Concurrent mark: the collector's thread marks beside the mutators (mark.h), with a quarter
 *      of the CPUs, or what is idle if that is more (bgworker.h); mutators that allocate faster
 * than it marks assist.
 *   5. Mark termination, the world stopped: what mutators have noted in their barriers' buffers is
 *      marked. If that leads to more than a little, the world runs again and marking goes on.
 *      Otherwise marking is over: barriers off, mcaches flushed, and the flip: sweepgen += 2, which
 *      makes every span unswept. Goal and trigger of the next cycle are set.
 *   6. The world runs. Sweeping is lazy, then in the background (sweep.h).
 *
 *     off --setup--> marking --nothing grey left--> done --termination--> off
 *                       ^_________something was___________|
 *
 * Who does what. A mutator that finds the trigger reached does the setup itself; alone, it waits
 * for nobody. A mutator that takes a span and finds nothing grey any more sets the phase to done
 * and does the termination. When the collector's thread is the one that finds it, it calls for
 * attention; the first mutator that looks does the termination; if none looks within 2 ms
 * (all are blocked, or deep in work without allocation), the collector's thread does.
 * A forced cycle is marked by the thread that asked for it, at full speed.
 *
 * gc=stw marks everything in the first stop, and all its cycles are full.
 *
 * Each stop is recorded as "mark-setup" or "mark-termination", from wanting it to letting go, so
 * what a mutator feels of it is less.
 *
 * Source: Go, runtime/mgc.go, mgcpacer.go.
 */
#ifndef HEAPMARK_GOHEAP_MGC_H
#define HEAPMARK_GOHEAP_MGC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mutator;

enum mgc_reason {
    MGC_TRIGGER,  /* heap_live has reached the trigger; looked at again once it is our turn */
    MGC_STRESS,   /* stress mode */
    MGC_FORCED,   /* goheap_collect */
    MGC_EXHAUSTED /* memory; swept to its end, so that pages come free */
};

enum mgc_phase {
    MGC_OFF,            /* nothing is marked; sweeping */
    MGC_MARKING,        /* beside the mutators, by the collector's thread */
    MGC_FORCED_MARKING, /* by the thread that asked for it */
    MGC_DONE,           /* nothing is grey, as far as the collector's thread could see */
    MGC_ENDING          /* somebody does the termination */
};
enum mgc_phase mgc_phase(void);

/* Sets the first goal and starts the collector's thread. False: it could not be started. */
bool mgc_init(void);

/* m is about to take a span of `bytes`: begins a cycle if it is time, assists one, or sweeps. */
void mgc_pace(struct mutator *m, size_t bytes);

/* More memory than the soft limit is in use, and none of it is idle: the next cycle begins as soon
   as the pacer can bear it. A running mutator. */
void mgc_limit_passed(void);

/* A safepoint: stops if somebody wants it, and ends a cycle that is done. */
void mgc_safepoint(struct mutator *m);

/* For the collector's thread, while the phase is MARKING. Marks for some 150 us at most. */
enum mgc_progress {
    MGC_MARKED,
    MGC_WAITED, /* what is left is in the hands of others */
    MGC_NOTHING_GREY
};
enum mgc_progress mgc_mark_quantum(void);

/* Nothing is grey: MARKING -> DONE. False: the phase was another. Then mgc_try_finish does the
   termination, if nobody else has taken it up (false). */
bool mgc_marking_done(void);
bool mgc_try_finish(struct mutator *m);

/* The collector's thread has swept spans since start_ns of its CPU time. Collection lock held. */
void mgc_background_swept(unsigned spans, uint64_t start_ns);

/* Runs a whole cycle. m: the calling mutator, or NULL. */
void mgc_collect(struct mutator *m, enum mgc_reason reason);

/* One more attempt for an allocation that found no memory: collects, unless gc=off. False: no use.
 */
bool mgc_collect_exhausted(struct mutator *m);

/* Stops the world with all mcaches flushed, calls function(argument), starts it again. Not a
   collection: not among the pauses. Waits for the end of a cycle under way. */
void mgc_with_world_stopped(struct mutator *m, void (*function)(void *), void *argument);

/* What goheap_read_memstats tells of the collector. World stopped, no cycle under way. */
struct mgc_totals {
    uint64_t cycles, forced_cycles, partial_cycles, stops, pause_ns;
    uint64_t stop_ns;           /* in which the world stood still and one thread worked: a clock of
                                   CPU time would be a third of a short stop */
    uint64_t background_cpu_ns; /* of the collector's thread: marking and sweeping */
    uint64_t bgsweep_spans;
    uint64_t marked_bytes;        /* live after the last cycle */
    uint64_t alloc_bytes_at_mark; /* handed out in all, when it ended */
    uint64_t goal_bytes;
};
const struct mgc_totals *mgc_totals(void);

#endif
