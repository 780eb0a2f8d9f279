/*
 * The gate's exact tier: what both sides count, now, on the same work.
 *
 * - allocs, bytes, requested_bytes, retained_bytes: totals of the cell program's counting pass over
 *   as many operations as are timed; whole numbers, never quotients.
 * - mmap_calls, munmap_calls, mremap_calls, madvise_calls, brk_calls: of the whole process tree
 *   between the start and the end of the timed run (syscall_count.h); of a command: from its exec.
 * - minor_faults: of the timed run (of a command: of all its processes).
 * - instructions: simulated by valgrind in the timed run (instruction_count.h), as a slope: what a
 *   run of 2N operations has more than a run of N; of a command: all of it.
 *
 * Each side is measured at least twice, in an environment of another size each time, because a
 * number that follows the place of the stack is no exact one: whether the repeats agree is for the
 * judgement to see. Both sides of one repeat have the same environment, directory and padding.
 * Where two repeats, or the sides, do not agree to the last digit, native ones go on to
 * repeats_most: of a count that wavers between two values, two repeats are often equal by chance.
 *
 * While the repeats' slopes of instructions are more than 0.01 % apart, each number of operations
 * is run again, GATE_SLOPE_RUNS_MOST times in all, and the least of its runs is kept. Who looks at
 * the clock (jemalloc's decay) runs more instructions when more time has passed, never fewer, and
 * time under valgrind is nobody's: the least is what the operations themselves cost, and what an
 * allocator does by the clock alone is left to the time tier.
 *
 * What cannot be counted here (no valgrind, no right to ptrace, an allocator that does not run
 * under valgrind, an own thread of the allocator's) is a row of repeat 1 without numbers and with
 * the reason; a side that fails is the status and reason of its cell's row, as in gate_time.h, and
 * no row of that metric. A cell whose status is there and not "ok" is left alone.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_COUNTS_H
#define HEAPMARK_HARNESS_RUN_GATE_COUNTS_H

#include "harness/base/error.h"
#include "harness/run/gate_pair.h"

/* Which metrics; several are joined with |. */
enum gate_count_metrics {
    GATE_COUNT_ALLOCATION = 1 << 0, /* allocs, bytes, requested_bytes, retained_bytes */
    GATE_COUNT_MMAP_CALLS = 1 << 1,
    GATE_COUNT_MINOR_FAULTS = 1 << 2,
    GATE_COUNT_INSTRUCTIONS = 1 << 3,
    GATE_COUNT_ALL = (1 << 4) - 1
};

enum { GATE_COUNT_REPEATS_LEAST = 2, GATE_COUNT_REPEATS_MOST = 6, GATE_SLOPE_RUNS_MOST = 4 };

struct gate_counts_request {
    unsigned metrics;      /* of enum gate_count_metrics */
    unsigned repeats;      /* of each side; at least GATE_COUNT_REPEATS_LEAST */
    unsigned repeats_most; /* native ones, where they do not agree; less than repeats: as many */
};

/*
 * Measures both sides of a pair and appends rows to rows->counts, sorted by metric (in the order
 * above) and repeat; fills status and reason of the row of pair->number in rows->cells where a side
 * fails, and, where they are empty, its columns of validity. pair->operations is not looked at: the
 * work is the workload's own number of operations at the config's effort, or config->ops.
 *
 * A base with neither cell nor command is not measured and its columns stay empty: stored counts
 * take its place (gate_baseline_apply).
 *
 * False: interrupted (EXIT_INTERRUPTED), or no process can be made here (EXIT_CANNOT).
 */
bool gate_counts_measure(const struct gate_pair *pair, const struct gate_counts_request *request,
                         const struct gate_measure_options *options, struct gate_rows *rows,
                         struct error *err);

/*
 * Under which conditions a metric's counts that are made here may be compared with stored ones (see
 * harness/store/gate_baseline.h): "" for those that the work and the allocator alone decide,
 * "valgrind-3.19.0, GenuineIntel 6/143, glibc 2.36" for instructions. Caller frees with g_free;
 * NULL: it cannot be counted here at all.
 */
char *gate_counts_conditions(const char *metric);

#endif
