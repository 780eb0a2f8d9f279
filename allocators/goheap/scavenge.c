/* Giving idle pages back. See scavenge.h. */
#include "allocators/goheap/scavenge.h"

#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

enum {
    WINDOW_NS = 500000000,  /* this one and the one before count for the use that is remembered */
    SLICE_NS = 50000,       /* CPU time in one step, if no single system call takes longer */
    REST_PER_WORK = 99,     /* 1 % of one CPU */
    REST_PER_WORK_IDLE = 9, /* 10 % of one that nobody wants */
    AHEAD_PAGES = (4 << 20) / PAGE_BYTES, /* more than is in use that may be wanted ahead, ... */
    AHEAD_SHARE = 16,  /* ... or such a part of it: a program may end before the goal is reached */
    RETRY_NS = 1000000 /* when a cycle is under way, which will wake us in any case */
};

/* Above these shares of the use and of the limit memory goes back (Go's figures). */
#define KEPT_SHARE  1.10
#define LIMIT_SHARE 0.95

static struct {
    /* Heap lock. */
    uint32_t sweepgen;    /* of the last cycle that was noted */
    uint64_t goal_bytes;  /* the pacer's, then; 0: no cycle has ended yet */
    double goal_use;      /* pages */
    uint64_t window;      /* number of the current window */
    uint64_t peak[2];     /* most pages in use in this window, and in the one before */
    struct page_run held; /* by the collector's thread */
    bool fails;           /* the operating system does not take memory back */

    uint64_t due_ns; /* the collector's thread's */
} scavenge;

void scavenge_init(void) {
    scavenge.sweepgen = mheap.sweepgen;
}

/* The windows move on to the one that holds now_ns. Heap lock held. */
static void scavenge_windows_move(uint64_t now_ns) {
    uint64_t window = now_ns / WINDOW_NS;
    if (window == scavenge.window)
        return;
    scavenge.peak[1] = window == scavenge.window + 1 ? scavenge.peak[0] : 0;
    scavenge.peak[0] = mheap.pages_in_use;
    scavenge.window = window;
}

/* How the pacer's goal has changed with the last cycle. If more than one has ended since the last
   note, the goal in between is not known; but then no page has changed hands in between either, and
   what is in use is what is needed. */
static double scavenge_goal_ratio(uint64_t goal_bytes, uint32_t cycles) {
    bool is_known = cycles == 1 && scavenge.goal_bytes != 0 && scavenge.goal_bytes != UINT64_MAX &&
                    goal_bytes != UINT64_MAX;
    return is_known ? (double)goal_bytes / (double)scavenge.goal_bytes : 1;
}

void scavenge_note_cycle(void) {
    uint32_t sweepgen = mheap_sweepgen();
    if (sweepgen == scavenge.sweepgen)
        return;
    uint64_t goal_bytes = mgc_totals()->goal_bytes;
    double ratio = scavenge_goal_ratio(goal_bytes, (sweepgen - scavenge.sweepgen) / 2);
    scavenge.goal_use = (double)mheap.pages_in_use * ratio;
    scavenge_windows_move(os_now_ns());
    scavenge.sweepgen = sweepgen;
    scavenge.goal_bytes = goal_bytes;
}

void scavenge_note_use(void) {
    if (mheap.pages_in_use > scavenge.peak[0])
        scavenge.peak[0] = mheap.pages_in_use;
}

/* Gives one run of at most `most` idle pages back. *held: the run, meanwhile. Returns its pages; 0:
   nothing is idle, or the operating system does not want it. */
static size_t scavenge_run(size_t most, struct page_run *held) {
    mheap_lock();
    *held = scavenge.fails ? (struct page_run){0, 0} : page_alloc_find_idle(most);
    struct page_run run = *held;
    if (run.pages != 0)
        page_alloc_take(run.address, run.pages);
    mheap_unlock();
    if (run.pages == 0)
        return 0;
    trace_event(EVENT_SCAVENGE_BEGIN, 0, 0, 0);
    bool is_done = os_discard((void *)run.address, run.pages * PAGE_BYTES);
    trace_event(EVENT_SCAVENGE_END, 0, is_done ? run.pages * PAGE_BYTES : 0, 0);
    mheap_lock();
    page_alloc_give(run.address, run.pages, is_done ? PAGES_RELEASED : PAGES_IDLE);
    held->pages = 0;
    scavenge.fails |= !is_done;
    if (trace_wants())
        trace_heap_mapped();
    mheap_unlock();
    return is_done ? run.pages : 0;
}

/* Pages by which memory that is ready and not released exceeds `share` of the limit. Heap lock
   held. */
static size_t scavenge_beyond_limit(double share) {
    if (mheap.options.memlimit == 0)
        return 0;
    uint64_t most = (uint64_t)((double)mheap.options.memlimit * share);
    uint64_t resident = os_ready_bytes_total() - page_alloc_released() * PAGE_BYTES;
    return resident > most ? (size_t)(resident - most + PAGE_BYTES - 1) / PAGE_BYTES : 0;
}

void scavenge_keep_limit(size_t pages) {
    if (__builtin_expect(mheap.options.memlimit == 0, 1) || mheap.options.gc == GOHEAP_GC_OFF)
        return;
    size_t bound = 2 * pages > PAGES_RELEASE_STEP ? 2 * pages : PAGES_RELEASE_STEP;
    mheap_lock();
    size_t excess = scavenge_beyond_limit(1);
    mheap_unlock();
    for (size_t left = excess < bound ? excess : bound, done; left > 0; left -= done) {
        struct page_run held;
        done = scavenge_run(left, &held);
        if (done == 0) {
            mgc_limit_passed();
            return;
        }
    }
}

/* Pages that hold memory. Heap lock held. */
static uint64_t scavenge_memory(void) {
    return os_ready_bytes(OS_HEAP) / PAGE_BYTES - page_alloc_released();
}

size_t scavenge_lack(void) {
    uint64_t memory = scavenge_memory(), goal_bytes = scavenge.goal_bytes;
    if (goal_bytes == 0 || goal_bytes == UINT64_MAX)
        return 0;
    double need = (double)(goal_bytes / PAGE_BYTES);
    need = need < scavenge.goal_use ? need : scavenge.goal_use;
    uint64_t ahead = mheap.pages_in_use / AHEAD_SHARE;
    double most = (double)(mheap.pages_in_use + (ahead > AHEAD_PAGES ? ahead : AHEAD_PAGES));
    need = need < most ? need : most;
    return need > (double)memory ? (size_t)(need - (double)memory) : 0;
}

/* Idle pages beyond what is kept for this use. A page more or less is not worth a system call. Heap
   lock held. */
static size_t scavenge_beyond_use(double use) {
    uint64_t memory = scavenge_memory();
    uint64_t idle = memory - mheap.pages_in_use;
    double excess = (double)memory - use * KEPT_SHARE;
    if (scavenge.goal_bytes == 0 || idle < PAGES_RELEASE_STEP || excess < PAGES_RELEASE_STEP)
        return 0;
    return excess < (double)idle ? (size_t)excess : (size_t)idle;
}

/* Idle pages that are due. *kept_for_ns: others are kept only because they were in use a short time
   ago, and may be due then; 0: none are. Heap lock held. */
static size_t scavenge_excess(uint64_t now_ns, uint64_t *kept_for_ns) {
    scavenge_windows_move(now_ns);
    uint64_t peak = scavenge.peak[0] > scavenge.peak[1] ? scavenge.peak[0] : scavenge.peak[1];
    double use = scavenge.goal_use > (double)peak ? scavenge.goal_use : (double)peak;
    size_t beyond_use = scavenge_beyond_use(use);
    bool is_kept = scavenge_beyond_use(scavenge.goal_use) > beyond_use;
    *kept_for_ns = is_kept && !scavenge.fails ? (scavenge.window + 1) * WINDOW_NS - now_ns : 0;
    size_t beyond_limit = scavenge_beyond_limit(LIMIT_SHARE);
    return beyond_use > beyond_limit ? beyond_use : beyond_limit;
}

/* What is due now. False: a cycle is under way. */
static bool scavenge_look(size_t *excess, uint64_t *kept_for_ns) {
    if (!world_try_lock_collection())
        return false;
    mheap_lock();
    scavenge_note_cycle();
    *excess = scavenge_excess(os_now_ns(), kept_for_ns);
    mheap_unlock();
    world_unlock_collection();
    return true;
}

/* Gives back up to `excess` pages, in about SLICE_NS. Returns how many are left to give back. */
static size_t scavenge_slice(size_t excess) {
    uint64_t start_ns = os_cpu_ns(), busy_ns = 0;
    while (excess > 0 && busy_ns < SLICE_NS) {
        size_t done = scavenge_run(excess, &scavenge.held);
        excess = done != 0 ? excess - done : 0;
        busy_ns = os_cpu_ns() - start_ns;
    }
    bool is_idle = world_running() < world_cpus();
    scavenge.due_ns = os_now_ns() + busy_ns * (is_idle ? REST_PER_WORK_IDLE : REST_PER_WORK);
    return excess;
}

uint64_t scavenge_step(void) {
    uint64_t now_ns = os_now_ns(), kept_for_ns;
    size_t excess;
    if (now_ns < scavenge.due_ns)
        return scavenge.due_ns - now_ns;
    if (!scavenge_look(&excess, &kept_for_ns))
        return RETRY_NS;
    if (excess == 0)
        return kept_for_ns;
    if (scavenge_slice(excess) == 0 && kept_for_ns == 0)
        return 0;
    now_ns = os_now_ns();
    return scavenge.due_ns > now_ns ? scavenge.due_ns - now_ns : 1;
}

bool scavenge_holds(uintptr_t address) {
    return address - scavenge.held.address < scavenge.held.pages * PAGE_BYTES;
}
