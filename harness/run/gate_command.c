/* Runs commands by turns, each watched from fork to its last byte. */
#include "harness/run/gate_command.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/run/gate_time_random.h"
#include "harness/run/gate_time_row.h"
#include "harness/run/gate_time_side.h"
#include "harness/run/outcome.h"
#include "harness/run/spawn.h"

#define NS_PER_S UINT64_C(1000000000)

enum { TICK_MS = 50, SIDE_RUNS = 2, BLOCK_RUNS = 2 * SIDE_RUNS, READS_MAX = 64 };

/* One run of a command. */
struct command_run {
    const struct gate_measure_options *options;
    struct spawned child;
    struct process_result result; /* errors: the last words, of stdout too */
    uint64_t start_ns, wall_ns;
    uint64_t rss_peak_bytes;
    bool is_interrupted;
};

static uint64_t command_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- one run ---- */

/* Reads what is there, but no more than READS_MAX pieces, so that a command that never stops
   talking still meets its time-out; keeps the last words, and closes what has ended. */
static void command_drain(int *fd, GString *words) {
    char bytes[16384];
    ssize_t got = 1;
    for (int reads = 0; *fd >= 0 && reads < READS_MAX; reads++) {
        got = read(*fd, bytes, sizeof bytes);
        if (got <= 0)
            break;
        g_string_append_len(words, bytes, got);
        if (words->len > ERROR_BYTES_MAX)
            g_string_erase(words, 0, (gssize)words->len - ERROR_BYTES_MAX);
    }
    if (*fd >= 0 && got <= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR))) {
        close(*fd);
        *fd = -1;
    }
}

static void command_read(struct command_run *c) {
    command_drain(&c->child.report_fd, c->result.report);
    command_drain(&c->child.errors_fd, c->result.errors);
}

/* Whether the command must be ended: interrupted, or out of time. */
static bool command_must_end(struct command_run *c) {
    c->is_interrupted = c->options->interrupted != NULL && *c->options->interrupted;
    c->result.timed_out =
        command_clock_ns() - c->start_ns >= c->options->config->timeout_s * NS_PER_S;
    return c->is_interrupted || c->result.timed_out;
}

/* Waits for its end, seen at once by a descriptor of the process. */
static void command_watch(struct command_run *c, int pid_fd) {
    for (;;) {
        struct pollfd seen[] = {{.fd = pid_fd, .events = POLLIN},
                                {.fd = c->child.report_fd, .events = POLLIN},
                                {.fd = c->child.errors_fd, .events = POLLIN}};
        int count = poll(seen, G_N_ELEMENTS(seen), TICK_MS);
        if (count > 0 && seen[0].revents != 0)
            return;
        command_read(c);
        if (command_must_end(c))
            return;
    }
}

/* What it started is killed with it while its number is still its own. */
static void command_reap(struct command_run *c) {
    struct rusage usage = {0};
    kill(-c->child.pid, SIGKILL);
    if (c->is_interrupted || c->result.timed_out)
        kill(c->child.pid, SIGKILL);
    while (wait4(c->child.pid, &c->result.wait_status, 0, &usage) < 0 && errno == EINTR)
        ;
    c->rss_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    command_read(c);
    if (c->child.report_fd >= 0)
        close(c->child.report_fd);
    if (c->child.errors_fd >= 0)
        close(c->child.errors_fd);
}

/* False (EXIT_CANNOT): no process can be made. */
static bool command_run(struct command_run *c, const struct process_request *request,
                        struct error *err) {
    c->start_ns = command_clock_ns();
    if (!spawn_start(request, &c->child, &c->result, err))
        return false;
    int pid_fd = (int)syscall(SYS_pidfd_open, c->child.pid, 0);
    if (pid_fd < 0)
        error_set(err, EXIT_CANNOT, "cannot watch a process (pidfd_open): %s", g_strerror(errno));
    else
        command_watch(c, pid_fd);
    c->wall_ns = command_clock_ns() - c->start_ns;
    c->is_interrupted = c->is_interrupted || pid_fd < 0; /* so that it is ended */
    command_reap(c);
    if (pid_fd >= 0)
        close(pid_fd);
    return pid_fd >= 0;
}

/* ---- a block ---- */

struct turns {
    const struct gate_pair *pair;
    const struct gate_block_request *request;
    const struct gate_measure_options *options;
    struct gate_rows *rows;
    struct gate_random random;
    struct gate_layout layout;
    bool is_failed; /* the cell has its status */
};

/* NULL: it ended well, else how not. Caller frees the reason. */
static struct outcome command_outcome(const struct command_run *c) {
    const struct process_result *r = &c->result;
    const char *words = r->errors->len > 0 ? r->errors->str : r->report->str;
    struct outcome_facts facts = {.exec_error = r->exec_error,
                                  .timed_out = r->timed_out,
                                  .timeout_s = c->options->config->timeout_s,
                                  .wait_status = r->wait_status,
                                  .said = words};
    if (r->exec_error == 0 && !r->timed_out && WIFEXITED(r->wait_status)) {
        int code = WEXITSTATUS(r->wait_status);
        char *said = last_lines(words);
        struct outcome outcome = {.status = code == 0 ? "ok" : "crashed"};
        if (code != 0)
            outcome.reason =
                g_strdup_printf("exit status %d%s%s", code,
                                said == NULL ? "" : "; it said: ", said == NULL ? "" : said);
        g_free(said);
        return outcome;
    }
    return outcome_decide(&facts);
}

/* The command with its program's path looked up; NULL: there is none. The array alone is the
   caller's. */
static char **command_resolve(char *const *command, char **path) {
    *path = g_find_program_in_path(command[0]);
    if (*path == NULL)
        return NULL;
    guint count = g_strv_length((char **)command);
    char **resolved = g_new(char *, count + 1);
    memcpy(resolved, command, (count + 1) * sizeof *resolved);
    resolved[0] = *path;
    return resolved;
}

static char **padded_environment(const struct turns *t) {
    char *padding = g_strnfill(t->layout.padding_bytes, '.');
    char **environment = g_environ_setenv(g_get_environ(), "HEAPMARK_PADDING", padding, TRUE);
    g_free(padding);
    return environment;
}

static void turns_fail(struct turns *t, bool is_candidate, const char *status, const char *reason) {
    gate_cell_fail(t->pair, t->rows, gate_party_of(t->request, is_candidate), status, reason);
    t->is_failed = true;
}

static bool turn_run(struct turns *t, bool is_candidate, char *const *command,
                     struct command_run *c, struct error *err) {
    char **environment = padded_environment(t);
    /* A stack's limit is the user's; the program may have reasons for it. */
    struct process_layout layout = {.stack_limit_bytes = 0};
    bool ok = command_run(c,
                          &(struct process_request){.arguments = command,
                                                    .environment = environment,
                                                    .answers_on_stdout = true,
                                                    .layout = &layout},
                          err);
    g_strfreev(environment);
    if (ok && c->is_interrupted)
        ok = error_set(err, EXIT_INTERRUPTED, "interrupted");
    if (!ok)
        return false;
    struct outcome outcome = command_outcome(c);
    if (strcmp(outcome.status, "ok") != 0)
        turns_fail(t, is_candidate, outcome.status, outcome.reason);
    g_free(outcome.reason);
    return true;
}

/* One process; its wall time and greatest resident size, NaN where it is not known. */
static bool turn(struct turns *t, bool is_candidate, double values[2], struct error *err) {
    const struct gate_side *side =
        is_candidate && !t->request->is_aa ? &t->pair->candidate : &t->pair->base;
    char *path = NULL;
    char **command = command_resolve(side->command, &path);
    if (command == NULL) {
        char *reason = g_strdup_printf("no program '%s' is found in PATH", side->command[0]);
        turns_fail(t, is_candidate, "unavailable", reason);
        g_free(reason);
        return true;
    }
    struct command_run c = {.options = t->options};
    struct rusage own = {0};
    process_result_init(&c.result);
    getrusage(RUSAGE_SELF, &own);
    bool ok = turn_run(t, is_candidate, command, &c, err);
    values[0] = (double)c.wall_ns;
    values[1] = c.rss_peak_bytes > (uint64_t)own.ru_maxrss * 1024 ? (double)c.rss_peak_bytes : NAN;
    process_result_release(&c.result);
    g_free(command);
    g_free(path);
    return ok;
}

/* What a run of a side has: NaN where it cannot be seen. */
struct turn_sum {
    double sum[2];
    double log_ratio;
};

static struct turn_sum turns_sum(double values[BLOCK_RUNS][2], const bool *is_candidate,
                                 size_t metric) {
    struct turn_sum s = {{0, 0}, 0};
    for (int run = 0; run < BLOCK_RUNS; run++) {
        s.sum[is_candidate[run]] += values[run][metric];
        s.log_ratio += (is_candidate[run] ? 1 : -1) * log(values[run][metric]);
    }
    return s;
}

static void turns_append(const struct turns *t, double values[BLOCK_RUNS][2],
                         const bool *is_candidate) {
    static const char *const metrics[] = {"wall_ns", "rss_peak_bytes"};
    for (size_t m = 0; m < G_N_ELEMENTS(metrics); m++) {
        struct turn_sum s = turns_sum(values, is_candidate, m);
        const char *reason = isnan(s.log_ratio) ? "a process that is smaller than heapmark itself "
                                                  "does not show its greatest resident size"
                                                : NULL;
        gate_block_append(t->pair, t->request,
                          &(struct gate_block_values){.metric = metrics[m],
                                                      .candidate_first = is_candidate[0],
                                                      .slices = SIDE_RUNS,
                                                      .base = s.sum[0] / SIDE_RUNS,
                                                      .candidate = s.sum[1] / SIDE_RUNS,
                                                      .log_ratio = s.log_ratio / SIDE_RUNS,
                                                      .reason = reason},
                          t->rows);
    }
}

bool gate_command_block(const struct gate_pair *pair, const struct gate_block_request *request,
                        const struct gate_measure_options *options, struct gate_rows *rows,
                        struct error *err) {
    struct turns t = {.pair = pair, .request = request, .options = options, .rows = rows};
    t.random = gate_random_of(options->seed, pair->number, request->block);
    t.layout = gate_layout_draw(&t.random);
    bool first = gate_random_coin(&t.random);
    bool is_candidate[BLOCK_RUNS] = {first, !first, !first, first};
    double values[BLOCK_RUNS][2];
    bool ok = true;
    for (int run = 0; run < BLOCK_RUNS && ok && !t.is_failed; run++)
        ok = turn(&t, is_candidate[run], values[run], err);
    if (ok && !t.is_failed)
        turns_append(&t, values, is_candidate);
    return ok;
}

bool gate_command_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                          struct gate_rows *rows, struct error *err) {
    const struct gate_block_request request = {.stage = "prepare"};
    struct turns t = {.pair = pair, .request = &request, .options = options, .rows = rows};
    struct gate_cell_row *row = gate_pair_row(pair, rows);
    double values[2];
    bool ok = true;
    pair->method = GATE_METHOD_PROCESSES;
    pair->operations = 1;
    row->method = gate_method_name(pair->method);
    row->base_operations = row->candidate_operations = 1;
    row->status = "ok";
    for (int i = 0; i < 2 && ok && !t.is_failed; i++)
        ok = turn(&t, i == 1, values, err);
    return ok;
}
