/* The event trace of the heap. See trace.h. */
#include "allocators/goheap/trace.h"

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/fatal.h"
#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/world.h"

enum {
    BUFFERS_BYTES = 8 << 20, /* for three seconds of churn on one thread, if nobody reads */
    COLLECTORS_MAX = 16,
    FIRST_MUTATOR = 2 + COLLECTORS_MAX + 1 /* numbers of tracks below are of those here */
};

bool trace_is_on;

static struct {
    uint32_t mutators;  /* atomic; tracks given to mutators so far */
    uint64_t wanted_ns; /* atomic; when the last stop was wanted */
    uint64_t swept_ns;  /* atomic; when the last span was swept; 0: not yet */

    /* World stopped, or the heap lock. */
    uint64_t heap_bytes;
    size_t arenas;

    void *buffers; /* collection lock */

    struct event_track cycle; /* collection lock */

    pthread_mutex_t lock; /* of the rest, and of trace_is_on for threads that are no mutators */
    struct event_track others, collectors[COLLECTORS_MAX];
    unsigned collector_count;
} trace = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The calling thread's; NULL: it is neither a mutator nor the collector's. */
static _Thread_local struct event_track *current __attribute__((tls_model("initial-exec")));

/* ---- events of threads ---- */

static bool trace_is_shared(const struct event_track *track) {
    return track->role != EVENT_ROLE_MUTATOR;
}

/* A sample of the sweep within the collector's own sweep belongs to that, and to no total. */
static bool trace_is_part(const struct event_track *track, enum event_kind kind) {
    return kind == EVENT_SWEEP_BEGIN && track_is_in(track, EVENT_BACKGROUND_SWEEP_BEGIN);
}

static void trace_record_shared(struct event_track *track, const struct event_record *event) {
    pthread_mutex_lock(&trace.lock);
    if (trace_wants() && !trace_is_part(track, event->kind))
        track_record(track, event);
    pthread_mutex_unlock(&trace.lock);
}

void trace_record(enum event_kind kind, uint64_t at_ns, uint64_t first, uint64_t second) {
    struct event_track *track = current != NULL ? current : &trace.others;
    struct event_record event = {kind, at_ns != 0 ? at_ns : os_now_ns(), {first, second}};
    if (trace_is_shared(track))
        trace_record_shared(track, &event);
    else
        track_record(track, &event);
}

/* ---- threads ---- */

static uint32_t trace_tid(void) {
    return (uint32_t)syscall(SYS_gettid);
}

void trace_mutator_init(struct mutator *m) {
    uint32_t before = __atomic_fetch_add(&trace.mutators, 1, __ATOMIC_RELAXED);
    m->track = (struct event_track){
        .number = FIRST_MUTATOR + before, .tid = trace_tid(), .role = EVENT_ROLE_MUTATOR};
}

void trace_mutator_begin(struct mutator *m) {
    current = &m->track;
    trace_event(EVENT_THREAD_START, 0, 0, 0);
}

void trace_mutator_end(struct mutator *m) {
    if (trace_wants()) {
        uint64_t now_ns = os_now_ns();
        track_record(&m->track, &(struct event_record){EVENT_THREAD_END, now_ns, {0, 0}});
        track_finish(&m->track, now_ns);
    }
    if (current == &m->track)
        current = NULL;
}

void trace_collector_begin(void) {
    pthread_mutex_lock(&trace.lock);
    if (trace.collector_count < COLLECTORS_MAX) {
        current = &trace.collectors[trace.collector_count++];
        *current = (struct event_track){
            .number = 2 + trace.collector_count, .tid = trace_tid(), .role = EVENT_ROLE_COLLECTOR};
    }
    pthread_mutex_unlock(&trace.lock);
}

void trace_stopped_begin(void) {
    uint64_t now_ns = os_now_ns();
    uint64_t wanted_ns = __atomic_load_n(&trace.wanted_ns, __ATOMIC_RELAXED);
    trace_record(EVENT_STOPPED_BEGIN, now_ns, now_ns > wanted_ns ? now_ns - wanted_ns : 0, 0);
}

/* ---- the cycle ---- */

static void cycle_record(enum event_kind kind, uint64_t at_ns, uint64_t argument) {
    track_record(&trace.cycle, &(struct event_record){kind, at_ns, {argument, 0}});
}

static void cycle_counters(uint64_t at_ns) {
    const struct mgc_totals *totals = mgc_totals();
    cycle_record(EVENT_HEAP_LIVE, at_ns, mheap_live());
    cycle_record(EVENT_HEAP_MARKED, at_ns, totals->marked_bytes);
    if (totals->goal_bytes != UINT64_MAX)
        cycle_record(EVENT_HEAP_GOAL, at_ns, totals->goal_bytes);
}

/* Everybody may have seen the sweep's end only at a later time than this: then it is now. */
static void cycle_sweep_phase_end(uint64_t at_ns) {
    uint64_t swept_ns = __atomic_load_n(&trace.swept_ns, __ATOMIC_RELAXED);
    cycle_record(EVENT_SWEEP_PHASE_END, swept_ns != 0 && swept_ns < at_ns ? swept_ns : at_ns, 0);
}

void trace_stop_begin(uint64_t at_ns, bool is_setup, uint64_t cycle) {
    __atomic_store_n(&trace.wanted_ns, at_ns, __ATOMIC_RELAXED);
    trace_record(EVENT_STOP_BEGIN, at_ns, is_setup ? EVENT_STOP_SETUP : EVENT_STOP_TERMINATION, 0);
    if (is_setup)
        cycle_sweep_phase_end(at_ns);
    else
        cycle_record(EVENT_MARK_END, at_ns, 0);
    cycle_record(is_setup ? EVENT_SETUP_BEGIN : EVENT_TERMINATION_BEGIN, at_ns, cycle);
}

void trace_stop_end(uint64_t at_ns, uint64_t cycle, bool is_over) {
    trace_record(EVENT_STOP_END, at_ns, 0, 0);
    bool was_setup = track_is_in(&trace.cycle, EVENT_SETUP_BEGIN);
    cycle_record(was_setup ? EVENT_SETUP_END : EVENT_TERMINATION_END, at_ns, 0);
    if (is_over) {
        cycle_counters(at_ns);
        __atomic_store_n(&trace.swept_ns, 0, __ATOMIC_RELAXED);
    }
    cycle_record(is_over ? EVENT_SWEEP_PHASE_BEGIN : EVENT_MARK_BEGIN, at_ns, cycle);
}

void trace_other_stop_begin(void) {
    uint64_t now_ns = os_now_ns();
    __atomic_store_n(&trace.wanted_ns, now_ns, __ATOMIC_RELAXED);
    trace_record(EVENT_STOP_BEGIN, now_ns, EVENT_STOP_OTHER, 0);
}

void trace_sweep_done(void) {
    if (__atomic_load_n(&trace.swept_ns, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&trace.swept_ns, os_now_ns(), __ATOMIC_RELAXED);
}

/* ---- memory ---- */

void trace_refill(unsigned span_class, const struct mspan *list) {
    if (list == NULL)
        return;
    uint64_t spans = 0;
    for (; list != NULL; list = list->next)
        spans++;
    trace_record(EVENT_REFILL, 0, span_class, spans);
    trace_record(EVENT_HEAP_LIVE, TRACE_SAME_NS, mheap_live(), 0);
}

void trace_span_alloc(const struct mspan *s) {
    if (s == NULL)
        return;
    trace_record(EVENT_SPAN_ALLOC, 0, s->span_class, s->bytes / PAGE_BYTES);
    trace_record(EVENT_HEAP_LIVE, TRACE_SAME_NS, mheap_live(), 0);
}

void trace_heap_mapped(void) {
    trace_record(EVENT_HEAP_MAPPED, 0, os_ready_bytes(OS_HEAP) - page_alloc_released() * PAGE_BYTES,
                 0);
}

void trace_heap_grown(void) {
    uint64_t heap_bytes = os_ready_bytes(OS_HEAP);
    if (arena_count > trace.arenas)
        trace_record(EVENT_ARENA_RESERVE, 0, (arena_count - trace.arenas) * ARENA_BYTES, 0);
    if (heap_bytes > trace.heap_bytes)
        trace_record(EVENT_HEAP_GROW, 0, heap_bytes - trace.heap_bytes, 0);
    trace.arenas = arena_count;
    trace.heap_bytes = heap_bytes;
    trace_heap_mapped();
}

/* ---- beginning and end ---- */

/* A mutator that was there before the trace. World stopped. */
static void trace_announce(struct mutator *m, uint64_t now_ns) {
    track_record(&m->track, &(struct event_record){EVENT_THREAD_START, now_ns, {0, 0}});
    if (m->state == MUTATOR_BLOCKED)
        track_record(&m->track,
                     &(struct event_record){EVENT_BLOCK_BEGIN, now_ns, {EVENT_BLOCK_PROGRAM, 0}});
}

static void trace_switch_on(void *unused) {
    (void)unused;
    uint64_t now_ns = os_now_ns();
    trace.cycle = (struct event_track){.number = 1, .role = EVENT_ROLE_CYCLE};
    pthread_mutex_lock(&trace.lock);
    trace.others.number = 2;
    trace.others.role = EVENT_ROLE_OTHER;
    __atomic_store_n(&trace_is_on, true, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&trace.lock);
    for (struct mutator *m = world_mutators(); m != NULL; m = m->next)
        trace_announce(m, now_ns);
    cycle_counters(now_ns);
    __atomic_store_n(&trace.swept_ns, 0, __ATOMIC_RELAXED);
    if (!sweep_is_done())
        cycle_record(EVENT_SWEEP_PHASE_BEGIN, now_ns, mgc_totals()->cycles);
    mheap_lock();
    trace.arenas = arena_count;
    trace.heap_bytes = os_ready_bytes(OS_HEAP);
    trace_heap_mapped();
    mheap_unlock();
}

static void trace_switch_off(void *unused) {
    (void)unused;
    uint64_t now_ns = os_now_ns();
    if (track_is_in(&trace.cycle, EVENT_SWEEP_PHASE_BEGIN))
        cycle_sweep_phase_end(now_ns);
    cycle_counters(now_ns);
    track_finish(&trace.cycle, now_ns);
    for (struct mutator *m = world_mutators(); m != NULL; m = m->next)
        track_finish(&m->track, now_ns);
    pthread_mutex_lock(&trace.lock);
    __atomic_store_n(&trace_is_on, false, __ATOMIC_RELAXED);
    track_finish(&trace.others, now_ns);
    for (unsigned i = 0; i < trace.collector_count; i++)
        track_finish(&trace.collectors[i], now_ns);
    pthread_mutex_unlock(&trace.lock);
}

bool goheap_trace_start(struct goheap_mutator *handle, int fd) {
    struct mutator *m = handle != NULL ? mutator_of(handle) : NULL;
    if (m != NULL)
        mutator_check(m, "goheap_trace_start");
    if (trace.buffers != NULL)
        fatal("goheap_trace_start: there is a trace already");
    trace.buffers = os_map(BUFFERS_BYTES, OS_GC);
    if (trace.buffers == NULL)
        return false;
    if (!recorder_start(fd, trace.buffers, BUFFERS_BYTES)) {
        os_unmap(trace.buffers, BUFFERS_BYTES, OS_GC);
        trace.buffers = NULL;
        return false;
    }
    mgc_with_world_stopped(m, trace_switch_on, NULL);
    return true;
}

void goheap_trace_stop(struct goheap_mutator *handle, struct goheap_trace *out) {
    struct mutator *m = handle != NULL ? mutator_of(handle) : NULL;
    if (m != NULL)
        mutator_check(m, "goheap_trace_stop");
    if (trace.buffers == NULL)
        fatal("goheap_trace_stop: there is no trace");
    mgc_with_world_stopped(m, trace_switch_off, NULL);
    struct recorder_totals totals = recorder_stop();
    os_unmap(trace.buffers, BUFFERS_BYTES, OS_GC);
    trace.buffers = NULL;
    *out = (struct goheap_trace){totals.events, totals.dropped, totals.write_error};
}
