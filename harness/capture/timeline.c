/* The timeline's rules: times on a track only rise, slices nest, names are one each. */
#include "harness/capture/timeline.h"

#include <string.h>

enum { RATE_NS = 1000 * 1000, NS_PER_S = 1000 * 1000 * 1000 };

static void track_free(gpointer pointer) {
    struct timeline_track *track = pointer;
    if (track->samples != NULL)
        g_array_free(track->samples, TRUE);
    g_free(track);
}

void timeline_init(struct timeline *t) {
    *t = (struct timeline){
        .tracks = g_ptr_array_new_with_free_func(track_free),
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
    track->samples = g_array_new(FALSE, FALSE, sizeof(struct timeline_sample));
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
        if (end.count == 0) {
            end.count = 1;
            end.total_ns = end.time_ns - end.start_ns;
        }
        t->event_count++;
        timeline_pass_on(t, &end);
    }
    track->told = track->depth;
}

static void track_begin(struct timeline *t, struct timeline_event *event) {
    struct timeline_track *track = event->track;
    if (track->depth == TIMELINE_DEPTH_MAX) {
        t->unmatched_count++;
        return;
    }
    event->depth = track->depth;
    track->open[track->depth++] = (struct timeline_open){event->name, event->time_ns};
    track->told = track->depth;
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

/* Keeps account of what is open before the time that is shown. */
static void track_early(struct timeline *t, const struct timeline_event *event) {
    struct timeline_track *track = event->track;
    unsigned depth = track->depth;
    t->early_count++;
    if (event->kind == TIMELINE_BEGIN && depth < TIMELINE_DEPTH_MAX)
        track->open[track->depth++] = (struct timeline_open){event->name, 0};
    while (event->kind == TIMELINE_END && depth > 0) {
        if (track->open[--depth].name == event->name)
            track->depth = depth;
    }
}

/* Tells of what was open already when the time that is shown began. */
static void track_tell_open(struct timeline *t, struct timeline_track *track) {
    while (track->told < track->depth) {
        const struct timeline_open *open = &track->open[track->told];
        t->event_count++;
        timeline_pass_on(t, &(struct timeline_event){.kind = TIMELINE_BEGIN,
                                                     .track = track,
                                                     .name = open->name,
                                                     .depth = track->told++});
    }
}

/* From the reader's clock to the timeline's; false: too early to be shown. */
static bool timeline_place(struct timeline *t, struct timeline_event *event) {
    struct timeline_track *track = event->track;
    if (event->time_ns + TIMELINE_START_NS < t->zero_ns) {
        track_early(t, event);
        return false;
    }
    track_tell_open(t, track);
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

/* ---- counters ---- */

static int sample_compare(const void *left, const void *right) {
    const struct timeline_sample *a = left, *b = right;
    return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

/* Of each four samples the least and the greatest stay, in order of time. */
static void samples_thin_out(GArray *samples) {
    struct timeline_sample *all = (struct timeline_sample *)(void *)samples->data;
    guint kept = 0;
    g_array_sort(samples, sample_compare);
    for (guint i = 0; i < samples->len; i += 4) {
        guint end = MIN(i + 4, samples->len), least = i, most = i;
        for (guint j = i + 1; j < end; j++) {
            least = all[j].value < all[least].value ? j : least;
            most = all[j].value > all[most].value ? j : most;
        }
        struct timeline_sample first = all[MIN(least, most)], second = all[MAX(least, most)];
        all[kept++] = first;
        if (least != most)
            all[kept++] = second;
    }
    g_array_set_size(samples, kept);
}

void timeline_count(struct timeline *t, struct timeline_track *track, uint64_t time_ns,
                    double value) {
    if (time_ns + TIMELINE_START_NS < t->zero_ns) {
        t->early_count++;
        return;
    }
    struct timeline_sample sample = {time_ns + TIMELINE_START_NS - t->zero_ns, value};
    track->updates++;
    g_array_append_val(track->samples, sample);
    if (track->samples->len >= TIMELINE_SAMPLES_MAX)
        samples_thin_out(track->samples);
}

void timeline_rate(struct timeline *t, struct timeline_track *of, const char *name) {
    struct timeline_track *rate = timeline_counter_new(t, name, of->is_bytes);
    const struct timeline_sample *all = (const struct timeline_sample *)(void *)of->samples->data;
    struct timeline_sample sum = {.value = 0};
    g_array_sort(of->samples, sample_compare);
    for (guint i = 1; i < of->samples->len; i++) {
        uint64_t since_ns = all[i].time_ns - sum.time_ns;
        if (since_ns >= RATE_NS) {
            sum.value *= (double)NS_PER_S / (double)since_ns;
            if (sum.time_ns != 0)
                g_array_append_val(rate->samples, sum);
            sum = (struct timeline_sample){all[i].time_ns, 0};
        }
        sum.value += MAX(all[i].value - all[i - 1].value, 0);
    }
}

static void counter_tell(struct timeline *t, struct timeline_track *track) {
    g_array_sort(track->samples, sample_compare);
    for (guint i = 0; i < track->samples->len; i++) {
        const struct timeline_sample *s = &g_array_index(track->samples, struct timeline_sample, i);
        t->event_count++;
        timeline_pass_on(t, &(struct timeline_event){.kind = TIMELINE_COUNTER,
                                                     .track = track,
                                                     .time_ns = s->time_ns,
                                                     .value = s->value});
    }
}

bool timeline_is_open(const struct timeline_track *track, const struct timeline_name *name) {
    for (unsigned i = 0; i < track->depth; i++) {
        if (track->open[i].name == name)
            return true;
    }
    return false;
}

void timeline_cell_end(struct timeline *t) {
    for (guint i = 0; i < t->tracks->len; i++) {
        struct timeline_track *track = g_ptr_array_index(t->tracks, i);
        track_tell_open(t, track);
        track_unwind(t, track, 0, NULL);
        if (track->samples != NULL)
            counter_tell(t, track);
    }
    timeline_pass_on(t,
                     &(struct timeline_event){.kind = TIMELINE_CELL_END, .track = t->cell_track});
    t->cell_track = NULL;
    g_ptr_array_set_size(t->tracks, 0);
}
