/* Memory and clocks of Linux. See os.h for the states of memory. */
#include "allocators/goheap/os.h"

#include <assert.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

enum { CLOCK_SAMPLES = 32 };

/* Counters are relaxed atomics: they are sums that no other memory depends on. */
static struct {
    uint64_t clock_cost_ns;
    uint64_t memory_limit;        /* 0: none */
    uint64_t fails_at;            /* 0: never */
    _Atomic uint64_t calls;       /* that wanted memory, so far */
    _Atomic uint64_t ready_total; /* = sum of ready[] */
    _Atomic uint64_t ready[OS_USE_COUNT];
} os;

/* The least of a few: any other was disturbed. */
static uint64_t os_clock_cost_measure(void) {
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < CLOCK_SAMPLES; i++) {
        uint64_t start_ns = os_now_ns(), cost_ns = os_now_ns() - start_ns;
        least = cost_ns < least ? cost_ns : least;
    }
    return least;
}

void os_init(uint64_t memory_limit, uint64_t fails_at) {
    os.memory_limit = memory_limit;
    os.fails_at = fails_at;
    os.clock_cost_ns = os_clock_cost_measure();
    atomic_store_explicit(&os.calls, 0, memory_order_relaxed);
}

/* Fault injection: is this call one of those that fail? */
static bool os_call_fails(void) {
    uint64_t call = atomic_fetch_add_explicit(&os.calls, 1, memory_order_relaxed) + 1;
    return os.fails_at != 0 && call >= os.fails_at;
}

/* Books bytes as ready, unless that passes the limit. */
static bool os_book(size_t bytes, enum os_use use) {
    uint64_t before = atomic_fetch_add_explicit(&os.ready_total, bytes, memory_order_relaxed);
    if (os.memory_limit != 0 && before + bytes > os.memory_limit) {
        atomic_fetch_sub_explicit(&os.ready_total, bytes, memory_order_relaxed);
        return false;
    }
    atomic_fetch_add_explicit(&os.ready[use], bytes, memory_order_relaxed);
    return true;
}

static void os_unbook(size_t bytes, enum os_use use) {
    atomic_fetch_sub_explicit(&os.ready_total, bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&os.ready[use], bytes, memory_order_relaxed);
}

static void *os_mmap(void *hint, size_t bytes, int protection, int flags) {
    void *p = mmap(hint, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* A larger reservation, trimmed at both ends. */
static void *os_reserve_aligned(size_t bytes, size_t alignment) {
    size_t larger = bytes + alignment;
    if (larger < bytes)
        return NULL;
    uintptr_t p = (uintptr_t)os_mmap(NULL, larger, PROT_NONE, MAP_NORESERVE);
    if (p == 0)
        return NULL;
    uintptr_t start = (p + alignment - 1) & ~(alignment - 1);
    if (start > p)
        munmap((void *)p, start - p);
    if (p + larger > start + bytes)
        munmap((void *)(start + bytes), p + larger - (start + bytes));
    return (void *)start;
}

void *os_reserve(uintptr_t hint, size_t bytes, size_t alignment) {
    if (os_call_fails())
        return NULL;
    void *p = os_mmap((void *)hint, bytes, PROT_NONE, MAP_NORESERVE);
    if (p == NULL || ((uintptr_t)p & (alignment - 1)) == 0)
        return p;
    munmap(p, bytes);
    return os_reserve_aligned(bytes, alignment);
}

void *os_reserve_readable(size_t bytes) {
    return os_call_fails() ? NULL : os_mmap(NULL, bytes, PROT_READ, MAP_NORESERVE);
}

bool os_commit(void *start, size_t bytes, enum os_use use) {
    assert((uintptr_t)start % OS_PAGE_BYTES == 0 && bytes % OS_PAGE_BYTES == 0);
    if (os_call_fails() || !os_book(bytes, use))
        return false;
    if (mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0)
        return true;
    os_unbook(bytes, use);
    return false;
}

void *os_map(size_t bytes, enum os_use use) {
    if (os_call_fails() || !os_book(bytes, use))
        return NULL;
    void *p = os_mmap(NULL, bytes, PROT_READ | PROT_WRITE, 0);
    if (p == NULL)
        os_unbook(bytes, use);
    return p;
}

void os_unmap(void *start, size_t bytes, enum os_use use) {
    os_release(start, bytes, bytes, use);
}

void os_release(void *start, size_t bytes, size_t ready, enum os_use use) {
    munmap(start, bytes);
    os_unbook(ready, use);
}

bool os_discard(void *start, size_t bytes) {
    assert((uintptr_t)start % OS_PAGE_BYTES == 0 && bytes % OS_PAGE_BYTES == 0);
    return madvise(start, bytes, MADV_DONTNEED) == 0;
}

/* In steps, since it keeps other threads from changing the address space meanwhile. */
bool os_populate(void *start, size_t bytes) {
    assert((uintptr_t)start % OS_PAGE_BYTES == 0 && bytes % OS_PAGE_BYTES == 0);
    enum { STEP_BYTES = 16 << 10 };
    for (size_t done = 0, step; done < bytes; done += step) {
        step = bytes - done < STEP_BYTES ? bytes - done : STEP_BYTES;
        if (madvise((char *)start + done, step, MADV_POPULATE_WRITE) != 0)
            return false;
    }
    return true;
}

uint64_t os_ready_bytes(enum os_use use) {
    return atomic_load_explicit(&os.ready[use], memory_order_relaxed);
}

uint64_t os_ready_bytes_total(void) {
    return atomic_load_explicit(&os.ready_total, memory_order_relaxed);
}

void os_short_lock_init(pthread_mutex_t *lock) {
    pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    *lock = adaptive;
}

static uint64_t os_clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t os_now_ns(void) {
    return os_clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_cpu_ns(void) {
    return os_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t os_clock_cost_ns(void) {
    return os.clock_cost_ns;
}
