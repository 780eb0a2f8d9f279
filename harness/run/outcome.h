/* What became of a cell program, as a status and a reason: a pure function of what was seen. */
#ifndef HEAPMARK_HARNESS_RUN_OUTCOME_H
#define HEAPMARK_HARNESS_RUN_OUTCOME_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What was seen of a process that ended. All texts borrowed, NULL where there is nothing. */
struct outcome_facts {
    int exec_error; /* errno when the program could not be started, else 0 */
    bool timed_out; /* ended by heapmark after timeout_s */
    uint64_t timeout_s;
    int wait_status;          /* as from waitpid */
    const char *report_error; /* why its report was refused */
    const char *status;       /* of the report's end line */
    const char *reason;       /* of the report's end line */
    const char *missing;      /* a column that an ok report must have, and has not */
    const char *said;         /* what it left on stderr, the last bytes of it */
    const char *said_first;   /* the first bytes of it */
};

struct outcome {
    const char *status; /* static */
    char *reason;       /* NULL for ok; the caller frees it with g_free */
    bool is_reported;   /* the cell program said so itself, so what it reported stands */
};

struct outcome outcome_decide(const struct outcome_facts *facts);

/* The last lines (at most three) that are not empty, joined by " / "; NULL when there are none.
   Caller frees with g_free. */
char *last_lines(const char *text);

#endif
