/*
 * Tells a timeline of the kernel's events: per thread when it runs, when it waits, when another one
 * took its CPU; faults, and memory taken and given back, as instants.
 */
#include "harness/capture/kernel_events.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS_MAX = 1 << 16 };

struct kernel_teller {
    struct timeline *timeline;
    GHashTable *threads; /* tid -> struct timeline_track * */
    struct timeline_track *faults;
    const struct timeline_name *running, *blocked, *preempted, *fault, *begins, *ends;
    const struct timeline_name *map, *unmap, *remap, *brk, *advise[4]; /* see advise_name */
    uint64_t fault_count;
    uint64_t brk_end; /* where the heap ends by the last brk, a whole page; 0: none */
};

/* What a reader of the tables must know of calls of the C library. */
#define CALLS "told by the kernel; munmap, madvise, mremap and brk "

static const char *calls_note(const struct kernel_row *seen, uint64_t start_ns) {
    if (seen->kind == 0)
        return CALLS "are not: no breakpoint stands where the process has its C library";
    if (seen->value != 0)
        return CALLS "are not: this machine or its rules allow no breakpoints of perf events";
    if (start_ns < seen->time_ns)
        return CALLS "only since some time after the timed run's start: trace more --ops";
    return CALLS "by breakpoints in the C library, which cost some microseconds a call";
}

static FILE *kernel_open(const char *path, struct error *err) {
    FILE *in = fopen(path, "rbe");
    if (in == NULL)
        error_set(err, EXIT_CANNOT, "cannot read %s: %s", path, g_strerror(errno));
    return in;
}

bool kernel_events_facts(const char *path, struct trace_facts *facts, struct error *err) {
    struct kernel_row row, seen = {.kind = 0};
    uint64_t first_ns = UINT64_MAX, last_ns = 0;
    FILE *in = kernel_open(path, err);
    if (in == NULL)
        return false;
    while (fread(&row, sizeof row, 1, in) == 1) {
        if (row.kind == KERNEL_CALLS_SEEN)
            seen = row;
        first_ns = MIN(first_ns, row.time_ns);
        last_ns = MAX(last_ns, row.time_ns);
        facts->events++;
        facts->dropped += row.kind == KERNEL_LOST ? row.value : 0;
        facts->bytes += sizeof row;
    }
    fclose(in);
    if (facts->runs->len == 0 && last_ns > 0) { /* the process died: it is all that was recorded */
        facts->start_ns = MIN(facts->start_ns, first_ns);
        facts->end_ns = MAX(facts->end_ns, last_ns);
    }
    facts->note = calls_note(&seen, facts->runs->len == 0 ? UINT64_MAX : facts->start_ns);
    return true;
}

static void teller_init(struct kernel_teller *teller, struct timeline *t) {
    *teller = (struct kernel_teller){.timeline = t,
                                     .threads = g_hash_table_new(NULL, NULL),
                                     .faults = timeline_counter_new(t, "page faults", false),
                                     .running = timeline_name(t, "running", SLICE_RUN),
                                     .blocked = timeline_name(t, "blocked", SLICE_BLOCK),
                                     .preempted = timeline_name(t, "preempted", SLICE_PREEMPT),
                                     .fault = timeline_name(t, "page-fault", SLICE_OTHER),
                                     .map = timeline_name(t, "mmap", SLICE_ALLOC),
                                     .unmap = timeline_name(t, "munmap", SLICE_ALLOC),
                                     .remap = timeline_name(t, "mremap", SLICE_ALLOC),
                                     .brk = timeline_name(t, "brk", SLICE_ALLOC),
                                     .advise = {timeline_name(t, "madvise", SLICE_ALLOC),
                                                timeline_name(t, "madvise dontneed", SLICE_ALLOC),
                                                timeline_name(t, "madvise free", SLICE_ALLOC),
                                                timeline_name(t, "madvise hugepage", SLICE_ALLOC)},
                                     .begins = timeline_name(t, "thread-start", SLICE_OTHER),
                                     .ends = timeline_name(t, "thread-end", SLICE_OTHER)};
}

/* NULL: more threads than any cell has. */
static struct timeline_track *teller_thread(struct kernel_teller *teller, uint32_t tid) {
    gpointer key = GUINT_TO_POINTER(tid);
    struct timeline_track *track = g_hash_table_lookup(teller->threads, key);
    if (track != NULL || g_hash_table_size(teller->threads) >= THREADS_MAX)
        return track;
    char *name = g_strdup_printf("thread %u", tid);
    track = timeline_track_new(teller->timeline, TRACK_MUTATOR, name, tid);
    g_hash_table_insert(teller->threads, key, track);
    g_free(name);
    return track;
}

static void tell_instant(struct kernel_teller *teller, struct timeline_track *track,
                         const struct kernel_row *row, const struct timeline_name *name,
                         const char *argument) {
    struct timeline_event event = {
        .kind = TIMELINE_INSTANT, .track = track, .name = name, .time_ns = row->time_ns};
    if (argument != NULL) {
        event.arguments[0] = (struct timeline_argument){argument, row->value};
        event.argument_count = 1;
    }
    timeline_tell(teller->timeline, event);
}

/* What a thread does from here on: one slice at a time. */
static void tell_state(struct kernel_teller *teller, struct timeline_track *track, uint64_t time_ns,
                       const struct timeline_name *state) {
    if (track->depth > 0)
        timeline_end(teller->timeline, track, time_ns, track->open[0].name);
    timeline_begin(teller->timeline, track, time_ns, state);
}

static const struct timeline_name *advise_name(const struct kernel_teller *teller,
                                               uint64_t advice) {
    return teller->advise[advice == MADV_DONTNEED   ? 1
                          : advice == MADV_FREE     ? 2
                          : advice == MADV_HUGEPAGE ? 3
                                                    : 0];
}

/* A brk that lets the heap grow makes a mapping too: that is told once. */
static void tell_map(struct kernel_teller *teller, struct timeline_track *track,
                     const struct kernel_row *row) {
    bool is_brk = teller->brk_end != 0 && row->extra == teller->brk_end;
    teller->brk_end = 0;
    if (!is_brk)
        tell_instant(teller, track, row, teller->map, "region_bytes");
}

static void tell_brk(struct kernel_teller *teller, struct timeline_track *track,
                     const struct kernel_row *row) {
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    teller->brk_end = (row->value + page - 1) & ~(page - 1);
    tell_instant(teller, track, row, teller->brk, "heap_end");
}

/* False: the row is about something else. */
static bool tell_memory(struct kernel_teller *teller, struct timeline_track *track,
                        const struct kernel_row *row) {
    switch (row->kind) {
    case KERNEL_MAP:
        tell_map(teller, track, row);
        return true;
    case KERNEL_BRK:
        tell_brk(teller, track, row);
        return true;
    case KERNEL_UNMAP:
        tell_instant(teller, track, row, teller->unmap, "bytes");
        return true;
    case KERNEL_REMAP:
        tell_instant(teller, track, row, teller->remap, "bytes");
        return true;
    case KERNEL_ADVISE:
        tell_instant(teller, track, row, advise_name(teller, row->extra), "bytes");
        return true;
    default:
        return false;
    }
}

static void tell_row(struct kernel_teller *teller, struct timeline_track *track,
                     const struct kernel_row *row) {
    if (tell_memory(teller, track, row))
        return;
    switch (row->kind) {
    case KERNEL_SWITCH_IN:
        tell_state(teller, track, row->time_ns, teller->running);
        break;
    case KERNEL_SWITCH_OUT:
        tell_state(teller, track, row->time_ns, teller->blocked);
        break;
    case KERNEL_PREEMPT:
        tell_state(teller, track, row->time_ns, teller->preempted);
        break;
    case KERNEL_FAULT:
        tell_instant(teller, track, row, teller->fault, "address");
        timeline_count(teller->timeline, teller->faults, row->time_ns,
                       (double)++teller->fault_count);
        break;
    case KERNEL_THREAD:
        tell_instant(teller, track, row, teller->begins, NULL);
        break;
    case KERNEL_EXIT:
        tell_instant(teller, track, row, teller->ends, NULL);
        if (track->depth > 0)
            timeline_end(teller->timeline, track, row->time_ns, track->open[0].name);
        break;
    default:
        break;
    }
}

bool kernel_events_tell(const char *path, struct timeline *t, struct error *err) {
    struct kernel_teller teller;
    struct kernel_row row;
    FILE *in = kernel_open(path, err);
    if (in == NULL)
        return false;
    teller_init(&teller, t);
    while (fread(&row, sizeof row, 1, in) == 1) {
        struct timeline_track *track = row.kind == KERNEL_LOST || row.kind == KERNEL_CALLS_SEEN
                                           ? NULL
                                           : teller_thread(&teller, row.tid);
        if (track != NULL)
            tell_row(&teller, track, &row);
    }
    timeline_rate(t, teller.faults, "page faults per second");
    g_hash_table_destroy(teller.threads);
    fclose(in);
    return true;
}
