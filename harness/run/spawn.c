/*
 * Between fork and exec only system calls are made: another thread of the parent (a library's)
 * might hold any lock at the moment of the fork. So everything the child needs is laid out before.
 */
#include "harness/run/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { COUNTER_TEXT_MAX = 11 * (COUNTERS_MAX + CAPTURE_FDS_MAX + 2) };

struct spawn {
    const struct process_request *request;
    pid_t parent;
    int null_fd;
    int report[2], errors[2], told[2]; /* pipes: read end, write end */
    int leave[2];                      /* exec waits until the parent closes its write end */
    char **arguments;                  /* the request's, and room for ours */
    char **added;                      /* where in arguments ours begin */
    char **counter_argument;           /* where in arguments --counter-fds= goes, the last */
    char counter_text[COUNTER_TEXT_MAX];
    struct counter_opening *openings;
    size_t opening_count;
    int *capture_fds; /* room for CAPTURE_FDS_MAX */
};

static int spawn_trace_fd(const struct process_request *request) {
    return request->capture == NULL ? 0 : request->capture->trace_fd;
}

static int spawn_sites_fd(const struct process_request *request) {
    return request->capture == NULL ? 0 : request->capture->sites_fd;
}

/* ---- in the child: system calls only ---- */

/* Appends a number in decimal; returns the end. */
static char *spawn_number(char *at, int number) {
    char digits[12];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/* Adds a descriptor to the list that began at `start`; those that did not open are left out. */
static char *spawn_add_fd(char *at, const char *start, int fd) {
    if (fd < 0)
        return at;
    if (at != start)
        *at++ = ',';
    return spawn_number(at, fd);
}

static bool capture_opens(const struct process_request *request) {
    return request->capture != NULL && request->capture->in_child != NULL;
}

static void spawn_open_counters(struct spawn *s) {
    char *at = stpcpy(s->counter_text, "--counter-fds=");
    const char *const start = at;
    if (s->opening_count > 0)
        counters_open(s->request->counters, s->openings);
    for (size_t i = 0; i < s->opening_count; i++)
        at = spawn_add_fd(at, start, s->openings[i].fd);
    size_t count =
        !capture_opens(s->request)
            ? 0
            : s->request->capture->in_child(s->request->capture->context, s->capture_fds);
    for (size_t i = 0; i < count; i++)
        at = spawn_add_fd(at, start, s->capture_fds[i]);
    *at = '\0';
    *s->counter_argument = at == start ? NULL : s->counter_text;
}

static void spawn_tell(const struct spawn *s, const void *bytes, size_t count) {
    /* Shorter than PIPE_BUF, into an empty pipe: written whole or not at all. */
    if (write(s->told[1], bytes, count) != (ssize_t)count)
        _exit(127);
}

/* Waits until whoever watches the process is ready for its exec. */
static void spawn_await_leave(const struct spawn *s) {
    char none;
    close(s->leave[1]);
    while (read(s->leave[0], &none, 1) < 0 && errno == EINTR)
        ;
}

static void spawn_reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void spawn_wire_descriptors(const struct spawn *s) {
    bool on_stdout = s->request->answers_on_stdout;
    /* Nothing of heapmark's stays open in the program but what it is given. An old kernel refuses,
       and then only descriptors that heapmark opened without close-on-exec would stay. */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    dup2(s->request->input_fd > 0 ? s->request->input_fd : s->null_fd, STDIN_FILENO);
    dup2(on_stdout ? s->report[1] : s->null_fd, STDOUT_FILENO);
    dup2(s->request->joins_errors ? STDOUT_FILENO : s->errors[1], STDERR_FILENO);
    if (!on_stdout)
        fcntl(s->report[1], F_SETFD, 0);
    if (spawn_trace_fd(s->request) > 0)
        fcntl(spawn_trace_fd(s->request), F_SETFD, 0);
    if (spawn_sites_fd(s->request) > 0)
        fcntl(spawn_sites_fd(s->request), F_SETFD, 0);
}

/* What is not permitted (a container's filter) stays as it is: then addresses are random. */
static void spawn_place(const struct process_layout *layout) {
    struct rlimit stack;
    personality(PER_LINUX | ADDR_NO_RANDOMIZE);
    if (layout->stack_limit_bytes == 0 || getrlimit(RLIMIT_STACK, &stack) != 0 ||
        stack.rlim_max < layout->stack_limit_bytes)
        return;
    stack.rlim_cur = layout->stack_limit_bytes;
    setrlimit(RLIMIT_STACK, &stack);
}

static _Noreturn void spawn_child(struct spawn *s) {
    const char *program = s->request->arguments[0];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->parent) /* it died before the line above */
        _exit(127);
    setpgid(0, 0);
    spawn_reset_signals();
    spawn_wire_descriptors(s);
    if (s->opening_count > 0 || capture_opens(s->request))
        spawn_open_counters(s);
    if (s->opening_count > 0)
        spawn_tell(s, s->openings, s->opening_count * sizeof *s->openings);
    spawn_await_leave(s);
    if (s->request->layout != NULL)
        spawn_place(s->request->layout);
    if ((s->request->cpus == NULL ||
         sched_setaffinity(0, sizeof *s->request->cpus, s->request->cpus) == 0) &&
        (s->request->directory == NULL || chdir(s->request->directory) == 0))
        execve(program, s->arguments, s->request->environment);
    int error_number = errno;
    spawn_tell(s, &error_number, sizeof error_number);
    _exit(127);
}

/* ---- in the parent ---- */

static void spawn_close(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void spawn_lay_out(struct spawn *s) {
    size_t count = 1; /* the program */
    while (s->request->arguments[count] != NULL)
        count++;
    s->arguments = g_new0(char *, count + 5); /* four of ours, and the end */
    memcpy(s->arguments, s->request->arguments, count * sizeof *s->arguments);
    s->added = &s->arguments[count];
    if (spawn_trace_fd(s->request) > 0)
        s->arguments[count++] = g_strdup_printf("--trace-fd=%d", spawn_trace_fd(s->request));
    if (spawn_sites_fd(s->request) > 0)
        s->arguments[count++] = g_strdup_printf("--sites-fd=%d", spawn_sites_fd(s->request));
    if (!s->request->answers_on_stdout)
        s->arguments[count++] = g_strdup_printf("--report-fd=%d", s->report[1]);
    s->counter_argument = &s->arguments[count];
    s->opening_count = s->request->counters == NULL ? 0 : counters_count(s->request->counters);
    /* Each descriptor takes at most 11 bytes of --counter-fds=. */
    g_assert(s->opening_count <= COUNTERS_MAX);
    s->openings = g_new0(struct counter_opening, s->opening_count + 1);
    s->capture_fds = g_new0(int, CAPTURE_FDS_MAX);
}

static void spawn_release(struct spawn *s) {
    for (char **word = s->added; word != NULL && word < s->counter_argument; word++)
        g_free(*word);
    g_free(s->arguments);
    g_free(s->openings);
    g_free(s->capture_fds);
    spawn_close(&s->null_fd);
    spawn_close(&s->report[0]);
    spawn_close(&s->report[1]);
    spawn_close(&s->errors[0]);
    spawn_close(&s->errors[1]);
    spawn_close(&s->told[0]);
    spawn_close(&s->told[1]);
    spawn_close(&s->leave[0]);
    spawn_close(&s->leave[1]);
}

/* Reads up to `count` bytes until the other end closes. */
static size_t spawn_listen(int fd, void *bytes, size_t count) {
    size_t got = 0;
    while (got < count) {
        ssize_t n = read(fd, (char *)bytes + got, count - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* Hears which counters opened and waits for exec or its failure. */
static void spawn_hear(struct spawn *s, struct process_result *result) {
    size_t bytes = s->opening_count * sizeof *s->openings;
    int error_number = 0;
    if (bytes > 0 && spawn_listen(s->told[0], s->openings, bytes) != bytes) {
        result->exec_error = ECHILD; /* it was killed before it could say anything */
        return;
    }
    if (spawn_listen(s->told[0], &error_number, sizeof error_number) == sizeof error_number)
        result->exec_error = error_number;
    if (s->opening_count > 0)
        result->openings = g_steal_pointer(&s->openings);
}

static bool spawn_open(struct spawn *s) {
    s->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return s->null_fd >= 0 && pipe2(s->report, O_CLOEXEC) == 0 &&
           pipe2(s->errors, O_CLOEXEC) == 0 && pipe2(s->told, O_CLOEXEC) == 0 &&
           pipe2(s->leave, O_CLOEXEC) == 0 && fcntl(s->report[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(s->errors[0], F_SETFL, O_NONBLOCK) == 0;
}

bool spawn_start(const struct process_request *request, struct spawned *out,
                 struct process_result *result, struct error *err) {
    struct spawn s = {.request = request,
                      .parent = getpid(),
                      .null_fd = -1,
                      .report = {-1, -1},
                      .errors = {-1, -1},
                      .told = {-1, -1},
                      .leave = {-1, -1}};
    pid_t pid = -1;
    if (spawn_open(&s)) {
        spawn_lay_out(&s);
        pid = fork();
    }
    if (pid == 0)
        spawn_child(&s);
    if (pid < 0) {
        error_set(err, EXIT_CANNOT, "cannot start %s: %s", request->arguments[0],
                  g_strerror(errno));
    } else {
        setpgid(pid, pid); /* the child does it too: whoever comes first */
        spawn_close(&s.told[1]);
        if (request->capture != NULL && request->capture->prepared != NULL)
            request->capture->prepared(request->capture->context, pid);
        spawn_close(&s.leave[1]);
        spawn_hear(&s, result);
        *out = (struct spawned){.pid = pid, .report_fd = s.report[0], .errors_fd = s.errors[0]};
        s.report[0] = s.errors[0] = -1;
    }
    spawn_release(&s);
    return pid > 0;
}
