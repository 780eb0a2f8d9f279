/*
 * How a cell program ended, in the order in which facts outrank each other: it never started;
 * heapmark ended it; a signal did; its report is damaged; its report and its exit status together.
 */
#include "harness/run/outcome.h"

#include <string.h>
#include <sys/wait.h>

#include "harness/base/wire.h"

enum { SAID_BYTES_MAX = 400, SAID_LINES_MAX = 3 };

char *last_lines(const char *text) {
    char **lines = g_strsplit_set(text == NULL ? "" : text, "\r\n", -1);
    guint first = g_strv_length(lines);
    size_t bytes = 0;
    int count = 0;
    GString *joined = g_string_new(NULL);
    while (first > 0 && count < SAID_LINES_MAX && bytes < SAID_BYTES_MAX) {
        const char *line = g_strstrip(lines[--first]);
        if (*line == '\0')
            continue;
        if (count++ > 0)
            g_string_prepend(joined, " / ");
        g_string_prepend(joined, line);
        bytes = joined->len;
    }
    if (bytes > SAID_BYTES_MAX)
        g_string_erase(joined, 0, (gssize)(bytes - SAID_BYTES_MAX));
    g_strfreev(lines);
    return g_string_free(joined, joined->len == 0);
}

/* "what; it said: ..." */
static struct outcome outcome_make(const struct outcome_facts *f, const char *status,
                                   const char *format, ...) G_GNUC_PRINTF(3, 4);

static struct outcome outcome_make(const struct outcome_facts *f, const char *status,
                                   const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    char *said = last_lines(f->said);
    char *reason = said == NULL ? g_strdup(what) : g_strdup_printf("%s; it said: %s", what, said);
    g_free(what);
    g_free(said);
    return (struct outcome){.status = status, .reason = reason};
}

static struct outcome outcome_of_signal(const struct outcome_facts *f) {
    int number = WTERMSIG(f->wait_status);
    const char *name = sigabbrev_np(number);
    const char *when = f->status == NULL ? "" : " after its report";
    if (number == SIGKILL)
        return outcome_make(f, "killed",
                            "SIGKILL%s, not from heapmark: the kernel short of memory, or a person",
                            when);
    if (number == SIGTERM)
        return outcome_make(f, "killed", "SIGTERM%s, not from heapmark", when);
    if (name == NULL)
        return outcome_make(f, "crashed", "signal %d%s", number, when);
    return outcome_make(f, "crashed", "SIG%s%s", name, when);
}

static struct outcome outcome_of_exit(const struct outcome_facts *f) {
    int code = WEXITSTATUS(f->wait_status);
    if (f->report_error != NULL)
        return outcome_make(f, "crashed", "%s (exit status %d)", f->report_error, code);
    if (f->status == NULL && code == CELL_USAGE)
        return outcome_make(f, "crashed", "it refused its command line");
    if (f->status == NULL)
        return outcome_make(f, "crashed", "exit status %d without the end of a report", code);
    if (strcmp(f->status, "ok") != 0) {
        const char *reason = f->reason == NULL ? "it gave no reason" : f->reason;
        return (struct outcome){
            .status = f->status, .reason = g_strdup(reason), .is_reported = true};
    }
    if (code != CELL_OK)
        return outcome_make(f, "crashed", "exit status %d after its report", code);
    if (f->missing != NULL)
        return outcome_make(f, "crashed", "its report lacks %s", f->missing);
    return (struct outcome){.status = "ok", .is_reported = true};
}

struct outcome outcome_decide(const struct outcome_facts *f) {
    if (f->exec_error != 0)
        return outcome_make(f, "unavailable", "its cell program cannot be started: %s",
                            g_strerror(f->exec_error));
    if (f->timed_out)
        return outcome_make(f, "timeout", "no end after %" G_GUINT64_FORMAT " s (--timeout)",
                            f->timeout_s);
    if (WIFSIGNALED(f->wait_status))
        return outcome_of_signal(f);
    return outcome_of_exit(f);
}
