/*
 * Measures one cell: this file is compiled once per binding and holds everything between attach and
 * detach.
 *
 * Each thread, in step with the others (barriers, waited for in a safe region so that a collection
 * never waits for a thread that waits):
 *
 *   warm up   on a state of its own, a fixed share of the operations
 *   time      set up; a collection where there is one, so that every run begins alike; readings;
 *             run, each thread under its own clock; readings; tear down
 *   count     the same on fresh state, compiled with counting, after every timed reading is taken
 *
 * Wall time is from the first thread's start to the last one's end. Thread 0 takes the readings.
 */
#include "harness/run/cell.h"

#include <dlfcn.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/measure/clock.h"
#include "harness/run/cell_mark.h"
#include "harness/run/cell_spin.h"
#include "harness/run/cell_trace.h"
#include "harness/run/cell_sites.h"
#include "harness/run/shim.h"
#include "workloads/heap.h"
#include "workloads/registry.h"

_Thread_local struct heap_counts heap_counts;

enum {
    WARM_UP_SHARE = 10,           /* one in ten operations ... */
    WARM_UP_OPS_MAX = 100 * 1000, /* ... but no more than these */
    STACK_SCRUB_BYTES = 16 * 1024
};

struct thread_result {
    struct cell_clocked clocked;
    struct heap_counts counts;
};

struct cell_run {
    const struct cell_work *work;
    const int *counter_fds;
    size_t counter_count;
    pthread_barrier_t barrier;
    void (*watch)(int inside); /* an allocator that wants to know when the clock runs; or NULL */
    uint64_t live_before;
    struct process_usage usage_before;
    uint64_t cpu_before;
    bool peak_is_known; /* the kernel let us reset it */
    struct thread_result *threads;
    struct cell_measurement *out;
};

static struct thread_result thread_results[CELL_THREADS_MAX];

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static void threads_meet(struct cell_run *run, struct mutator *m) {
    mem_block(m);
    pthread_barrier_wait(&run->barrier);
    mem_unblock(m);
}

void *cell_state_new(const struct cell_work *work, const struct workload *w, struct mutator *m,
                     unsigned thread, uint64_t ops) {
    if (w->setup == NULL)
        return NULL;
    struct workload_arguments arguments = {.parameters = work->parameters,
                                           .seed = work->seed,
                                           .ops = ops,
                                           .thread = thread,
                                           .threads = work->threads};
    /* cppcheck-suppress returnDanglingLifetime ; setup keeps nothing of the arguments */
    return w->setup(m, &arguments);
}

void cell_state_drop(const struct workload *w, struct mutator *m, void *state) {
    if (w->teardown != NULL)
        w->teardown(m, state);
}

__attribute__((noinline)) void cell_run_clocked(const struct workload *w, struct mutator *m,
                                                void *state, uint64_t ops,
                                                struct cell_clocked *out) {
    out->start_ns = clock_wall_ns();
    out->checksum = w->run(m, state, ops);
    cell_spin(ops); /* nothing, unless gate selftest planted it */
    out->end_ns = clock_wall_ns();
}

__attribute__((noinline)) void cell_warm_up(const struct cell_work *work, struct mutator *m,
                                            unsigned thread) {
    const struct workload *w = work->time;
    uint64_t ops = least(work->ops / WARM_UP_SHARE, WARM_UP_OPS_MAX);
    if (ops == 0)
        return;
    void *state = cell_state_new(work, w, m, thread, ops);
    uint64_t checksum = w->run(m, state, ops);
    heap_keep(checksum);
    cell_state_drop(w, m, state);
}

static void counters_switch(const struct cell_run *run, unsigned long request) {
    for (size_t i = 0; i < run->counter_count; i++)
        if (run->counter_fds[i] >= 0)
            ioctl(run->counter_fds[i], request, 0);
}

static void counters_read(const struct cell_run *run) {
    for (size_t i = 0; i < run->counter_count; i++) {
        struct cell_counter *c = &run->out->counters[i];
        if (run->counter_fds[i] < 0 ||
            read(run->counter_fds[i], c, sizeof *c) != (ssize_t)sizeof *c)
            *c = (struct cell_counter){0, 0, 0};
    }
}

static void stats_read(struct allocator_stats *stats) {
    memset(stats, 0xff, sizeof *stats); /* all STAT_UNKNOWN */
    if (allocator_binding.stats != NULL)
        allocator_binding.stats(stats);
}

/* Clears the stack below the caller, where dead frames left pointers that a conservative collector
   would follow from inside its own frames. */
static __attribute__((noinline)) void stack_scrub(void) {
    volatile char dead[STACK_SCRUB_BYTES];
    for (size_t i = 0; i < sizeof dead; i++)
        dead[i] = 0;
}

void cell_collect(void) {
    if (allocator_binding.collect == NULL)
        return;
    stack_scrub();
    allocator_binding.collect();
}

/* Thread 0, all others waiting: the last thing before the clocks start. */
static __attribute__((noinline)) void timed_begin(struct cell_run *run) {
    struct cell_measurement *out = run->out;
    cell_collect();
    cell_trace_begin();
    stats_read(&out->before);
    if (allocator_binding.marks_reset != NULL)
        allocator_binding.marks_reset();
    if (allocator_binding.events_reset != NULL)
        allocator_binding.events_reset();
    resident_harness_release();
    run->peak_is_known = resident_peak_reset();
    out->rss_start_bytes = resident_bytes();
    if (run->watch != NULL)
        run->watch(1);
    process_usage_read(&run->usage_before);
    run->cpu_before = clock_cpu_ns();
    counters_switch(run, PERF_EVENT_IOC_ENABLE);
    cell_mark_begin();
}

/* Thread 0, all others waiting: the first thing after the clocks stopped. */
static __attribute__((noinline)) void timed_end(struct cell_run *run) {
    struct cell_measurement *out = run->out;
    cell_mark_end();
    counters_switch(run, PERF_EVENT_IOC_DISABLE);
    out->cpu_ns = clock_cpu_ns() - run->cpu_before;
    process_usage_read(&out->usage);
    if (run->watch != NULL)
        run->watch(0);
    out->usage.minor_faults -= run->usage_before.minor_faults;
    out->usage.major_faults -= run->usage_before.major_faults;
    out->usage.context_switches -= run->usage_before.context_switches;
    out->rss_peak_bytes = run->peak_is_known ? resident_bytes_peak() : 0;
    stats_read(&out->after);
    cell_trace_end();
    counters_read(run);
    uint64_t lost = 0;
    if (allocator_binding.pauses != NULL)
        out->pause_count = allocator_binding.pauses(&out->pauses, &lost);
    if (allocator_binding.cycles != NULL)
        out->cycle_count = allocator_binding.cycles(&out->cycles, &lost);
}

static __attribute__((noinline)) void timed_pass(struct cell_run *run, struct mutator *m,
                                                 unsigned thread) {
    const struct workload *w = run->work->time;
    struct thread_result *result = &run->threads[thread];
    void *state = cell_state_new(run->work, w, m, thread, run->work->ops);
    threads_meet(run, m);
    if (thread == 0)
        timed_begin(run);
    threads_meet(run, m);
    cell_run_clocked(w, m, state, run->work->ops, &result->clocked);
    threads_meet(run, m);
    if (thread == 0)
        timed_end(run);
    threads_meet(run, m);
    cell_state_drop(w, m, state);
}

/* The counts of the binding where it keeps them, else of the counting pass. */
static void count_begin(struct cell_run *run) {
    struct allocator_stats stats;
    cell_collect();
    stats_read(&stats);
    run->out->allocs = stats.allocs;
    run->out->handed_out_bytes = stats.allocated_bytes;
    run->live_before = stats.live_bytes;
    cell_sites_count(true);
}

static __attribute__((noinline)) void count_end(struct cell_run *run) {
    struct allocator_stats stats;
    cell_sites_count(false);
    stats_read(&stats);
    struct heap_counts sum = {0, 0, 0, 0};
    for (unsigned i = 0; i < run->work->threads; i++) {
        sum.allocs += run->threads[i].counts.allocs;
        sum.requested_bytes += run->threads[i].counts.requested_bytes;
        sum.handed_out_bytes += run->threads[i].counts.handed_out_bytes;
        sum.released_bytes += run->threads[i].counts.released_bytes;
    }
    struct cell_measurement *out = run->out;
    out->requested_bytes = sum.requested_bytes;
    out->allocs = stats.allocs != STAT_UNKNOWN ? stats.allocs - out->allocs : sum.allocs;
    bool counted = sum.allocs == 0 || sum.handed_out_bytes != 0;
    if (stats.allocated_bytes != STAT_UNKNOWN)
        out->handed_out_bytes = stats.allocated_bytes - out->handed_out_bytes;
    else
        out->handed_out_bytes = counted ? sum.handed_out_bytes : STAT_UNKNOWN;
    if (allocator_binding.collect != NULL && stats.live_bytes != STAT_UNKNOWN) {
        cell_collect();
        stats_read(&stats);
        out->retained_bytes = (int64_t)(stats.live_bytes - run->live_before);
    } else {
        out->retained_bytes =
            counted ? (int64_t)(sum.handed_out_bytes - sum.released_bytes) : INT64_MIN;
    }
}

static __attribute__((noinline)) void counted_run(struct cell_run *run, struct mutator *m,
                                                  unsigned thread, void *state) {
    heap_counts = (struct heap_counts){0, 0, 0, 0};
    uint64_t checksum = run->work->count->run(m, state, run->work->count_ops);
    heap_keep(checksum);
    run->threads[thread].counts = heap_counts;
}

static __attribute__((noinline)) void count_pass(struct cell_run *run, struct mutator *m,
                                                 unsigned thread) {
    const struct workload *w = run->work->count;
    void *state = cell_state_new(run->work, w, m, thread, run->work->count_ops);
    threads_meet(run, m);
    if (thread == 0)
        count_begin(run);
    threads_meet(run, m);
    counted_run(run, m, thread, state);
    threads_meet(run, m);
    if (thread == 0)
        count_end(run);
    threads_meet(run, m);
    heap_keep(state);
    cell_state_drop(w, m, state);
}

/* Between two passes: what the last one left is collected, so that the next one's live heap is its
   own. (Its state lay just before the next one's, and a pointer to the start of a slot also keeps
   the slot before it: binary-trees carried two long-lived trees instead of one.) */
static __attribute__((noinline)) void pass_begin(struct cell_run *run, struct mutator *m,
                                                 unsigned thread) {
    threads_meet(run, m);
    if (thread == 0)
        cell_collect();
    threads_meet(run, m);
}

static __attribute__((noinline)) void thread_measure(struct cell_run *run, struct mutator *m,
                                                     unsigned thread) {
    cell_warm_up(run->work, m, thread);
    pass_begin(run, m, thread);
    timed_pass(run, m, thread);
    pass_begin(run, m, thread);
    count_pass(run, m, thread);
}

/* Google Benchmark's body: the frame whose address is the stack base. */
static void thread_body(void *context, unsigned thread, uint64_t iterations,
                        struct shim_result *result) {
    struct cell_run *run = context;
    (void)iterations; /* work->ops, by registration */
    struct mutator m;
    if (!mem_attach(&m, __builtin_frame_address(0)))
        heap_exhausted(sizeof m);
    thread_measure(run, &m, thread);
    mem_detach(&m);
    struct thread_result *mine = &run->threads[thread];
    result->seconds = (double)(mine->clocked.end_ns - mine->clocked.start_ns) * 1e-9;
    double ops = (double)run->work->count_ops * run->work->threads;
    result->allocs_per_op = (double)run->out->allocs / ops;
    result->bytes_per_op = run->out->handed_out_bytes == STAT_UNKNOWN
                               ? -1.0
                               : (double)run->out->handed_out_bytes / ops;
}

static void run_finish(struct cell_run *run) {
    struct cell_measurement *out = run->out;
    uint64_t last = 0;
    out->start_ns = UINT64_MAX;
    for (unsigned i = 0; i < run->work->threads; i++) {
        const struct cell_clocked *clocked = &run->threads[i].clocked;
        out->start_ns = least(out->start_ns, clocked->start_ns);
        last = clocked->end_ns > last ? clocked->end_ns : last;
        out->checksum += clocked->checksum;
        cell_trace_run(clocked->start_ns, clocked->end_ns);
    }
    out->wall_ns = last - out->start_ns;
    out->count_ops = run->work->count_ops * run->work->threads;
}

static bool run_init(struct cell_run *run, const struct cell_work *work,
                     struct cell_measurement *out, struct error *err) {
    *out = (struct cell_measurement){.start_ns = 0};
    *run = (struct cell_run){.work = work, .threads = thread_results, .out = out};
    *(void **)&run->watch = dlsym(RTLD_DEFAULT, "heapmark_watch");
    if (pthread_barrier_init(&run->barrier, NULL, work->threads) != 0)
        return error_set(err, EXIT_CANNOT, "no barrier for %u threads", work->threads);
    return true;
}

bool cell_measure(const struct cell_work *work, const int *counter_fds, size_t counter_count,
                  struct cell_measurement *out, struct error *err) {
    struct cell_run run;
    if (!run_init(&run, work, out, err))
        return false;
    run.counter_fds = counter_fds;
    run.counter_count = counter_count;
    shim_register(work->time->name, thread_body, &run, work->ops, work->threads);
    shim_run(true);
    if (run.threads[0].clocked.end_ns == 0)
        return error_set(err, EXIT_CANNOT, "%u threads could not be started", work->threads);
    run_finish(&run);
    return true;
}

/* One benchmark of the ordinary benchmark program. */
struct listed_benchmark {
    struct cell_work work;
    struct cell_measurement measured;
    struct cell_run run;
};

static void listed_body(void *context, unsigned thread, uint64_t iterations,
                        struct shim_result *result) {
    struct listed_benchmark *b = context;
    struct error err;
    if (!run_init(&b->run, &b->work, &b->measured, &err)) {
        result->failure = "no barrier";
        return;
    }
    thread_body(&b->run, thread, iterations, result);
    pthread_barrier_destroy(&b->run.barrier);
}

static struct listed_benchmark listed[256];

int cell_benchmark_program(int argc, char **argv) {
    if (!shim_arguments(argc, argv))
        return EXIT_USAGE;
    size_t count = 0;
    for (; count < sizeof listed / sizeof listed[0] && time_workloads[count] != NULL; count++) {
        struct listed_benchmark *b = &listed[count];
        struct cell_options o = {.workload = time_workloads[count]->name, .threads = 1, .seed = 1};
        struct error err;
        if ((time_workloads[count]->needs & ~allocator_binding.offers) != 0)
            continue;
        if (!cell_work_resolve(&b->work, &o, &err))
            continue;
        shim_register(b->work.time->name, listed_body, b, b->work.ops, 1);
    }
    shim_run(false);
    return EXIT_OK;
}
