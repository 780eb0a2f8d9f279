/*
 * A cell held open: set up once, then a slice of a fixed number of operations on request, so that
 * the gate can alternate two programs on one CPU. See wire.h for the words.
 *
 * A slice is timed by the same function as a whole run (cell_run_clocked), with what disturbed it
 * read outside the clock. The thread waits for requests in a safe region, and nothing between two
 * slices allocates.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness/measure/clock.h"
#include "harness/run/cell.h"
#include "harness/run/shim.h"
#include "workloads/heap.h"

enum { REQUEST_BYTES_MAX = 64 };

struct slices {
    const struct cell_work *work;
    int requests_fd;
    struct error *err;
    bool is_refused;               /* with err */
    char bytes[REQUEST_BYTES_MAX]; /* of requests, read and not yet served */
    size_t used;
};

/* What a slice's thread has used up. */
struct thread_usage {
    uint64_t cpu_ns, minor_faults, preemptions;
};

static struct thread_usage thread_usage_read(void) {
    struct timespec cpu;
    struct rusage now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    getrusage(RUSAGE_THREAD, &now);
    return (struct thread_usage){.cpu_ns = (uint64_t)cpu.tv_sec * UINT64_C(1000000000) +
                                           (uint64_t)cpu.tv_nsec,
                                 .minor_faults = (uint64_t)now.ru_minflt,
                                 .preemptions = (uint64_t)now.ru_nivcsw};
}

static __attribute__((noinline)) void slice_run(const struct slices *s, struct mutator *m,
                                                void *state, uint64_t ops) {
    struct cell_clocked clocked;
    struct thread_usage before = thread_usage_read();
    cell_run_clocked(s->work->time, m, state, ops, &clocked);
    struct thread_usage after = thread_usage_read();
    cell_report_slice(&(struct cell_slice){.wall_ns = clocked.end_ns - clocked.start_ns,
                                           .cpu_ns = after.cpu_ns - before.cpu_ns,
                                           .minor_faults = after.minor_faults - before.minor_faults,
                                           .preemptions = after.preemptions - before.preemptions,
                                           .checksum = clocked.checksum});
}

/* Threads of this process; 0 when /proc cannot be read. */
static uint64_t threads_count(void) {
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length < 0 ? 0 : length] = '\0';
    const char *line = strstr(text, "\nThreads:");
    return line == NULL ? 0 : strtoull(line + strlen("\nThreads:"), NULL, 10);
}

static void state_tell(void) {
    struct allocator_stats stats;
    memset(&stats, 0xff, sizeof stats); /* all STAT_UNKNOWN */
    if (allocator_binding.stats != NULL)
        allocator_binding.stats(&stats);
    cell_report_state(threads_count(), clock_cpu_ns(), stats.gc_cycles);
}

/* Fills the buffer's rest; false at the end of the requests. */
static bool requests_wait(struct slices *s, struct mutator *m) {
    ssize_t got;
    mem_block(m);
    do
        got = read(s->requests_fd, s->bytes + s->used, sizeof s->bytes - s->used);
    while (got < 0 && errno == EINTR);
    mem_unblock(m);
    s->used += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The next request without its newline; a line too long is cut. False at the end of the requests,
   where a line without its newline is none. */
static bool request_read(struct slices *s, struct mutator *m, char line[REQUEST_BYTES_MAX]) {
    const char *newline;
    while ((newline = memchr(s->bytes, '\n', s->used)) == NULL && s->used < sizeof s->bytes)
        if (!requests_wait(s, m))
            return false;
    size_t length = newline == NULL ? sizeof s->bytes - 1 : (size_t)(newline - s->bytes);
    memcpy(line, s->bytes, length);
    line[length] = '\0';
    s->used -= length + 1;
    memmove(s->bytes, s->bytes + length + 1, s->used);
    return true;
}

/* "run 1000" gives 1000; 0: no such request. */
static uint64_t request_ops(const char *line) {
    char *end;
    if (strncmp(line, "run ", 4) != 0 || line[4] < '0' || line[4] > '9')
        return 0;
    errno = 0;
    uint64_t ops = strtoull(line + 4, &end, 10);
    return *end == '\0' && errno == 0 ? ops : 0;
}

static __attribute__((noinline)) void slices_answer(struct slices *s, struct mutator *m,
                                                    void *state) {
    char line[REQUEST_BYTES_MAX];
    while (request_read(s, m, line)) {
        uint64_t ops = request_ops(line);
        if (ops != 0) {
            slice_run(s, m, state, ops);
        } else if (strcmp(line, "tell") == 0) {
            state_tell();
        } else {
            s->is_refused = true;
            error_set(s->err, EXIT_USAGE, "\"%s\" is no request", line);
            return;
        }
    }
}

static __attribute__((noinline)) void slices_serve(struct slices *s, struct mutator *m) {
    cell_warm_up(s->work, m, 0);
    cell_collect();
    void *state = cell_state_new(s->work, s->work->time, m, 0, s->work->ops);
    cell_collect();
    cell_report_ready();
    slices_answer(s, m, state);
    heap_keep(state);
    cell_state_drop(s->work->time, m, state);
}

/* Google Benchmark's body: the frame whose address is the stack base, as in a cell that runs once.
 */
static void slices_body(void *context, unsigned thread, uint64_t iterations,
                        struct shim_result *result) {
    struct mutator m;
    (void)thread;
    (void)iterations;
    if (!mem_attach(&m, __builtin_frame_address(0)))
        heap_exhausted(sizeof m);
    slices_serve(context, &m);
    mem_detach(&m);
    result->seconds = 0;
}

bool cell_serve_slices(const struct cell_work *work, int requests_fd, struct error *err) {
    struct slices s = {.work = work, .requests_fd = requests_fd, .err = err};
    shim_register(work->time->name, slices_body, &s, 1, 1);
    shim_run(true);
    return !s.is_refused;
}
