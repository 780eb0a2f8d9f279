/* See trace_shares.h. Stops are disjoint, as the world can be stopped once only. */
#include "harness/analyze/trace_shares.h"

#include "harness/run/mmu.h"

struct stops {
    uint64_t *start_ns, *end_ns, *before_ns; /* ascending; what was stopped before each */
    size_t count;
};

static int interval_compare(const void *left, const void *right) {
    const struct trace_interval *a = left, *b = right;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

static const struct trace_interval *interval_at(const GArray *intervals, guint i) {
    return &g_array_index(intervals, struct trace_interval, i);
}

/* Intervals are sorted, so the world's come first. */
static void stops_init(struct stops *s, const GArray *intervals) {
    size_t count = 0;
    while (count < intervals->len && interval_at(intervals, (guint)count)->thread == 0)
        count++;
    *s = (struct stops){g_new(uint64_t, count + 1), g_new(uint64_t, count + 1),
                        g_new(uint64_t, count + 1), 0};
    s->before_ns[0] = 0;
    for (; s->count < count; s->count++) {
        const struct trace_interval *stop = interval_at(intervals, (guint)s->count);
        s->start_ns[s->count] = stop->start_ns;
        s->end_ns[s->count] = stop->end_ns;
        s->before_ns[s->count + 1] = s->before_ns[s->count] + stop->end_ns - stop->start_ns;
    }
}

static void stops_release(struct stops *s) {
    g_free(s->start_ns);
    g_free(s->end_ns);
    g_free(s->before_ns);
}

/* For how long the world was stopped before a moment. */
static uint64_t stopped_before(const struct stops *s, uint64_t at_ns) {
    size_t low = 0, high = s->count;
    while (low < high) { /* the first stop that ends after it */
        size_t middle = (low + high) / 2;
        if (s->end_ns[middle] > at_ns)
            high = middle;
        else
            low = middle + 1;
    }
    uint64_t begun_ns = low < s->count && s->start_ns[low] < at_ns ? at_ns - s->start_ns[low] : 0;
    return s->before_ns[low] + begun_ns;
}

static uint64_t stopped_within(const struct stops *s, uint64_t start_ns, uint64_t end_ns) {
    return stopped_before(s, end_ns) - stopped_before(s, start_ns);
}

/* The time of slices of one kind, without stops and as far as the run goes. */
struct spent {
    uint64_t running, inner, assist, sweep;
};

static void spent_add(struct spent *spent, const struct trace_interval *slice,
                      const struct stops *stops, const struct trace_cell_summary *cell) {
    uint64_t start_ns = MAX(slice->start_ns, cell->start_ns);
    uint64_t end_ns = MIN(slice->end_ns, cell->end_ns);
    if (end_ns <= start_ns)
        return;
    uint64_t ns = end_ns - start_ns - stopped_within(stops, start_ns, end_ns);
    if (slice->class == SLICE_RUN)
        spent->running += ns;
    else if (slice->class == SLICE_ASSIST)
        spent->assist += ns;
    else if (slice->class == SLICE_SWEEP)
        spent->sweep += ns;
    if (slice->is_inner && slice->class == SLICE_ASSIST)
        spent->inner += ns;
}

static void shares_append(GArray *out, const struct trace_mutator *mutator,
                          const struct spent *spent, const struct stops *stops,
                          const struct trace_cell_summary *cell) {
    double run_ns = (double)(cell->end_ns - cell->start_ns);
    double stopped = (double)stopped_within(stops, cell->start_ns, cell->end_ns);
    double inner = (double)spent->inner + (double)mutator->sweep_ns;
    struct trace_thread thread = {.name = g_strdup(mutator->name),
                                  .assist = (double)spent->assist / run_ns,
                                  .sweep = (double)mutator->sweep_ns / run_ns,
                                  .stopped = stopped / run_ns,
                                  .running = MAX((double)spent->running - inner, 0) / run_ns};
    double known = thread.assist + thread.sweep + thread.stopped + thread.running;
    thread.other = MAX(1 - known, 0);
    g_array_append_val(out, thread);
}

void trace_shares_compute(GArray *out, GArray *intervals, const GArray *mutators,
                          const struct trace_cell_summary *cell) {
    struct stops stops;
    guint i = 0;
    g_array_sort(intervals, interval_compare);
    stops_init(&stops, intervals);
    for (guint thread = 1; thread <= mutators->len; thread++) {
        struct spent spent = {0};
        while (i < intervals->len && interval_at(intervals, i)->thread < thread)
            i++;
        for (; i < intervals->len && interval_at(intervals, i)->thread == thread; i++)
            spent_add(&spent, interval_at(intervals, i), &stops, cell);
        if (spent.running + spent.assist + spent.sweep > 0)
            shares_append(out, &g_array_index(mutators, struct trace_mutator, thread - 1), &spent,
                          &stops, cell);
    }
    stops_release(&stops);
}

void trace_utilisation_compute(double *mmu, const GArray *intervals,
                               const struct trace_cell_summary *cell) {
    struct pause_row *rows = g_new0(struct pause_row, intervals->len + 1);
    size_t count = 0;
    for (guint i = 0; i < intervals->len; i++) {
        const struct trace_interval *slice = interval_at(intervals, i);
        if (slice->class == SLICE_RUN || slice->start_ns < cell->start_ns)
            continue;
        rows[count].thread = slice->thread;
        rows[count].start_ns = slice->start_ns - cell->start_ns;
        rows[count++].pause_ns = slice->end_ns - slice->start_ns;
    }
    mmu_compute(rows, count, cell->end_ns - cell->start_ns, trace_windows_ns, TRACE_WINDOWS, mmu);
    g_free(rows);
}
