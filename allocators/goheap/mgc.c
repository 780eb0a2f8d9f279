/* The collection cycle: when, and in which order. See mgc.h. */
#include "allocators/goheap/mgc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allocators/goheap/events.h"
#include "allocators/goheap/mark.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/roots.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/verify.h"
#include "allocators/goheap/world.h"

enum {
    HEAP_BYTES_LEAST = 4 << 20,       /* goal at GOGC=100 when nothing is live */
    TRIGGER_DISTANCE_LEAST = 64 << 10 /* between what is live and the goal */
};

static struct mgc_totals totals; /* collection lock */
static uint64_t init_ns;         /* gctrace counts time from here */

/* bytes * gogc / 100, or UINT64_MAX if that is too much for 64 bits. */
static uint64_t mgc_percent(uint64_t bytes, uint64_t gogc) {
    uint64_t product;
    if (__builtin_mul_overflow(bytes, gogc, &product))
        return bytes / 100 > UINT64_MAX / gogc ? UINT64_MAX : bytes / 100 * gogc;
    return product / 100;
}

/* Sets the goal of the next cycle from what this one has marked. */
static void mgc_goal_set(uint64_t marked_bytes) {
    uint64_t goal = UINT64_MAX;
    if (mheap.options.gogc >= 0 && mheap.options.gc != GOHEAP_GC_OFF) {
        uint64_t gogc = (uint64_t)mheap.options.gogc;
        uint64_t roots = roots_stack_bytes() + roots_range_bytes();
        uint64_t least = mgc_percent(HEAP_BYTES_LEAST, gogc);
        if (__builtin_add_overflow(marked_bytes, mgc_percent(marked_bytes + roots, gogc), &goal))
            goal = UINT64_MAX;
        goal = goal < least ? least : goal;
        if (goal < marked_bytes + TRIGGER_DISTANCE_LEAST)
            goal = marked_bytes + TRIGGER_DISTANCE_LEAST;
    }
    totals.goal_bytes = goal;
    __atomic_store_n(&mheap.trigger, goal, __ATOMIC_RELAXED);
}

void mgc_init(void) {
    memset(&totals, 0, sizeof totals);
    init_ns = os_now_ns();
    mgc_goal_set(0);
}

const struct mgc_totals *mgc_totals(void) {
    return &totals;
}

static void mgc_flush_all(void) {
    for (struct mutator *m = world_mutators(); m != NULL; m = m->next)
        mcache_flush(m);
}

/* Moments of one cycle; ns of the monotonic clock. */
struct mgc_moments {
    uint64_t stop_wanted, stopped, marked, started;
    uint64_t cpu_ns;
};

static double mgc_ms(uint64_t ns) {
    return (double)ns / 1e6;
}

/* One line in the format of Go's gctrace=1. */
static void mgc_trace(const struct mgc_moments *t, const struct goheap_cycle *c) {
    if (!mheap.options.gctrace)
        return;
    uint64_t elapsed_ns = t->started - init_ns;
    double percent = 100.0 * (double)totals.stop_cpu_ns / (double)(elapsed_ns + 1);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    double stopping = mgc_ms(t->stopped - t->stop_wanted), mark = mgc_ms(t->marked - t->stopped);
    double ending = mgc_ms(t->started - t->marked);
    dprintf(STDERR_FILENO,
            "gc %llu @%.3fs %.0f%%: %.3g+%.3g+%.3g ms clock, %.3g+0/%.3g/0+%.3g ms cpu, "
            "%llu->%llu->%llu MB, %llu MB goal, %llu MB stacks, %llu MB globals, %ld P%s\n",
            (unsigned long long)c->cycle, (double)elapsed_ns / 1e9, percent, stopping, mark, ending,
            stopping, mark, ending, (unsigned long long)(c->heap_start_bytes >> 20),
            (unsigned long long)(c->heap_end_bytes >> 20),
            (unsigned long long)(c->heap_marked_bytes >> 20),
            (unsigned long long)(c->goal_bytes >> 20),
            (unsigned long long)(roots_stack_bytes() >> 20),
            (unsigned long long)(roots_range_bytes() >> 20), cpus, c->forced ? " (forced)" : "");
}

static void mgc_record(const struct mgc_moments *t, struct goheap_cycle *cycle) {
    cycle->cycle = totals.cycles;
    cycle->start_ns = t->stop_wanted;
    cycle->mark_ns = t->marked - t->stop_wanted;
    uint64_t pause_ns = t->started - t->stop_wanted;
    totals.stops++;
    totals.pause_ns += pause_ns;
    totals.stop_cpu_ns += t->cpu_ns;
    events_add_pause(&(struct goheap_pause){totals.cycles, "mark", t->stop_wanted, pause_ns});
    events_add_cycle(cycle);
    mgc_trace(t, cycle);
}

/* Steps 4 and 5 with the world stopped: the part that a concurrent marker will replace, and the
 * flip. */
static void mgc_mark_and_flip(struct goheap_cycle *cycle) {
    cycle->heap_start_bytes = cycle->heap_end_bytes = mheap_live();
    cycle->goal_bytes = totals.goal_bytes;
    struct stats sum;
    stats_sum(&sum);
    totals.alloc_bytes_at_mark = stats_alloc_bytes(&sum);
    totals.marked_bytes = cycle->heap_marked_bytes = mark_all();
    totals.cycles++;
    totals.forced_cycles += cycle->forced;
    __atomic_store_n(&mheap.sweepgen, mheap.sweepgen + 2, __ATOMIC_RELAXED);
    sweep_restart();
    mheap_live_set(cycle->heap_marked_bytes);
    mgc_goal_set(cycle->heap_marked_bytes);
}

/* Sweeps all that is left. A thread that is no mutator has no statistics of its own. */
static void mgc_sweep_finish(struct mutator *m) {
    if (m != NULL) {
        sweep_finish(&m->stats);
        return;
    }
    struct stats own = {0};
    sweep_finish(&own);
    mheap_lock();
    stats_add(&mheap.stats, &own);
    mheap_unlock();
}

/* Steps 3 to 5. The frame of this function must live while the world is stopped: the calling
   mutator's roots are published from it. */
static __attribute__((noinline)) void mgc_cycle(struct mutator *m, bool forced) {
    struct goheap_cycle cycle = {.forced = forced};
    struct mgc_moments t;
    if (m != NULL)
        roots_publish(m);
    t.stop_wanted = os_now_ns();
    world_stop(m);
    t.stopped = os_now_ns();
    uint64_t cpu_ns = os_cpu_ns();
    mgc_flush_all();
    mgc_sweep_finish(m); /* what mutators took out for sweeping is filed now */
    mgc_mark_and_flip(&cycle);
    t.marked = os_now_ns();
    verify_if_enabled();
    t.cpu_ns = os_cpu_ns() - cpu_ns;
    t.started = os_now_ns();
    world_start(m);
    mgc_record(&t, &cycle);
}

static bool mgc_is_wanted(enum mgc_reason reason) {
    if (reason == MGC_FORCED)
        return true;
    if (mheap.options.gc == GOHEAP_GC_OFF)
        return false;
    return reason != MGC_TRIGGER || mheap_wants_collection();
}

void mgc_collect(struct mutator *m, enum mgc_reason reason) {
    if (m != NULL)
        mutator_delay_begin(m);
    world_lock_collection(m);
    if (mgc_is_wanted(reason)) {
        mgc_sweep_finish(m);
        mgc_cycle(m, reason == MGC_FORCED);
        if (reason == MGC_FORCED || reason == MGC_EXHAUSTED)
            mgc_sweep_finish(m);
    }
    world_unlock_collection();
}

bool mgc_collect_exhausted(struct mutator *m) {
    if (mheap.options.gc == GOHEAP_GC_OFF)
        return false;
    mgc_collect(m, MGC_EXHAUSTED);
    return true;
}

void goheap_collect(struct goheap_mutator *handle) {
    struct mutator *m = mutator_of(handle);
    if (m != NULL)
        mutator_check(m, "goheap_collect");
    mgc_collect(m, MGC_FORCED);
    if (m != NULL)
        m->delay_start_ns = 0; /* not an allocation */
}

static __attribute__((noinline)) void mgc_stopped(struct mutator *m, void (*function)(void *),
                                                  void *argument) {
    if (m != NULL)
        roots_publish(m);
    world_stop(m);
    mgc_flush_all();
    function(argument);
    world_start(m);
}

void mgc_with_world_stopped(struct mutator *m, void (*function)(void *), void *argument) {
    world_lock_collection(m);
    mgc_stopped(m, function, argument);
    world_unlock_collection();
}
