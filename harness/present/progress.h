/*
 * How far long work is: on a terminal one line that is written over, elsewhere a plain line now and
 * then. To stderr; results go to stdout.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PROGRESS_H
#define HEAPMARK_HARNESS_PRESENT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *stream;
    bool is_terminal;
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t shown_ns; /* when the last line was shown, 0: never */
};

void progress_init(struct progress *p, FILE *stream);

/* Shows that `current` begins, when it is time for a line. */
void progress_show(struct progress *p, size_t done, size_t total, const char *current);

/* A line of its own that stays: something failed, say. */
void progress_say(struct progress *p, const char *line);

/* Clears the line on a terminal; elsewhere says that all is done. */
void progress_end(struct progress *p, size_t done, size_t total);

/* "12/60, about 1 min 20 s left: create-pointer, jemalloc". Nothing about the time left before the
   first is done. Caller frees with g_free. */
char *progress_line(size_t done, size_t total, uint64_t elapsed_ns, const char *current);

/* "8 s", "1 min 20 s", "2 h 05 min". Caller frees with g_free. */
char *duration_text(uint64_t ns);

#endif
