/* The collection cycle: when, and in which order. See mgc.h. */
#include "allocators/goheap/mgc.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/bgworker.h"
#include "allocators/goheap/checkmark.h"
#include "allocators/goheap/events.h"
#include "allocators/goheap/gctrace.h"
#include "allocators/goheap/mark.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/pacer.h"
#include "allocators/goheap/remembered.h"
#include "allocators/goheap/roots.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/verify.h"
#include "allocators/goheap/world.h"

enum {
    STOP_WORK = 2 << 10,      /* scan work done in a stop: about 2 us */
    SLICE_WORK = 8 << 10,     /* scan work before a marker looks up: about 5 us */
    QUANTUM_WORK = 256 << 10, /* scan work of the collector's thread at once: about 150 us */
    DEBT_LEAST = 8 << 10,     /* debt below which nobody assists: between this and a mark, ... */
    DEBTS_PER_CYCLE = 16,     /* ... a share of what is to do, so that it is done in time */
    PARTIAL_BYTES_LEAST =
        1 << 20 /* of a heap for which partial collections are worth their while */
};

/* Upper marks of the debt at which a mutator assists. Where every CPU has a mutator they do most of
   the marking, and each assist costs the first-level cache: a few long ones. Where a CPU is idle
   the collector's thread is ahead of them but for moments, and a debt is paid while it is small:
   in 10 to 20 us. What is owed beyond ASSIST_MOST waits for the next refill. */
enum { DEBT_MOST_BUSY = 128 << 10, DEBT_MOST_IDLE = 16 << 10 };
enum { ASSIST_MOST_BUSY = 256 << 10, ASSIST_MOST_IDLE = 24 << 10 };

static struct {
    uint32_t phase;         /* atomic; enum mgc_phase */
    uint64_t assist_ratio;  /* atomic; the bits of a double: scan work per byte allocated */
    uint64_t trigger_least; /* of this cycle; changes only while the world is stopped */
    double debt_least;      /* likewise; at which a mutator assists */
    uint64_t assist_most;   /* likewise; scan work of one assist */
    int64_t credit;         /* atomic; scan work done by the collector's thread, not yet drawn on */
    uint64_t assist_ns;     /* atomic; in this cycle */

    /* The rest: collection lock. */
    struct pacer pacer;
    struct mgc_totals totals;
    struct gctrace_moments moments; /* of the cycle under way */
    struct goheap_cycle cycle;
    uint64_t ended_ns;         /* the cycle before */
    uint64_t fresh_bytes;      /* stats_fresh_bytes when this cycle began, */
    uint64_t fresh_bytes_made; /* ... less what it was when the one before did */
    uint64_t old_bytes;        /* that a partial collection takes for live */
} mgc;

const struct mgc_totals *mgc_totals(void) {
    return &mgc.totals;
}

enum mgc_phase mgc_phase(void) {
    return (enum mgc_phase)__atomic_load_n(&mgc.phase, __ATOMIC_ACQUIRE);
}

static void mgc_phase_set(enum mgc_phase phase) {
    __atomic_store_n(&mgc.phase, phase, __ATOMIC_RELEASE);
}

static void mgc_goal_publish(void) {
    mgc.totals.goal_bytes = mgc.pacer.goal_bytes;
    mgc.trigger_least = pacer_trigger_least(&mgc.pacer);
    __atomic_store_n(&mheap.trigger, mgc.pacer.trigger_bytes, __ATOMIC_RELAXED);
}

bool mgc_init(void) {
    memset(&mgc, 0, sizeof mgc);
    mgc.ended_ns = os_now_ns();
    bool is_off = mheap.options.gc == GOHEAP_GC_OFF;
    pacer_init(&mgc.pacer, is_off ? -1 : mheap.options.gogc, is_off ? 0 : mheap.options.memlimit);
    bool is_checked = mheap.options.stress != 0 || mheap.options.checkmark;
    mgc.pacer.partial_least = is_checked ? 0 : PARTIAL_BYTES_LEAST;
    mgc.pacer.may_be_partial = mheap.options.generational && mheap.options.memlimit == 0 &&
                               mheap.options.gc == GOHEAP_GC_CONCURRENT;
    mgc_goal_publish();
    gctrace_init();
    bool is_alone = mheap.options.gc == GOHEAP_GC_STW && mheap.options.no_worker;
    return is_off || is_alone || bgworker_start();
}

/* ---- stops ---- */

static void mgc_flush_all(void) {
    for (struct mutator *m = world_mutators(); m != NULL; m = m->next)
        mcache_flush(m);
}

struct stop {
    uint64_t wanted_ns, stopped_ns;
};

static struct stop mgc_stop(struct mutator *m) {
    struct stop stop = {.wanted_ns = os_now_ns()};
    if (trace_wants())
        trace_stop_begin(stop.wanted_ns, mgc_phase() == MGC_OFF, mgc.totals.cycles + 1);
    bgworker_debug_delay();
    world_stop(m);
    trace_event(EVENT_STOP_COMPLETE, 0, 0, 0);
    stop.stopped_ns = os_now_ns();
    return stop;
}

/* Lets the world go and notes the stop. Returns how long it was. */
static uint64_t mgc_start(struct mutator *m, const struct stop *stop, const char *phase) {
    uint64_t now_ns = os_now_ns(), pause_ns = now_ns - stop->wanted_ns;
    mgc.totals.stop_ns += now_ns - stop->stopped_ns;
    mgc.totals.stops++;
    mgc.totals.pause_ns += pause_ns;
    events_add_pause(&(struct goheap_pause){mgc.cycle.cycle, phase, stop->wanted_ns, pause_ns});
    if (trace_wants())
        trace_stop_end(stop->wanted_ns + pause_ns, mgc.cycle.cycle,
                       mgc.totals.cycles == mgc.cycle.cycle);
    world_start(m);
    return pause_ns;
}

/* ---- the cycle's steps ---- */

/* What has a large frame is not inlined into the functions that publish their frame as a part of
   the caller's roots: uninitialised room in it holds stale words, which would keep garbage. */
#define NOT_A_ROOT __attribute__((noinline))

/* Sweeps all that is left. A thread that is no mutator has no statistics of its own. */
static NOT_A_ROOT void mgc_sweep_finish(struct mutator *m) {
    if (m != NULL) {
        sweep_finish(&m->stats);
        return;
    }
    struct stats own = {0};
    sweep_finish(&own);
    mheap_stats_add(&own);
}

/* Memory that is not for objects: everything but the heap's, and in the heap's spans the room that
   no object uses. World stopped. */
static uint64_t mgc_other_bytes(void) {
    uint64_t spans = mheap.pages_in_use * PAGE_BYTES, live = mheap_live();
    return os_ready_bytes_total() - os_ready_bytes(OS_HEAP) + (spans > live ? spans - live : 0);
}

/* Forced collections, and those for want of memory, are full. */
static bool mgc_is_partial(enum mgc_reason reason) {
    return mgc.pacer.next_is_partial && (reason == MGC_TRIGGER || reason == MGC_STRESS);
}

static void mgc_assists_size(bool has_idle_cpu) {
    uint64_t debt = mgc.pacer.expected_work / DEBTS_PER_CYCLE;
    uint64_t most = has_idle_cpu ? DEBT_MOST_IDLE : DEBT_MOST_BUSY;
    mgc.assist_most = has_idle_cpu ? ASSIST_MOST_IDLE : ASSIST_MOST_BUSY;
    mgc.debt_least = (double)(debt < DEBT_LEAST ? DEBT_LEAST : debt > most ? most : debt);
}

static NOT_A_ROOT void mgc_cycle_begin(enum mgc_reason reason, uint64_t now_ns) {
    mgc.cycle = (struct goheap_cycle){.cycle = mgc.totals.cycles + 1,
                                      .start_ns = now_ns,
                                      .heap_start_bytes = mheap_live(),
                                      .goal_bytes = mgc.totals.goal_bytes,
                                      .forced = reason == MGC_FORCED,
                                      .partial = mgc_is_partial(reason)};
    mgc.moments = (struct gctrace_moments){.mutators = world_mutator_count()};
    __atomic_store_n(&mgc.credit, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&mgc.assist_ns, 0, __ATOMIC_RELAXED);
    bgworker_cycle_begin();
    mgc.fresh_bytes_made = stats_fresh_bytes() - mgc.fresh_bytes;
    mgc.fresh_bytes += mgc.fresh_bytes_made;
    pacer_start(&mgc.pacer, mgc.cycle.partial, mheap_live(), mgc_other_bytes());
    mgc_assists_size(mgc.moments.mutators < world_cpus());
}

static void mgc_pacer_end(uint64_t born_bytes, uint64_t now_ns) {
    struct bgworker_times background = bgworker_cycle_times();
    struct mark_counts counts = mark_counts();
    uint64_t mark_ns = now_ns - mgc.cycle.start_ns, cpus = world_cpus();
    uint64_t mutators_ns = mark_ns * mgc.moments.mutators, assist_ns = mgc.cycle.assist_ns;
    struct pacer_cycle c = {
        .is_partial = mgc.cycle.partial,
        .is_remembered = remembered_is_complete(),
        .found_bytes = counts.marked_bytes,
        .mutators = mgc.moments.mutators,
        .root_bytes = roots_stack_bytes() + roots_range_bytes(),
        .work = counts.work,
        .fresh_bytes = mgc.fresh_bytes_made,
        .fresh_survived = counts.fresh_bytes,
        .born_bytes = born_bytes,
        .mutator_ns = mutators_ns > assist_ns ? mutators_ns - assist_ns : 0,
        .assist_ns = assist_ns,
        .background_ns = background.quota_ns + background.idle_ns,
        .since_last_ns = (now_ns - mgc.ended_ns) * cpus,
        .cost_ns = background.quota_ns + assist_ns + mark_ns / 8,
        .other_bytes = mgc_other_bytes(),
    };
    pacer_end(&mgc.pacer, &c);
    mgc.ended_ns = now_ns;
}

/* Marking is over: every span becomes unswept. World stopped, all mcaches flushed. What was
   allocated since the setup, where they were flushed, too, is live without having been marked. */
static NOT_A_ROOT void mgc_flip(void) {
    uint64_t now_ns = os_now_ns();
    uint64_t born_bytes = mheap_live() - mgc.cycle.heap_start_bytes;
    mgc.cycle.mark_ns = now_ns - mgc.cycle.start_ns;
    mgc.cycle.assist_ns = __atomic_load_n(&mgc.assist_ns, __ATOMIC_RELAXED);
    mgc.cycle.heap_end_bytes = mheap_live();
    mgc.old_bytes = mark_counts().marked_bytes + (mgc.cycle.partial ? mgc.old_bytes : 0);
    mgc.cycle.heap_marked_bytes = mgc.totals.marked_bytes = mgc.old_bytes + born_bytes;
    struct stats sum;
    stats_sum(&sum);
    mgc.totals.alloc_bytes_at_mark = stats_alloc_bytes(&sum);
    mgc.totals.cycles++;
    mgc.totals.forced_cycles += mgc.cycle.forced;
    mgc.totals.partial_cycles += mgc.cycle.partial;
    mgc_pacer_end(born_bytes, now_ns);
    mgc_goal_publish();
    mheap_live_set(mgc.totals.marked_bytes);
    __atomic_store_n(&mheap.sweepgen, mheap.sweepgen + 2, __ATOMIC_RELAXED);
    sweep_restart(mgc.pacer.trigger_bytes, mgc.pacer.next_is_partial);
    verify_if_enabled();
    world_marking_set(false);
    mgc_phase_set(MGC_OFF);
}

/* The world runs again after a cycle's last stop: tells of the cycle. */
static NOT_A_ROOT void mgc_cycle_end(void) {
    struct bgworker_times background = bgworker_cycle_times();
    mgc.totals.background_cpu_ns += background.quota_ns + background.idle_ns;
    events_add_cycle(&mgc.cycle);
    mgc.moments.background_ns = background.quota_ns;
    mgc.moments.idle_ns = background.idle_ns;
    gctrace_print(&mgc.cycle, &mgc.moments);
}

static void mgc_ratio_revise(void) {
    double ratio = pacer_assist_ratio(&mgc.pacer, mark_work(), mheap_live());
    uint64_t bits;
    memcpy(&bits, &ratio, sizeof bits);
    __atomic_store_n(&mgc.assist_ratio, bits, __ATOMIC_RELAXED);
}

/* The phase is told after the stop only: as soon as it is MARKING, the collector's thread may find
   nothing grey, and stop the world for the termination. */
static void mgc_after_stop(bool is_done, enum mgc_phase next) {
    if (is_done)
        mgc_cycle_end();
    else
        mgc_phase_set(next);
}

/* Scan work of the first stop. A heap that held more the last time is not tried. */
static uint64_t mgc_setup_budget(void) {
    if (mheap.options.gc != GOHEAP_GC_CONCURRENT)
        return MARK_NO_BUDGET;
    return mgc.pacer.is_small || mgc.cycle.forced || mgc.totals.cycles == 0 ? STOP_WORK : 0;
}

/* Mark setup. True: the cycle has ended in it; else the phase is `next`. The frame of this function
   must live while the world is stopped: the calling mutator's roots are published from it. */
static __attribute__((noinline)) bool mgc_setup(struct mutator *m, enum mgc_phase next,
                                                enum mgc_reason reason) {
    if (m != NULL)
        roots_publish(m);
    struct stop stop = mgc_stop(m);
    mgc_flush_all();
    mgc_sweep_finish(m); /* what mutators took out for sweeping is filed now */
    mgc_cycle_begin(reason, stop.wanted_ns);
    if (sweep_keeps_marks() && !mgc.cycle.partial)
        mark_forget();
    mark_begin(mgc.cycle.partial);
    checkmark_snapshot(mgc.cycle.partial);
    bool is_done = mark_drain_stopped(mgc_setup_budget());
    if (is_done) {
        mark_settle();
        checkmark_compare();
        mgc_flip();
    } else {
        mgc_ratio_revise();
        world_marking_set(true);
        mark_open();
    }
    mgc.moments.setup_ns = mgc_start(m, &stop, "mark-setup");
    mgc_after_stop(is_done, next);
    return is_done;
}

/* Mark termination. False: there was more to mark than fits in a stop; marking goes on. */
static __attribute__((noinline)) bool mgc_terminate(struct mutator *m, enum mgc_phase next) {
    if (m != NULL)
        roots_publish(m);
    struct stop stop = mgc_stop(m);
    mark_close();
    for (struct mutator *each = world_mutators(); each != NULL; each = each->next)
        write_barrier_flush(each);
    bool is_done = mark_drain_stopped(STOP_WORK);
    if (is_done) {
        mark_settle();
        mgc_flush_all();
        checkmark_compare();
        mgc_flip();
    } else {
        mark_open();
    }
    mgc.moments.termination_ns += mgc_start(m, &stop, "mark-termination");
    mgc_after_stop(is_done, next);
    return is_done;
}

/* ---- marking beside mutators ---- */

/* Marks about as much as the budget says, in slices, so that who wants to stop the world need not
   wait long: for m, a mutator that assists, or for the thread that ends the cycle (NULL). Returns
   the work done. */
static uint64_t mgc_mark_slices(struct marker *k, uint64_t budget, const struct mutator *m) {
    bool has_more = true;
    while (has_more && marker_work(k) < budget && mark_is_open() &&
           (m == NULL || !world_wants_stop(m))) {
        uint64_t left = budget - marker_work(k);
        has_more = !marker_drain(k, left < SLICE_WORK ? left : SLICE_WORK);
        mgc_ratio_revise();
    }
    return marker_work(k);
}

enum mgc_progress mgc_mark_quantum(void) {
    bgworker_debug_delay();
    struct marker *k = marker_enter();
    if (k != NULL) {
        trace_event(EVENT_BACKGROUND_MARK_BEGIN, 0, 0, 0);
        uint64_t work = mgc_mark_slices(k, QUANTUM_WORK, NULL);
        __atomic_fetch_add(&mgc.credit, (int64_t)work, __ATOMIC_RELAXED);
        marker_leave(k);
        trace_event(EVENT_BACKGROUND_MARK_END, 0, work, 0);
    }
    if (mark_is_done())
        return MGC_NOTHING_GREY;
    return k != NULL ? MGC_MARKED : MGC_WAITED;
}

/* Draws on the collector's credit. Returns what is left of the debt. */
static double mgc_credit_draw(double debt) {
    int64_t credit = __atomic_load_n(&mgc.credit, __ATOMIC_RELAXED), draw;
    do {
        draw = credit < (int64_t)debt ? credit : (int64_t)debt;
        if (draw <= 0)
            return debt;
    } while (!__atomic_compare_exchange_n(&mgc.credit, &credit, credit - draw, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return debt - (double)draw;
}

/* Ends the cycle if nothing is left to mark. */
static void mgc_finish_if_done(struct mutator *m) {
    if (mark_is_done() && mgc_marking_done())
        mgc_try_finish(m);
}

static void mgc_assist_mark(struct mutator *m) {
    mutator_delay_begin(m);
    struct marker *k = marker_enter();
    if (k == NULL) { /* what is left is in the hands of others, or nothing is */
        m->assist_debt = 0;
        mgc_finish_if_done(m);
        return;
    }
    uint64_t start_ns = os_now_ns();
    uint64_t debt = (uint64_t)m->assist_debt;
    uint64_t work = mgc_mark_slices(k, debt < mgc.assist_most ? debt : mgc.assist_most, m);
    m->assist_debt -= (double)work;
    marker_leave(k);
    uint64_t took_ns = os_now_ns() - start_ns;
    m->stats.assist_ns += took_ns;
    trace_event(EVENT_ASSIST_BEGIN, start_ns, 0, 0);
    trace_event(EVENT_ASSIST_END, start_ns + took_ns, work, 0);
    __atomic_fetch_add(&mgc.assist_ns, took_ns, __ATOMIC_RELAXED);
}

/* A mutator notices sooner than the collector's thread that nothing is left to mark, and without
   that thread taking a CPU from another. */
static void mgc_assist(struct mutator *m, size_t bytes) {
    if (mark_looks_done()) {
        mutator_delay_begin(m);
        mgc_finish_if_done(m);
        return;
    }
    uint64_t bits = __atomic_load_n(&mgc.assist_ratio, __ATOMIC_RELAXED);
    double ratio;
    memcpy(&ratio, &bits, sizeof ratio);
    m->assist_debt += ratio * (double)bytes;
    if (m->assist_debt < mgc.debt_least)
        return;
    m->assist_debt = mgc_credit_draw(m->assist_debt);
    if (m->assist_debt >= mgc.debt_least)
        mgc_assist_mark(m);
}

/* ---- who does what ---- */

void mgc_background_swept(unsigned spans, uint64_t start_ns) {
    trace_event(EVENT_BACKGROUND_SWEEP_END, 0, spans, 0);
    mgc.totals.bgsweep_spans += spans;
    mgc.totals.background_cpu_ns += os_cpu_ns() - start_ns;
}

bool mgc_marking_done(void) {
    uint32_t expected = MGC_MARKING;
    return __atomic_compare_exchange_n(&mgc.phase, &expected, MGC_DONE, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

void mgc_limit_passed(void) {
    if (mheap_live() >= mgc.trigger_least)
        __atomic_store_n(&mheap.trigger, mgc.trigger_least, __ATOMIC_RELAXED);
}

bool mgc_try_finish(struct mutator *m) {
    uint32_t expected = MGC_DONE;
    if (!__atomic_compare_exchange_n(&mgc.phase, &expected, MGC_ENDING, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return false;
    if (mgc_terminate(m, MGC_MARKING))
        world_unlock_collection();
    bgworker_wake();
    return true;
}

void mgc_safepoint(struct mutator *m) {
    if (__builtin_expect(!world_wants_stop(m), 1))
        return;
    mutator_delay_begin(m);
    world_poll(m);
    if (mgc_phase() == MGC_DONE)
        mgc_try_finish(m);
}

/* Begins a cycle, unless another thread is at it. */
static void mgc_begin(struct mutator *m) {
    mutator_delay_begin(m);
    if (!world_try_lock_collection())
        return;
    if (mheap_wants_collection()) {
        mgc_sweep_finish(m);
        if (!mgc_setup(m, MGC_MARKING, MGC_TRIGGER)) {
            bgworker_wake_to_mark(); /* the lock is given up by whoever ends the cycle */
            return;
        }
        bgworker_note_cycle();
    }
    world_unlock_collection();
}

/* Stress mode: is this refill one at which to collect? */
static bool mgc_is_stressed(void) {
    uint64_t every = mheap.options.stress;
    return every != 0 && (__atomic_add_fetch(&mheap.refills, 1, __ATOMIC_RELAXED) % every) == 0;
}

void mgc_pace(struct mutator *m, size_t bytes) {
    enum mgc_phase phase = mgc_phase();
    if (phase == MGC_MARKING || phase == MGC_FORCED_MARKING)
        mgc_assist(m, bytes);
    else if (phase == MGC_OFF)
        sweep_pay(m, bytes);
    if (mgc_is_stressed())
        mgc_collect(m, MGC_STRESS);
    else if (phase == MGC_OFF && mheap_wants_collection())
        mgc_begin(m);
}

static bool mgc_is_wanted(enum mgc_reason reason) {
    if (reason == MGC_FORCED)
        return true;
    if (mheap.options.gc == GOHEAP_GC_OFF)
        return false;
    return reason != MGC_TRIGGER || mheap_wants_collection();
}

/* Marks at full speed until the cycle has ended. */
static void mgc_mark_here(struct mutator *m) {
    do {
        while (mgc_mark_quantum() != MGC_NOTHING_GREY)
            world_pause();
    } while (!mgc_terminate(m, MGC_FORCED_MARKING));
}

void mgc_collect(struct mutator *m, enum mgc_reason reason) {
    if (m != NULL)
        mutator_delay_begin(m);
    world_lock_collection(m);
    if (mgc_is_wanted(reason)) {
        mgc_sweep_finish(m);
        if (!mgc_setup(m, MGC_FORCED_MARKING, reason))
            mgc_mark_here(m);
        if (reason == MGC_FORCED || reason == MGC_EXHAUSTED)
            mgc_sweep_finish(m);
        bgworker_note_cycle(); /* there may be memory to give back */
    }
    world_unlock_collection();
}

bool mgc_collect_exhausted(struct mutator *m) {
    if (mheap.options.gc == GOHEAP_GC_OFF)
        return false;
    mgc_collect(m, MGC_EXHAUSTED);
    return true;
}

/* Ends a call whose roots were published on entry, and which is no allocation. */
static void mgc_call_end(struct mutator *m) {
    m->is_published = 0;
    m->delay_start_ns = 0;
}

/* goheap_collect(m), which has published the roots of its caller (roots.c). */
void mgc_collect_forced(struct mutator *m) {
    if (m != NULL)
        mutator_check(m, "goheap_collect");
    mgc_collect(m, MGC_FORCED);
    if (m != NULL)
        mgc_call_end(m);
}

/* goheap_poll_slow(m), likewise. */
void mgc_poll(struct mutator *m) {
    mutator_check(m, "goheap_poll");
    mgc_safepoint(m);
    mgc_call_end(m);
}

static __attribute__((noinline)) void mgc_stopped(struct mutator *m, void (*function)(void *),
                                                  void *argument) {
    if (m != NULL)
        roots_publish(m);
    if (trace_wants())
        trace_other_stop_begin();
    world_stop(m);
    mgc_flush_all();
    function(argument);
    world_start(m);
    trace_event(EVENT_STOP_END, 0, 0, 0);
}

void mgc_with_world_stopped(struct mutator *m, void (*function)(void *), void *argument) {
    world_lock_collection(m);
    mgc_stopped(m, function, argument);
    world_unlock_collection();
}
