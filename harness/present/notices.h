/*
 * Notices: things that do not stop a run but decide what its numbers are worth.
 *
 * Each says what was seen, why it matters and what to do. Whether there is something to say is
 * decided by functions of their arguments alone: they return what was seen (caller frees with
 * g_free), or NULL.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_NOTICES_H
#define HEAPMARK_HARNESS_PRESENT_NOTICES_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/store/store.h"

enum notice_kind {
    NOTICE_DEBUG_BUILD,
    NOTICE_LEFT_OUT,
    NOTICE_UNAVAILABLE,
    NOTICE_BUSY,
    NOTICE_GOVERNOR,
    NOTICE_REPETITIONS,
    NOTICE_THREADS,
    NOTICE_COUNTERS,
    NOTICE_BIMODAL,
    NOTICE_KINDS /* how many there are */
};

struct notice {
    enum notice_kind kind;
    char *seen;
};

struct notices {
    GArray *items; /* of struct notice */
};

void notices_init(struct notices *n);
void notices_release(struct notices *n);

/* Takes `seen` over; NULL: there is nothing to add. */
void notices_add(struct notices *n, enum notice_kind kind, char *seen);

/* Prints them, each three lines, and forgets them. */
void notices_print(struct notices *n, FILE *stream);

/* Why it matters, and what to do about it; static texts. */
const char *notice_why(enum notice_kind kind);
const char *notice_advice(enum notice_kind kind);

/* load: the 1-minute load average when measuring begins. */
char *busy_seen(double load, unsigned cpus);

/* governor: of cpufreq, NULL where there is none. */
char *governor_seen(const char *governor);

char *repetitions_seen(unsigned repetitions);

/* threads: the most any cell has; cpus: what it may run on. */
char *threads_seen(unsigned threads, unsigned cpus);

/* Whether values (any order, at least 4 of them) fall into two groups of two or more, with a gap
   that is over three times the wider group and over a tenth of the lower group's top. */
bool values_are_bimodal(const double *values, size_t count);

/* Cells of a run whose repetitions are bimodal in ns_per_op. */
char *bimodal_seen(const struct run_rows *rows);

/* Events that could not be opened, or were not counted reliably. */
char *counters_seen(const struct run_rows *rows);

#endif
