/*
 * Watches a cell program: one loop that reads both pipes, samples memory every 10 ms, and looks for
 * the end, the time-out and the interruption.
 *
 * The process is first seen as a zombie (WNOWAIT), its group is killed while its number cannot be
 * anybody else's, and only then it is reaped.
 */
#include "harness/run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/run/spawn.h"
#include "harness/store/record.h"

#define NS_PER_MS       UINT64_C(1000000)
#define SAMPLE_NS       (10 * NS_PER_MS)
#define TICK_MS         10 /* how soon an interruption or a time-out is seen */
#define TICK_CLOSED_MS  1  /* both pipes are closed: the end is near */
#define STATM_BYTES_MAX 128
#define READS_MAX       64

struct watch {
    const struct process_request *request;
    struct process_result *result;
    struct spawned child;
    int statm_fd; /* /proc/PID/statm, -1: no samples */
    uint64_t start_ns, next_sample_ns, sample_ns;
};

void process_result_init(struct process_result *r) {
    *r = (struct process_result){.report = g_string_new(NULL),
                                 .errors = g_string_new(NULL),
                                 .errors_first = g_string_new(NULL)};
}

void process_result_release(struct process_result *r) {
    g_string_free(r->report, TRUE);
    g_string_free(r->errors, TRUE);
    g_string_free(r->errors_first, TRUE);
    g_free(r->openings);
    *r = (struct process_result){0};
}

static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * NS_PER_MS + (uint64_t)now.tv_nsec;
}

/* ---- pipes ---- */

static void report_keep(struct process_result *r, const char *bytes, size_t count) {
    size_t room = REPORT_BYTES_MAX - r->report->len;
    if (count > room) {
        r->is_cut = true;
        count = room;
    }
    g_string_append_len(r->report, bytes, (gssize)count);
}

/* Keeps the first ERROR_FIRST_BYTES_MAX and the last ERROR_BYTES_MAX bytes; of the last ones up to
   twice as many for a moment, so that they move seldom. */
static void errors_keep(struct process_result *r, const char *bytes, size_t count) {
    size_t room = ERROR_FIRST_BYTES_MAX - r->errors_first->len;
    g_string_append_len(r->errors_first, bytes, (gssize)MIN(room, count));
    g_string_append_len(r->errors, bytes, (gssize)count);
    if (r->errors->len > (size_t)2 * ERROR_BYTES_MAX)
        g_string_erase(r->errors, 0, (gssize)(r->errors->len - ERROR_BYTES_MAX));
}

/* Reads what is there, but no more than READS_MAX pieces, so that a program that never stops
   talking still meets its time-out; closes the descriptor and makes it -1 at its end. */
static void watch_read(int *fd, struct process_result *result,
                       void (*keep)(struct process_result *, const char *, size_t)) {
    char bytes[16384];
    for (int reads = 0; *fd >= 0 && reads < READS_MAX; reads++) {
        ssize_t count = read(*fd, bytes, sizeof bytes);
        if (count > 0) {
            keep(result, bytes, (size_t)count);
        } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(*fd);
            *fd = -1;
        } else {
            return;
        }
    }
}

static void watch_drain(struct watch *w) {
    watch_read(&w->child.report_fd, w->result, report_keep);
    watch_read(&w->child.errors_fd, w->result, errors_keep);
}

/* Sleeps until something is there to read, or a tick has passed, or a signal came. */
static void watch_sleep(const struct watch *w) {
    struct pollfd pipes[] = {{.fd = w->child.report_fd, .events = POLLIN},
                             {.fd = w->child.errors_fd, .events = POLLIN}};
    bool is_closed = w->child.report_fd < 0 && w->child.errors_fd < 0;
    poll(pipes, G_N_ELEMENTS(pipes), is_closed ? TICK_CLOSED_MS : TICK_MS);
}

/* ---- memory ---- */

/* Resident bytes from "SIZE RESIDENT ..." in pages; 0 when the process has no memory any more. */
static uint64_t watch_resident_bytes(int statm_fd) {
    char text[STATM_BYTES_MAX];
    unsigned long long pages = 0;
    ssize_t count = pread(statm_fd, text, sizeof text - 1, 0);
    if (count <= 0)
        return 0;
    text[count] = '\0';
    if (sscanf(text, "%*u %llu", &pages) != 1)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void samples_thin(GArray *memory) {
    struct memory_row *rows = (struct memory_row *)(void *)memory->data;
    const guint kept = (memory->len + 1) / 2;
    for (size_t i = 0; i < kept; i++)
        rows[i] = rows[2 * i];
    g_array_set_size(memory, kept);
}

static void watch_sample(struct watch *w, uint64_t now_ns) {
    if (w->statm_fd < 0 || now_ns < w->next_sample_ns)
        return;
    struct memory_row row;
    row_clear(&memory_type, &row);
    row.time_ns = now_ns - w->start_ns;
    row.rss_bytes = watch_resident_bytes(w->statm_fd);
    w->next_sample_ns = now_ns + w->sample_ns;
    if (row.rss_bytes == 0)
        return;
    g_array_append_val(w->request->memory, row);
    if (w->request->memory->len >= MEMORY_SAMPLES_MAX) {
        samples_thin(w->request->memory);
        w->sample_ns *= 2;
    }
}

static int watch_open_statm(const struct watch *w) {
    char path[64];
    if (w->request->memory == NULL || w->result->exec_error != 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)w->child.pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* ---- the end ---- */

static bool watch_has_ended(const struct watch *w) {
    siginfo_t seen = {0};
    return waitid(P_PID, (id_t)w->child.pid, &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           seen.si_pid == w->child.pid;
}

static void watch_kill(const struct watch *w) {
    kill(-w->child.pid, SIGKILL);
    kill(w->child.pid, SIGKILL); /* the group may not exist yet */
}

/* Kills the process when its time is over or heapmark's is; says whether it did. */
static bool watch_must_end(struct watch *w, uint64_t now_ns) {
    if (w->request->interrupted != NULL && *w->request->interrupted)
        w->result->interrupted = true;
    else if (now_ns - w->start_ns >= w->request->timeout_ns)
        w->result->timed_out = true;
    else
        return false;
    watch_kill(w);
    return true;
}

static void watch_tick(const struct watch *w) {
    const struct process_capture *capture = w->request->capture;
    if (capture != NULL && capture->tick != NULL)
        capture->tick(capture->context);
}

static void watch_reap(struct watch *w) {
    siginfo_t seen;
    while (waitid(P_PID, (id_t)w->child.pid, &seen, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    kill(-w->child.pid, SIGKILL); /* what it started and left behind */
    watch_drain(w);
    while (waitpid(w->child.pid, &w->result->wait_status, 0) < 0 && errno == EINTR)
        ;
    watch_tick(w);
}

static void watch_run(struct watch *w) {
    while (!watch_has_ended(w)) {
        uint64_t now_ns = clock_ns();
        if (watch_must_end(w, now_ns))
            break;
        watch_sample(w, now_ns);
        watch_sleep(w);
        watch_drain(w);
        watch_tick(w);
    }
    watch_reap(w);
}

static void process_close(int fd) {
    if (fd >= 0)
        close(fd);
}

bool process_run(const struct process_request *request, struct process_result *result,
                 struct error *err) {
    struct watch w = {.request = request, .result = result, .sample_ns = SAMPLE_NS};
    if (!spawn_start(request, &w.child, result, err))
        return false;
    w.start_ns = clock_ns();
    w.statm_fd = watch_open_statm(&w);
    watch_run(&w);
    process_close(w.statm_fd);
    process_close(w.child.report_fd);
    process_close(w.child.errors_fd);
    return true;
}
