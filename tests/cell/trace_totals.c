/* Adding up an event trace, and checking its promises. See trace_totals.h. */
#include "tests/cell/trace_totals.h"

#include <string.h>

static void promise(struct trace_totals *totals, bool holds, const char *what) {
    if (!holds && totals->broken == NULL)
        totals->broken = what;
}

static void slice_open(struct trace_totals *totals, struct trace_track *t,
                       const struct event *event) {
    promise(totals, t->depth < TRACE_DEPTH_MAX, "slices are not too deep");
    if (t->depth == TRACE_DEPTH_MAX)
        return;
    t->open[t->depth] = (uint8_t)event->kind;
    t->begin_ns[t->depth] = event->time_ns;
    t->arguments[t->depth++] = event->arguments[0];
}

static void stop_add(struct trace_totals *totals, uint64_t reason, uint64_t slice_ns) {
    promise(totals, reason < TRACE_STOPS, "a stop has a known reason");
    if (reason >= TRACE_STOPS)
        return;
    totals->stops[reason]++;
    totals->stops_ns[reason] += slice_ns;
}

static void slice_close(struct trace_totals *totals, struct trace_track *t,
                        const struct event *event) {
    bool is_paired = t->depth > 0 && t->open[t->depth - 1] + 1u == event->kind;
    promise(totals, is_paired, "an end closes the slice that was begun last");
    if (!is_paired)
        return;
    t->depth--;
    uint64_t slice_ns = event->time_ns - t->begin_ns[t->depth];
    totals->slices_ns[t->open[t->depth]] += slice_ns;
    if (event->kind == EVENT_STOP_END)
        stop_add(totals, t->arguments[t->depth], slice_ns);
}

static void event_add(struct trace_totals *totals, struct trace_track *t,
                      const struct event *event) {
    enum event_shape shape = event_facts_find(event->kind)->shape;
    promise(totals, event->time_ns >= t->last_ns, "time does not go back");
    t->last_ns = event->time_ns;
    if (totals->events++ == 0 || event->time_ns < totals->first_ns)
        totals->first_ns = event->time_ns;
    if (event->time_ns > totals->last_ns)
        totals->last_ns = event->time_ns;
    totals->counts[event->kind]++;
    for (int i = 0; i < EVENT_ARGUMENTS_MOST; i++)
        totals->sums[event->kind][i] += event->arguments[i];
    if (shape == EVENT_BEGIN)
        slice_open(totals, t, event);
    else if (shape == EVENT_END)
        slice_close(totals, t, event);
}

static void events_add(struct trace_totals *totals, const struct event_chunk *chunk) {
    struct event_cursor cursor;
    struct event event;
    bool is_known = chunk->head.track < TRACE_TRACKS_MAX && chunk->head.role <= EVENT_ROLE_CYCLE;
    promise(totals, is_known, "a chunk has a track and a role");
    if (!is_known)
        return;
    struct trace_track *t = &totals->tracks[chunk->head.track];
    promise(totals, t->last_ns == 0 || t->role == chunk->head.role, "a track has one role");
    t->role = chunk->head.role;
    totals->chunks[chunk->head.role]++;
    totals->dropped += chunk->head.dropped;
    event_cursor_init(&cursor, chunk);
    while (event_cursor_next(&cursor, &event))
        event_add(totals, t, &event);
    promise(totals, !event_cursor_is_bad(&cursor), "a chunk holds as many events as it says");
}

static void runs_add(struct trace_totals *totals, const struct event_chunk *chunk) {
    struct event_run run;
    for (uint32_t i = 0; event_run_get(chunk, i, &run); i++) {
        if (totals->runs++ == 0 || run.start_ns < totals->run_start_ns)
            totals->run_start_ns = run.start_ns;
        if (run.end_ns > totals->run_end_ns)
            totals->run_end_ns = run.end_ns;
    }
}

static void end_check(struct trace_totals *totals, const struct event_chunk *chunk) {
    totals->has_ended = event_end_get(chunk, &totals->end);
    promise(totals, totals->end.events == totals->events, "the end counts the events");
    promise(totals, totals->end.dropped >= totals->dropped, "the end counts what was dropped");
}

static void tracks_check(struct trace_totals *totals) {
    for (size_t i = 0; i < TRACE_TRACKS_MAX; i++)
        promise(totals, totals->tracks[i].depth == 0, "each beginning has its end");
}

void trace_totals_read(struct trace_totals *totals, FILE *in) {
    struct event_stream stream;
    struct event_chunk chunk;
    struct error err;
    enum event_stream_step step = EVENT_STREAM_BAD;
    memset(totals, 0, sizeof *totals);
    if (event_stream_open(&stream, in, "trace", &err))
        while ((step = event_stream_next(&stream, &chunk, &err)) == EVENT_STREAM_CHUNK) {
            if (chunk.head.type == EVENT_CHUNK_EVENTS)
                events_add(totals, &chunk);
            else
                runs_add(totals, &chunk);
        }
    promise(totals, step != EVENT_STREAM_BAD, "it is an event trace");
    if (step == EVENT_STREAM_END) {
        end_check(totals, &chunk);
        tracks_check(totals);
    }
    event_stream_release(&stream);
}
