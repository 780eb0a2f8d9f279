/*
 * The heap over time: live bytes and goal of each collection, and its stops; a page per collector.
 *
 * Above churn-copy, which gives the collector nothing to do; below churn-pointer over the same
 * time, and its first collections magnified, because hundreds of them are one black area.
 */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

enum { MAGNIFIED = 12 };

/* The first ok record of a workload under a strategy, one thread, or NULL. */
static const struct record *record_of(const struct run_summary *s, const char *workload,
                                      unsigned strategy_index) {
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (strcmp(cell->workload, workload) == 0 && cell->strategy_index == strategy_index &&
            cell->threads == 1 && cell->ok->len > 0) {
            return g_ptr_array_index(cell->ok, 0);
        }
    }
    return NULL;
}

static GPtrArray *cycles_of(const struct run_rows *rows, const struct record *record) {
    GPtrArray *cycles = g_ptr_array_new();
    for (guint i = 0; record != NULL && i < rows->cycles->len; i++) {
        struct cycle_row *row = &g_array_index(rows->cycles, struct cycle_row, i);
        if (row->record == record->record && row->start_ns != COUNT_EMPTY) {
            g_ptr_array_add(cycles, row);
        }
    }
    return cycles;
}

static double count_or(uint64_t count, double otherwise) {
    return count == COUNT_EMPTY ? otherwise : (double)count;
}

/* Live heap climbs to the start of a cycle, on to the end of its marking, and falls to what was
   found reachable. Goals hold until the cycle that worked towards them ends. NaN where it is not
   known. */
static void cycles_draw(struct page *page, const GPtrArray *cycles, double end_ns) {
    double goal_last = NAN;
    for (guint i = 0; i < cycles->len; i++) {
        const struct cycle_row *c = g_ptr_array_index(cycles, i);
        double start = (double)c->start_ns / 1e6;
        double marked = start + count_or(c->mark_ns, 0) / 1e6;
        double goal = count_or(c->goal_bytes, NAN);
        goal_last = goal;
        if (i == 0) {
            page_row(page, "0\t0\t%g", goal);
        }
        page_row(page, "%.6f\t%g\t%g", start, count_or(c->heap_start_bytes, NAN), goal);
        page_row(page, "%.6f\t%g\t%g", marked, count_or(c->heap_end_bytes, NAN), goal);
        if (c->heap_marked_bytes != COUNT_EMPTY) {
            page_row(page, "%.6f\t%g\t%g", marked, (double)c->heap_marked_bytes, goal);
        }
    }
    if (cycles->len > 0) {
        page_row(page, "%.6f\tNaN\t%g", end_ns / 1e6, goal_last);
    }
    page_block(page);
}

/* The number of stops drawn. */
static unsigned stops_draw(struct page *page, const struct run_rows *rows,
                           const struct record *record) {
    unsigned count = 0;
    for (guint i = 0; record != NULL && i < rows->pauses->len; i++) {
        const struct pause_row *row = &g_array_index(rows->pauses, struct pause_row, i);
        if (row->record == record->record && row->start_ns != COUNT_EMPTY) {
            page_row(page, "%.6f\t%g", (double)row->start_ns / 1e6, count_or(row->pause_ns, 0));
            count++;
        }
    }
    if (count == 0) {
        page_row(page, "NaN\tNaN");
    }
    page_block(page);
    return count;
}

static double record_end(const struct record *r) {
    return r == NULL ? 0 : count_or(r->wall_ns, 0);
}

static void copy_draw(struct page *page, const struct run_summary *s, const struct record *copy) {
    GPtrArray *cycles = cycles_of(s->rows, copy);
    if (copy == NULL) {
        page_mark(page, 1, MARK_TITLE, 0, 0, "churn-copy was not measured");
    } else {
        page_mark(page, 1, MARK_TITLE, 0, 0, "churn-copy: %s after %s",
                  cycles->len == 0 ? "never collects, done" : "done",
                  quantity_time(record_end(copy)).text);
    }
    if (copy != NULL && cycles->len == 0) {
        double live = count_or(copy->heap_live_bytes_peak, 0);
        page_row(page, "0\t%g\tNaN", live);
        page_row(page, "%.6f\t%g\tNaN", record_end(copy) / 1e6, live);
        page_block(page);
    } else if (cycles->len > 0) {
        cycles_draw(page, cycles, record_end(copy));
    } else {
        page_row(page, "NaN\tNaN\tNaN");
        page_block(page);
    }
    g_ptr_array_unref(cycles);
    stops_draw(page, s->rows, copy);
}

static void pointer_draw(struct page *page, const struct run_summary *s,
                         const struct record *pointer, const GPtrArray *cycles) {
    cycles_draw(page, cycles, record_end(pointer));
    unsigned stops = stops_draw(page, s->rows, pointer);
    page_mark(page, 2, MARK_TITLE, 0, 0,
              "churn-pointer: done after %s, %u collections, %u stops%s%s",
              quantity_time(record_end(pointer)).text, cycles->len, stops,
              pointer->gc_pause_ns_max != COUNT_EMPTY ? ", longest " : "",
              pointer->gc_pause_ns_max != COUNT_EMPTY
                  ? quantity_time((double)pointer->gc_pause_ns_max).text
                  : "");
    guint last = MIN(cycles->len, MAGNIFIED) - 1;
    const struct cycle_row *c = g_ptr_array_index(cycles, last);
    page_mark(page, 3, MARK_TITLE, 0, 0, "churn-pointer: its first %u collections", last + 1);
    page_number(page, "magnified_end",
                ((double)c->start_ns + count_or(c->mark_ns, 0)) / 1e6 * 1.02);
}

static double heap_most(const GPtrArray *cycles) {
    double most = 0;
    for (guint i = 0; i < cycles->len; i++) {
        const struct cycle_row *c = g_ptr_array_index(cycles, i);
        most = fmax(most, count_or(c->heap_end_bytes, 0));
        most = fmax(most, fmax(count_or(c->heap_start_bytes, 0), count_or(c->goal_bytes, 0)));
    }
    return most;
}

static void caption_write(struct page *page, const struct run_summary *s, unsigned strategy_index) {
    GPtrArray *cells = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (strcmp(cell->group, "churn") == 0 && cell->strategy_index == strategy_index) {
            g_ptr_array_add(cells, cell);
        }
    }
    page_caption(page, cells, "Live heap between collections is drawn as a straight line.");
    g_ptr_array_unref(cells);
}

static void heap_page(const struct run_summary *s, unsigned strategy_index, GPtrArray *pages) {
    const struct record *copy = record_of(s, "churn-copy", strategy_index);
    const struct record *pointer = record_of(s, "churn-pointer", strategy_index);
    GPtrArray *cycles = cycles_of(s->rows, pointer);
    if (cycles->len > 0) {
        const char *name = g_ptr_array_index(s->strategies, strategy_index);
        char *strategy = strategy_label(s, strategy_index);
        struct page *page = page_new("heap-over-time", name);
        page->title = g_strdup_printf("%s: the heap during the churn (fewer collections and lower "
                                      "is better)",
                                      strategy);
        page->subtitle =
            g_strdup("live heap and its goal as the pacer counts them; ticks above the "
                     "axis: stops of the world; first repetition");
        caption_write(page, s, strategy_index);
        page_columns(page, "ms\tlive bytes\tgoal bytes; then ms\tstop ns; churn-copy, then "
                           "churn-pointer");
        page_looks(page, s);
        copy_draw(page, s, copy);
        pointer_draw(page, s, pointer, cycles);
        page_number(page, "look", strategy_index + 1);
        page_number(page, "time_end", fmax(record_end(copy), record_end(pointer)) / 1e6);
        page_number(page, "heap_end", heap_most(cycles));
        page->width = 1000;
        page->height = 760;
        g_ptr_array_add(pages, page);
        g_free(strategy);
    }
    g_ptr_array_unref(cycles);
}

char *plot_heap_over_time(const struct run_summary *s, GPtrArray *pages) {
    guint before = pages->len;
    for (guint i = 0; i < s->strategies->len; i++) {
        heap_page(s, i, pages);
    }
    return pages->len > before
               ? NULL
               : g_strdup("it needs churn-pointer under a strategy that collects (cycles.csv)");
}
