/*
 * The pacer: when a collection begins, and how much mutators must help it.
 *
 * Arithmetic only: no clocks, no locks, no memory. All is told in, all is asked for; a unit test
 * runs it through a simulated heap.
 *
 * Goal, nearly as Go's since 1.18: live + (found + stacks + registered ranges) * GOGC / 100, at
 * least 4 MB * GOGC / 100. Live is what the cycle found reachable and what was born while it
 * marked. Go counts both in the percentage; here what was born counts once only, since most of it
 * is dead by the time it could be collected: so a fast mutator may be given a long runway and does
 * not make the heap larger with every byte of it. A soft memory limit lowers the goal to what the
 * limit leaves for the heap, but not below what is live, and not so far that the collector takes
 * more than half of the CPU time.
 *
 * Trigger: so far below the goal that marking ends when the goal is reached. The runway is the scan
 * work expected (the last cycle's) times the bytes that mutators allocate per byte scanned. That
 * ratio is observed in each cycle, without the help of assists, which would hide that the cycle had
 * begun too late; the largest of the last four counts, so that the error is rather an early start
 * than an assist (as Go's pacer since 1.22 does with its cons/mark ratio, which is the same thing
 * divided by shares of CPU time).
 *
 * Small heaps. Where a cycle found next to nothing to mark, the next one costs nothing either, and
 * comes after half a megabyte, so that a program that keeps nothing touches little memory. After
 * some such cycles the room is doubled, up to the goal: so a program that makes much collects about
 * as often as under Go. Such a cycle needs no runway.
 *
 * Full or partial (mark.h). A cycle is partial if the one before saw that the young die: of what
 * was made in fresh spans, a quarter at most was found. Partial cycles follow each other until what
 * they have made old, of which an unknown part is dead, is a quarter of what the last full one
 * found. They do not raise the goal, so that a heap does not grow by its old garbage; if one of
 * them makes old so much that the goal leaves too little room, a quarter of what GOGC allows is
 * given all the same. A partial cycle that finds more than that quarter has not paid, and the next
 * 1, 3, 7, ... cycles are full. Work and speed are remembered for each kind apart.
 *
 * Assist ratio: scan work a mutator owes per byte it allocates, so that what is left to scan is
 * done when the goal is reached. Usually the collector's own thread is ahead of it and nobody pays.
 * If more is found than was expected, the goal moves out in proportion, by at most a twentieth.
 *
 * Source: Go, runtime/mgcpacer.go; M. Knyszek, "GC Pacer Redesign", 2021.
 */
#ifndef HEAPMARK_GOHEAP_PACER_H
#define HEAPMARK_GOHEAP_PACER_H

#include <stdbool.h>
#include <stdint.h>

enum { PACER_HISTORY = 4 };

/* What the last cycles of a kind were like. */
struct pacer_kind {
    uint64_t work;                        /* of the last one, bytes scanned; 0: there was none */
    double bytes_per_work[PACER_HISTORY]; /* newest first */
};

struct pacer {
    int64_t gogc;                       /* per cent; < 0: off */
    uint64_t memory_limit;              /* bytes of everything, soft; 0: none */
    uint64_t marked_bytes;              /* live at the end of the last cycle, found or born */
    uint64_t goal_bytes, trigger_bytes; /* UINT64_MAX: never */
    uint64_t expected_work;             /* bytes; of the next cycle, or the one under way */
    uint64_t live_at_start;             /* heap_live when marking began */
    struct pacer_kind kinds[2];         /* full, partial */

    bool may_be_partial;     /* set by the caller after pacer_init */
    uint64_t partial_least;  /* likewise: bytes that must be old; 0: and never mind how many of the
                                young ones die, for tests */
    bool next_is_partial;    /* or the one under way; the next one unless it is forced to be full */
    uint64_t old_bytes;      /* that a partial cycle takes for live */
    uint64_t full_found;     /* by the last full cycle */
    uint64_t full_goal;      /* which that one has set; partial cycles do not raise it */
    uint64_t promoted_bytes; /* found by partial cycles since */
    bool is_small;           /* the last cycle found next to nothing to mark */
    uint64_t small_room;     /* bytes allocated between two such */
    uint64_t small_cycles;   /* how many there were */
    unsigned full_wait, full_waited; /* cycles that are full because partial ones did not pay */
    uint64_t relief_bytes; /* how far above the limit's goal a collector that takes half of the CPU
                              time may go */
};

/* What one cycle was like. */
struct pacer_cycle {
    bool is_partial;
    bool is_remembered;   /* what a partial cycle after it must know */
    uint64_t found_bytes; /* reachable when marking began */
    uint64_t mutators;
    uint64_t root_bytes;     /* stacks and registered ranges */
    uint64_t work;           /* scan work, bytes */
    uint64_t fresh_bytes;    /* a sample of what was allocated between the beginnings of the cycle
                                before and this one, */
    uint64_t fresh_survived; /* ... and how much of it was found */
    uint64_t born_bytes;     /* allocated by mutators while it marked */
    uint64_t mutator_ns;     /* mutators' time while it marked, assists not counted */
    uint64_t assist_ns;      /* mutators' time in assists */
    uint64_t background_ns;  /* the collector's own thread's time */
    uint64_t since_last_ns;  /* wall time since the cycle before ended, times CPUs */
    uint64_t cost_ns;        /* the collector's CPU time in it: stops, marking, assists, sweeping */
    uint64_t other_bytes;    /* got from the operating system, and not for objects, or in spans
                                and not used by any */
};

/* gogc and memory_limit as above. Sets the first goal. */
void pacer_init(struct pacer *p, int64_t gogc, uint64_t memory_limit);

/* A cycle begins to mark. other_bytes as above; with a limit it may lower the goal, since more is
   known of it now than when the last cycle had not been swept. */
void pacer_start(struct pacer *p, bool is_partial, uint64_t heap_live, uint64_t other_bytes);

/* The earliest trigger when the limit is passed before heap_live has reached the usual one. */
uint64_t pacer_trigger_least(const struct pacer *p);

/* Scan work per byte allocated from now on, when `work` is done and the heap has grown to
   heap_live. */
double pacer_assist_ratio(const struct pacer *p, uint64_t work, uint64_t heap_live);

/* A cycle has ended: the next goal and trigger. */
void pacer_end(struct pacer *p, const struct pacer_cycle *cycle);

#endif
