/* The collector's thread. See bgworker.h. */
#include "allocators/goheap/bgworker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "allocators/goheap/mark.h"
#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/prefault.h"
#include "allocators/goheap/scavenge.h"
#include "allocators/goheap/sweep.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

#define CPU_SHARE 0.25

enum {
    TICK_NS = 10000000,
    FINISH_WAIT_NS = 2000000, /* how long mutators have to take up the termination: one may be in
                                 the midst of copying megabytes, and a stop would be as long */
    LEAVE_END_NS = 50000,     /* how long they have to notice that there is nothing to mark */
    NAP_NS_MOST = 500000,
    WAIT_NAP_NS = 20000, /* for others, who have the last greys in their hands */
    SWEEP_NAP_NS = 100000,
    SWEEP_SPANS = 32 /* between two naps */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_wanted;  /* lock */
    uint32_t sleeps; /* atomic; without a time to wake up */
    uint64_t cycles; /* atomic; cycles that have ended */
    pthread_t thread;
    cpu_set_t allowed;  /* CPUs of the thread that started it */
    int avoided;        /* collection lock; the CPU that it may not use for now, -1: none */
    uint64_t began_ns;  /* atomic; of marking in this cycle */
    uint64_t work_seen; /* mark_work when it looked last */
    bool has_looked;    /* atomic; in this cycle, whether mutators mark */
    struct bgworker_times times;
} worker = {.lock = PTHREAD_MUTEX_INITIALIZER, .avoided = -1};

void bgworker_wake(void) {
    pthread_mutex_lock(&worker.lock);
    worker.is_wanted = true;
    pthread_cond_signal(&worker.woken);
    pthread_mutex_unlock(&worker.lock);
}

/* Keeps it off one CPU, or off none. */
static void worker_avoid(int cpu) {
    if (cpu == worker.avoided)
        return;
    cpu_set_t cpus = worker.allowed;
    if (cpu >= 0)
        CPU_CLR((unsigned)cpu, &cpus);
    if (CPU_COUNT(&cpus) > 0 && pthread_setaffinity_np(worker.thread, sizeof cpus, &cpus) == 0)
        worker.avoided = cpu;
}

/* Is its quarter of the CPUs a whole one? */
static bool worker_has_own_cpu(void) {
    return CPU_SHARE * (double)world_cpus() >= 1;
}

/* Written, though with nothing new: if worker_sleep comes later, it reads this, and so sees the
   phase that the caller wrote before. */
static bool worker_sleeps_for_good(void) {
    return __atomic_fetch_or(&worker.sleeps, 0, __ATOMIC_SEQ_CST) != 0;
}

void bgworker_wake_to_mark(void) {
    bool has_idle_cpu = world_running() < world_cpus();
    worker_avoid(has_idle_cpu ? sched_getcpu() : -1);
    if (has_idle_cpu || worker_has_own_cpu() || worker_sleeps_for_good())
        bgworker_wake();
}

/* Sequentially consistent, as in worker_sleep: one of the two sees what the other has written. */
void bgworker_note_cycle(void) {
    __atomic_fetch_add(&worker.cycles, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&worker.sleeps, __ATOMIC_SEQ_CST))
        bgworker_wake();
}

void bgworker_cycle_begin(void) {
    __atomic_store_n(&worker.began_ns, os_now_ns(), __ATOMIC_RELAXED);
    __atomic_store_n(&worker.has_looked, false, __ATOMIC_RELAXED);
    __atomic_store_n(&worker.times.quota_ns, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&worker.times.idle_ns, 0, __ATOMIC_RELAXED);
}

struct bgworker_times bgworker_cycle_times(void) {
    return (struct bgworker_times){__atomic_load_n(&worker.times.quota_ns, __ATOMIC_RELAXED),
                                   __atomic_load_n(&worker.times.idle_ns, __ATOMIC_RELAXED)};
}

static void nap(uint64_t ns) {
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&t, NULL);
}

void bgworker_debug_delay(void) {
    static uint64_t random; /* atomic; a counter through a mixer */
    if (!mheap.options.handshake_delays)
        return;
    uint64_t x = __atomic_add_fetch(&random, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 31;
    if (x % 4 == 0)
        nap(x / 4 % 200000);
}

/* Sleeps until woken, or for ns; 0: until woken. True: woken. */
static bool worker_wait(uint64_t ns) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ns % 1000000000);
    until.tv_sec += (time_t)(ns / 1000000000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&worker.lock);
    int status = 0;
    while (!worker.is_wanted && status == 0)
        status = ns == 0 ? pthread_cond_wait(&worker.woken, &worker.lock)
                         : pthread_cond_timedwait(&worker.woken, &worker.lock, &until);
    bool was_wanted = worker.is_wanted;
    worker.is_wanted = false;
    pthread_mutex_unlock(&worker.lock);
    return was_wanted;
}

/* Sleeps off what was worked beyond the quarter. */
static void worker_throttle(void) {
    double quota = CPU_SHARE * (double)world_cpus();
    if (quota >= 1)
        return;
    uint64_t quota_ns = __atomic_load_n(&worker.times.quota_ns, __ATOMIC_RELAXED);
    uint64_t due_ns = (uint64_t)((double)quota_ns / quota);
    uint64_t elapsed_ns = os_now_ns() - __atomic_load_n(&worker.began_ns, __ATOMIC_RELAXED);
    if (due_ns > elapsed_ns)
        nap(due_ns - elapsed_ns < NAP_NS_MOST ? due_ns - elapsed_ns : NAP_NS_MOST);
}

/* Does every CPU have a mutator to run, and do these mark, or may they still begin to? Then this
   thread would only take their CPU from them, a scheduler's slice of milliseconds at a time. */
static bool worker_is_spare(bool is_idle) {
    uint64_t work = mark_work();
    bool is_moving = work != worker.work_seen;
    worker.work_seen = work;
    bool is_first = !__atomic_exchange_n(&worker.has_looked, true, __ATOMIC_RELAXED);
    return !is_idle && (is_first || is_moving) && !worker_has_own_cpu();
}

/* One quantum, charged to the quarter or to an idle CPU. */
static enum mgc_progress worker_mark_quantum(void) {
    bool is_idle = world_running() < world_cpus();
    if (worker_is_spare(is_idle)) {
        nap(NAP_NS_MOST);
        return MGC_MARKED;
    }
    uint64_t start_ns = os_cpu_ns();
    enum mgc_progress progress = mgc_mark_quantum();
    uint64_t *times = is_idle ? &worker.times.idle_ns : &worker.times.quota_ns;
    __atomic_fetch_add(times, os_cpu_ns() - start_ns, __ATOMIC_RELAXED);
    worker.work_seen = mark_work();
    if (progress == MGC_WAITED)
        nap(WAIT_NAP_NS);
    else if (progress == MGC_MARKED && !is_idle)
        worker_throttle();
    return progress;
}

/* Nothing is grey, and a mutator that takes a span will notice. Where all CPUs have a mutator this
   thread gives its CPU back first, or the end would wait for the one that it took it from. */
static bool worker_leaves_end(void) {
    if (world_running() < world_cpus())
        return false;
    nap(LEAVE_END_NS);
    return mgc_phase() != MGC_MARKING;
}

/* Marks until the phase is another. */
static void worker_mark(void) {
    while (mgc_phase() == MGC_MARKING) {
        if (worker_mark_quantum() != MGC_NOTHING_GREY || worker_leaves_end() || !mgc_marking_done())
            continue;
        world_call_attention();
        while (mgc_phase() == MGC_DONE || mgc_phase() == MGC_ENDING)
            if ((world_running() == 0 || !worker_wait(FINISH_WAIT_NS)) && mgc_try_finish(NULL))
                break;
    }
    __atomic_fetch_add(&worker.cycles, 1, __ATOMIC_RELAXED);
}

/* Sweeps a little, if nobody collects meanwhile. */
static void worker_sweep(void) {
    struct stats own = {0};
    if (!world_try_lock_collection())
        return;
    trace_event(EVENT_BACKGROUND_SWEEP_BEGIN, 0, 0, 0);
    uint64_t start_ns = os_cpu_ns();
    mgc_background_swept(sweep_some(SWEEP_SPANS, &own), start_ns);
    own.sweep_ns = 0; /* that is for mutators' */
    mheap_stats_add(&own);
    world_unlock_collection();
}

/* For good, unless a cycle has ended that it has not seen, or one is under way. */
static void worker_sleep(uint64_t seen) {
    __atomic_exchange_n(&worker.sleeps, true, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&worker.cycles, __ATOMIC_SEQ_CST) == seen && mgc_phase() != MGC_MARKING)
        worker_wait(0);
    __atomic_store_n(&worker.sleeps, false, __ATOMIC_RELAXED);
}

static void *worker_main(void *unused) {
    uint64_t seen = 0;
    (void)unused;
    prctl(PR_SET_TIMERSLACK, 1UL);
    trace_collector_begin();
    for (;;) {
        uint64_t cycles = __atomic_load_n(&worker.cycles, __ATOMIC_RELAXED);
        prefault_step();
        if (mgc_phase() == MGC_MARKING) {
            worker_mark();
        } else if (cycles != seen) {
            seen = cycles;
            scavenge_step();
            worker_wait(TICK_NS);
        } else if (!sweep_is_done()) {
            worker_sweep();
            worker_wait(SWEEP_NAP_NS);
        } else {
            uint64_t again_ns = scavenge_step();
            if (again_ns != 0)
                worker_wait(again_ns);
            else
                worker_sleep(seen);
        }
    }
    return NULL;
}

static bool worker_create(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool is_started = pthread_create(&worker.thread, &attributes, worker_main, NULL) == 0;
    pthread_attr_destroy(&attributes);
    return is_started;
}

bool bgworker_start(void) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&worker.woken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sched_getaffinity(0, sizeof worker.allowed, &worker.allowed);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = worker_create();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}
