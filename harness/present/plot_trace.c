/* See plot_trace.h. Panels under each other, a row per track that does something in any of them. */
#include "harness/present/plot_trace.h"

#include <string.h>

#include "harness/capture/trace_read.h"
#include "harness/present/quantity.h"

enum {
    WINDOW_NS = 1000000,
    ROW_PIXELS = 26,
    PANEL_PIXELS = 64,
    HEAD_PIXELS = 76,
    FOOT_PIXELS = 48,
    LEGEND_COLUMNS = 7,
    LEGEND_PIXELS = 18 /* a further line of it */
};

/* Colours by what a slice means; dark enough for white paper, told apart without red and green. */
static const struct {
    const char *name, *color;
} looks[SLICE_CLASSES] = {
    [SLICE_OTHER] = {"other", "#b8b8b8"},
    [SLICE_RUN] = {"running", "#9ecae1"},
    [SLICE_STOP] = {"world stopped", "#b2182b"},
    [SLICE_STOPPED] = {"stopped", "#ef8a62"},
    [SLICE_CYCLE] = {"phase of a cycle", "#d9c27e"},
    [SLICE_MARK] = {"marking", "#2171b5"},
    [SLICE_ASSIST] = {"assist", "#762a83"},
    [SLICE_SWEEP] = {"sweep", "#1b7837"},
    [SLICE_BGSWEEP] = {"background sweep", "#7fbf7b"},
    [SLICE_ALLOC] = {"slow path", "#333333"},
    [SLICE_BLOCK] = {"waits", "#dddddd"},
    [SLICE_PREEMPT] = {"CPU is taken", "#cbb8d6"},
};

struct strip_track {
    uint64_t number;
    char *name;
    enum track_role role;
    uint64_t thread;
    bool is_used;
};

struct strip_slice {
    uint64_t start_ns, end_ns, track; /* within the window, from its start */
    unsigned depth;
    enum slice_class class;
    bool is_instant;
};

/* Why a millisecond is shown. */
enum strip_choice { CHOICE_FIRST, CHOICE_DENSEST, CHOICE_LONGEST };

struct trace_strip {
    struct timeline_sink sink;
    const struct trace_cell_summary *cell;
    unsigned panels;
    enum strip_choice choices[STRIPS];
    uint64_t starts_ns[STRIPS];
    GArray *slices[STRIPS]; /* of struct strip_slice */
    GArray *tracks;         /* of struct strip_track */
};

/* ---- which milliseconds ---- */

static uint64_t densest_ns(const struct trace_cell_summary *cell) {
    guint densest = 0;
    for (guint ms = 1; ms < cell->events_per_ms->len; ms++) {
        if (g_array_index(cell->events_per_ms, uint32_t, ms) >
            g_array_index(cell->events_per_ms, uint32_t, densest))
            densest = ms;
    }
    return cell->start_ns + (uint64_t)densest * WINDOW_NS;
}

/* The longest stop in the middle of its millisecond, or at its start when it is longer. */
static uint64_t longest_ns(const struct trace_cell_summary *cell) {
    uint64_t lead_ns =
        cell->longest_stop_ns < WINDOW_NS ? (WINDOW_NS - cell->longest_stop_ns) / 2 : 0;
    return MAX(cell->longest_stop_at_ns, cell->start_ns + lead_ns) - lead_ns;
}

/* ---- the sink ---- */

/* NULL: a track that has no row. */
static struct strip_track *strip_track_find(const struct trace_strip *s, uint64_t number) {
    for (guint i = 0; i < s->tracks->len; i++) {
        struct strip_track *track = &g_array_index(s->tracks, struct strip_track, i);
        if (track->number == number)
            return track;
    }
    return NULL;
}

static void strip_keep(struct trace_strip *s, unsigned panel, const struct timeline_event *event,
                       uint64_t start_ns) {
    uint64_t from_ns = s->starts_ns[panel], to_ns = from_ns + WINDOW_NS;
    if (start_ns >= to_ns || event->time_ns < from_ns || s->slices[panel]->len >= STRIP_SLICES_MAX)
        return;
    struct strip_track *track = strip_track_find(s, event->track->number);
    if (track == NULL)
        return;
    struct strip_slice slice = {.start_ns = MAX(start_ns, from_ns) - from_ns,
                                .end_ns = MIN(event->time_ns, to_ns) - from_ns,
                                .track = event->track->number,
                                .depth = event->depth,
                                .class = event->name->class,
                                .is_instant = event->kind == TIMELINE_INSTANT};
    g_array_append_val(s->slices[panel], slice);
    track->is_used = true;
}

static void strip_event(struct timeline_sink *sink, const struct timeline_event *event) {
    struct trace_strip *s = (struct trace_strip *)sink;
    if (event->kind == TIMELINE_TRACK && event->track->role != TRACK_COUNTER &&
        !g_str_has_prefix(event->track->name, TRACE_RUN_NAME)) {
        struct strip_track track = {.number = event->track->number,
                                    .name = g_strdup(event->track->name),
                                    .role = event->track->role,
                                    .thread = event->track->thread};
        g_array_append_val(s->tracks, track);
    }
    if (event->kind != TIMELINE_END && event->kind != TIMELINE_INSTANT)
        return;
    for (unsigned panel = 0; panel < s->panels; panel++)
        strip_keep(s, panel, event, event->kind == TIMELINE_END ? event->start_ns : event->time_ns);
}

static void track_clear(gpointer pointer) {
    g_free(((struct strip_track *)pointer)->name);
}

static void strip_choose(struct trace_strip *s, enum strip_choice choice, uint64_t start_ns) {
    s->choices[s->panels] = choice;
    s->starts_ns[s->panels] = start_ns;
    s->panels++;
}

struct trace_strip *trace_strip_new(const struct trace_cell_summary *cell) {
    struct trace_strip *s = g_new(struct trace_strip, 1);
    *s = (struct trace_strip){.sink = {strip_event},
                              .cell = cell,
                              .tracks = g_array_new(FALSE, FALSE, sizeof(struct strip_track))};
    strip_choose(s, CHOICE_FIRST, cell->start_ns);
    if (densest_ns(cell) != cell->start_ns)
        strip_choose(s, CHOICE_DENSEST, densest_ns(cell));
    if (cell->longest_stop_ns > 0)
        strip_choose(s, CHOICE_LONGEST, longest_ns(cell));
    g_array_set_clear_func(s->tracks, track_clear);
    for (unsigned panel = 0; panel < STRIPS; panel++)
        s->slices[panel] = g_array_new(FALSE, FALSE, sizeof(struct strip_slice));
    return s;
}

void trace_strip_free(struct trace_strip *s) {
    for (unsigned panel = 0; panel < STRIPS; panel++)
        g_array_free(s->slices[panel], TRUE);
    g_array_free(s->tracks, TRUE);
    g_free(s);
}

struct timeline_sink *trace_strip_sink(struct trace_strip *s) {
    return &s->sink;
}

/* ---- the picture ---- */

/* The world above the mutators, these above the collector, the rest below; threads by their number.
 */
static int track_compare(const void *left, const void *right) {
    static const int ranks[] = {[TRACK_CELL] = 5,      [TRACK_WORLD] = 0, [TRACK_MUTATOR] = 1,
                                [TRACK_COLLECTOR] = 2, [TRACK_OTHER] = 3, [TRACK_COUNTER] = 6};
    const struct strip_track *a = left, *b = right;
    if (a->is_used != b->is_used)
        return a->is_used ? -1 : 1;
    if (ranks[a->role] != ranks[b->role])
        return ranks[a->role] - ranks[b->role];
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The row of a track, from 0; the number of rows when it has none. */
static guint strip_row(const struct trace_strip *s, uint64_t track, guint rows) {
    for (guint row = 0; row < rows; row++) {
        if (g_array_index(s->tracks, struct strip_track, row).number == track)
            return row;
    }
    return rows;
}

static int slice_compare(const void *left, const void *right) {
    const struct strip_slice *a = left, *b = right;
    return a->depth == b->depth ? 0 : a->depth < b->depth ? -1 : 1;
}

/* Outer slices come before inner ones, which are drawn over them, a little lower. */
static void strip_table(const struct trace_strip *s, struct page *page, guint rows) {
    page_columns(page, "panel\trow\tstart_us\tend_us\tdepth\tkind\tinstant");
    for (unsigned panel = 0; panel < s->panels; panel++) {
        g_array_sort(s->slices[panel], slice_compare);
        for (guint i = 0; i < s->slices[panel]->len; i++) {
            const struct strip_slice *slice =
                &g_array_index(s->slices[panel], struct strip_slice, i);
            guint row = strip_row(s, slice->track, rows);
            if (row < rows)
                page_row(page, "%u\t%u\t%.3f\t%.3f\t%u\t%d\t%d", panel + 1, row + 1,
                         (double)slice->start_ns / 1000, (double)slice->end_ns / 1000, slice->depth,
                         (int)slice->class + 1, slice->is_instant);
        }
    }
}

static char *strip_title(const struct trace_strip *s, unsigned panel) {
    double at_ns = (double)(s->starts_ns[panel] - s->cell->start_ns);
    bool is_densest_too = s->choices[s->panels > 1 ? 1 : 0] != CHOICE_DENSEST;
    struct quantity stop = quantity_time((double)s->cell->longest_stop_ns);
    switch (s->choices[panel]) {
    case CHOICE_FIRST:
        return g_strdup(is_densest_too ? "the first millisecond, which has the most events"
                                       : "the first millisecond");
    case CHOICE_DENSEST:
        return g_strdup_printf("the one with the most events, from %s on",
                               quantity_time(at_ns).text);
    default:
        return g_strdup_printf(s->cell->longest_stop_ns > WINDOW_NS
                                   ? "the beginning of the longest stop (%s), from %s on"
                                   : "the one with the longest stop (%s), from %s on",
                               stop.text, quantity_time(at_ns).text);
    }
}

static void strip_titles(const struct trace_strip *s, struct page *page) {
    static const char *const numbers[] = {"", "a millisecond", "two milliseconds",
                                          "three milliseconds"};
    page->title = g_strdup_printf("%s: %s", s->cell->name, numbers[s->panels]);
    for (unsigned panel = 0; panel < s->panels; panel++) {
        char *title = strip_title(s, panel);
        page_mark(page, panel + 1, MARK_TITLE, 0, 0, "%s", title);
        g_free(title);
    }
}

/* Single events are ticks of one colour, so they are not in the legend. Returns its lines. */
static unsigned strip_looks(const struct trace_strip *s, struct page *page) {
    unsigned count = 0;
    GPtrArray *names = g_ptr_array_new(), *colors = g_ptr_array_new();
    double used[SLICE_CLASSES] = {0};
    for (unsigned i = 0; i < SLICE_CLASSES; i++) {
        g_ptr_array_add(names, (gpointer)(gsize)looks[i].name);
        g_ptr_array_add(colors, (gpointer)(gsize)looks[i].color);
    }
    for (unsigned panel = 0; panel < s->panels; panel++) {
        for (guint i = 0; i < s->slices[panel]->len; i++) {
            const struct strip_slice *slice =
                &g_array_index(s->slices[panel], struct strip_slice, i);
            if (!slice->is_instant)
                used[slice->class] = 1;
        }
    }
    for (unsigned i = 0; i < SLICE_CLASSES; i++)
        count += used[i] > 0;
    page_strings(page, "kind_name", names);
    page_strings(page, "kind_color", colors);
    page_numbers(page, "kind_used", used, SLICE_CLASSES);
    page_number(page, "kinds", SLICE_CLASSES);
    page_number(page, "strategies", 0);
    page_number(page, "kind_stop", SLICE_STOP + 1);
    page_number(page, "legend_columns", LEGEND_COLUMNS);
    g_ptr_array_free(names, TRUE);
    g_ptr_array_free(colors, TRUE);
    return (count + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
}

static guint strip_rows(const struct trace_strip *s) {
    guint rows = 0;
    g_array_sort(s->tracks, track_compare);
    while (rows < s->tracks->len && rows < STRIP_ROWS_MAX &&
           g_array_index(s->tracks, struct strip_track, rows).is_used)
        rows++;
    return rows;
}

static void strip_row_names(const struct trace_strip *s, struct page *page, guint rows) {
    unsigned widest = 0;
    for (guint row = 0; row < rows; row++) {
        const struct strip_track *track = &g_array_index(s->tracks, struct strip_track, row);
        char *label = text_shorten(track->name, 28);
        widest = MAX(widest, text_pixels(label));
        for (unsigned panel = 1; panel <= s->panels; panel++)
            page_mark(page, panel, MARK_ROW, 0, row + 1, "%s", label);
        g_free(label);
    }
    page_number(page, "left_pixels", widest + 40);
}

struct page *trace_strip_page(const struct trace_strip *s) {
    guint rows = strip_rows(s);
    if (rows == 0)
        return NULL;
    struct page *page = page_new("trace-strip", s->cell->name);
    page->subtitle = g_strconcat(
        "a row per thread; a slice lies within the one it is drawn upon; ticks are "
        "single events",
        s->cell->longest_stop_ns > 0 ? "; reddish: the world is stopped, or is being stopped" : "",
        NULL);
    page->caption = g_strdup_printf(
        "timed run: %s", quantity_time((double)(s->cell->end_ns - s->cell->start_ns)).text);
    page->width = 1000;
    strip_titles(s, page);
    unsigned lines = strip_looks(s, page);
    guint head = HEAD_PIXELS + (MAX(lines, 1) - 1) * LEGEND_PIXELS;
    guint panel = rows * ROW_PIXELS + PANEL_PIXELS;
    page->height = head + FOOT_PIXELS + s->panels * panel;
    page_number(page, "rows", rows);
    page_number(page, "panels", s->panels);
    page_number(page, "head_pixels", head);
    page_number(page, "panel_pixels", panel);
    page_number(page, "plot_pixels", rows * ROW_PIXELS);
    strip_row_names(s, page, rows);
    strip_table(s, page, rows);
    return page;
}
