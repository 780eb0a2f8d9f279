/*
 * The cell program: attach, set up, warm up, measure, report. One per binding; see wire.h for what
 * it takes and says.
 *
 * Between setup and the end of the run nothing here allocates through the allocator under test; a
 * test holds that. Everything the clock sees is the workload's `run`.
 */
#ifndef HEAPMARK_HARNESS_RUN_CELL_H
#define HEAPMARK_HARNESS_RUN_CELL_H

#include <stdio.h>

#include "allocators/allocator.h"
#include "harness/base/error.h"
#include "harness/measure/counters.h"
#include "harness/measure/process_memory.h"
#include "workloads/workload.h"

enum {
    CELL_SETTINGS_MAX = 32,
    CELL_COUNTERS_MAX = COUNTERS_MAX + 1024, /* counters, and a sampling event per CPU */
    CELL_THREADS_MAX = 1024,
};

#define COUNT_OPS_ALL UINT64_MAX

/* What the command line asks for. Text borrows from argv. */
struct cell_options {
    const char *workload;
    struct setting_value parameters[WORKLOAD_PARAMETERS_MAX];
    size_t parameter_count;
    struct setting_value settings[CELL_SETTINGS_MAX];
    size_t setting_count;
    enum effort effort;
    uint64_t ops;       /* per thread; 0: the workload's own number */
    uint64_t count_ops; /* of the counting pass, per thread, and its totals are reported;
                           COUNT_OPS_ALL: as many as are timed; 0: a share, and no totals */
    unsigned threads;
    uint64_t seed;
    uint64_t memory_limit; /* bytes, 0: none */
    int report_fd;
    int trace_fd;    /* where the event trace goes; 0: nowhere */
    int sites_fd;    /* where allocation sites go; -1: nowhere */
    int requests_fd; /* where requests for slices come from; -1: the cell runs once */
    int counter_fds[CELL_COUNTERS_MAX]; /* -1: could not be opened */
    size_t counter_count;
};

/* Reads the command line; unknown flags and values out of range are refused by name. */
bool cell_options_parse(struct cell_options *o, int argc, char **argv, struct error *err);

/* A workload in its two passes, with the parameters resolved. */
struct cell_work {
    const struct workload *time, *count;
    uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
    uint64_t ops;       /* per thread */
    uint64_t count_ops; /* of the counting pass, per thread */
    unsigned threads;
    uint64_t seed;
};

/* Finds the workload in both passes and checks parameters against its ranges. */
bool cell_work_resolve(struct cell_work *work, const struct cell_options *o, struct error *err);

struct cell_counter {
    uint64_t value, enabled_ns, running_ns;
};

/* What was measured. */
struct cell_measurement {
    uint64_t checksum;
    uint64_t start_ns, wall_ns, cpu_ns;       /* start: CLOCK_MONOTONIC */
    uint64_t rss_start_bytes, rss_peak_bytes; /* peak 0: not known */
    struct process_usage usage;               /* of the timed run */
    struct allocator_stats before, after;     /* the timed run */
    const struct allocator_pause *pauses;     /* borrowed from the binding */
    size_t pause_count;
    const struct allocator_cycle *cycles;
    size_t cycle_count;
    struct cell_counter counters[CELL_COUNTERS_MAX];

    uint64_t count_ops; /* of the count pass, over all threads */
    uint64_t allocs, handed_out_bytes,
        requested_bytes;    /* handed out: STAT_UNKNOWN when not known */
    int64_t retained_bytes; /* INT64_MIN: not known */
};

/* Runs both passes of the work on its threads under Google Benchmark. False: it could not run
   (threads, memory). counter_fds may be NULL. */
bool cell_measure(const struct cell_work *work, const int *counter_fds, size_t counter_count,
                  struct cell_measurement *out, struct error *err);

/*
 * A cell held open: set up once, then slices on request until the requests end (wire.h). One
 * thread. False, with err: a request that is none, or what cell_measure refuses.
 */
bool cell_serve_slices(const struct cell_work *work, int requests_fd, struct error *err);

/* One answer. */
struct cell_slice {
    uint64_t wall_ns, cpu_ns; /* cpu: of the thread */
    uint64_t minor_faults;
    uint64_t preemptions; /* involuntary context switches of the thread */
    uint64_t checksum;
};

/* ---- the pieces of a pass, the same for both ways ---- */

struct cell_clocked {
    uint64_t start_ns, end_ns, checksum;
};

/* The workload's run under the clock: everything that is ever reported as a time. */
void cell_run_clocked(const struct workload *w, struct mutator *m, void *state, uint64_t ops,
                      struct cell_clocked *out);

/* `work` decides parameters, seed and threads; w is one of its passes. May return NULL: no state.
 */
void *cell_state_new(const struct cell_work *work, const struct workload *w, struct mutator *m,
                     unsigned thread, uint64_t ops);
void cell_state_drop(const struct workload *w, struct mutator *m, void *state);

/* On a state of its own, a fixed share of the operations. */
void cell_warm_up(const struct cell_work *work, struct mutator *m, unsigned thread);

/* A whole collection where there is a collector. The caller is the only thread that runs. */
void cell_collect(void);

/* Where the report goes, for heap_exhausted, which may come at any moment. */
void cell_report_begin(int fd);
void cell_report_measurement(const struct cell_options *o, const struct cell_work *work,
                             const struct cell_measurement *measured);
/* A cell that is held open: who answers, and that it waits for requests; an answer; what the
   process is like (gc_cycles: STAT_UNKNOWN without a collector). Each is sent at once. */
void cell_report_ready(void);
void cell_report_slice(const struct cell_slice *slice);
void cell_report_state(uint64_t threads, uint64_t cpu_ns, uint64_t gc_cycles);
/* The last line. status: see wire.h; reason NULL or one line. */
void cell_report_end(const char *status, const char *reason);

void cell_describe(FILE *out);

/* Registers every workload at its defaults and hands the command line to Google Benchmark. */
int cell_benchmark_program(int argc, char **argv);

#endif
