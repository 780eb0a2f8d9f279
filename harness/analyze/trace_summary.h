/*
 * What a traced cell did, in numbers: a row per kind of slice, the stops beside the record's, and
 * where each thread's time went.
 *
 * A sink of the timeline. Of slices it keeps a histogram per name, and of those that take time from
 * mutators each one (24 bytes), for utilisation and shares; beyond TRACE_INTERVALS_MAX of a cell
 * these two are not known. Everything is of the timed run: a slice counts when a part of it lies
 * within, and its time as far as it does. Only stops are counted as the record counts them, those
 * of a cycle that ends just after the run included.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_TRACE_SUMMARY_H
#define HEAPMARK_HARNESS_ANALYZE_TRACE_SUMMARY_H

#include "harness/analyze/statistics.h"
#include "harness/analyze/trace_stops.h"
#include "harness/capture/timeline.h"
#include "harness/store/record.h"

enum {
    TRACE_INTERVALS_MAX = 1 << 21,
    TRACE_WINDOWS = 3, /* of utilisation: 1, 10, 50 ms */
};

/* One kind of slice or instant. */
struct trace_row {
    const struct timeline_name *name;
    bool is_instant;
    uint64_t count, total_ns, max_ns;
    double p50_ns, p99_ns; /* within 1 % */
    double share;          /* of the timed run; of slices on several threads it may pass 1 */
};

/* A mutator: where its time went. Shares of the timed run; `other` is what is not known to be
   anything else: it waited, or did not have a processor. */
struct trace_thread {
    char *name;
    double running, assist, sweep, stopped, other;
};

struct trace_cell_summary {
    char *name;                /* "churn-pointer goheap" */
    uint64_t start_ns, end_ns; /* the timed run, by the timeline */
    GArray *rows;              /* of struct trace_row: by total, the longest first; instants last */
    GArray *threads;           /* of struct trace_thread; empty when not known */
    uint64_t mutator_slices, heap_events, thread_events, bgsweep_slices;
    uint64_t stop_count, stop_ns; /* of collections, as the record counts them */
    GArray *stop_lengths;         /* of uint64_t: those stops one by one, in order of time */
    struct trace_excess stop_excess;
    uint64_t stops_unfinished; /* of a cycle that the end of the run cut: not counted above */
    uint64_t longest_stop_ns, longest_stop_at_ns;
    double mmu[TRACE_WINDOWS]; /* NaN: not known */
    bool is_overfull;          /* more slices than are kept one by one */
    struct record record;      /* the traced run's; its texts are not kept */
    GArray *events_per_ms;     /* of uint32_t: slices begun and instants, from the run's start */
    /* What tracing cost, as shares of wall time and of CPU time, by pairs of runs. */
    struct estimate overhead, overhead_cpu;
    uint64_t events, dropped, raw_bytes;
    bool is_cut;
    char *note; /* NULL: none */
};

struct trace_summary;

struct trace_summary *trace_summary_new(void);
void trace_summary_free(struct trace_summary *s);
struct timeline_sink *trace_summary_sink(struct trace_summary *s);

/* To be called before a cell is told: how long its timed run was. */
void trace_summary_expect(struct trace_summary *s, uint64_t run_ns);

/* The cells so far, of struct trace_cell_summary *; whole once the timeline has ended them. */
GPtrArray *trace_summary_cells(struct trace_summary *s);

extern const uint64_t trace_windows_ns[TRACE_WINDOWS];

#endif
