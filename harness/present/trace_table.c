/* See trace_table.h. */
#include "harness/present/trace_table.h"

#include <math.h>

#include "harness/analyze/trace_summary.h"
#include "harness/present/quantity.h"
#include "harness/present/text_grid.h"

enum { INDENT = 2 };

static struct quantity count_text(uint64_t count) {
    struct quantity q;
    g_snprintf(q.text, sizeof q.text, "%" G_GUINT64_FORMAT, count);
    return q;
}

static struct quantity percent(double share) {
    struct quantity q;
    if (isnan(share))
        g_snprintf(q.text, sizeof q.text, QUANTITY_NONE);
    else
        g_snprintf(q.text, sizeof q.text, "%.*f %%", share < 0.1 ? 2 : 1, share * 100);
    return q;
}

/* ---- one cell ---- */

static void head_append(GString *out, const struct trace_cell_summary *cell) {
    g_string_append_printf(out, "%s: timed run %s, %" G_GUINT64_FORMAT " events recorded in %s",
                           cell->name, quantity_time((double)(cell->end_ns - cell->start_ns)).text,
                           cell->events, quantity_memory((double)cell->raw_bytes).text);
    if (cell->dropped > 0)
        g_string_append_printf(out, ", %" G_GUINT64_FORMAT " dropped for want of room",
                               cell->dropped);
    if (cell->is_cut)
        g_string_append(out, "; the recording breaks off");
    g_string_append_c(out, '\n');
    if (cell->note != NULL)
        g_string_append_printf(out, "  %s\n", cell->note);
}

static void row_add(struct text_grid *grid, const struct trace_row *row) {
    text_grid_add(grid, row->name->text);
    text_grid_add(grid, count_text(row->count).text);
    text_grid_add(grid, row->is_instant ? "" : quantity_time((double)row->total_ns).text);
    text_grid_add(grid, row->is_instant ? "" : quantity_time(row->p50_ns).text);
    text_grid_add(grid, row->is_instant ? "" : quantity_time(row->p99_ns).text);
    text_grid_add(grid, row->is_instant ? "" : quantity_time((double)row->max_ns).text);
    text_grid_add(grid, row->is_instant ? "" : percent(row->share).text);
}

static void rows_append(GString *out, const struct trace_cell_summary *cell) {
    static const char *const heads[] = {"event", "count", "total",       "p50",
                                        "p99",   "max",   "share of run"};
    struct text_grid grid;
    if (cell->rows->len == 0)
        return;
    text_grid_init(&grid, G_N_ELEMENTS(heads), INDENT);
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
        text_grid_add(&grid, heads[i]);
    for (guint i = 0; i < cell->rows->len; i++)
        row_add(&grid, &g_array_index(cell->rows, struct trace_row, i));
    text_grid_finish(&grid, out);
}

static double beyond_percent(double trace_ns, uint64_t record_ns) {
    return (trace_ns / (double)record_ns - 1) * 100;
}

/* What every stop is longer by is no difference between the trace's stops and the record's. */
static void excess_append(GString *out, const struct trace_cell_summary *cell) {
    uint64_t record_ns = cell->record.gc_pause_ns_total;
    double each_ns = cell->stop_excess.each_ns, most_ns = cell->stop_excess.most_ns;
    if (isnan(each_ns) || fabs(each_ns) < 1 || record_ns == COUNT_EMPTY || record_ns == 0)
        return;
    double alike_ns = (double)cell->stop_ns - each_ns * (double)cell->stop_count;
    g_string_append_printf(out,
                           "  by their definitions a stop is %.0f ns %s in the trace than in the "
                           "record (median of cycles); without that %+.2f %%",
                           fabs(each_ns), each_ns > 0 ? "longer" : "shorter",
                           beyond_percent(alike_ns, record_ns));
    if (fabs(most_ns) > (double)record_ns / 1000)
        g_string_append_printf(out,
                               ", of which %+.2f %% in one cycle, as when its thread loses the CPU",
                               most_ns / (double)record_ns * 100);
    g_string_append_c(out, '\n');
}

/* Whether the trace tells what the record tells. */
static void stops_append(GString *out, const struct trace_cell_summary *cell) {
    const struct record *r = &cell->record;
    g_string_append_printf(out, "  stops of collections: %" G_GUINT64_FORMAT ", together %s",
                           cell->stop_count, quantity_time((double)cell->stop_ns).text);
    if (r->gc_stw_count == COUNT_EMPTY) {
        g_string_append(out, "; the record has none\n");
        return;
    }
    g_string_append_printf(out, "; by the record %" G_GUINT64_FORMAT, r->gc_stw_count);
    if (r->gc_pause_ns_total != COUNT_EMPTY)
        g_string_append_printf(out, ", %s", quantity_time((double)r->gc_pause_ns_total).text);
    if (r->gc_pause_ns_total != COUNT_EMPTY && r->gc_pause_ns_total > 0)
        g_string_append_printf(out, " (%+.2f %%)",
                               beyond_percent((double)cell->stop_ns, r->gc_pause_ns_total));
    if (cell->stops_unfinished > 0)
        g_string_append(out, "; 1 more began a cycle that the run's end cut");
    g_string_append_c(out, '\n');
    excess_append(out, cell);
}

static void mmu_append(GString *out, const struct trace_cell_summary *cell) {
    if (cell->rows->len == 0)
        return; /* nothing is known of it */
    g_string_append(out, "  least utilisation (MMU) with stops, assists and sweeps:");
    for (unsigned i = 0; i < TRACE_WINDOWS; i++)
        g_string_append_printf(out, "%s %s in %s", i == 0 ? "" : ",", percent(cell->mmu[i]).text,
                               quantity_time((double)trace_windows_ns[i]).text);
    g_string_append_c(out, '\n');
    if (cell->is_overfull)
        g_string_append_printf(out,
                               "  more than %d slices took time from mutators: utilisation and "
                               "shares are not computed; trace fewer --ops\n",
                               TRACE_INTERVALS_MAX);
}

static void threads_append(GString *out, const struct trace_cell_summary *cell) {
    static const char *const heads[] = {
        "share of a thread's time", "running", "assist", "sweep", "stopped", "other",
        "sweeping or pausing"};
    struct text_grid grid;
    if (cell->threads->len == 0)
        return;
    text_grid_init(&grid, G_N_ELEMENTS(heads), INDENT);
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
        text_grid_add(&grid, heads[i]);
    for (guint i = 0; i < cell->threads->len; i++) {
        const struct trace_thread *t = &g_array_index(cell->threads, struct trace_thread, i);
        text_grid_add(&grid, t->name);
        text_grid_add(&grid, percent(t->running).text);
        text_grid_add(&grid, percent(t->assist).text);
        text_grid_add(&grid, percent(t->sweep).text);
        text_grid_add(&grid, percent(t->stopped).text);
        text_grid_add(&grid, percent(t->other).text);
        text_grid_add(&grid, percent(t->assist + t->sweep + t->stopped).text);
    }
    text_grid_finish(&grid, out);
}

static void cost_append(GString *out, const struct estimate *cost, const char *of) {
    g_string_append_printf(out, "%+.1f %% of %s", cost->median * 100, of);
    if (cost->count > 1)
        g_string_append_printf(out, " (%+.1f to %+.1f %%)", cost->low * 100, cost->high * 100);
}

/* How sure it is, too: on a busy machine the pairs differ by more than tracing costs. */
static void overhead_append(GString *out, const struct trace_cell_summary *cell) {
    size_t count = cell->overhead.count;
    if (count == 0)
        return;
    g_string_append(out, "  tracing cost ");
    cost_append(out, &cell->overhead, "wall time");
    cost_append(g_string_append(out, ", "), &cell->overhead_cpu, "CPU time");
    g_string_append_printf(out, ": median of %zu alternating %s", count,
                           count == 1 ? "pair" : "pairs");
    if (count > 1)
        g_string_append_printf(out, ", in brackets where it lies with %.0f %% confidence",
                               cell->overhead.coverage * 100);
    g_string_append_c(out, '\n');
}

static void cell_append(GString *out, const struct trace_cell_summary *cell) {
    head_append(out, cell);
    rows_append(out, cell);
    stops_append(out, cell);
    mmu_append(out, cell);
    threads_append(out, cell);
    overhead_append(out, cell);
    g_string_append_c(out, '\n');
}

/* ---- all cells ---- */

static void article_append(GString *out, const GPtrArray *cells) {
    static const char *const names[] = {"goroutines, or slices of mutators", "heap events",
                                        "thread events", "bgsweep slices", "STW"};
    struct text_grid grid;
    guint shown = MIN(cells->len, TEXT_GRID_COLUMNS_MAX - 1);
    text_grid_init(&grid, shown + 1, 0);
    text_grid_add(&grid, "in the timed run");
    for (guint i = 0; i < shown; i++)
        text_grid_add(&grid, ((struct trace_cell_summary *)g_ptr_array_index(cells, i))->name);
    for (size_t row = 0; row < G_N_ELEMENTS(names); row++) {
        text_grid_add(&grid, names[row]);
        for (guint i = 0; i < shown; i++) {
            const struct trace_cell_summary *c = g_ptr_array_index(cells, i);
            const uint64_t counts[] = {c->mutator_slices, c->heap_events, c->thread_events,
                                       c->bgsweep_slices, c->stop_count};
            text_grid_add(&grid, count_text(counts[row]).text);
        }
    }
    text_grid_finish(&grid, out);
}

char *trace_table_text(const GPtrArray *cells) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < cells->len; i++)
        cell_append(out, g_ptr_array_index(cells, i));
    if (cells->len > 0)
        article_append(out, cells);
    return g_string_free(out, FALSE);
}
