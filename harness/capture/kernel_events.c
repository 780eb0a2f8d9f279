/*
 * Recording: a ring per CPU, emptied by a thread every few milliseconds; more often until it finds
 * that the process has its C library, and sets the breakpoints there (kernel_calls.h).
 *
 * Rows come out in order of time, whichever CPU they are from: of what a round finds, everything
 * that is older than the beginning of the round before is written, because all rings were emptied
 * since, and the rest waits for the next.
 */
#include "harness/capture/kernel_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/kernel_calls.h"

enum {
    RING_BYTES = 64 << 12, /* 64 pages: several CPUs fit into an ordinary user's 516 KiB */
    CPUS_MAX = 1024,
    RECORD_BYTES_MAX = 1 << 16,
    ROUND_NS = 2 * 1000 * 1000,
    ROUND_FIRST_NS = 50 * 1000, /* until the breakpoints are set ... */
    ROUNDS_FIRST = 1000         /* ... but no longer */
};

struct ring {
    int fd, fault_fd, cpu;
    int call_fds[KERNEL_CALLS];
    struct perf_event_mmap_page *page;
};

struct kernel_events {
    struct ring *rings;
    size_t ring_count;
    struct kernel_calls calls;
    bool has_library; /* the process does, where the breakpoints shall be */
    bool has_calls;   /* they are set, or cannot be */
    unsigned rounds;
    pid_t pid;
    FILE *out;
    GArray *pending; /* of struct kernel_row */
    pthread_t drainer;
    bool ends;       /* atomic: set by the recorder's end */
    bool has_failed; /* a write did */
    _Alignas(8) unsigned char record[RECORD_BYTES_MAX];
};

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- events ---- */

/* What every record ends with, in the kernel's order: thread, time, CPU. */
enum { TRAILER = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU };

static struct perf_event_attr attr_common(uint64_t config) {
    return (struct perf_event_attr){.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof(struct perf_event_attr),
                                    .config = config,
                                    .sample_period = 1,
                                    .sample_type = TRAILER,
                                    .inherit = 1,
                                    .sample_id_all = 1,
                                    .use_clockid = 1,
                                    .clockid = CLOCK_MONOTONIC};
}

/* With the kernel's part where that is allowed. */
static int event_open(struct perf_event_attr *attr, pid_t pid, int cpu) {
    int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0 && (errno == EACCES || errno == EPERM)) {
        attr->exclude_kernel = 1;
        fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    }
    return fd;
}

static size_t ring_bytes(void) {
    return RING_BYTES + (size_t)sysconf(_SC_PAGESIZE);
}

static void ring_close(struct ring *ring) {
    if (ring->page != NULL)
        munmap(ring->page, ring_bytes());
    for (unsigned i = 0; i < KERNEL_CALLS; i++) {
        if (ring->call_fds[i] >= 0)
            close(ring->call_fds[i]);
    }
    if (ring->fault_fd >= 0)
        close(ring->fault_fd);
    if (ring->fd >= 0)
        close(ring->fd);
}

static bool ring_open(struct ring *ring, pid_t pid, int cpu) {
    struct perf_event_attr tells = attr_common(PERF_COUNT_SW_DUMMY);
    struct perf_event_attr faults = attr_common(PERF_COUNT_SW_PAGE_FAULTS);
    tells.context_switch = tells.task = tells.mmap = tells.mmap_data = tells.mmap2 = 1;
    faults.sample_type |= PERF_SAMPLE_ADDR;
    *ring = (struct ring){.fd = event_open(&tells, pid, cpu),
                          .fault_fd = -1,
                          .cpu = cpu,
                          .call_fds = {-1, -1, -1, -1}};
    if (ring->fd < 0)
        return false;
    void *at = mmap(NULL, ring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
    if (at == MAP_FAILED) {
        int failure = errno;
        ring_close(ring);
        errno = failure;
        return false;
    }
    ring->page = at;
    ring->fault_fd = event_open(&faults, pid, cpu);
    if (ring->fault_fd >= 0)
        ioctl(ring->fault_fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd);
    return true;
}

/* 0, or errno: then none of the ring's breakpoints are left. */
static int ring_open_calls(struct ring *ring, const struct kernel_calls *calls, pid_t pid) {
    int failure = 0;
    for (unsigned i = 0; i < KERNEL_CALLS && failure == 0; i++) {
        struct perf_event_attr attr = attr_common(0);
        kernel_calls_attr(calls, i, &attr);
        ring->call_fds[i] = event_open(&attr, pid, ring->cpu);
        if (ring->call_fds[i] < 0 ||
            ioctl(ring->call_fds[i], PERF_EVENT_IOC_SET_OUTPUT, ring->fd) != 0)
            failure = errno;
    }
    return failure;
}

static void rings_close_calls(struct kernel_events *k) {
    for (size_t i = 0; i < k->ring_count * KERNEL_CALLS; i++) {
        int *fd = &k->rings[i / KERNEL_CALLS].call_fds[i % KERNEL_CALLS];
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
}

/* On all CPUs or on none: a call that is seen on some of them only would be worse than none. */
static void rings_open_calls(struct kernel_events *k) {
    struct kernel_row row = {.kind = KERNEL_CALLS_SEEN, .tid = (uint32_t)k->pid};
    for (size_t i = 0; i < k->ring_count && row.value == 0; i++)
        row.value = (uint64_t)ring_open_calls(&k->rings[i], &k->calls, k->pid);
    if (row.value != 0)
        rings_close_calls(k);
    row.time_ns = monotonic_ns();
    g_array_append_val(k->pending, row);
    k->has_calls = true;
}

/* ---- records ---- */

static uint64_t word_at(const unsigned char *bytes, size_t at) {
    uint64_t word;
    memcpy(&word, bytes + at, sizeof word);
    return word;
}

static uint32_t half_at(const unsigned char *bytes, size_t at) {
    uint32_t half;
    memcpy(&half, bytes + at, sizeof half);
    return half;
}

/* A switch tells only whether it is out; every other one brought the thread in. */
static uint8_t switch_kind(const struct perf_event_header *header) {
    if ((header->misc & PERF_RECORD_MISC_SWITCH_OUT) == 0)
        return KERNEL_SWITCH_IN;
    return (header->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0 ? KERNEL_PREEMPT
                                                                     : KERNEL_SWITCH_OUT;
}

/* Whether it maps the code of the C library. */
static bool record_has_library(struct kernel_events *k, const unsigned char *bytes) {
    enum { START = 16, OFFSET = 32, PROTECTION = 64, PATH = 72, TRAILER_BYTES = 24 };
    struct perf_event_header header;
    memcpy(&header, bytes, sizeof header);
    if (header.type != PERF_RECORD_MMAP2 || header.size <= PATH + TRAILER_BYTES)
        return false;
    return kernel_calls_place(
        &k->calls,
        &(struct kernel_mapping){.start = word_at(bytes, START),
                                 .offset = word_at(bytes, OFFSET),
                                 .path = (const char *)bytes + PATH,
                                 .is_code = (half_at(bytes, PROTECTION) & PROT_EXEC) != 0});
}

/* False: nothing that is kept. */
static bool record_read(const unsigned char *bytes, struct kernel_row *row) {
    enum { HEAD = 8, SAMPLE = 40, TRAILER_BYTES = 24, TASK = 32, MAP = 40 };
    struct perf_event_header header;
    memcpy(&header, bytes, sizeof header);
    *row = (struct kernel_row){.kind = 0};
    if (header.size < HEAD + TRAILER_BYTES)
        return false;
    size_t trailer = header.size - (size_t)TRAILER_BYTES;
    if (header.type == PERF_RECORD_SAMPLE && header.size >= SAMPLE) {
        row->kind = KERNEL_FAULT;
        row->value = word_at(bytes, HEAD + 16); /* thread, time, address, CPU */
        row->tid = half_at(bytes, HEAD + 4);
        row->time_ns = word_at(bytes, HEAD + 8);
        row->cpu = (uint16_t)half_at(bytes, HEAD + 24);
        return true;
    }
    row->tid = half_at(bytes, trailer + 4);
    row->time_ns = word_at(bytes, trailer + 8);
    row->cpu = (uint16_t)half_at(bytes, trailer + 16);
    if (header.type == PERF_RECORD_SWITCH) {
        row->kind = switch_kind(&header);
    } else if (header.type == PERF_RECORD_MMAP2 && header.size >= MAP) {
        row->kind = KERNEL_MAP;
        row->value = word_at(bytes, HEAD + 16);
        row->extra = word_at(bytes, HEAD + 8) + row->value;
    } else if ((header.type == PERF_RECORD_FORK || header.type == PERF_RECORD_EXIT) &&
               header.size >= TASK) {
        row->kind = header.type == PERF_RECORD_FORK ? KERNEL_THREAD : KERNEL_EXIT;
        row->tid = half_at(bytes, HEAD + 8); /* the one that begins, not the one that tells */
    } else if (header.type == PERF_RECORD_LOST) {
        row->kind = KERNEL_LOST;
        row->value = word_at(bytes, HEAD + 8);
    }
    return row->kind != 0;
}

/* A record in one piece, wherever it lies in the ring. */
static void ring_copy(const struct ring *ring, uint64_t at, size_t count, unsigned char *out) {
    const unsigned char *bytes = (const unsigned char *)ring->page + sysconf(_SC_PAGESIZE);
    size_t place = (size_t)(at % RING_BYTES), first = MIN(count, RING_BYTES - place);
    memcpy(out, bytes + place, first);
    memcpy(out + first, bytes, count - first);
}

static void ring_drain(struct kernel_events *k, struct ring *ring) {
    /* Pairs with the kernel's release: what is before the head is written. */
    uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
    uint64_t tail = ring->page->data_tail;
    while (head - tail >= sizeof(struct perf_event_header)) {
        struct perf_event_header header;
        struct kernel_row row;
        ring_copy(ring, tail, sizeof header, (unsigned char *)&header);
        if (header.size < sizeof header || header.size > head - tail)
            break;
        ring_copy(ring, tail, header.size, k->record);
        k->has_library |= !k->has_calls && record_has_library(k, k->record);
        if (kernel_calls_read(&k->calls, k->record, header.size, &row) ||
            record_read(k->record, &row))
            g_array_append_val(k->pending, row);
        tail += header.size;
    }
    /* What was read may be written again. */
    __atomic_store_n(&ring->page->data_tail, head, __ATOMIC_RELEASE);
}

/* ---- rounds ---- */

static int row_compare(const void *left, const void *right) {
    const struct kernel_row *a = left, *b = right;
    return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

static void pending_write(struct kernel_events *k, uint64_t until_ns) {
    guint count = 0;
    g_array_sort(k->pending, row_compare);
    while (count < k->pending->len &&
           g_array_index(k->pending, struct kernel_row, count).time_ns < until_ns)
        count++;
    if (count == 0)
        return;
    if (fwrite(k->pending->data, sizeof(struct kernel_row), count, k->out) != count)
        k->has_failed = true;
    g_array_remove_range(k->pending, 0, count);
}

static void *drainer_run(void *context) {
    struct kernel_events *k = context;
    uint64_t before_ns = monotonic_ns();
    bool ends = false;
    while (!ends) {
        ends = __atomic_load_n(&k->ends, __ATOMIC_ACQUIRE);
        uint64_t now_ns = monotonic_ns();
        for (size_t i = 0; i < k->ring_count; i++)
            ring_drain(k, &k->rings[i]);
        if (k->has_library && !k->has_calls)
            rings_open_calls(k);
        pending_write(k, ends ? UINT64_MAX : before_ns);
        before_ns = now_ns;
        if (!ends)
            nanosleep(&(struct timespec){.tv_nsec = k->has_calls || k->rounds++ >= ROUNDS_FIRST
                                                        ? ROUND_NS
                                                        : ROUND_FIRST_NS},
                      NULL);
    }
    return NULL;
}

/* ---- the whole ---- */

/* Returns why a ring did not open; 0: they all did. */
static int rings_open(struct kernel_events *k, pid_t pid) {
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    int failure = 0;
    k->rings = g_new0(struct ring, CPUS_MAX);
    for (int cpu = 0; cpu < MIN(cpus, CPUS_MAX); cpu++) {
        if (ring_open(&k->rings[k->ring_count], pid, cpu))
            k->ring_count++;
        else
            failure = errno;
    }
    return failure;
}

static const char *rings_refusal(int error_number) {
    switch (error_number) {
    case EACCES:
    case EPERM:
        return "no events, as this user may not record what the kernel does: run as root sysctl "
               "kernel.perf_event_paranoid=2, or allow a container perf_event_open (CAP_PERFMON "
               "and its seccomp profile)";
    case EMFILE:
    case ENFILE:
        return "no events, as too many files are open: raise ulimit -n";
    default:
        return "no events, as this kernel or sandbox has no perf_event_open that tells of switches "
               "and faults";
    }
}

static void kernel_free(struct kernel_events *k) {
    for (size_t i = 0; i < k->ring_count; i++)
        ring_close(&k->rings[i]);
    g_free(k->rings);
    g_array_free(k->pending, TRUE);
    kernel_calls_release(&k->calls);
    if (k->out != NULL && fclose(k->out) != 0)
        k->has_failed = true;
    g_free(k);
}

struct kernel_events *kernel_events_begin(pid_t pid, const char *path, const char **reason) {
    struct kernel_events *k = g_new0(struct kernel_events, 1);
    k->pending = g_array_new(FALSE, FALSE, sizeof(struct kernel_row));
    k->out = fopen(path, "wbe");
    k->pid = pid;
    kernel_calls_init(&k->calls);
    k->has_calls = k->calls.library == NULL;
    int failure = rings_open(k, pid);
    *reason = NULL;
    if (k->out == NULL)
        *reason = "the file for the kernel's events cannot be made";
    else if (k->ring_count == 0)
        *reason = rings_refusal(failure);
    else if (pthread_create(&k->drainer, NULL, drainer_run, k) == 0)
        return k;
    else
        *reason = "no thread can be made to record the kernel's events";
    kernel_free(k);
    return NULL;
}

bool kernel_events_end(struct kernel_events *k) {
    __atomic_store_n(&k->ends, true, __ATOMIC_RELEASE);
    pthread_join(k->drainer, NULL);
    bool ok = !k->has_failed && fflush(k->out) == 0;
    kernel_free(k);
    return ok;
}
