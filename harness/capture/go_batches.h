/*
 * A Go execution trace as a file: its version, its batches, and the tables they refer to.
 *
 * The format (Go 1.22 and newer; src/internal/trace/tracev2 and internal/trace/batch.go of Go's
 * sources): the line "go 1.N trace", padded to 16 bytes, then batches: a byte 1, the generation,
 * the thread (M), the base time and the length as varints, then as many bytes. What a batch holds,
 * its first byte says: strings, stacks, a clock, or events of that thread in order of time. An
 * event is a byte and a fixed number of varints, the first of which is the time since the event
 * before. Ids of strings and stacks count within a generation, and their tables may come after the
 * events; so a file is indexed first (40 bytes per batch of at most 64 KB) and its events are read
 * by the index.
 *
 * `go tool trace -d=parsed` prints the same, but as a gigabyte of text for 6 MB of trace, in a form
 * that is promised to nobody, and needs the toolchain where results are read.
 *
 * Within capture only.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_GO_BATCHES_H
#define HEAPMARK_HARNESS_CAPTURE_GO_BATCHES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/error.h"

enum { GO_ARGUMENTS_MAX = 5, GO_BATCH_BYTES_MAX = 1 << 20 };

/* Events by their number in the file. */
enum go_event_kind {
    GO_EVENT_STACKS = 2,
    GO_EVENT_STACK = 3,
    GO_EVENT_STRINGS = 4,
    GO_EVENT_STRING = 5,
    GO_EVENT_CPU_SAMPLES = 6,
    GO_EVENT_FREQUENCY = 8,
    GO_EVENT_PROC_START = 10,
    GO_EVENT_PROC_STOP = 11,
    GO_EVENT_PROC_STEAL = 12,
    GO_EVENT_PROC_STATUS = 13,
    GO_EVENT_GO_CREATE = 14,
    GO_EVENT_GO_START = 16,
    GO_EVENT_GO_DESTROY = 17,
    GO_EVENT_GO_STOP = 19,
    GO_EVENT_GO_BLOCK = 20,
    GO_EVENT_GO_SYSCALL_END_BLOCKED = 24,
    GO_EVENT_GO_STATUS = 25,
    GO_EVENT_STW_BEGIN = 26,
    GO_EVENT_STW_END = 27,
    GO_EVENT_GC_ACTIVE = 28,
    GO_EVENT_GC_BEGIN = 29,
    GO_EVENT_GC_END = 30,
    GO_EVENT_SWEEP_BEGIN = 32,
    GO_EVENT_SWEEP_END = 33,
    GO_EVENT_ASSIST_BEGIN = 35,
    GO_EVENT_ASSIST_END = 36,
    GO_EVENT_HEAP_ALLOC = 37,
    GO_EVENT_HEAP_GOAL = 38,
    GO_EVENT_REGION_BEGIN = 42,
    GO_EVENT_REGION_END = 43,
    GO_EVENT_GO_SWITCH = 45,
    GO_EVENT_GO_SWITCH_DESTROY = 46,
    GO_EVENT_GO_CREATE_BLOCKED = 47,
    GO_EVENT_GO_STATUS_STACK = 48,
    GO_EVENT_EXPERIMENTAL_BATCH = 49,
    GO_EVENT_SYNC = 50,
    GO_EVENT_CLOCK_SNAPSHOT = 51,
    GO_EVENT_END_OF_GENERATION = 52
};

struct go_event {
    enum go_event_kind kind;
    uint64_t thread;                      /* the M */
    uint64_t time_ns;                     /* CLOCK_MONOTONIC */
    uint64_t arguments[GO_ARGUMENTS_MAX]; /* without the time */
};

/* The functions at both ends of a stack, as string ids. */
struct go_stack {
    uint64_t id;
    uint64_t leaf, root;
};

struct go_generation {
    uint64_t number;
    GArray *batches;                      /* of struct go_batch: those of events */
    GHashTable *strings;                  /* id -> char * */
    GHashTable *stacks;                   /* id -> struct go_stack * */
    double tick_ns;                       /* of the trace's clock */
    uint64_t snapshot_ticks, snapshot_ns; /* one moment on both clocks; 0, 0: they begin alike */
};

struct go_batch {
    uint64_t thread, time_ticks, offset;
    uint32_t bytes;
};

struct go_file {
    FILE *in;
    unsigned version;       /* 22: Go 1.22 */
    GPtrArray *generations; /* of struct go_generation *, in order */
    uint64_t bytes;         /* of the file */
    bool is_cut;            /* it breaks off within a batch, or within a generation */
};

/* Opens and indexes. False: no execution trace (EXIT_USAGE), of another version, or unreadable
   (EXIT_CANNOT). Release after true. */
bool go_file_open(struct go_file *file, const char *path, struct error *err);
void go_file_release(struct go_file *file);

/* "" when there is none of that id. */
const char *go_string(const struct go_generation *g, uint64_t id);
/* NULL when there is none of that id. */
const struct go_stack *go_stack_find(const struct go_generation *g, uint64_t id);

/* Told of the events of a generation, all threads together in order of time. */
typedef void (*go_event_teller)(void *context, const struct go_generation *generation,
                                const struct go_event *event);

/* Reads all events. False (EXIT_CANNOT): one that cannot be; those before it were told. */
bool go_file_tell(struct go_file *file, go_event_teller tell, void *context, struct error *err);

#endif
