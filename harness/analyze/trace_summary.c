/* Gathers a cell's rows while it is told, and computes what needs all of it at its end. */
#include "harness/analyze/trace_summary.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/trace_histogram.h"
#include "harness/analyze/trace_shares.h"
#include "harness/capture/trace_read.h"

const uint64_t trace_windows_ns[TRACE_WINDOWS] = {1000000, 10000000, 50000000};

enum { NS_PER_MS = 1000000, MS_MAX = 1 << 22, MUTATORS_MAX = 1 << 16 };

struct name_tally {
    struct trace_row row;
    struct trace_histogram *lengths; /* NULL: of instants */
};

struct trace_summary {
    struct timeline_sink sink;
    GPtrArray *cells;
    struct trace_cell_summary *cell; /* the one that is told, NULL */
    GPtrArray *tallies;              /* by name's number - 1; NULL where nothing was told */
    GArray *mutators;                /* of struct trace_mutator */
    GHashTable *mutator_places;      /* track's number -> place from 1 */
    GArray *intervals;               /* of struct trace_interval */
    uint64_t run_ns, processor_slices, last_stop_at_ns, last_stop_ns;
    bool last_stop_begins_cycle;
};

/* ---- cells ---- */

static void thread_clear(gpointer pointer) {
    g_free(((struct trace_thread *)pointer)->name);
}

static void mutator_clear(gpointer pointer) {
    g_free(((struct trace_mutator *)pointer)->name);
}

static void tally_free(gpointer pointer) {
    struct name_tally *tally = pointer;
    if (tally != NULL)
        g_free(tally->lengths);
    g_free(tally);
}

static void cell_free(gpointer pointer) {
    struct trace_cell_summary *cell = pointer;
    g_array_free(cell->rows, TRUE);
    g_array_free(cell->threads, TRUE);
    g_array_free(cell->events_per_ms, TRUE);
    g_array_free(cell->stop_lengths, TRUE);
    g_free(cell->name);
    g_free(cell->note);
    g_free(cell);
}

static void summary_begin(struct trace_summary *s, const struct timeline_track *process) {
    struct trace_cell_summary *cell = g_new(struct trace_cell_summary, 1);
    *cell = (struct trace_cell_summary){
        .name = g_strdup(process->name),
        .start_ns = TIMELINE_START_NS,
        .end_ns = TIMELINE_START_NS + s->run_ns,
        .rows = g_array_new(FALSE, FALSE, sizeof(struct trace_row)),
        .threads = g_array_new(FALSE, FALSE, sizeof(struct trace_thread)),
        .mmu = {NAN, NAN, NAN},
        .stop_excess = {.each_ns = NAN},
        .stop_lengths = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
        .events_per_ms = g_array_new(FALSE, TRUE, sizeof(uint32_t))};
    g_array_set_clear_func(cell->threads, thread_clear);
    row_clear(&record_type, &cell->record);
    g_ptr_array_add(s->cells, cell);
    s->cell = cell;
    s->processor_slices = s->last_stop_at_ns = s->last_stop_ns = 0;
    s->last_stop_begins_cycle = false;
    g_ptr_array_set_size(s->tallies, 0);
    g_array_set_size(s->mutators, 0);
    g_array_set_size(s->intervals, 0);
    g_hash_table_remove_all(s->mutator_places);
}

static int row_compare(const void *left, const void *right) {
    const struct trace_row *a = left, *b = right;
    if (a->is_instant != b->is_instant)
        return a->is_instant ? 1 : -1;
    if (a->total_ns != b->total_ns)
        return a->total_ns > b->total_ns ? -1 : 1;
    return (a->count < b->count) - (a->count > b->count);
}

static void summary_make_rows(struct trace_summary *s) {
    for (guint i = 0; i < s->tallies->len; i++) {
        struct name_tally *tally = g_ptr_array_index(s->tallies, i);
        if (tally == NULL)
            continue;
        tally->row.p50_ns = tally->row.p99_ns = NAN;
        if (tally->lengths != NULL) {
            tally->row.p50_ns = trace_histogram_quantile(tally->lengths, 0.5);
            tally->row.p99_ns = trace_histogram_quantile(tally->lengths, 0.99);
        }
        tally->row.share = s->run_ns == 0 ? NAN : (double)tally->row.total_ns / (double)s->run_ns;
        g_array_append_val(s->cell->rows, tally->row);
    }
    g_array_sort(s->cell->rows, row_compare);
}

/* A stop that begins a cycle and is the last one has no end of marking after it: the run's end cut
   that cycle, and the record counts whole ones. */
static void summary_settle_stops(struct trace_summary *s) {
    if (!s->last_stop_begins_cycle)
        return;
    s->cell->stop_count--;
    s->cell->stop_ns -= s->last_stop_ns;
    g_array_set_size(s->cell->stop_lengths, s->cell->stop_lengths->len - 1);
    s->cell->stops_unfinished = 1;
}

static void summary_end(struct trace_summary *s) {
    struct trace_cell_summary *cell = s->cell;
    if (s->processor_slices > 0)
        cell->mutator_slices = s->processor_slices;
    summary_settle_stops(s);
    summary_make_rows(s);
    cell->is_overfull = s->intervals->len >= TRACE_INTERVALS_MAX;
    if (!cell->is_overfull && s->run_ns > 0 && cell->rows->len > 0) {
        trace_shares_compute(cell->threads, s->intervals, s->mutators, cell);
        trace_utilisation_compute(cell->mmu, s->intervals, cell);
    }
    s->cell = NULL;
}

/* ---- slices ---- */

static struct name_tally *tally_get(struct trace_summary *s, const struct timeline_name *name) {
    if (s->tallies->len < name->number)
        g_ptr_array_set_size(s->tallies, (gint)name->number);
    struct name_tally *tally = g_ptr_array_index(s->tallies, name->number - 1);
    if (tally == NULL) {
        tally = g_new0(struct name_tally, 1);
        tally->row.name = name;
        g_ptr_array_index(s->tallies, name->number - 1) = tally;
    }
    return tally;
}

static bool is_within(const struct trace_cell_summary *cell, uint64_t time_ns) {
    return time_ns >= cell->start_ns && time_ns < cell->end_ns;
}

/* Of a slice that began before the run or ends after it, the part that is within. One that stands
   for several cannot be cut, and is short. */
static void summary_tally(struct trace_summary *s, const struct timeline_event *told) {
    struct timeline_event whole = *told, *end = &whole;
    struct name_tally *tally = tally_get(s, end->name);
    end->start_ns = MAX(told->start_ns, s->cell->start_ns);
    end->time_ns = MIN(told->time_ns, s->cell->end_ns);
    if (told->count <= 1)
        end->total_ns = end->time_ns - end->start_ns;
    uint64_t each_ns = end->count == 0 ? 0 : end->total_ns / end->count;
    if (tally->lengths == NULL)
        tally->lengths = g_new0(struct trace_histogram, 1);
    tally->row.count += end->count;
    tally->row.total_ns += end->total_ns;
    tally->row.max_ns = MAX(tally->row.max_ns, MAX(each_ns, end->time_ns - end->start_ns));
    trace_histogram_add(tally->lengths, each_ns, end->count);
}

static uint32_t mutator_place(struct trace_summary *s, const struct timeline_track *track) {
    gpointer key = GSIZE_TO_POINTER(track->number);
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(s->mutator_places, key));
    if (place != 0 || s->mutators->len >= MUTATORS_MAX)
        return place;
    struct trace_mutator mutator = {.name = g_strdup(track->name), .number = track->number};
    g_array_append_val(s->mutators, mutator);
    place = s->mutators->len;
    g_hash_table_insert(s->mutator_places, key, GUINT_TO_POINTER(place));
    return place;
}

/* Keeps what takes time from mutators, and their running. */
static void summary_keep(struct trace_summary *s, const struct timeline_event *end) {
    enum slice_class class = end->name->class;
    bool is_stop = class == SLICE_STOP;
    bool is_mutators = end->track->role == TRACK_MUTATOR &&
                       (class == SLICE_RUN || class == SLICE_ASSIST || class == SLICE_SWEEP);
    uint32_t place = is_mutators ? mutator_place(s, end->track) : 0;
    if ((!is_stop && place == 0) || s->intervals->len >= TRACE_INTERVALS_MAX)
        return;
    struct trace_interval slice = {.start_ns = end->start_ns,
                                   .end_ns = end->time_ns,
                                   .thread = place,
                                   .class = (uint8_t) class,
                                   .is_inner = end->depth > 0};
    g_array_append_val(s->intervals, slice);
    if (class == SLICE_SWEEP && is_within(s->cell, end->start_ns))
        g_array_index(s->mutators, struct trace_mutator, place - 1).sweep_ns += end->total_ns;
}

/* Stops of collections; those that follow the run belong to a cycle that began in it. */
static void summary_stop(struct trace_summary *s, const struct timeline_event *end) {
    const char *reason = end->name->text;
    uint64_t ns = end->time_ns - end->start_ns;
    bool begins_cycle = strstr(reason, "sweep termination") != NULL;
    if (end->name->class != SLICE_STOP || end->start_ns < s->cell->start_ns ||
        (strstr(reason, "GC ") == NULL && strstr(reason, "mark ") == NULL))
        return;
    s->cell->stop_count++;
    s->cell->stop_ns += ns;
    g_array_append_val(s->cell->stop_lengths, ns);
    if (ns > s->cell->longest_stop_ns && is_within(s->cell, end->start_ns)) {
        s->cell->longest_stop_ns = ns;
        s->cell->longest_stop_at_ns = end->start_ns;
    }
    if (end->start_ns >= s->last_stop_at_ns) {
        s->last_stop_at_ns = end->start_ns;
        s->last_stop_ns = ns;
        s->last_stop_begins_cycle = begins_cycle;
    }
}

static void summary_count_slices(struct trace_summary *s, const struct timeline_event *end) {
    struct trace_cell_summary *cell = s->cell;
    bool is_goroutine =
        end->track->role == TRACK_OTHER && g_str_has_prefix(end->name->text, "goroutine");
    if (end->name->class == SLICE_RUN && end->track->role == TRACK_MUTATOR)
        cell->mutator_slices++;
    s->processor_slices += is_goroutine;
    cell->bgsweep_slices += end->name->class == SLICE_BGSWEEP;
    if (end->name->class == SLICE_BLOCK || end->name->class == SLICE_STOPPED)
        cell->thread_events += is_goroutine ? 0 : 2; /* a thread halts, and goes on */
}

static void summary_density(struct trace_summary *s, uint64_t time_ns) {
    guint ms = (guint)MIN((time_ns - s->cell->start_ns) / NS_PER_MS, MS_MAX - 1);
    GArray *counts = s->cell->events_per_ms;
    if (counts->len <= ms)
        g_array_set_size(counts, ms + 1);
    g_array_index(counts, uint32_t, ms)++;
}

static void summary_instant(struct trace_summary *s, const struct timeline_event *event) {
    struct name_tally *tally = tally_get(s, event->name);
    tally->row.is_instant = true;
    tally->row.count++;
    if (g_str_has_prefix(event->name->text, "thread-"))
        s->cell->thread_events++;
}

/* Told once per counter, at its first sample. */
static void summary_counter(struct trace_summary *s, struct timeline_track *track) {
    if (g_str_has_prefix(track->name, "heap-"))
        s->cell->heap_events += track->updates;
    if (strcmp(track->name, "threads-running") == 0)
        s->cell->thread_events += track->updates;
    track->updates = 0;
}

static void summary_event(struct timeline_sink *sink, const struct timeline_event *event) {
    struct trace_summary *s = (struct trace_summary *)sink;
    if (event->kind == TIMELINE_CELL) {
        summary_begin(s, event->track);
    } else if (event->kind == TIMELINE_CELL_END) {
        summary_end(s);
    } else if (event->kind == TIMELINE_COUNTER) {
        summary_counter(s, event->track);
    } else if (event->kind == TIMELINE_END) {
        summary_stop(s, event);
        summary_keep(s, event);
        if (event->start_ns < s->cell->end_ns && event->time_ns >= s->cell->start_ns &&
            strcmp(event->name->text, TRACE_RUN_NAME) != 0) {
            summary_tally(s, event);
            summary_count_slices(s, event);
        }
    } else if (event->kind != TIMELINE_TRACK && is_within(s->cell, event->time_ns)) {
        summary_density(s, event->time_ns);
        if (event->kind == TIMELINE_INSTANT)
            summary_instant(s, event);
    }
}

/* ---- the sink ---- */

struct trace_summary *trace_summary_new(void) {
    struct trace_summary *s = g_new(struct trace_summary, 1);
    *s = (struct trace_summary){.sink = {summary_event},
                                .cells = g_ptr_array_new_with_free_func(cell_free),
                                .tallies = g_ptr_array_new_with_free_func(tally_free),
                                .mutators = g_array_new(FALSE, FALSE, sizeof(struct trace_mutator)),
                                .mutator_places = g_hash_table_new(NULL, NULL),
                                .intervals =
                                    g_array_new(FALSE, FALSE, sizeof(struct trace_interval))};
    g_array_set_clear_func(s->mutators, mutator_clear);
    return s;
}

void trace_summary_free(struct trace_summary *s) {
    g_ptr_array_free(s->cells, TRUE);
    g_ptr_array_free(s->tallies, TRUE);
    g_array_free(s->mutators, TRUE);
    g_hash_table_destroy(s->mutator_places);
    g_array_free(s->intervals, TRUE);
    g_free(s);
}

struct timeline_sink *trace_summary_sink(struct trace_summary *s) {
    return &s->sink;
}

void trace_summary_expect(struct trace_summary *s, uint64_t run_ns) {
    s->run_ns = run_ns;
}

GPtrArray *trace_summary_cells(struct trace_summary *s) {
    return s->cells;
}
