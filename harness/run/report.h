/*
 * Parses what a cell program reported (harness/base/wire.h). A pure function of the text.
 *
 * The text comes from another process, which may have died in the middle of a line or be no cell
 * program at all; nothing in it is believed before it is checked.
 */
#ifndef HEAPMARK_HARNESS_RUN_REPORT_H
#define HEAPMARK_HARNESS_RUN_REPORT_H

#include <stddef.h>

#include "harness/base/error.h"
#include "harness/store/record.h"

/* One `counter` line. */
struct counter_reading {
    uint64_t index; /* into --counter-fds */
    uint64_t value, enabled_ns, running_ns;
};

/* The `count` lines: totals of the counting pass over all threads. COUNT_EMPTY, INT64_MIN: not
   told. */
struct report_totals {
    uint64_t operations, allocs, bytes, requested_bytes;
    int64_t retained_bytes;
};

/* What a report says beyond the columns of an observation. */
struct report {
    const char *status; /* of its end line, in the observation's pool; NULL: it has none */
    const char *reason; /* NULL: none given */
    GArray *counters;   /* of struct counter_reading */
    struct report_totals totals;
};

void report_init(struct report *r);
void report_release(struct report *r);

/*
 * Fills the columns, pauses and cycles of *out, and *report. A text that stops before its end line
 * is no refusal (the process died): status stays NULL and an unterminated last line is ignored.
 *
 * Refuses (EXIT_CANNOT), with the line: text that is not UTF-8, another version, unknown keys and
 * columns, columns that are the parent's to fill (status, strategy, ...), columns given twice,
 * numbers that are none, a status a cell program cannot have, anything after the end line. After a
 * refusal *out holds what came before it.
 */
bool report_parse(const char *text, size_t length, struct observation *out, struct report *report,
                  struct error *err);

#endif
