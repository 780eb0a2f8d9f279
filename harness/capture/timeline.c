/* The timeline's rules: times on a track only rise, slices nest, names are one each. */
#include "harness/capture/timeline.h"

#include <string.h>

void timeline_init(struct timeline *t) {
    *t = (struct timeline){
        .tracks = g_ptr_array_new_with_free_func(g_free),
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
        .text = g_string_chunk_new(4096),
    };
}

void timeline_release(struct timeline *t) {
    g_ptr_array_free(t->tracks, TRUE);
    g_hash_table_destroy(t->names);
    g_string_chunk_free(t->text);
    *t = (struct timeline){0};
}

void timeline_sink_add(struct timeline *t, struct timeline_sink *sink) {
    g_assert(t->sink_count < TIMELINE_SINKS_MAX);
    t->sinks[t->sink_count++] = sink;
}

static void timeline_pass_on(struct timeline *t, const struct timeline_event *event) {
    for (unsigned i = 0; i < t->sink_count; i++)
        t->sinks[i]->event(t->sinks[i], event);
}

/* ---- names, tracks, cells ---- */

const char *timeline_text(struct timeline *t, const char *text) {
    return g_string_chunk_insert_const(t->text, text);
}

const struct timeline_name *timeline_name(struct timeline *t, const char *text,
                                          enum slice_class class) {
    struct timeline_name *name = g_hash_table_lookup(t->names, text);
    if (name != NULL)
        return name;
    name = g_new(struct timeline_name, 1);
    *name = (struct timeline_name){
        .text = timeline_text(t, text), .class = class, .number = g_hash_table_size(t->names) + 1};
    g_hash_table_insert(t->names, (gpointer)(gsize)name->text, name);
    return name;
}

static struct timeline_track *track_add(struct timeline *t, enum track_role role, const char *name,
                                        enum timeline_kind told_as) {
    struct timeline_track *track = g_new(struct timeline_track, 1);
    *track = (struct timeline_track){
        .name = timeline_text(t, name), .role = role, .cell = t->cells, .number = ++t->track_count};
    g_ptr_array_add(t->tracks, track);
    if (told_as == TIMELINE_CELL)
        timeline_pass_on(t, &(struct timeline_event){.kind = TIMELINE_CELL, .track = track});
    return track;
}

struct timeline_track *timeline_track_new(struct timeline *t, enum track_role role,
                                          const char *name, uint64_t thread) {
    struct timeline_track *track = track_add(t, role, name, TIMELINE_TRACK);
    track->thread = thread;
    timeline_pass_on(t, &(struct timeline_event){.kind = TIMELINE_TRACK, .track = track});
    return track;
}

struct timeline_track *timeline_counter_new(struct timeline *t, const char *name, bool is_bytes) {
    struct timeline_track *track = track_add(t, TRACK_COUNTER, name, TIMELINE_TRACK);
    track->is_bytes = is_bytes;
    timeline_pass_on(t, &(struct timeline_event){.kind = TIMELINE_TRACK, .track = track});
    return track;
}

void timeline_cell_begin(struct timeline *t, const char *name, uint64_t start_ns) {
    g_assert(t->cell_track == NULL);
    t->cells++;
    t->zero_ns = start_ns;
    t->cell_track = track_add(t, TRACK_CELL, name, TIMELINE_CELL);
}

/* ---- slices ---- */

/* Ends the slices that are open from `depth` on, the innermost first. */
static void track_unwind(struct timeline *t, struct timeline_track *track, unsigned depth,
                         const struct timeline_event *last) {
    while (track->depth > depth) {
        const struct timeline_open *open = &track->open[--track->depth];
        struct timeline_event end = {
            .kind = TIMELINE_END, .track = track, .time_ns = track->last_ns};
        if (last != NULL && track->depth == depth)
            end = *last;
        end.name = open->name;
        end.start_ns = open->start_ns;
        end.depth = track->depth;
        t->event_count++;
        timeline_pass_on(t, &end);
    }
}

static void track_begin(struct timeline *t, struct timeline_event *event) {
    struct timeline_track *track = event->track;
    if (track->depth == TIMELINE_DEPTH_MAX) {
        t->unmatched_count++;
        return;
    }
    event->depth = track->depth;
    track->open[track->depth++] = (struct timeline_open){event->name, event->time_ns};
    t->event_count++;
    timeline_pass_on(t, event);
}

static void track_end(struct timeline *t, const struct timeline_event *event) {
    struct timeline_track *track = event->track;
    unsigned depth = track->depth;
    while (depth > 0 && track->open[depth - 1].name != event->name)
        depth--;
    if (depth == 0)
        t->unmatched_count++;
    else
        track_unwind(t, track, depth - 1, event);
}

/* From the reader's clock to the timeline's; false: too early to be shown. */
static bool timeline_place(struct timeline *t, struct timeline_event *event) {
    struct timeline_track *track = event->track;
    if (event->time_ns + TIMELINE_START_NS < t->zero_ns) {
        t->early_count++;
        return false;
    }
    event->time_ns = event->time_ns + TIMELINE_START_NS - t->zero_ns;
    if (event->time_ns < track->last_ns) {
        t->reorder_count++;
        event->time_ns = track->last_ns;
    }
    track->last_ns = event->time_ns;
    return true;
}

void timeline_tell(struct timeline *t, struct timeline_event event) {
    if (!timeline_place(t, &event))
        return;
    if (event.kind == TIMELINE_BEGIN) {
        track_begin(t, &event);
    } else if (event.kind == TIMELINE_END) {
        track_end(t, &event);
    } else {
        event.depth = event.track->depth;
        t->event_count++;
        timeline_pass_on(t, &event);
    }
}

void timeline_begin(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                    const struct timeline_name *name) {
    timeline_tell(t, (struct timeline_event){
                         .kind = TIMELINE_BEGIN, .track = track, .name = name, .time_ns = time_ns});
}

void timeline_end(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                  const struct timeline_name *name) {
    timeline_tell(t, (struct timeline_event){
                         .kind = TIMELINE_END, .track = track, .name = name, .time_ns = time_ns});
}

void timeline_count(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                    double value) {
    timeline_tell(
        t, (struct timeline_event){
               .kind = TIMELINE_COUNTER, .track = track, .time_ns = time_ns, .value = value});
}

bool timeline_is_open(const struct timeline_track *track, const struct timeline_name *name) {
    for (unsigned i = 0; i < track->depth; i++) {
        if (track->open[i].name == name)
            return true;
    }
    return false;
}

void timeline_cell_end(struct timeline *t) {
    for (guint i = 0; i < t->tracks->len; i++)
        track_unwind(t, g_ptr_array_index(t->tracks, i), 0, NULL);
    timeline_pass_on(t,
                     &(struct timeline_event){.kind = TIMELINE_CELL_END, .track = t->cell_track});
    t->cell_track = NULL;
    g_ptr_array_set_size(t->tracks, 0);
}
