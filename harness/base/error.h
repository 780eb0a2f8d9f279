/*
 * A refusal: one sentence that says what, where and what to do, and the exit status it deserves.
 *
 * Functions that can refuse return false and fill a `struct error`; only cmd_* and main print it.
 * The first refusal is the one that counts: callers pass it up unchanged.
 */
#ifndef HEAPMARK_HARNESS_BASE_ERROR_H
#define HEAPMARK_HARNESS_BASE_ERROR_H

#include <stdbool.h>

/* Exit statuses of heapmark. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,       /* a regression, or failed cells */
    EXIT_USAGE = 2,        /* the command line, a config or a file is wrong */
    EXIT_INCONCLUSIVE = 3, /* no verdict */
    EXIT_CANNOT = 4,       /* invalid, or cannot be measured here */
    EXIT_INTERRUPTED = 130
};

struct error {
    int exit_status;
    char text[1024]; /* one line without a final full stop's newline; UTF-8; cut if longer */
};

/* Fills err (printf's format) and returns false, so that `return error_set(...)` reads well. */
bool error_set(struct error *err, int exit_status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
