/*
 * Talks with a held-open cell program. One request is under way at a time, so what has been read
 * holds at most one answer; whatever does not fit the grammar is damage, said with its text.
 */
#include "harness/run/gate_slices_side.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/base/wire.h"
#include "harness/run/command.h"

#define NS_PER_S UINT64_C(1000000000)

enum {
    TICK_MS = 50, /* how soon an interruption or a time-out is seen */
    LINE_BYTES_MAX = 8192,
    READS_MAX = 64, /* at once, so that a program that never stops talking meets its time-out */
    END_NS_MAX = 1000000000 /* from its last word to its end */
};

static uint64_t side_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- start ---- */

static char **side_arguments(const struct slices_side_request *request,
                             const struct config *config) {
    struct config held = *config;
    held.ops = request->operations;
    char **arguments = cell_arguments(&request->start->cell, &held, request->memory_limit);
    guint count = g_strv_length(arguments);
    arguments = g_renew(char *, arguments, count + 2);
    arguments[count] = g_strdup("--requests-fd=0");
    arguments[count + 1] = NULL;
    return arguments;
}

/* Requests are its standard input and the report its standard output, so that no argument and no
   descriptor tells which side was started first. */
static bool side_spawn(struct slices_side *s, const struct slices_side_request *request,
                       int requests_read_fd, struct error *err) {
    const struct strategy *strategy = &request->start->strategy;
    char *preload = NULL;
    if (strategy->preload != NULL) {
        preload = preload_path(strategy->preload, s->options->link_dir, err);
        if (preload == NULL)
            return false;
    }
    char **arguments = side_arguments(request, s->options->config);
    char **environment = cell_environment(strategy, preload);
    bool ok = spawn_start(&(struct process_request){.arguments = arguments,
                                                    .environment = environment,
                                                    .answers_on_stdout = true,
                                                    .input_fd = requests_read_fd,
                                                    .cpus = request->cpus,
                                                    .layout = request->layout},
                          &s->child, &s->result, err);
    g_strfreev(environment);
    g_strfreev(arguments);
    g_free(preload);
    return ok;
}

bool slices_side_start(struct slices_side *s, const struct slices_side_request *request,
                       const struct gate_measure_options *options, struct error *err) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(err, EXIT_CANNOT, "cannot start %s: %s", request->start->strategy.program,
                         g_strerror(errno));
    *s = (struct slices_side){
        .options = options, .requests_fd = ends[0], .is_candidate = request->is_candidate};
    process_result_init(&s->result);
    s->is_started = side_spawn(s, request, ends[1], err);
    close(ends[1]);
    if (!s->is_started)
        slices_side_release(s);
    return s->is_started;
}

/* ---- end ---- */

/* Reaps the program, having killed it when it does not end by itself within ns_most. */
static void side_reap(struct slices_side *s, uint64_t ns_most) {
    uint64_t give_up_ns = side_clock_ns() + ns_most;
    siginfo_t seen = {0};
    while (waitid(P_PID, (id_t)s->child.pid, &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           seen.si_pid == 0 && side_clock_ns() < give_up_ns)
        g_usleep(1000);
    kill(-s->child.pid, SIGKILL); /* and what it started */
    kill(s->child.pid, SIGKILL);
    while (waitpid(s->child.pid, &s->result.wait_status, 0) < 0 && errno == EINTR)
        ;
    s->is_reaped = true;
}

static void errors_read(struct slices_side *s) {
    char bytes[4096];
    ssize_t got = 1;
    for (int reads = 0; reads < READS_MAX; reads++) {
        got = read(s->child.errors_fd, bytes, sizeof bytes);
        if (got <= 0)
            break;
        g_string_append_len(s->result.errors_first, bytes,
                            MIN(got, ERROR_FIRST_BYTES_MAX - (gssize)s->result.errors_first->len));
        g_string_append_len(s->result.errors, bytes, got);
        if (s->result.errors->len > ERROR_BYTES_MAX)
            g_string_erase(s->result.errors, 0, (gssize)s->result.errors->len - ERROR_BYTES_MAX);
    }
    if (got == 0) { /* closed: nobody is asked again */
        close(s->child.errors_fd);
        s->child.errors_fd = -1;
    }
}

/* The program is no more, or is ended now: what became of it. damage: NULL, or what was wrong with
   what it said. */
static bool side_end(struct slices_side *s, const char *damage, bool timed_out) {
    side_reap(s, damage != NULL || timed_out ? 0 : END_NS_MAX);
    errors_read(s);
    /* A program that had to be killed for what it said did not die of a signal of its own. */
    int wait_status =
        damage != NULL && WIFSIGNALED(s->result.wait_status) ? 0 : s->result.wait_status;
    s->outcome = outcome_decide(&(struct outcome_facts){.exec_error = s->result.exec_error,
                                                        .timed_out = timed_out,
                                                        .timeout_s = s->options->config->timeout_s,
                                                        .wait_status = wait_status,
                                                        .report_error = damage,
                                                        .status = s->end_status,
                                                        .reason = s->end_reason,
                                                        .said = s->result.errors->str,
                                                        .said_first = s->result.errors_first->str});
    if (strcmp(s->outcome.status, "ok") == 0) /* it closed its report and went, unasked */
        s->outcome =
            (struct outcome){"crashed", g_strdup("it ended before it was asked to"), false};
    return false;
}

void slices_side_release(struct slices_side *s) {
    if (s->requests_fd >= 0)
        close(s->requests_fd);
    if (s->is_started && !s->is_reaped)
        side_reap(s, 0);
    if (s->is_started) {
        close(s->child.report_fd);
        if (s->child.errors_fd >= 0)
            close(s->child.errors_fd);
    }
    process_result_release(&s->result);
    g_free(s->allocator);
    g_free(s->version);
    g_free(s->end_status);
    g_free(s->end_reason);
    g_free(s->outcome.reason);
    *s = (struct slices_side){.requests_fd = -1};
}

/* ---- listening ---- */

/* Reads what is there. False: the report is at its end. */
static bool report_read(struct slices_side *s) {
    char bytes[4096];
    ssize_t got = read(s->child.report_fd, bytes, sizeof bytes);
    if (got > 0)
        g_string_append_len(s->result.report, bytes, got);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Waits until there is something to read on either pipe. */
static void side_sleep(struct slices_side *s) {
    struct pollfd pipes[] = {{.fd = s->child.report_fd, .events = POLLIN},
                             {.fd = s->child.errors_fd, .events = POLLIN}};
    if (poll(pipes, G_N_ELEMENTS(pipes), TICK_MS) > 0 && pipes[1].revents != 0)
        errors_read(s);
}

/* The next line of the report, cut out of it; NULL when the program ends or is ended first. Caller
   frees. */
static char *line_take(struct slices_side *s) {
    uint64_t give_up_ns = side_clock_ns() + s->options->config->timeout_s * NS_PER_S;
    const char *newline;
    while ((newline = memchr(s->result.report->str, '\n', s->result.report->len)) == NULL) {
        if (s->options->interrupted != NULL && *s->options->interrupted)
            s->is_interrupted = true;
        else if (side_clock_ns() >= give_up_ns)
            side_end(s, NULL, true);
        else if (s->result.report->len > LINE_BYTES_MAX)
            side_end(s, "a line of its report has no end", false);
        else if (!report_read(s))
            side_end(s, NULL, false);
        else if (memchr(s->result.report->str, '\n', s->result.report->len) == NULL)
            side_sleep(s);
        if (s->is_interrupted || s->outcome.status != NULL)
            return NULL;
    }
    gsize length = (gsize)(newline - s->result.report->str);
    char *line = g_strndup(s->result.report->str, length);
    g_string_erase(s->result.report, 0, (gssize)length + 1);
    return line;
}

static bool line_refuse(struct slices_side *s, const char *line) {
    char *damage = g_strdup_printf("its answer was '%.80s'", line);
    side_end(s, damage, false);
    g_free(damage);
    return false;
}

/* "end STATUS REASON": the program's last word. */
static bool line_end(struct slices_side *s, const char *line) {
    char **words = g_strsplit(line, " ", 3);
    static const char *const ends[] = {"unavailable", "wrong", "oom", "crashed", NULL};
    if (words[1] == NULL || !g_strv_contains(ends, words[1])) {
        g_strfreev(words);
        return line_refuse(s, line);
    }
    s->end_status = g_strdup(words[1]);
    s->end_reason = words[2] == NULL ? NULL : g_strdup(words[2]);
    g_strfreev(words);
    return side_end(s, NULL, false);
}

/* The numbers after "KEY ", separated by tabs; false: it is no such line. */
static bool line_numbers(const char *line, const char *key, uint64_t *out, size_t count) {
    if (!g_str_has_prefix(line, key) || line[strlen(key)] != ' ')
        return false;
    char **pieces = g_strsplit(line + strlen(key) + 1, "\t", 0);
    bool ok = g_strv_length(pieces) == count;
    for (size_t i = 0; ok && i < count; i++)
        ok = count_parse(pieces[i], 0, UINT64_MAX - 1, &out[i]);
    g_strfreev(pieces);
    return ok;
}

static bool checksum_parse(char *text, uint64_t *out) {
    char *end = NULL;
    *out = g_ascii_strtoull(text, &end, 16);
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16 && *end == '\0';
}

/* ---- questions ---- */

static bool side_ask(struct slices_side *s, const char *request) {
    size_t length = strlen(request);
    if (s->outcome.status != NULL || s->is_interrupted)
        return false;
    /* One that is gone is found out by its answer. */
    (void)!send(s->requests_fd, request, length, MSG_NOSIGNAL);
    return true;
}

/* One line of the greeting; false: no such line. */
static bool greeting_take(struct slices_side *s, const char *line) {
    static const char allocator[] = "value allocator ", version[] = "value version ";
    s->is_ready = strcmp(line, "ready") == 0;
    if (g_str_has_prefix(line, allocator) && s->allocator == NULL)
        s->allocator = g_strdup(line + strlen(allocator));
    else if (g_str_has_prefix(line, version) && s->version == NULL)
        s->version = g_strdup(line + strlen(version));
    else
        return s->is_ready;
    return true;
}

bool slices_side_wait_ready(struct slices_side *s) {
    char *header = g_strdup_printf("heapmark-report %d", WIRE_REPORT_VERSION);
    char *line = line_take(s);
    bool ok = line != NULL && (strcmp(line, header) == 0 || line_refuse(s, line));
    g_free(header);
    while (ok && !s->is_ready) {
        g_free(line);
        line = line_take(s);
        if (line == NULL)
            ok = false;
        else if (g_str_has_prefix(line, "end "))
            ok = line_end(s, line);
        else
            ok = greeting_take(s, line) || line_refuse(s, line);
    }
    g_free(line);
    return ok;
}

/* The answer to a request; NULL: none came. Caller frees. */
static char *side_answer(struct slices_side *s, const char *request) {
    char *line = side_ask(s, request) ? line_take(s) : NULL;
    if (line == NULL || !g_str_has_prefix(line, "end "))
        return line;
    line_end(s, line);
    g_free(line);
    return NULL;
}

static bool slice_parse(char *line, struct gate_slice *out) {
    uint64_t numbers[4];
    char *tab = strrchr(line, '\t');
    if (tab == NULL || !checksum_parse(tab + 1, &out->checksum))
        return false;
    *tab = '\0';
    bool ok = line_numbers(line, "slice", numbers, G_N_ELEMENTS(numbers)) && numbers[0] > 0;
    if (ok) {
        out->wall_ns = numbers[0];
        out->cpu_ns = numbers[1];
        out->minor_faults = numbers[2];
    }
    *tab = '\t';
    return ok;
}

bool slices_side_run(struct slices_side *s, uint64_t operations, struct gate_slice *out) {
    char *request = g_strdup_printf("run %" G_GUINT64_FORMAT "\n", operations);
    char *line = side_answer(s, request);
    out->is_candidate = s->is_candidate;
    bool ok = line != NULL && (slice_parse(line, out) || line_refuse(s, line));
    g_free(line);
    g_free(request);
    return ok;
}

bool slices_side_tell(struct slices_side *s, struct slices_state *out) {
    uint64_t numbers[3];
    char *line = side_answer(s, "tell\n");
    bool ok = line != NULL &&
              (line_numbers(line, "state", numbers, G_N_ELEMENTS(numbers)) || line_refuse(s, line));
    if (ok)
        *out = (struct slices_state){numbers[0], numbers[1], numbers[2]};
    g_free(line);
    return ok;
}
