/* bdwgc's event trace. See boehm_trace.h. */
#include "allocators/boehm_trace.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "allocators/boehm_binding.h"
#include "allocators/event_recorder.h"

enum {
    BUFFERS_BYTES = 1 << 20, /* a collection has a dozen events */
    THREADS_MAX = 1024       /* with a track of their own; others share one */
};

/* In memory of its own, mapped: bdwgc would scan it in .bss. */
struct boehm_tracks {
    struct event_track cycle, others, threads[THREADS_MAX];
};

static struct {
    struct boehm_tracks *tracks;
    uint32_t threads; /* tracks given to threads so far */
    bool is_on;
    void *buffers;
    uint64_t reclaim_ns;
    uint64_t heap_bytes;
} trace;

/* The calling thread's; NULL: it has none of its own. */
static _Thread_local struct event_track *current;

static uint64_t trace_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *trace_map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* ---- events ---- */

/* On the calling thread's track. */
static void trace_thread(enum event_kind kind, uint64_t at_ns, uint64_t first, uint64_t second) {
    struct event_track *track = current != NULL ? current : &trace.tracks->others;
    if (trace.is_on)
        track_record(track, &(struct event_record){kind, at_ns, {first, second}});
}

static void trace_cycle(enum event_kind kind, uint64_t at_ns, uint64_t argument) {
    if (trace.is_on)
        track_record(&trace.tracks->cycle, &(struct event_record){kind, at_ns, {argument, 0}});
}

void boehm_trace_stop_begin(uint64_t at_ns, bool is_first, uint64_t cycle) {
    trace_thread(EVENT_STOP_BEGIN, at_ns, is_first ? EVENT_STOP_SETUP : EVENT_STOP_TERMINATION, 0);
    trace_cycle(EVENT_MARK_END, at_ns, 0); /* if it was under way */
    trace_cycle(is_first ? EVENT_SETUP_BEGIN : EVENT_TERMINATION_BEGIN, at_ns, cycle);
}

void boehm_trace_stop_complete(void) {
    trace_thread(EVENT_STOP_COMPLETE, trace_now_ns(), 0, 0);
}

void boehm_trace_stop_end(uint64_t at_ns, bool is_marked, uint64_t cycle) {
    trace_thread(EVENT_STOP_END, at_ns, 0, 0);
    trace_cycle(track_is_in(&trace.tracks->cycle, EVENT_SETUP_BEGIN) ? EVENT_SETUP_END
                                                                     : EVENT_TERMINATION_END,
                at_ns, 0);
    if (!is_marked)
        trace_cycle(EVENT_MARK_BEGIN, at_ns, cycle);
}

void boehm_trace_reclaim_begin(void) {
    trace.reclaim_ns = trace_now_ns();
    trace_thread(EVENT_SWEEP_BEGIN, trace.reclaim_ns, 0, 0);
}

void boehm_trace_reclaim_end(void) {
    uint64_t now_ns = trace_now_ns();
    trace_thread(EVENT_SWEEP_END, now_ns, 0, now_ns - trace.reclaim_ns);
}

void boehm_trace_counter(enum event_kind kind, uint64_t bytes) {
    trace_cycle(kind, trace_now_ns(), bytes);
}

void boehm_trace_resized(uint64_t heap_bytes, uint64_t mapped_bytes) {
    uint64_t now_ns = trace_now_ns();
    if (heap_bytes > trace.heap_bytes)
        trace_thread(EVENT_HEAP_GROW, now_ns, heap_bytes - trace.heap_bytes, 0);
    trace_cycle(EVENT_HEAP_MAPPED, now_ns, mapped_bytes);
    trace.heap_bytes = heap_bytes;
}

/* ---- threads ---- */

bool boehm_trace_init(void) {
    trace.tracks = trace_map(sizeof *trace.tracks);
    if (trace.tracks == NULL)
        return false;
    trace.tracks->cycle = (struct event_track){.number = 1, .role = EVENT_ROLE_CYCLE};
    trace.tracks->others = (struct event_track){.number = 2, .role = EVENT_ROLE_OTHER};
    return true;
}

static void *GC_CALLBACK trace_attach_locked(void *unused) {
    if (trace.threads < THREADS_MAX) {
        current = &trace.tracks->threads[trace.threads++];
        *current = (struct event_track){.number = 2 + trace.threads,
                                        .tid = (uint32_t)syscall(SYS_gettid),
                                        .role = EVENT_ROLE_MUTATOR};
        trace_thread(EVENT_THREAD_START, trace_now_ns(), 0, 0);
    }
    return unused;
}

static void *GC_CALLBACK trace_detach_locked(void *unused) {
    uint64_t now_ns = trace_now_ns();
    if (trace.is_on && current != NULL) {
        trace_thread(EVENT_THREAD_END, now_ns, 0, 0);
        track_finish(current, now_ns);
    }
    if (current != NULL)
        current->number = 0; /* gone, should a trace begin later */
    current = NULL;
    return unused;
}

void boehm_trace_attach(void) {
    GC_call_with_alloc_lock(trace_attach_locked, NULL);
}

void boehm_trace_detach(void) {
    GC_call_with_alloc_lock(trace_detach_locked, NULL);
}

/* ---- beginning and end ---- */

/* Values at both ends, so that they are known throughout. */
static void trace_counters(uint64_t now_ns) {
    trace.heap_bytes = GC_get_heap_size();
    trace_cycle(EVENT_HEAP_GOAL, now_ns, trace.heap_bytes);
    trace_cycle(EVENT_HEAP_MAPPED, now_ns,
                GC_get_obtained_from_os_bytes() - GC_get_unmapped_bytes());
}

static void *GC_CALLBACK trace_start_locked(void *unused) {
    uint64_t now_ns = trace_now_ns();
    trace.is_on = true;
    for (uint32_t i = 0; i < trace.threads; i++)
        if (trace.tracks->threads[i].number != 0)
            track_record(&trace.tracks->threads[i],
                         &(struct event_record){EVENT_THREAD_START, now_ns, {0, 0}});
    trace_counters(now_ns);
    return unused;
}

static void *GC_CALLBACK trace_stop_locked(void *unused) {
    uint64_t now_ns = trace_now_ns();
    trace_counters(now_ns);
    trace.is_on = false;
    track_finish(&trace.tracks->cycle, now_ns);
    track_finish(&trace.tracks->others, now_ns);
    for (uint32_t i = 0; i < trace.threads; i++)
        track_finish(&trace.tracks->threads[i], now_ns);
    return unused;
}

bool boehm_trace_start(int fd, struct error *err) {
    trace.buffers = trace_map(BUFFERS_BYTES);
    if (trace.buffers == NULL)
        return error_set(err, EXIT_CANNOT, "boehm: no memory for the event trace");
    if (!recorder_start(fd, trace.buffers, BUFFERS_BYTES)) {
        munmap(trace.buffers, BUFFERS_BYTES);
        return error_set(err, EXIT_CANNOT, "boehm: no thread for the event trace");
    }
    GC_call_with_alloc_lock(trace_start_locked, NULL);
    return true;
}

int boehm_trace_stop(struct event_end *totals) {
    GC_call_with_alloc_lock(trace_stop_locked, NULL);
    struct recorder_totals recorded = recorder_stop();
    munmap(trace.buffers, BUFFERS_BYTES);
    totals->events = recorded.events;
    totals->dropped = recorded.dropped;
    return recorded.write_error;
}
