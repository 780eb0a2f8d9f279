/*
 * One timeline of what was recorded: tracks with nested slices, instants and counters.
 *
 *   readers (go_trace, event_reader, kernel_events) -> timeline -> sinks (files, tables, plots)
 *
 * Readers tell events as they read them and keep no trace in memory; the timeline holds only what
 * is open, and hands each event to every sink. On one track times never go back (an event that does
 * is moved up to the last one and counted) and slices nest (an end also ends what began inside and
 * is still open). Tracks are independent of each other: their events may come in any order.
 *
 * Counters may be told in any order. They are gathered, sorted and thinned out (of four samples the
 * least and the greatest stay, each time there are too many), and told when the cell ends.
 *
 * Times are nanoseconds. Readers use one clock, CLOCK_MONOTONIC; timeline_cell_begin says which
 * moment of it becomes TIMELINE_START_NS, so that cells that ran one after another lie side by
 * side, the timed run of each beginning at the same place.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_TIMELINE_H
#define HEAPMARK_HARNESS_CAPTURE_TIMELINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define TIMELINE_START_NS UINT64_C(100000000) /* where every cell's timed run begins */

enum {
    TIMELINE_DEPTH_MAX = 16, /* slices open in one another; deeper ones are counted as left out */
    TIMELINE_SINKS_MAX = 6,
    TIMELINE_SAMPLES_MAX = 16384, /* of a counter in a cell */
    TIMELINE_ARGUMENTS_MAX = 2
};

/* What a slice means, whatever its name: tables and shares go by it. */
enum slice_class {
    SLICE_OTHER,
    SLICE_RUN,     /* a mutator (or goroutine) runs */
    SLICE_STOP,    /* the world is stopped: every mutator is */
    SLICE_STOPPED, /* a mutator obeys a stop: lies within one of the world's */
    SLICE_CYCLE,   /* from a cycle's start to its end */
    SLICE_MARK,    /* marking beside the program */
    SLICE_ASSIST,  /* a mutator marks */
    SLICE_SWEEP,   /* a mutator sweeps */
    SLICE_BGSWEEP, /* sweeping in the background */
    SLICE_ALLOC,   /* an allocation's slow path: refill, span, large object, arena */
    SLICE_BLOCK,   /* a mutator waits for something else */
    SLICE_PREEMPT, /* a mutator could go on, and another program has its CPU */
    SLICE_CLASSES
};

enum track_role {
    TRACK_CELL,      /* the process itself */
    TRACK_WORLD,     /* stops of the whole world: they hold for every mutator */
    TRACK_MUTATOR,   /* a thread (or processor) that runs the workload */
    TRACK_COLLECTOR, /* a thread of the collector, and its cycles */
    TRACK_OTHER,
    TRACK_COUNTER
};

struct timeline_name {
    const char *text;
    enum slice_class class;
    unsigned number; /* from 1, in the order of first use; the same in every cell */
};

struct timeline_open {
    const struct timeline_name *name;
    uint64_t start_ns;
};

struct timeline_track {
    const char *name;
    enum track_role role;
    unsigned cell;   /* from 1 */
    uint64_t number; /* of the track, from 1; the same for no other */
    uint64_t thread; /* its number in the cell: a tid, a mutator, a processor; 0: none */
    bool is_bytes;   /* a counter's unit; else a plain number */
    uint64_t last_ns;
    unsigned told;  /* slices that the sinks know of; others began too early to be shown */
    unsigned depth; /* slices that are open */
    struct timeline_open open[TIMELINE_DEPTH_MAX];
    GArray *samples;  /* of a counter: struct timeline_sample; else NULL */
    uint64_t updates; /* of a counter: how often it was told, before it was thinned out */
};

struct timeline_sample {
    uint64_t time_ns;
    double value;
};

struct timeline_argument {
    const char *name; /* lives as long as the timeline */
    uint64_t value;
};

enum timeline_kind {
    TIMELINE_CELL,  /* a new cell: `track` is its process, named by the cell */
    TIMELINE_TRACK, /* a new track */
    TIMELINE_BEGIN,
    TIMELINE_END,
    TIMELINE_INSTANT,
    TIMELINE_COUNTER,
    TIMELINE_CELL_END /* everything of the cell has been told */
};

struct timeline_event {
    enum timeline_kind kind;
    struct timeline_track *track;
    const struct timeline_name *name; /* of slices and instants */
    uint64_t time_ns;
    uint64_t start_ns; /* of an end: where its slice began */
    unsigned depth;    /* slices that are open around this one */
    double value;      /* of a counter */
    uint64_t count;    /* of an end: how many slices it stands for ... */
    uint64_t total_ns; /* ... and how long they took together; filled when count is 0 */
    uint64_t flow;     /* arrows lead through all begins of one number; 0: none */
    struct timeline_argument arguments[TIMELINE_ARGUMENTS_MAX]; /* of begins, ends, instants */
    unsigned argument_count;
};

/* Who is told. A sink that fails keeps its own error and ignores what follows. */
struct timeline_sink {
    void (*event)(struct timeline_sink *self, const struct timeline_event *event);
};

struct timeline {
    struct timeline_sink *sinks[TIMELINE_SINKS_MAX];
    unsigned sink_count;
    GPtrArray *tracks; /* of the current cell; freed with it */
    GHashTable *names; /* text -> struct timeline_name *, owned */
    GStringChunk *text;
    struct timeline_track *cell_track; /* NULL between cells */
    unsigned cells;
    uint64_t track_count;
    uint64_t zero_ns; /* the reader's time that is TIMELINE_START_NS */
    uint64_t event_count;
    uint64_t early_count;     /* told of a time too early to be shown: left out */
    uint64_t reorder_count;   /* moved up to the last one on their track */
    uint64_t unmatched_count; /* ends that no begin belongs to, and slices too deep: left out */
};

void timeline_init(struct timeline *t);
void timeline_release(struct timeline *t);
void timeline_sink_add(struct timeline *t, struct timeline_sink *sink); /* borrowed */

/* Begins a cell; `start_ns` is the reader's time of its timed run's start. */
void timeline_cell_begin(struct timeline *t, const char *name, uint64_t start_ns);
/* Ends what is open at the last time seen on its track, tells the end, and frees the tracks. */
void timeline_cell_end(struct timeline *t);

/* The name, made at its first use. The class of the first use stays. */
const struct timeline_name *timeline_name(struct timeline *t, const char *text,
                                          enum slice_class class);
/* Text that lives as long as the timeline. */
const char *timeline_text(struct timeline *t, const char *text);

struct timeline_track *timeline_track_new(struct timeline *t, enum track_role role,
                                          const char *name, uint64_t thread);
struct timeline_track *timeline_counter_new(struct timeline *t, const char *name, bool is_bytes);
/* A counter of how fast another one rises, per second; to be called once all of that is told. What
   falls (a collection) is passed over. */
void timeline_rate(struct timeline *t, struct timeline_track *of, const char *name);

/* A slice or an instant, its time by the reader's clock. `kind`, `track`, `name`, `time_ns`, flow,
   count and arguments are the caller's; the rest is filled here. */
void timeline_tell(struct timeline *t, struct timeline_event event);

/* The short forms. */
void timeline_begin(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                    const struct timeline_name *name);
void timeline_end(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                  const struct timeline_name *name);
void timeline_count(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                    double value);

/* Whether a slice of this name is open on the track. */
bool timeline_is_open(const struct timeline_track *track, const struct timeline_name *name);

#endif
