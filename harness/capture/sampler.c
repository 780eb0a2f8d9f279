/*
 * Two events per CPU: one that samples, disabled until the cell program enables it, and a dummy
 * that is enabled from the start and tells mappings and names, for a disabled event tells nothing.
 * Both write into the sampling one's ring.
 */
#include "harness/capture/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/text.h"

enum {
    RING_BYTES_MOST = 4 << 20, /* a quarter of a second of samples with 16 KiB of stack each */
    RING_BYTES_LEAST = 128 << 10,
    RECORD_BYTES_MAX = 1 << 16, /* a record's size is a 16-bit number */
};

struct ring {
    int fd, tracking_fd;               /* the events end with their last descriptor */
    struct perf_event_mmap_page *page; /* the first page; data follows */
    size_t bytes;                      /* of data: a power of two */
};

struct sampler {
    struct sampler_options options;
    struct perf_event_attr sampling, tracking;
    char *event, *notice;
    int cpus[CAPTURE_FDS_MAX];
    size_t cpu_count;
    int sockets[2]; /* ours, the child's */
    struct ring *rings;
    size_t ring_count;
    const char *failure;                                  /* of the process being sampled */
    uint64_t record[RECORD_BYTES_MAX / sizeof(uint64_t)]; /* one that wraps around, in one piece */
};

static int system_open(struct perf_event_attr *attr, pid_t pid, int cpu) {
    return (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, 0UL);
}

const struct sampler_system sampler_system = {system_open, "/proc/sys/kernel/perf_event_paranoid"};

/* ---- in the child: system calls only ---- */

/* Sends a pair of descriptors; false when the parent is gone. */
static bool pair_send(int socket, const int fds[2]) {
    char byte = 0;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {.room = {0}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), fds, 2 * sizeof(int));
    while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

static size_t sampler_in_child(void *context, int *fds) {
    struct sampler *s = context;
    size_t count = 0;
    close(s->sockets[0]);
    for (size_t i = 0; i < s->cpu_count; i++) {
        int pair[2];
        pair[0] = s->options.system->open(&s->sampling, 0, s->cpus[i]);
        if (pair[0] < 0) /* that CPU is offline */
            continue;
        pair[1] = s->options.system->open(&s->tracking, 0, s->cpus[i]);
        if (pair[1] < 0 || !pair_send(s->sockets[1], pair))
            break;
        fcntl(pair[1], F_SETFD, FD_CLOEXEC);
        fds[count++] = pair[0];
    }
    close(s->sockets[1]);
    return count;
}

/* ---- rings ---- */

static void ring_map(struct ring *ring, const int fds[2]) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *ring = (struct ring){.fd = fds[0], .tracking_fd = fds[1]};
    /* An ordinary user may lock perf_event_mlock_kb only, 512 KiB usually. */
    for (size_t bytes = RING_BYTES_MOST; bytes >= RING_BYTES_LEAST; bytes /= 2) {
        void *at = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
        if (at == MAP_FAILED)
            continue;
        ring->page = at;
        ring->bytes = bytes;
        return;
    }
}

static void ring_unmap(struct ring *ring) {
    if (ring->page != NULL)
        munmap(ring->page, (size_t)sysconf(_SC_PAGESIZE) + ring->bytes);
    close(ring->fd);
    close(ring->tracking_fd);
}

/* The bytes at a position, in one piece: copied when they wrap around. */
static const void *ring_at(const struct ring *ring, uint64_t position, size_t bytes, void *copy) {
    const uint8_t *data = (const uint8_t *)ring->page + sysconf(_SC_PAGESIZE);
    size_t offset = (size_t)(position & (ring->bytes - 1));
    size_t first = MIN(bytes, ring->bytes - offset);
    if (first == bytes)
        return data + offset;
    memcpy(copy, data + offset, first);
    memcpy((uint8_t *)copy + first, data, bytes - first);
    return copy;
}

static void ring_drain(struct sampler *s, const struct ring *ring) {
    if (ring->page == NULL)
        return;
    /* Pairs with the kernel's release of the head: what lies before it is written. */
    uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
    uint64_t tail = ring->page->data_tail;
    while (tail < head) {
        struct perf_event_header header;
        memcpy(&header, ring_at(ring, tail, sizeof header, &header), sizeof header);
        size_t bytes = MIN((size_t)header.size, (size_t)(head - tail));
        struct perf_record record;
        size_t length = perf_record_read(ring_at(ring, tail, bytes, s->record), bytes, &record);
        if (length == 0) { /* damaged: what follows cannot be found */
            tail = head;
            break;
        }
        if (record.kind != PERF_OTHER)
            s->options.record(s->options.context, &record);
        tail += length;
    }
    /* Our reads are done before the kernel may write there again. */
    __atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
}

static void sampler_tick(void *context) {
    struct sampler *s = context;
    for (size_t i = 0; i < s->ring_count; i++)
        ring_drain(s, &s->rings[i]);
}

/* ---- in the parent, while the child waits ---- */

/* Receives a pair; false at the end. */
static bool pair_receive(int socket, int fds[2]) {
    char byte;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {.room = {0}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return false;
    memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
    return true;
}

static void sampler_prepared(void *context, pid_t pid) {
    struct sampler *s = context;
    int pair[2];
    (void)pid;
    close(s->sockets[1]);
    s->sockets[1] = -1;
    while (s->ring_count < s->cpu_count && pair_receive(s->sockets[0], pair)) {
        struct ring *ring = &s->rings[s->ring_count++];
        ring_map(ring, pair);
        if (ring->page == NULL)
            s->failure = "no memory may be locked for the ring of samples: raise ulimit -l";
        else if (ioctl(pair[1], PERF_EVENT_IOC_SET_OUTPUT, pair[0]) != 0)
            s->failure = "the kernel tells no mappings beside the samples";
    }
    if (s->ring_count == 0)
        s->failure = "no sampling event could be opened for the cell program";
}

bool sampler_begin(struct sampler *s, struct process_capture *out, struct error *err) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->sockets) != 0)
        return error_set(err, EXIT_CANNOT, "cannot make a pair of sockets: %s", g_strerror(errno));
    s->failure = NULL;
    s->ring_count = 0;
    *out = (struct process_capture){.context = s,
                                    .in_child = sampler_in_child,
                                    .prepared = sampler_prepared,
                                    .tick = sampler_tick};
    return true;
}

const char *sampler_end(struct sampler *s) {
    sampler_tick(s);
    for (size_t i = 0; i < s->ring_count; i++)
        ring_unmap(&s->rings[i]);
    s->ring_count = 0;
    for (int i = 0; i < 2; i++) {
        if (s->sockets[i] >= 0)
            close(s->sockets[i]);
        s->sockets[i] = -1;
    }
    return s->failure;
}

/* ---- which event ---- */

static struct perf_event_attr attr_sampling(const struct sampler_options *o) {
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_HARDWARE,
        .config = PERF_COUNT_HW_CPU_CYCLES,
        .sample_freq = o->frequency_hz,
        .freq = 1,
        .disabled = 1,
        .inherit = 1,
        .sample_type = PERF_RECORDS_SAMPLE_TYPE,
        .sample_regs_user = PERF_RECORDS_REGISTERS,
        .sample_stack_user = PERF_RECORDS_REGISTERS == 0 ? 0 : o->stack_bytes,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .watermark = 1,
        .wakeup_watermark = RING_BYTES_MOST, /* nobody waits for it: we look every few ms */
    };
    return attr;
}

static struct perf_event_attr attr_tracking(void) {
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_DUMMY,
        .inherit = 1,
        .exclude_kernel = 1,
        .mmap = 1,
        .mmap2 = 1,
        .comm = 1,
        .comm_exec = 1,
        .task = 1,
        .watermark = 1,
        .wakeup_watermark = RING_BYTES_MOST,
    };
    return attr;
}

/* Whether the event opens for ourselves; errno of the failure otherwise. */
static int event_try(const struct sampler_options *o, struct perf_event_attr *attr) {
    int fd = o->system->open(attr, 0, -1);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static bool is_refusal(int error_number) {
    return error_number == EACCES || error_number == EPERM;
}

/* With the kernel's part where allowed, else without; 0 or errno. */
static int event_try_both(const struct sampler_options *o, struct perf_event_attr *attr) {
    attr->exclude_kernel = attr->exclude_hv = 0;
    int error_number = event_try(o, attr);
    if (!is_refusal(error_number))
        return error_number;
    attr->exclude_kernel = attr->exclude_hv = 1;
    return event_try(o, attr);
}

static int event_choose(struct sampler *s) {
    int error_number = event_try_both(&s->options, &s->sampling);
    if (error_number == 0 || is_refusal(error_number))
        return error_number;
    s->sampling.type = PERF_TYPE_SOFTWARE;
    s->sampling.config = PERF_COUNT_SW_CPU_CLOCK;
    return event_try_both(&s->options, &s->sampling);
}

static int paranoid_read(const char *path) {
    char *text = NULL;
    int level = -2;
    if (g_file_get_contents(path, &text, NULL, NULL))
        level = (int)g_ascii_strtoll(text, NULL, 10);
    g_free(text);
    return level;
}

static bool sampler_refuse(const struct sampler *s, int error_number, struct error *err) {
    int level = paranoid_read(s->options.system->paranoid_path);
    if (is_refusal(error_number) && level > 2)
        return error_set(err, EXIT_CANNOT,
                         "no CPU samples: kernel.perf_event_paranoid is %d, which refuses them to "
                         "everybody but root; run as root: sysctl kernel.perf_event_paranoid=2 "
                         "(samples of user code; with 1, of the kernel too), or give heapmark "
                         "CAP_PERFMON; --only allocations needs no such right",
                         level);
    if (is_refusal(error_number))
        return error_set(err, EXIT_CANNOT,
                         "no CPU samples: perf_event_open is refused though "
                         "kernel.perf_event_paranoid would allow it: a container's rules, usually; "
                         "allow it there (CAP_PERFMON and the seccomp profile); --only allocations "
                         "needs no such right");
    return error_set(err, EXIT_CANNOT, "no CPU samples: %s (%s); --only allocations works without",
                     counter_reason(error_number), g_strerror(error_number));
}

static void sampler_describe(struct sampler *s) {
    bool user_only = s->sampling.exclude_kernel;
    s->event = g_strdup_printf(
        "%s at %u Hz%s, %s", sampler_is_clock(s) ? "cpu-clock" : "hardware cycles",
        s->options.frequency_hz, sampler_is_clock(s) ? " (no PMU counts cycles here)" : "",
        user_only ? "user mode only" : "user and kernel mode");
    if (user_only)
        s->notice = g_strdup_printf(
            "samples are of user mode only (kernel.perf_event_paranoid is %d), so page faults and "
            "system calls are missing from every share: as root, sysctl "
            "kernel.perf_event_paranoid=1",
            paranoid_read(s->options.system->paranoid_path));
}

const char *sampler_event(const struct sampler *s) {
    return s->event;
}

bool sampler_is_clock(const struct sampler *s) {
    return s->sampling.type == PERF_TYPE_SOFTWARE;
}

const char *sampler_notice(const struct sampler *s) {
    return s->notice;
}

static void sampler_list_cpus(struct sampler *s) {
    cpu_set_t own;
    const cpu_set_t *set = s->options.cpus;
    if (set == NULL) {
        CPU_ZERO(&own);
        sched_getaffinity(0, sizeof own, &own);
        set = &own;
    }
    for (size_t cpu = 0; cpu < CPU_SETSIZE && s->cpu_count < CAPTURE_FDS_MAX; cpu++)
        if (CPU_ISSET(cpu, set))
            s->cpus[s->cpu_count++] = (int)cpu;
}

struct sampler *sampler_new(const struct sampler_options *options, struct error *err) {
    struct sampler *s = g_new0(struct sampler, 1);
    s->options = *options;
    s->sampling = attr_sampling(options);
    s->tracking = attr_tracking();
    s->sockets[0] = s->sockets[1] = -1;
    int error_number = event_choose(s);
    if (error_number != 0) {
        sampler_refuse(s, error_number, err);
        sampler_free(s);
        return NULL;
    }
    sampler_list_cpus(s);
    s->rings = g_new0(struct ring, s->cpu_count);
    sampler_describe(s);
    return s;
}

void sampler_free(struct sampler *s) {
    g_free(s->rings);
    g_free(s->event);
    g_free(s->notice);
    g_free(s);
}
