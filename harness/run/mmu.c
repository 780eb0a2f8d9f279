/*
 * The stops of one mutator are made disjoint and ascending. One of the windows that start with a
 * stop is the worst: a window that starts between stops loses nothing when it moves up to the next
 * one, and one that starts within a stop gains as much of that stop when it moves back to its start
 * as it can lose at its other edge. (Where that other edge is beyond the end of the run, where
 * nothing stops, a window further left holds at least as much.) So as many windows are tried as
 * there are stops, in one walk, because both edges of the window only move forward.
 */
#include "harness/run/mmu.h"

#include <stdbool.h>
#include <stdlib.h>

/* A stop within the run: from start_ns up to, not including, end_ns. */
struct stop {
    uint64_t thread, start_ns, end_ns;
};

/* What one mutator missed: disjoint stops, ascending, and the time stopped before each. */
struct track {
    struct stop *stops;
    uint64_t *before_ns;
    size_t count;
};

/* ---- the stops of a mutator ---- */

static int stop_compare(const void *left, const void *right) {
    const struct stop *a = left, *b = right;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* The stops of rows as far as they are in the run, by thread and start; their number. */
static size_t stops_read(struct stop *out, const struct pause_row *rows, size_t row_count,
                         uint64_t wall_ns) {
    size_t count = 0;
    for (size_t i = 0; i < row_count; i++) {
        const struct pause_row *row = &rows[i];
        if (row->start_ns >= wall_ns || row->pause_ns == 0 || row->pause_ns == COUNT_EMPTY)
            continue;
        uint64_t end_ns = row->start_ns + MIN(row->pause_ns, wall_ns - row->start_ns);
        out[count++] = (struct stop){row->thread, row->start_ns, end_ns};
    }
    qsort(out, count, sizeof *out, stop_compare);
    return count;
}

/* Appends a stop that begins no earlier than the last one; one that touches it makes it longer. */
static void track_append(struct track *t, const struct stop *stop) {
    struct stop *last = t->count == 0 ? NULL : &t->stops[t->count - 1];
    if (last != NULL && stop->start_ns <= last->end_ns)
        last->end_ns = MAX(last->end_ns, stop->end_ns);
    else
        t->stops[t->count++] = *stop;
}

/* Joins the stops of all mutators with those of one. */
static void track_join(struct track *t, const struct stop *all, size_t all_count,
                       const struct stop *own, size_t own_count) {
    size_t i = 0, j = 0;
    t->count = 0;
    while (i < all_count || j < own_count) {
        bool from_all = j == own_count || (i < all_count && all[i].start_ns <= own[j].start_ns);
        track_append(t, from_all ? &all[i++] : &own[j++]);
    }
    uint64_t stopped_ns = 0;
    for (size_t k = 0; k < t->count; k++) {
        t->before_ns[k] = stopped_ns;
        stopped_ns += t->stops[k].end_ns - t->stops[k].start_ns;
    }
}

/* ---- windows ---- */

/* Time stopped before `at`. *place is the first stop that does not end before it, and only moves
   forward: calls come with `at` ascending. */
static uint64_t track_stopped_before(const struct track *t, uint64_t at, size_t *place) {
    while (*place < t->count && t->stops[*place].end_ns < at)
        (*place)++;
    if (*place == t->count)
        return t->count == 0 ? 0
                             : t->before_ns[t->count - 1] + t->stops[t->count - 1].end_ns -
                                   t->stops[t->count - 1].start_ns;
    const struct stop *stop = &t->stops[*place];
    return t->before_ns[*place] + (at > stop->start_ns ? at - stop->start_ns : 0);
}

/* The most time that any window of that length within the run was stopped. */
static uint64_t track_stopped_most(const struct track *t, uint64_t window_ns) {
    size_t place = 0;
    uint64_t most_ns = 0;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t start_ns = t->stops[i].start_ns;
        uint64_t stopped_ns =
            track_stopped_before(t, start_ns + window_ns, &place) - t->before_ns[i];
        most_ns = MAX(most_ns, stopped_ns);
    }
    return most_ns;
}

struct windows {
    const uint64_t *lengths_ns;
    size_t count;
    uint64_t wall_ns;
};

static void shares_lower(double *shares, const struct track *t, const struct windows *w) {
    for (size_t i = 0; i < w->count; i++) {
        uint64_t window_ns = MIN(w->lengths_ns[i], w->wall_ns);
        uint64_t free_ns = window_ns - track_stopped_most(t, window_ns);
        shares[i] = MIN(shares[i], (double)free_ns / (double)window_ns);
    }
}

void mmu_compute(const struct pause_row *rows, size_t row_count, uint64_t wall_ns,
                 const uint64_t *windows_ns, size_t count, double *shares) {
    struct stop *stops = g_new(struct stop, row_count + 1);
    size_t stop_count = stops_read(stops, rows, row_count, wall_ns), all_count = 0;
    struct track track = {.stops = g_new(struct stop, row_count + 1),
                          .before_ns = g_new(uint64_t, row_count + 1)};
    const struct windows windows = {windows_ns, count, wall_ns};
    for (size_t i = 0; i < count; i++)
        shares[i] = 1;
    while (all_count < stop_count && stops[all_count].thread == 0)
        all_count++;
    track_join(&track, stops, all_count, NULL, 0);
    shares_lower(shares, &track, &windows);
    for (size_t first = all_count, end = first; first < stop_count; first = end) {
        while (end < stop_count && stops[end].thread == stops[first].thread)
            end++;
        track_join(&track, stops, all_count, stops + first, end - first);
        shares_lower(shares, &track, &windows);
    }
    g_free(track.before_ns);
    g_free(track.stops);
    g_free(stops);
}
