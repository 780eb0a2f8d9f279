/*
 * Tells a timeline of an event stream (allocators/event_trace.h).
 *
 * A track of the stream is a track here; the phases of the cycles have one of their own; counters,
 * whoever told them, are the cell's. What a mutator does between two waits is a slice "running",
 * around its assists and sweeps; a stop in the middle of an assist leaves it open, as slices nest.
 * An arrow leads from a stop to each mutator that obeyed it: both know when it was wanted.
 */
#include "harness/capture/trace_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/event_trace.h"

enum { TRACKS_MAX = 1 << 16 };

struct event_teller {
    struct timeline *timeline;
    GHashTable *tracks; /* number in the stream -> struct timeline_track * */
    struct timeline_track *counters[EVENT_KIND_MOST + 1];
    const struct timeline_name *names[EVENT_KIND_MOST + 1]; /* by the word of the begin */
    const struct timeline_name *stops[EVENT_STOP_OTHER + 1];
    const struct timeline_name *running;
};

/* ---- the facts ---- */

static FILE *trace_open(const char *path, struct event_stream *stream, struct error *err) {
    FILE *in = fopen(path, "rbe");
    if (in == NULL) {
        error_set(err, EXIT_CANNOT, "cannot read %s: %s", path, g_strerror(errno));
        return NULL;
    }
    if (event_stream_open(stream, in, path, err))
        return in;
    fclose(in);
    return NULL;
}

static void facts_add(struct trace_facts *facts, const struct event_chunk *chunk) {
    struct event_run run;
    if (chunk->head.type == EVENT_CHUNK_EVENTS) {
        facts->events += chunk->head.count;
        facts->dropped += chunk->head.dropped;
    }
    for (uint32_t i = 0; event_run_get(chunk, i, &run); i++) {
        if (run.end_ns >= run.start_ns)
            trace_facts_add_run(facts, run.start_ns, run.end_ns);
    }
}

/* A stream whose process died has no run: then it is all that was recorded. */
static void facts_finish(struct trace_facts *facts, const struct event_stream *stream,
                         uint64_t last_ns) {
    struct stat file;
    facts->bytes = fstat(fileno(stream->in), &file) == 0 ? (uint64_t)file.st_size : 0;
    if (facts->runs->len == 0) {
        facts->start_ns = stream->head.start_ns;
        facts->end_ns = MAX(last_ns, stream->head.start_ns);
    }
}

bool event_trace_facts(const char *path, struct trace_facts *facts, struct error *err) {
    struct event_stream stream;
    struct event_chunk chunk;
    struct event_end end;
    enum event_stream_step step;
    uint64_t last_ns = 0;
    FILE *in = trace_open(path, &stream, err);
    if (in == NULL)
        return false;
    while ((step = event_stream_next(&stream, &chunk, err)) == EVENT_STREAM_CHUNK) {
        facts_add(facts, &chunk);
        last_ns = MAX(last_ns, chunk.head.base_ns);
    }
    if (step == EVENT_STREAM_END && event_end_get(&chunk, &end))
        facts->dropped = MAX(facts->dropped, end.dropped);
    facts->is_cut = step != EVENT_STREAM_END;
    facts_finish(facts, &stream, last_ns);
    event_stream_release(&stream);
    fclose(in);
    return true;
}

/* ---- names ---- */

static enum slice_class class_of(enum event_kind kind) {
    switch (kind) {
    case EVENT_BLOCK_BEGIN:
        return SLICE_BLOCK;
    case EVENT_STOPPED_BEGIN:
        return SLICE_STOPPED;
    case EVENT_SETUP_BEGIN:
    case EVENT_MARK_BEGIN:
    case EVENT_TERMINATION_BEGIN:
    case EVENT_SWEEP_PHASE_BEGIN:
        return SLICE_CYCLE;
    case EVENT_ASSIST_BEGIN:
        return SLICE_ASSIST;
    case EVENT_SWEEP_BEGIN:
        return SLICE_SWEEP;
    case EVENT_BACKGROUND_SWEEP_BEGIN:
        return SLICE_BGSWEEP;
    case EVENT_BACKGROUND_MARK_BEGIN:
        return SLICE_MARK;
    case EVENT_REFILL:
    case EVENT_SPAN_ALLOC:
    case EVENT_LARGE_ALLOC:
    case EVENT_HEAP_GROW:
    case EVENT_ARENA_RESERVE:
        return SLICE_ALLOC;
    default:
        return SLICE_OTHER;
    }
}

static void teller_init(struct event_teller *teller, struct timeline *t) {
    static const char *const stops[] = {"stop: mark setup", "stop: mark termination",
                                        "stop: other"};
    *teller = (struct event_teller){.timeline = t, .tracks = g_hash_table_new(NULL, NULL)};
    for (unsigned kind = 0; kind <= EVENT_KIND_MOST; kind++) {
        const struct event_facts *facts = event_facts_find(kind);
        if (facts == NULL)
            continue;
        if (facts->shape == EVENT_COUNTER)
            teller->counters[kind] = timeline_counter_new(
                t, facts->word, g_str_has_suffix(facts->argument_names[0], "_bytes"));
        else if (kind != EVENT_STOP_BEGIN && kind != EVENT_STOP_END)
            teller->names[kind] = timeline_name(t, facts->word, class_of((enum event_kind)kind));
    }
    for (unsigned reason = 0; reason <= EVENT_STOP_OTHER; reason++)
        teller->stops[reason] = timeline_name(t, stops[reason], SLICE_STOP);
    teller->running = timeline_name(t, "running", SLICE_RUN);
}

/* ---- tracks ---- */

static struct timeline_track *track_make(struct timeline *t, const struct event_chunk_head *head) {
    static const struct {
        enum track_role role;
        const char *what;
    } roles[] = {{TRACK_MUTATOR, "mutator"},
                 {TRACK_COLLECTOR, "collector"},
                 {TRACK_OTHER, "other threads"},
                 {TRACK_COLLECTOR, "cycles"}};
    uint32_t role = MIN(head->role, EVENT_ROLE_CYCLE);
    char *name = head->tid == 0 ? g_strdup(roles[role].what)
                                : g_strdup_printf("%s %u", roles[role].what, head->tid);
    struct timeline_track *track = timeline_track_new(t, roles[role].role, name, head->tid);
    g_free(name);
    return track;
}

/* NULL: a stream that has more tracks than any program has threads. */
static struct timeline_track *teller_track(struct event_teller *teller,
                                           const struct event_chunk_head *head) {
    gpointer key = GUINT_TO_POINTER(head->track);
    struct timeline_track *track = g_hash_table_lookup(teller->tracks, key);
    if (track != NULL || g_hash_table_size(teller->tracks) >= TRACKS_MAX)
        return track;
    track = track_make(teller->timeline, head);
    g_hash_table_insert(teller->tracks, key, track);
    return track;
}

/* ---- events ---- */

/* Arguments as they are told: names in event_kinds.def live as long as the program. */
static void arguments_copy(struct timeline_event *out, const struct event *event,
                           const struct event_facts *facts) {
    out->argument_count = MIN(facts->arguments, TIMELINE_ARGUMENTS_MAX);
    for (unsigned i = 0; i < out->argument_count; i++)
        out->arguments[i] =
            (struct timeline_argument){facts->argument_names[i], event->arguments[i]};
}

/* Whether the slice interrupts what a mutator does. */
static bool event_interrupts(enum event_kind kind) {
    return kind == EVENT_BLOCK_BEGIN || kind == EVENT_STOPPED_BEGIN || kind == EVENT_STOP_BEGIN;
}

static void teller_pause_running(const struct event_teller *teller, struct timeline_track *track,
                                 uint64_t time_ns) {
    if (track->depth == 1 && track->open[0].name == teller->running)
        timeline_end(teller->timeline, track, time_ns, teller->running);
}

static void teller_resume_running(const struct event_teller *teller, struct timeline_track *track,
                                  uint64_t time_ns) {
    if (track->depth == 0 && track->role == TRACK_MUTATOR)
        timeline_begin(teller->timeline, track, time_ns, teller->running);
}

static const struct timeline_name *begin_name(const struct event_teller *teller,
                                              const struct event *event) {
    if (event->kind == EVENT_STOP_BEGIN)
        return teller->stops[MIN(event->arguments[0], EVENT_STOP_OTHER)];
    return teller->names[event->kind];
}

static void tell_begin(struct event_teller *teller, struct timeline_track *track,
                       const struct event *event, const struct event_facts *facts) {
    struct timeline_event out = {.kind = TIMELINE_BEGIN,
                                 .track = track,
                                 .name = begin_name(teller, event),
                                 .time_ns = event->time_ns};
    if (event_interrupts(event->kind))
        teller_pause_running(teller, track, event->time_ns);
    else
        teller_resume_running(teller, track, event->time_ns);
    if (event->kind != EVENT_STOP_BEGIN)
        arguments_copy(&out, event, facts);
    if (event->kind == EVENT_STOP_BEGIN)
        out.flow = event->time_ns;
    if (event->kind == EVENT_STOPPED_BEGIN)
        out.flow = event->time_ns - event->arguments[0];
    timeline_tell(teller->timeline, out);
}

/* The stop that is open on a track: its end does not say which it was. */
static const struct timeline_name *stop_open(const struct timeline_track *track) {
    for (unsigned depth = track->depth; depth > 0; depth--) {
        if (track->open[depth - 1].name->class == SLICE_STOP)
            return track->open[depth - 1].name;
    }
    return NULL;
}

static void tell_end(struct event_teller *teller, struct timeline_track *track,
                     const struct event *event, const struct event_facts *facts) {
    struct timeline_event out = {.kind = TIMELINE_END,
                                 .track = track,
                                 .name = teller->names[event->kind],
                                 .time_ns = event->time_ns};
    if (event->kind == EVENT_STOP_END)
        out.name = stop_open(track);
    arguments_copy(&out, event, facts);
    if (event->kind == EVENT_SWEEP_END) {
        out.count = event->arguments[0];
        out.total_ns = event->arguments[1];
    }
    timeline_tell(teller->timeline, out);
    teller_resume_running(teller, track, event->time_ns);
}

static void tell_instant(struct event_teller *teller, struct timeline_track *track,
                         const struct event *event, const struct event_facts *facts) {
    struct timeline_event out = {.kind = TIMELINE_INSTANT,
                                 .track = track,
                                 .name = teller->names[event->kind],
                                 .time_ns = event->time_ns};
    arguments_copy(&out, event, facts);
    timeline_tell(teller->timeline, out);
    if (event->kind == EVENT_THREAD_END)
        teller_pause_running(teller, track, event->time_ns);
    else
        teller_resume_running(teller, track, event->time_ns);
}

static void tell_event(struct event_teller *teller, struct timeline_track *track,
                       const struct event *event) {
    const struct event_facts *facts = event_facts_find(event->kind);
    switch (facts->shape) {
    case EVENT_BEGIN:
        tell_begin(teller, track, event, facts);
        break;
    case EVENT_END:
        tell_end(teller, track, event, facts);
        break;
    case EVENT_INSTANT:
        tell_instant(teller, track, event, facts);
        break;
    case EVENT_COUNTER:
        timeline_count(teller->timeline, teller->counters[event->kind], event->time_ns,
                       (double)event->arguments[0]);
        break;
    }
}

static bool tell_chunk(struct event_teller *teller, const struct event_chunk *chunk) {
    struct event_cursor cursor;
    struct event event;
    if (chunk->head.type != EVENT_CHUNK_EVENTS)
        return true;
    struct timeline_track *track = teller_track(teller, &chunk->head);
    if (track == NULL)
        return false;
    event_cursor_init(&cursor, chunk);
    while (event_cursor_next(&cursor, &event))
        tell_event(teller, track, &event);
    return !event_cursor_is_bad(&cursor);
}

bool event_trace_tell(const char *path, struct timeline *t, struct error *err) {
    struct event_stream stream;
    struct event_chunk chunk;
    struct event_teller teller;
    FILE *in = trace_open(path, &stream, err);
    bool ok = true;
    if (in == NULL)
        return false;
    teller_init(&teller, t);
    while (ok && event_stream_next(&stream, &chunk, err) == EVENT_STREAM_CHUNK) {
        ok = tell_chunk(&teller, &chunk);
        if (!ok)
            error_set(err, EXIT_CANNOT, "%s is damaged before byte %" G_GUINT64_FORMAT, path,
                      stream.whole_bytes);
    }
    timeline_rate(t, teller.counters[EVENT_HEAP_LIVE], "allocated bytes per second");
    g_hash_table_destroy(teller.tracks);
    event_stream_release(&stream);
    fclose(in);
    return ok;
}
