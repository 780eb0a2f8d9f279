/*
 * One held-open cell program: started, asked by turns, ended. Speaks the second half of wire.h.
 *
 * Each question waits for its answer, at most the config's time-out. A question returns false when
 * there is none: then *outcome says what became of the program, unless the gate was interrupted.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_SLICES_SIDE_H
#define HEAPMARK_HARNESS_RUN_GATE_SLICES_SIDE_H

#include "harness/run/gate_slices_rule.h"
#include "harness/run/gate_time_side.h"
#include "harness/run/outcome.h"
#include "harness/run/spawn.h"

struct slices_side {
    const struct gate_measure_options *options;
    struct spawned child;
    int requests_fd;
    bool is_started, is_reaped, is_ready;
    struct process_result result;  /* report: what was said and not yet read */
    char *allocator, *version;     /* NULL: not said */
    char *end_status, *end_reason; /* of its end line; NULL: none */
    bool is_candidate;
    bool is_interrupted;
    struct outcome outcome; /* status NULL: it lives */
};

struct slices_side_request {
    const struct gate_start *start;
    uint64_t operations;   /* of a slice: decides how long it warms up */
    uint64_t memory_limit; /* bytes */
    const cpu_set_t *cpus;
    const struct process_layout *layout;
    bool is_candidate;
};

/* What a program is like: threads, CPU time of all of them, collections. */
struct slices_state {
    uint64_t threads, cpu_ns, gc_cycles;
};

/* Starts the program and returns before it is ready. False (EXIT_CANNOT): no process can be made;
   nothing is to be released then. */
bool slices_side_start(struct slices_side *s, const struct slices_side_request *request,
                       const struct gate_measure_options *options, struct error *err);

bool slices_side_wait_ready(struct slices_side *s);
bool slices_side_run(struct slices_side *s, uint64_t operations, struct gate_slice *out);
bool slices_side_tell(struct slices_side *s, struct slices_state *out);

/* Ends the program, if it still lives, and frees. */
void slices_side_release(struct slices_side *s);

#endif
