/*
 * Hardware and software counters: named by libpfm4, opened with perf_event_open.
 *
 * The parent encodes the names; the child opens the events between fork and exec, disabled and
 * inherited by all threads to come; the cell program enables them around the timed run, disables
 * and reads them: read() of a descriptor gives three 64-bit words, the value, the time it was
 * enabled and the time it really ran, over all threads. Encoding proves nothing (without a PMU
 * libpfm4 still encodes): supported means that it opened.
 */
#ifndef HEAPMARK_HARNESS_MEASURE_COUNTERS_H
#define HEAPMARK_HARNESS_MEASURE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"

struct counter_set; /* encoded events */

/* What a set may hold: more than a PMU counts at a time, and little enough that what the child
   tells of its openings stays below PIPE_BUF. */
enum { COUNTERS_MAX = 32 };

/* The default list: hardware events that tell allocators apart, and software events. */
extern const char *const counters_default;

/* Encodes a list of names separated by commas. Refuses (EXIT_USAGE) a name libpfm4 does not know,
   by name, and more than COUNTERS_MAX. Names of hardware events may not be known where libpfm4
   knows no PMU: such an event stays in the set and cannot be opened, which is no refusal for the
   default list. */
struct counter_set *counters_new(const char *list, struct error *err);
void counters_free(struct counter_set *set);

size_t counters_count(const struct counter_set *set);
const char *counters_name(const struct counter_set *set, size_t index);

struct counter_opening {
    int fd;           /* -1: not opened; without close-on-exec otherwise */
    int error_number; /* errno of the failure, 0 */
    bool with_kernel; /* counts the kernel's part too, else user mode only */
};

/* Opens every event for the calling process; openings has counters_count elements.
   Async-signal-safe: system calls only. Tries with the kernel's part first. */
void counters_open(const struct counter_set *set, struct counter_opening *openings);

/* Why an event could not be opened, with what to do about it; static text. */
const char *counter_reason(int error_number);

#endif
