/* The numbers of trace_table.h as CSV. */
#include <math.h>
#include <string.h>

#include "harness/analyze/trace_summary.h"
#include "harness/present/trace_table.h"
#include "harness/store/csv.h"

/* A row of the file; what stays empty is not written. */
struct trace_csv_row {
    const char *cell, *section, *name;
    uint64_t count, total_ns;
    double p50_ns, p99_ns;
    uint64_t max_ns;
    double share;
};

#define COLUMN(kind, name, meaning)                                                                \
    { #name, kind, offsetof(struct trace_csv_row, name), "", meaning }

static const struct field columns[] = {
    COLUMN(FIELD_TEXT, cell, "workload, parameters, threads and strategy"),
    COLUMN(FIELD_TEXT, section, "what the row is about"),
    COLUMN(FIELD_TEXT, name, "of the event, thread or window"),
    COLUMN(FIELD_COUNT, count, "how many"),
    COLUMN(FIELD_COUNT, total_ns, "their lengths together"),
    COLUMN(FIELD_REAL, p50_ns, "median length"),
    COLUMN(FIELD_REAL, p99_ns, "99th percentile"),
    COLUMN(FIELD_COUNT, max_ns, "longest"),
    COLUMN(FIELD_REAL, share, "of the timed run"),
};

static const struct row_type row_type = {"", columns, G_N_ELEMENTS(columns),
                                         sizeof(struct trace_csv_row)};

static struct trace_csv_row row_of(const struct trace_cell_summary *cell, const char *section,
                                   const char *name) {
    struct trace_csv_row row;
    row_clear(&row_type, &row);
    row.cell = cell->name;
    row.section = section;
    row.name = name;
    return row;
}

static void slices_append(GString *out, const struct trace_cell_summary *cell) {
    for (guint i = 0; i < cell->rows->len; i++) {
        const struct trace_row *r = &g_array_index(cell->rows, struct trace_row, i);
        struct trace_csv_row row = row_of(cell, r->is_instant ? "instant" : "slice", r->name->text);
        row.count = r->count;
        if (!r->is_instant) {
            row.total_ns = r->total_ns;
            row.p50_ns = r->p50_ns;
            row.p99_ns = r->p99_ns;
            row.max_ns = r->max_ns;
            row.share = r->share;
        }
        csv_row_append(out, &row_type, &row);
    }
}

static void counts_append(GString *out, const struct trace_cell_summary *cell) {
    const struct {
        const char *section, *name;
        uint64_t count, total_ns;
    } counts[] = {
        {"article", "mutator-slices", cell->mutator_slices, COUNT_EMPTY},
        {"article", "heap-events", cell->heap_events, COUNT_EMPTY},
        {"article", "thread-events", cell->thread_events, COUNT_EMPTY},
        {"article", "bgsweep-slices", cell->bgsweep_slices, COUNT_EMPTY},
        {"article", "stw", cell->stop_count, COUNT_EMPTY},
        {"stops", "trace", cell->stop_count, cell->stop_ns},
        {"stops", "record", cell->record.gc_stw_count, cell->record.gc_pause_ns_total},
        {"stops", "unfinished", cell->stops_unfinished, COUNT_EMPTY},
        {"events", "recorded", cell->events, COUNT_EMPTY},
        {"events", "dropped", cell->dropped, COUNT_EMPTY},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        struct trace_csv_row row = row_of(cell, counts[i].section, counts[i].name);
        row.count = counts[i].count;
        row.total_ns = counts[i].total_ns;
        csv_row_append(out, &row_type, &row);
    }
}

/* By how much a stop is longer in the trace than in the record. */
static void excess_append(GString *out, const struct trace_cell_summary *cell) {
    struct trace_csv_row row = row_of(cell, "stops", "longer-each");
    row.p50_ns = cell->stop_excess.each_ns;
    if (!isnan(row.p50_ns))
        csv_row_append(out, &row_type, &row);
}

static void share_append(GString *out, const struct trace_cell_summary *cell, const char *thread,
                         const char *what, double share) {
    char *name = g_strdup_printf("%s: %s", thread, what);
    struct trace_csv_row row = row_of(cell, "thread", name);
    row.share = share;
    csv_row_append(out, &row_type, &row);
    g_free(name);
}

static void threads_append(GString *out, const struct trace_cell_summary *cell) {
    for (guint i = 0; i < cell->threads->len; i++) {
        const struct trace_thread *t = &g_array_index(cell->threads, struct trace_thread, i);
        share_append(out, cell, t->name, "running", t->running);
        share_append(out, cell, t->name, "assist", t->assist);
        share_append(out, cell, t->name, "sweep", t->sweep);
        share_append(out, cell, t->name, "stopped", t->stopped);
        share_append(out, cell, t->name, "other", t->other);
    }
}

static void mmu_append(GString *out, const struct trace_cell_summary *cell) {
    static const char *const windows[TRACE_WINDOWS] = {"1 ms", "10 ms", "50 ms"};
    for (unsigned i = 0; i < TRACE_WINDOWS; i++) {
        struct trace_csv_row row = row_of(cell, "mmu", windows[i]);
        row.share = cell->mmu[i];
        csv_row_append(out, &row_type, &row);
    }
}

static void overhead_append(GString *out, const struct trace_cell_summary *cell) {
    const struct {
        const char *name;
        const struct estimate *cost;
    } costs[] = {{"wall", &cell->overhead}, {"cpu", &cell->overhead_cpu}};
    for (size_t i = 0; cell->overhead.count > 0 && i < G_N_ELEMENTS(costs); i++) {
        struct trace_csv_row row = row_of(cell, "overhead", costs[i].name);
        row.count = costs[i].cost->count;
        row.share = costs[i].cost->median;
        csv_row_append(out, &row_type, &row);
    }
}

char *trace_csv_text(const GPtrArray *cells) {
    GString *out = g_string_new(NULL);
    csv_header_append(out, &row_type);
    for (guint i = 0; i < cells->len; i++) {
        const struct trace_cell_summary *cell = g_ptr_array_index(cells, i);
        slices_append(out, cell);
        counts_append(out, cell);
        excess_append(out, cell);
        threads_append(out, cell);
        mmu_append(out, cell);
        overhead_append(out, cell);
    }
    return g_string_free(out, FALSE);
}
