/*
 * A traced run comes first and is the one that is told; then runs without and with tracing by
 * turns, whose first traced one is that. Every second pair begins with the other side, so that a
 * drift of the machine's speed does not favour one.
 */
#include "harness/cli/trace_cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/analyze/statistics.h"
#include "harness/present/plot_trace.h"

/* The files of a cell's recording, and what is known of them. */
struct recording {
    char *path, *kernel_path;
    char *scratch, *scratch_kernel; /* of further traced runs, which only their time is asked of */
    enum trace_format format;
    bool has_kernel;
    struct trace_facts facts;
    uint64_t spawned_ns;              /* of the process that was recorded */
    struct trace_cell_summary *shown; /* NULL: it could not be told */
};

/* ---- reading a recording ---- */

static bool recording_facts(struct recording *r, struct error *err) {
    r->format = trace_format_of(r->path);
    r->has_kernel = access(r->kernel_path, R_OK) == 0;
    if (r->format == TRACE_GO && !go_trace_facts(r->path, &r->facts, err))
        return false;
    if (r->format == TRACE_EVENTS && !event_trace_facts(r->path, &r->facts, err))
        return false;
    return !r->has_kernel || kernel_events_facts(r->kernel_path, &r->facts, err);
}

/* Resident memory, as heapmark saw it from outside. */
static void memory_tell(struct timeline *t, const GArray *memory, uint64_t spawned_ns) {
    struct timeline_track *rss = timeline_counter_new(t, "resident memory (RSS)", true);
    for (guint i = 0; i < memory->len; i++) {
        const struct memory_row *row = &g_array_index(memory, struct memory_row, i);
        timeline_count(t, rss, spawned_ns + row->time_ns, (double)row->rss_bytes);
    }
}

static bool recording_tell(const struct recording *r, struct timeline *t, const GArray *memory,
                           struct error *err) {
    trace_runs_tell(t, &r->facts);
    bool ok = r->format == TRACE_GO       ? go_trace_tell(r->path, t, err)
              : r->format == TRACE_EVENTS ? event_trace_tell(r->path, t, err)
                                          : true;
    ok = ok && (!r->has_kernel || kernel_events_tell(r->kernel_path, t, err));
    memory_tell(t, memory, r->spawned_ns);
    return ok;
}

/* ---- the cell's rows ---- */

static void summary_fill(const struct recording *r, const struct observation *o,
                         const char *kernel_reason) {
    struct trace_cell_summary *cell = r->shown;
    const char *note = r->facts.note;
    cell->record = o->record;
    cell->record.strategy = cell->record.workload = NULL; /* texts go with the observation */
    cell->stop_excess = trace_stops_excess(cell->stop_lengths, o->pauses);
    cell->events = r->facts.events;
    cell->dropped = r->facts.dropped;
    cell->raw_bytes = r->facts.bytes;
    cell->is_cut = r->facts.is_cut;
    if (r->format == TRACE_NOTHING)
        note = "its cell program wrote no trace";
    else if (kernel_reason != NULL)
        note = kernel_reason;
    cell->note = g_strdup(note);
}

/* Three milliseconds of it, drawn: the recording is read once more for them. */
static bool strips_build(struct trace_cell_job *job, const struct recording *r, const char *name,
                         struct error *err) {
    struct trace_strip *strip = trace_strip_new(r->shown);
    struct timeline timeline;
    GArray *no_memory = g_array_new(FALSE, FALSE, sizeof(struct memory_row));
    timeline_init(&timeline);
    timeline_sink_add(&timeline, trace_strip_sink(strip));
    timeline_cell_begin(&timeline, name, r->facts.start_ns);
    bool ok = recording_tell(r, &timeline, no_memory, err);
    timeline_cell_end(&timeline);
    struct page *page = trace_strip_page(strip);
    if (page != NULL)
        g_ptr_array_add(job->pages, page);
    timeline_release(&timeline);
    g_array_free(no_memory, TRUE);
    trace_strip_free(strip);
    return ok;
}

static bool recording_show(struct trace_cell_job *job, struct recording *r,
                           const struct observation *o, const char *name, struct error *err) {
    if (!recording_facts(r, err))
        return false;
    if (r->format == TRACE_NOTHING && !r->has_kernel)
        r->facts.start_ns = r->facts.end_ns = r->spawned_ns;
    trace_summary_expect(job->summary, r->facts.end_ns - r->facts.start_ns);
    timeline_cell_begin(job->timeline, name, r->facts.start_ns);
    bool ok = recording_tell(r, job->timeline, o->memory, err);
    timeline_cell_end(job->timeline);
    const GPtrArray *cells = trace_summary_cells(job->summary);
    r->shown = g_ptr_array_index(cells, cells->len - 1);
    summary_fill(r, o, job->recorder->kernel_reason);
    if (job->recorder->kernel_reason != NULL)
        fprintf(stderr, "heapmark: %s: %s\n", name, job->recorder->kernel_reason);
    return ok && strips_build(job, r, name, err);
}

/* ---- running ---- */

static bool is_ok(const struct record *r) {
    return r->status != NULL && strcmp(r->status, "ok") == 0;
}

/* How long a run took; NaN: it failed. */
struct run_time {
    double wall_ns, cpu_ns;
};

static struct run_time time_of(const struct record *r, bool ok) {
    bool is_known = ok && is_ok(r) && r->wall_ns > 0 && r->wall_ns != COUNT_EMPTY &&
                    r->cpu_ns > 0 && r->cpu_ns != COUNT_EMPTY;
    return is_known ? (struct run_time){(double)r->wall_ns, (double)r->cpu_ns}
                    : (struct run_time){NAN, NAN};
}

/* Tells what was recorded, whatever became of the process; what cannot be read is said. */
static void recording_show_or_say(struct trace_cell_job *job, struct recording *r,
                                  const struct observation *o, const char *name) {
    struct error unread;
    r->spawned_ns = job->recorder->spawned_ns;
    if (recording_show(job, r, o, name, &unread))
        return;
    fprintf(stderr, "heapmark: %s: %s\n", name, unread.text);
    job->has_failed = true;
}

static bool cell_trace(struct trace_cell_job *job, const struct cell *cell, const char *name,
                       struct recording *r, struct run_time *took, struct error *err) {
    struct observation o;
    observation_init(&o);
    bool ok = trace_record(job->recorder, cell, r->path, &o, err);
    *took = time_of(&o.record, ok);
    if (ok && !is_ok(&o.record)) {
        fprintf(stderr, "heapmark: %s: %s: %s\n", name, o.record.status,
                o.record.reason == NULL ? "no reason was given" : o.record.reason);
        job->has_failed = true;
    }
    if (ok || err->exit_status == EXIT_INTERRUPTED)
        recording_show_or_say(job, r, &o, name);
    observation_release(&o);
    return ok;
}

/* How long one more run takes. */
static bool cell_time(struct trace_cell_job *job, const struct cell *cell, const char *path,
                      struct run_time *took, struct error *err) {
    struct observation o;
    observation_init(&o);
    bool ok = trace_record(job->recorder, cell, path, &o, err);
    *took = time_of(&o.record, ok);
    observation_release(&o);
    return ok;
}

/* A run with tracing and one without. */
struct run_pair {
    const char *scratch; /* where the traced one records */
    bool plain_first;
    struct run_time traced, plain; /* traced: NaN until it is made */
};

static bool cell_pair(struct trace_cell_job *job, const struct cell *cell, struct run_pair *pair,
                      struct error *err) {
    bool ok = !pair->plain_first || cell_time(job, cell, NULL, &pair->plain, err);
    if (ok && isnan(pair->traced.wall_ns))
        ok = cell_time(job, cell, pair->scratch, &pair->traced, err);
    return ok && (pair->plain_first || cell_time(job, cell, NULL, &pair->plain, err));
}

/* What tracing costs: the median of the pairs' ratios, less 1. */
static bool cell_overhead(struct trace_cell_job *job, const struct cell *cell,
                          const struct recording *r, struct run_time first, struct error *err) {
    unsigned pairs = job->options->pairs;
    double *walls = g_new(double, pairs + 1), *cpus = g_new(double, pairs + 1);
    size_t count = 0;
    bool ok = true;
    for (unsigned i = 0; ok && i < pairs; i++) {
        struct run_pair pair = {.scratch = r->scratch,
                                .plain_first = i % 2 == 1,
                                .traced = i == 0 ? first : (struct run_time){NAN, NAN},
                                .plain = {NAN, NAN}};
        ok = cell_pair(job, cell, &pair, err);
        if (ok && !isnan(pair.traced.wall_ns) && !isnan(pair.plain.wall_ns)) {
            walls[count] = pair.traced.wall_ns / pair.plain.wall_ns - 1;
            cpus[count++] = pair.traced.cpu_ns / pair.plain.cpu_ns - 1;
        }
    }
    if (ok && count > 0) {
        r->shown->overhead = estimate_of(walls, count);
        r->shown->overhead_cpu = estimate_of(cpus, count);
    }
    g_free(walls);
    g_free(cpus);
    return ok;
}

/* A path for recordings: the name as letters, digits and dashes. */
static char *recording_path(const struct trace_cell_job *job, const char *name) {
    char *slug = name_slug(name), *file = g_strdup_printf("%s.raw", slug);
    char *path = g_build_filename(job->dir, file, NULL);
    g_free(slug);
    g_free(file);
    return path;
}

static void recording_init(struct recording *r, char *path) {
    *r = (struct recording){.path = path,
                            .kernel_path = g_strconcat(path, ".kernel", NULL),
                            .scratch = g_strconcat(path, ".pair", NULL),
                            .scratch_kernel = g_strconcat(path, ".pair.kernel", NULL)};
    trace_facts_init(&r->facts);
}

static void recording_release(struct recording *r) {
    unlink(r->scratch);
    unlink(r->scratch_kernel);
    trace_facts_release(&r->facts);
    g_free(r->path);
    g_free(r->kernel_path);
    g_free(r->scratch);
    g_free(r->scratch_kernel);
}

bool trace_cell_run(struct trace_cell_job *job, const struct cell *cell, const char *name,
                    struct error *err) {
    struct recording r;
    struct run_time took;
    recording_init(&r, recording_path(job, name));
    bool ok = cell_trace(job, cell, name, &r, &took, err);
    if (!job->options->keeps_raw) {
        unlink(r.path);
        unlink(r.kernel_path);
    }
    if (ok && r.shown != NULL && !isnan(took.wall_ns))
        ok = cell_overhead(job, cell, &r, took, err);
    recording_release(&r);
    return ok;
}
