/*
 * How a cell program ended, in the order in which facts outrank each other: it never started;
 * heapmark ended it; a signal did; the Go runtime gave up; its report is damaged; its report and
 * its exit status together.
 */
#include "harness/run/outcome.h"

#include <string.h>
#include <sys/wait.h>

#include "harness/base/wire.h"

enum { SAID_BYTES_MAX = 400, SAID_LINES_MAX = 3, GO_DIED = 2 };

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

/*
 * The line with which the Go runtime says that it ends the program ("fatal error: ...", "panic:
 * ..."), NULL when there is none; caller frees with g_free. Every goroutine's stack follows it,
 * which may be megabytes, so it is looked for in the first bytes of stderr before the last ones.
 */
static char *go_last_word(const struct outcome_facts *f) {
    const char *const texts[] = {f->said_first, f->said};
    char *word = NULL;
    for (size_t i = 0; word == NULL && i < G_N_ELEMENTS(texts); i++) {
        char **lines = g_strsplit(texts[i] == NULL ? "" : texts[i], "\n", -1);
        for (char **line = lines; word == NULL && *line != NULL; line++) {
            if (g_str_has_prefix(*line, "fatal error: ") || g_str_has_prefix(*line, "panic: "))
                word = g_strdup(*line);
        }
        g_strfreev(lines);
    }
    return word;
}

/*
 * The Go runtime cannot report exhausted memory as a C cell does: it says "fatal error: " and what
 * it could not get ("out of memory", "runtime: out of memory", "runtime: cannot allocate memory",
 * "out of memory allocating heap arena map", ... in runtime/malloc.go, mheap.go and mem_linux.go)
 * and exits with status 2. That and nothing else is oom; any other last word is a crash.
 */
static struct outcome outcome_of_go(char *word) {
    bool is_oom =
        g_str_has_prefix(word, "fatal error: ") &&
        (strstr(word, "out of memory") != NULL || strstr(word, "cannot allocate memory") != NULL);
    char *reason = g_strdup_printf("the Go runtime ended the program: %.200s", word);
    g_free(word);
    return (struct outcome){.status = is_oom ? "oom" : "crashed", .reason = reason};
}

static struct outcome outcome_of_exit(const struct outcome_facts *f) {
    int code = WEXITSTATUS(f->wait_status);
    char *go_word = code == GO_DIED && f->status == NULL ? go_last_word(f) : NULL;
    if (go_word != NULL)
        return outcome_of_go(go_word);
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
