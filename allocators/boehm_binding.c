/*
 * The cold half of the binding `boehm`: settings, registration, and what bdwgc tells of its work.
 *
 * bdwgc has no log of its collections, but calls back at each step of one
 * (GC_set_on_collection_event), under its lock. From these steps come the events:
 *
 *      START? PRE_STOP POST_STOP MARK_START MARK_END PRE_START POST_START RECLAIM_START RECLAIM_END
 * END?
 *             |-------------------- pause ------------------------------|
 *             |------------ mark ------------|                                        cycle ends
 *
 * START and END only frame collections that are not incremental, so they are not used. An
 * incremental one may stop the world several times before it finishes; a stop belongs to the cycle
 * in work.
 *
 * Its counters count bytes handed out and bytes reclaimed, but lazily: free lists are taken over by
 * threads whole (a block's worth a size at a time), and dead objects are reclaimed when their block
 * is swept. When a collection begins, all of the last one is swept. So there heap in use =
 * allocated - reclaimed,    found by the last collection = in use - allocated since and a cycle's
 * heap_marked_bytes is filled in when the next begins; for the last cycle, by a walk over the
 * marked objects. Objects and bytes handed out are not known exactly, and so not told.
 */
#include "allocators/boehm_binding.h"

#include "allocators/boehm_trace.h"

#include <gc/gc_mark.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { EVENTS_MAX = 65536, ROOTS_MAX = 1024 };

/* In memory of its own, mapped: bdwgc would scan it in .bss. */
struct event_log {
    struct allocator_pause pauses[EVENTS_MAX];
    struct allocator_cycle cycles[EVENTS_MAX];
};

/* Written under bdwgc's lock, by its callbacks or in with_lock(). */
static struct {
    struct event_log *log;
    size_t pauses, cycles; /* entries in the log */
    uint64_t pauses_lost, cycles_lost;
    uint64_t cycles_finished, stops, pause_ns_total, cpu_ns;
    uint64_t live_bytes_peak, mapped_bytes_peak;

    bool in_cycle;                    /* between a cycle's first stop and its end */
    struct allocator_cycle now;       /* the cycle in work */
    struct allocator_cycle *unfilled; /* the last one, in the log, without heap_marked_bytes */
    bool is_marked;                   /* marking has ended, in the stop under way */
    uint64_t stop_start_ns, stop_start_cpu_ns, reclaim_start_cpu_ns;
    bool forced;
} boehm;

static atomic_uint roots_registered;

static uint64_t boehm_clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Call with bdwgc's lock held. */
static uint64_t boehm_mapped_bytes(void) {
    return GC_get_obtained_from_os_bytes() - GC_get_unmapped_bytes();
}

/* Bytes in objects handed out and not yet reclaimed, and those of them handed out since the last
   collection. Call with bdwgc's lock held. */
static uint64_t boehm_bytes_in_use(uint64_t *since_last) {
    struct GC_prof_stats_s s;
    GC_get_prof_stats_unsafe(&s, sizeof s);
    *since_last = s.bytes_allocd_since_gc;
    uint64_t allocated = s.allocd_bytes_before_gc + s.bytes_allocd_since_gc;
    uint64_t reclaimed =
        s.reclaimed_bytes_before_gc + s.bytes_reclaimed_since_gc + s.expl_freed_bytes_since_gc;
    return allocated > reclaimed ? allocated - reclaimed : 0;
}

static void boehm_cycle_begin(void) {
    uint64_t since_last;
    uint64_t in_use = boehm_bytes_in_use(&since_last);
    if (boehm.unfilled != NULL)
        boehm.unfilled->heap_marked_bytes = in_use > since_last ? in_use - since_last : 0;
    boehm.unfilled = NULL;
    if (boehm.live_bytes_peak < in_use)
        boehm.live_bytes_peak = in_use;
    boehm_trace_counter(EVENT_HEAP_MARKED, in_use > since_last ? in_use - since_last : 0);
    boehm_trace_counter(EVENT_HEAP_LIVE, in_use);
    boehm_trace_counter(EVENT_HEAP_GOAL, GC_get_heap_size());
    boehm.in_cycle = true;
    boehm.now = (struct allocator_cycle){
        .cycle = boehm.cycles_finished + 1,
        .start_ns = boehm.stop_start_ns,
        .heap_start_bytes = in_use,
        .goal_bytes = GC_get_heap_size(), /* it collects rather than grow beyond */
        .forced = boehm.forced,
    };
}

static void boehm_cycle_end(void) {
    boehm.cpu_ns += boehm_clock_ns(CLOCK_THREAD_CPUTIME_ID) - boehm.reclaim_start_cpu_ns;
    boehm.in_cycle = false;
    boehm.cycles_finished++;
    if (boehm.cycles == EVENTS_MAX) {
        boehm.cycles_lost++;
        return;
    }
    boehm.unfilled = &boehm.log->cycles[boehm.cycles++];
    *boehm.unfilled = boehm.now;
}

static void boehm_stop_begin(void) {
    boehm.stop_start_ns = boehm_clock_ns(CLOCK_MONOTONIC);
    boehm.stop_start_cpu_ns = boehm_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    bool is_first = !boehm.in_cycle;
    if (is_first)
        boehm_cycle_begin();
    boehm.is_marked = false;
    boehm_trace_stop_begin(boehm.stop_start_ns, is_first, boehm.now.cycle);
}

/* While the world is stopped, the process's CPU time is the collector's: its markers' included. */
static void boehm_stop_end(void) {
    uint64_t pause_ns = boehm_clock_ns(CLOCK_MONOTONIC) - boehm.stop_start_ns;
    boehm.cpu_ns += boehm_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - boehm.stop_start_cpu_ns;
    boehm.pause_ns_total += pause_ns;
    boehm.stops++;
    boehm_trace_stop_end(boehm.stop_start_ns + pause_ns, boehm.is_marked, boehm.now.cycle);
    if (boehm.pauses == EVENTS_MAX) {
        boehm.pauses_lost++;
        return;
    }
    boehm.log->pauses[boehm.pauses++] = (struct allocator_pause){
        .cycle = boehm.now.cycle,
        .phase = "mark",
        .start_ns = boehm.stop_start_ns,
        .pause_ns = pause_ns,
    };
}

static void boehm_mark_end(void) {
    uint64_t since_last;
    boehm.is_marked = true;
    boehm.now.mark_ns = boehm_clock_ns(CLOCK_MONOTONIC) - boehm.now.start_ns;
    boehm.now.heap_end_bytes = boehm_bytes_in_use(&since_last);
}

static void GC_CALLBACK boehm_on_event(GC_EventType event) {
    switch (event) {
    case GC_EVENT_PRE_STOP_WORLD:
        boehm_stop_begin();
        break;
    case GC_EVENT_POST_STOP_WORLD:
        boehm_trace_stop_complete();
        break;
    case GC_EVENT_MARK_END:
        boehm_mark_end();
        break;
    case GC_EVENT_POST_START_WORLD:
        boehm_stop_end();
        break;
    case GC_EVENT_RECLAIM_START:
        boehm.reclaim_start_cpu_ns = boehm_clock_ns(CLOCK_THREAD_CPUTIME_ID);
        boehm_trace_reclaim_begin();
        break;
    case GC_EVENT_RECLAIM_END:
        boehm_trace_reclaim_end();
        boehm_cycle_end();
        break;
    default:
        break;
    }
}

static void GC_CALLBACK boehm_on_resize(GC_word heap_bytes) {
    uint64_t mapped_bytes = boehm_mapped_bytes(); /* with bdwgc's tables */
    boehm_trace_resized(heap_bytes, mapped_bytes);
    if (boehm.mapped_bytes_peak < mapped_bytes)
        boehm.mapped_bytes_peak = mapped_bytes;
}

bool boehm_attach(struct mutator *m, void *stack_base) {
    struct GC_stack_base base = {.mem_base = stack_base};
    m->registered = GC_register_my_thread(&base) == GC_SUCCESS;
    boehm_trace_attach();
    return true; /* else it was registered already */
}

void boehm_detach(struct mutator *m) {
    boehm_trace_detach();
    if (m->registered)
        GC_unregister_my_thread();
    m->registered = false;
}

/* bdwgc aborts when its table of roots, 2048 with those of the libraries, is full. */
bool boehm_root(void *start, size_t bytes) {
    if (atomic_fetch_add(&roots_registered, 1) >= ROOTS_MAX) {
        atomic_fetch_sub(&roots_registered, 1);
        return false;
    }
    GC_add_roots(start, (char *)start + bytes);
    return true;
}

void boehm_unroot(void *start, size_t bytes) {
    GC_remove_roots(start, (char *)start + bytes);
    atomic_fetch_sub(&roots_registered, 1);
}

/* bdwgc warns at each step of running out of memory; the first ones tell. stdout is not ours. */
static void GC_CALLBACK boehm_on_warning(char *format, GC_word argument) {
    enum { WARNINGS_MAX = 8 };
    static unsigned warnings; /* under bdwgc's lock */
    if (warnings++ < WARNINGS_MAX)
        fprintf(stderr, format, argument);
}

static const struct allocator_setting boehm_settings[] = {
    {"incremental", "0|1", "0",
     "1: mark in small steps, finding stores by page protection (GC_enable_incremental)"},
    {"free-space-divisor", "1..1000", "3",
     "larger: less memory, more collections (GC_set_free_space_divisor)"},
    {"markers", "0..16", "0", "marking threads; 0: one per CPU (GC_set_markers_count)"},
    {0},
};

static unsigned long boehm_setting_number(const struct setting_value *values, size_t count,
                                          const struct allocator_setting *setting) {
    const char *value = setting->initial;
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, setting->name) == 0)
            value = values[i].value;
    return strtoul(value, NULL, 10);
}

static bool boehm_init(const struct setting_value *values, size_t count, struct error *err) {
    boehm.log =
        mmap(NULL, sizeof *boehm.log, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (boehm.log == MAP_FAILED || !boehm_trace_init())
        return error_set(err, EXIT_CANNOT, "boehm: no memory for the log of collections");
    /* The number of markers counts before GC_INIT, incremental mode as early as possible after it,
       and threads last, when everything else is set. */
    GC_set_markers_count((unsigned)boehm_setting_number(values, count, &boehm_settings[2]));
    GC_INIT();
    GC_set_warn_proc(boehm_on_warning);
    GC_set_free_space_divisor(boehm_setting_number(values, count, &boehm_settings[1]));
    if (boehm_setting_number(values, count, &boehm_settings[0]) != 0) {
        GC_enable_incremental();
        if (!GC_is_incremental_mode())
            return error_set(err, EXIT_CANNOT, "boehm: this bdwgc has no incremental mode");
    }
    GC_allow_register_threads();
    GC_set_on_collection_event(boehm_on_event);
    GC_set_on_heap_resize(boehm_on_resize);
    boehm.mapped_bytes_peak = boehm_mapped_bytes();
    return true;
}

static const char *boehm_name(void) {
    return "bdwgc";
}

static const char *boehm_version(void) {
    static char text[32];
    unsigned version = GC_get_version();
    snprintf(text, sizeof text, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
    return text;
}

static void boehm_add_object_bytes(void *object, size_t bytes, void *sum) {
    (void)object;
    *(uint64_t *)sum += bytes;
}

/* Bytes in objects marked by the last collection. Call with bdwgc's lock held. */
static uint64_t boehm_marked_bytes(void) {
    uint64_t sum = 0;
    GC_enumerate_reachable_objects_inner(boehm_add_object_bytes, &sum);
    return sum;
}

/* live_bytes is exact but for the free lists that threads hold, less than a block of 4 KB for each
   object size and thread. */
static void *GC_CALLBACK boehm_stats_locked(void *argument) {
    struct allocator_stats *out = argument;
    memset(out, 0xff, sizeof *out); /* STAT_UNKNOWN in every field */
    out->live_bytes = boehm_marked_bytes() + GC_get_bytes_since_gc();
    if (boehm.live_bytes_peak < out->live_bytes)
        boehm.live_bytes_peak = out->live_bytes;
    out->live_bytes_peak = boehm.live_bytes_peak;
    out->mapped_bytes = boehm_mapped_bytes();
    if (boehm.mapped_bytes_peak < out->mapped_bytes) /* tables may have grown after the heap */
        boehm.mapped_bytes_peak = out->mapped_bytes;
    out->mapped_bytes_peak = boehm.mapped_bytes_peak;
    out->gc_cycles = boehm.cycles_finished;
    out->gc_stw_count = boehm.stops;
    out->gc_pause_ns_total = boehm.pause_ns_total;
    out->gc_cpu_ns = boehm.cpu_ns;
    return NULL;
}

static void boehm_stats(struct allocator_stats *out) {
    GC_call_with_alloc_lock(boehm_stats_locked, out);
}

static void *GC_CALLBACK boehm_marks_reset_locked(void *unused) {
    boehm.live_bytes_peak = 0;
    boehm.mapped_bytes_peak = boehm_mapped_bytes();
    return unused;
}

static void boehm_marks_reset(void) {
    GC_call_with_alloc_lock(boehm_marks_reset_locked, NULL);
}

static void *GC_CALLBACK boehm_forced_set_locked(void *forced) {
    boehm.forced = *(bool *)forced;
    return NULL;
}

static void boehm_collect(void) {
    GC_call_with_alloc_lock(boehm_forced_set_locked, &(bool){true});
    GC_gcollect();
    GC_call_with_alloc_lock(boehm_forced_set_locked, &(bool){false});
}

static size_t boehm_pauses(const struct allocator_pause **out, uint64_t *lost) {
    *out = boehm.log->pauses;
    *lost = boehm.pauses_lost;
    return boehm.pauses;
}

static void *GC_CALLBACK boehm_fill_last_locked(void *unused) {
    if (boehm.unfilled != NULL)
        boehm.unfilled->heap_marked_bytes = boehm_marked_bytes();
    boehm.unfilled = NULL;
    return unused;
}

static size_t boehm_cycles(const struct allocator_cycle **out, uint64_t *lost) {
    GC_call_with_alloc_lock(boehm_fill_last_locked, NULL);
    *out = boehm.log->cycles;
    *lost = boehm.cycles_lost;
    return boehm.cycles;
}

static void *GC_CALLBACK boehm_events_reset_locked(void *unused) {
    boehm.pauses = boehm.cycles = 0;
    boehm.pauses_lost = boehm.cycles_lost = 0;
    boehm.unfilled = NULL;
    return unused;
}

static void boehm_events_reset(void) {
    GC_call_with_alloc_lock(boehm_events_reset_locked, NULL);
}

const struct allocator allocator_binding = {
    .binding = "boehm",
    .summary = "bdwgc, a conservative mark-and-sweep collector",
    .link = "shared",
    .offers = TRAIT_RECLAIMS | TRAIT_THREADS | TRAIT_COLLECTS,
    .settings = boehm_settings,
    .init = boehm_init,
    .name = boehm_name,
    .version = boehm_version,
    .stats = boehm_stats,
    .marks_reset = boehm_marks_reset,
    .collect = boehm_collect,
    .pauses = boehm_pauses,
    .cycles = boehm_cycles,
    .events_reset = boehm_events_reset,
    .trace_start = boehm_trace_start,
    .trace_stop = boehm_trace_stop,
};
