/* The Perfetto writer: one packet per event, gathered, deflated, written. See trace_perfetto.h. */
#include "harness/present/trace_perfetto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/present/protobuf_write.h"

enum { BUNDLE_BYTES = 512 * 1024, SEQUENCE = 1, DEFLATE_LEVEL = 3 };

/* Field numbers, by message. */
enum { TRACE_PACKET = 1 };
enum {
    PACKET_TIMESTAMP = 8,
    PACKET_SEQUENCE = 10,
    PACKET_TRACK_EVENT = 11,
    PACKET_INTERNED = 12,
    PACKET_SEQUENCE_FLAGS = 13,
    PACKET_COMPRESSED = 50,
    PACKET_DESCRIPTOR = 60
};
enum { FLAG_STATE_CLEARED = 1, FLAG_NEEDS_STATE = 2 };
enum {
    DESCRIPTOR_UUID = 1,
    DESCRIPTOR_NAME = 2,
    DESCRIPTOR_PROCESS = 3,
    DESCRIPTOR_THREAD = 4,
    DESCRIPTOR_PARENT = 5,
    DESCRIPTOR_COUNTER = 8
};
enum { PROCESS_PID = 1, PROCESS_NAME = 6 };
enum { THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum { COUNTER_UNIT = 3, UNIT_COUNT = 2, UNIT_BYTES = 3 };
enum {
    EVENT_ANNOTATION = 4,
    EVENT_TYPE = 9,
    EVENT_NAME = 10,
    EVENT_TRACK = 11,
    EVENT_COUNTER_VALUE = 30,
    EVENT_COUNTER_REAL = 44,
    EVENT_FLOW = 47
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };
enum { ANNOTATION_NAME = 1, ANNOTATION_UINT = 3 };
enum {
    INTERNED_EVENT_NAMES = 2,
    INTERNED_ANNOTATION_NAMES = 3,
    INTERNED_ID = 1,
    INTERNED_NAME = 2
};

struct trace_perfetto {
    struct timeline_sink sink;
    FILE *file;
    char *path;
    GString *bundle; /* packets that are not written yet */
    char *deflated;
    uint64_t written_bytes; /* in whole packets */
    GHashTable *names;      /* struct timeline_name * -> its number here */
    GHashTable *arguments;  /* name of an argument -> its number */
    int failure;            /* errno of the first write that failed, 0 */
    bool is_begun;
};

/* ---- bundles ---- */

static void perfetto_write(struct trace_perfetto *p, const char *bytes, size_t count) {
    if (p->failure == 0 && fwrite(bytes, 1, count, p->file) != count)
        p->failure = errno != 0 ? errno : EIO;
    if (p->failure == 0)
        p->written_bytes += count;
}

/* Wraps what is gathered in one packet. */
static void perfetto_flush(struct trace_perfetto *p) {
    uLongf count = compressBound(BUNDLE_BYTES);
    if (p->bundle->len == 0)
        return;
    int status = compress2((Bytef *)p->deflated, &count, (const Bytef *)p->bundle->str,
                           p->bundle->len, DEFLATE_LEVEL);
    g_assert(status == Z_OK);
    GString *packet = g_string_new(NULL);
    protobuf_bytes(packet, PACKET_COMPRESSED, p->deflated, count);
    GString *whole = g_string_new(NULL);
    protobuf_bytes(whole, TRACE_PACKET, packet->str, packet->len);
    perfetto_write(p, whole->str, whole->len);
    g_string_free(whole, TRUE);
    g_string_free(packet, TRUE);
    g_string_truncate(p->bundle, 0);
}

/* The longest packet is far shorter than the reserve. */
static void perfetto_make_room(struct trace_perfetto *p) {
    enum { RESERVE_BYTES = 16 * 1024 };
    if (p->bundle->len > BUNDLE_BYTES - RESERVE_BYTES)
        perfetto_flush(p);
}

static void perfetto_sequence(struct trace_perfetto *p) {
    protobuf_uint(p->bundle, PACKET_SEQUENCE, SEQUENCE);
    protobuf_uint(p->bundle, PACKET_SEQUENCE_FLAGS,
                  p->is_begun ? FLAG_NEEDS_STATE : FLAG_STATE_CLEARED);
    p->is_begun = true;
}

/* ---- names ---- */

static void perfetto_intern(struct trace_perfetto *p, unsigned table, unsigned number,
                            const char *text) {
    char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), 1024));
    size_t packet = protobuf_open(p->bundle, TRACE_PACKET);
    perfetto_sequence(p);
    size_t interned = protobuf_open(p->bundle, PACKET_INTERNED);
    size_t entry = protobuf_open(p->bundle, table);
    protobuf_uint(p->bundle, INTERNED_ID, number);
    protobuf_text(p->bundle, INTERNED_NAME, valid);
    protobuf_close(p->bundle, entry);
    protobuf_close(p->bundle, interned);
    protobuf_close(p->bundle, packet);
    g_free(valid);
}

/* A name's number, told before its first use. */
static unsigned perfetto_number(struct trace_perfetto *p, GHashTable *numbers, const void *key,
                                unsigned table, const char *text) {
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, key));
    if (number != 0)
        return number;
    number = g_hash_table_size(numbers) + 1;
    g_hash_table_insert(numbers, (gpointer)(gsize)key, GUINT_TO_POINTER(number));
    perfetto_intern(p, table, number, text);
    return number;
}

/* ---- tracks ---- */

static uint64_t cell_pid(unsigned cell) {
    return cell; /* cells follow each other, and a pid of the system means nothing afterwards */
}

static void perfetto_process(struct trace_perfetto *p, const struct timeline_track *track) {
    size_t process = protobuf_open(p->bundle, DESCRIPTOR_PROCESS);
    protobuf_uint(p->bundle, PROCESS_PID, cell_pid(track->cell));
    protobuf_text(p->bundle, PROCESS_NAME, track->name);
    protobuf_close(p->bundle, process);
}

/* Every thread is one to the viewer; its tid is the track's number, as real ones of two cells might
   be the same. */
static void perfetto_thread(struct trace_perfetto *p, const struct timeline_track *track) {
    enum { TID_BASE = 1000 }; /* a thread whose tid is the pid would be the main thread */
    size_t thread = protobuf_open(p->bundle, DESCRIPTOR_THREAD);
    protobuf_uint(p->bundle, THREAD_PID, cell_pid(track->cell));
    protobuf_uint(p->bundle, THREAD_TID, TID_BASE + track->number);
    protobuf_text(p->bundle, THREAD_NAME, track->name);
    protobuf_close(p->bundle, thread);
}

static void perfetto_counter(struct trace_perfetto *p, const struct timeline_track *track,
                             uint64_t parent) {
    protobuf_text(p->bundle, DESCRIPTOR_NAME, track->name);
    protobuf_uint(p->bundle, DESCRIPTOR_PARENT, parent);
    size_t counter = protobuf_open(p->bundle, DESCRIPTOR_COUNTER);
    protobuf_uint(p->bundle, COUNTER_UNIT, track->is_bytes ? UNIT_BYTES : UNIT_COUNT);
    protobuf_close(p->bundle, counter);
}

/* The uuid of a cell's process must be known to its counters: it is the cell's number, and tracks
   are numbered far above it. */
static uint64_t track_uuid(const struct timeline_track *track) {
    enum { UUID_BASE = 1000000 };
    return track->role == TRACK_CELL ? track->cell : UUID_BASE + track->number;
}

static void perfetto_track(struct trace_perfetto *p, const struct timeline_track *track) {
    size_t packet = protobuf_open(p->bundle, TRACE_PACKET);
    perfetto_sequence(p);
    size_t descriptor = protobuf_open(p->bundle, PACKET_DESCRIPTOR);
    protobuf_uint(p->bundle, DESCRIPTOR_UUID, track_uuid(track));
    if (track->role == TRACK_CELL)
        perfetto_process(p, track);
    else if (track->role == TRACK_COUNTER)
        perfetto_counter(p, track, track->cell);
    else
        perfetto_thread(p, track);
    protobuf_close(p->bundle, descriptor);
    protobuf_close(p->bundle, packet);
}

/* ---- events ---- */

static void perfetto_annotate(struct trace_perfetto *p, const struct timeline_event *event,
                              const unsigned *numbers) {
    for (unsigned i = 0; i < event->argument_count; i++) {
        size_t annotation = protobuf_open_short(p->bundle, EVENT_ANNOTATION);
        protobuf_uint(p->bundle, ANNOTATION_NAME, numbers[i]);
        protobuf_uint(p->bundle, ANNOTATION_UINT, event->arguments[i].value);
        protobuf_close_short(p->bundle, annotation);
    }
}

static void perfetto_value(struct trace_perfetto *p, double value) {
    if (value >= 0 && value < 9e15 && value == (double)(uint64_t)value)
        protobuf_uint(p->bundle, EVENT_COUNTER_VALUE, (uint64_t)value);
    else
        protobuf_double(p->bundle, EVENT_COUNTER_REAL, value);
}

static unsigned perfetto_type(enum timeline_kind kind) {
    switch (kind) {
    case TIMELINE_BEGIN:
        return TYPE_BEGIN;
    case TIMELINE_END:
        return TYPE_END;
    case TIMELINE_COUNTER:
        return TYPE_COUNTER;
    default:
        return TYPE_INSTANT;
    }
}

/* What an event says by number. */
struct event_numbers {
    unsigned name; /* 0: none */
    unsigned arguments[TIMELINE_ARGUMENTS_MAX];
};

static void perfetto_track_event(struct trace_perfetto *p, const struct timeline_event *event,
                                 const struct event_numbers *numbers) {
    size_t body = protobuf_open_short(p->bundle, PACKET_TRACK_EVENT);
    protobuf_uint(p->bundle, EVENT_TYPE, perfetto_type(event->kind));
    protobuf_uint(p->bundle, EVENT_TRACK, track_uuid(event->track));
    if (numbers->name != 0)
        protobuf_uint(p->bundle, EVENT_NAME, numbers->name);
    if (event->kind == TIMELINE_COUNTER)
        perfetto_value(p, event->value);
    perfetto_annotate(p, event, numbers->arguments);
    if (event->flow != 0)
        protobuf_fixed64(p->bundle, EVENT_FLOW, event->flow);
    protobuf_close_short(p->bundle, body);
}

/* Names that are new are told first. An end needs none: it belongs to the innermost slice. */
static void perfetto_tell(struct trace_perfetto *p, const struct timeline_event *event) {
    struct event_numbers numbers = {0};
    if (event->kind == TIMELINE_BEGIN || event->kind == TIMELINE_INSTANT)
        numbers.name =
            perfetto_number(p, p->names, event->name, INTERNED_EVENT_NAMES, event->name->text);
    for (unsigned i = 0; i < event->argument_count; i++)
        numbers.arguments[i] = perfetto_number(p, p->arguments, event->arguments[i].name,
                                               INTERNED_ANNOTATION_NAMES, event->arguments[i].name);
    size_t packet = protobuf_open_short(p->bundle, TRACE_PACKET);
    protobuf_uint(p->bundle, PACKET_TIMESTAMP, event->time_ns);
    perfetto_sequence(p);
    perfetto_track_event(p, event, &numbers);
    protobuf_close_short(p->bundle, packet);
}

static void perfetto_event(struct timeline_sink *sink, const struct timeline_event *event) {
    struct trace_perfetto *p = (struct trace_perfetto *)sink;
    if (p->failure != 0 || event->kind == TIMELINE_CELL_END)
        return;
    perfetto_make_room(p);
    if (event->kind == TIMELINE_CELL || event->kind == TIMELINE_TRACK)
        perfetto_track(p, event->track);
    else
        perfetto_tell(p, event);
}

/* ---- the file ---- */

struct trace_perfetto *trace_perfetto_new(const char *path, struct error *err) {
    FILE *file = fopen(path, "wbe");
    if (file == NULL) {
        error_set(err, EXIT_CANNOT, "cannot create %s: %s", path, g_strerror(errno));
        return NULL;
    }
    setvbuf(file, NULL, _IONBF, 0); /* what is said to be written, is */
    struct trace_perfetto *p = g_new(struct trace_perfetto, 1);
    *p = (struct trace_perfetto){.sink = {perfetto_event},
                                 .file = file,
                                 .path = g_strdup(path),
                                 .bundle = g_string_sized_new(BUNDLE_BYTES),
                                 .deflated = g_malloc(compressBound(BUNDLE_BYTES)),
                                 .names = g_hash_table_new(NULL, NULL),
                                 .arguments = g_hash_table_new(g_str_hash, g_str_equal)};
    return p;
}

struct timeline_sink *trace_perfetto_sink(struct trace_perfetto *p) {
    return &p->sink;
}

/* A file of nothing is removed; a device is none. */
static bool perfetto_refuse(const struct trace_perfetto *p, struct error *err) {
    bool is_empty = p->written_bytes == 0;
    if (is_empty && g_file_test(p->path, G_FILE_TEST_IS_REGULAR))
        unlink(p->path);
    return error_set(
        err, EXIT_CANNOT, "%s is not complete: %s; %s: make room or give another --out", p->path,
        g_strerror(p->failure), is_empty ? "it is removed" : "what is in it can be opened");
}

bool trace_perfetto_close(struct trace_perfetto *p, uint64_t *bytes, struct error *err) {
    perfetto_flush(p);
    /* A packet of which a part is there would make readers refuse the whole. */
    if (p->failure != 0 && ftruncate(fileno(p->file), (off_t)p->written_bytes) != 0)
        p->written_bytes = 0;
    if (fclose(p->file) != 0 && p->failure == 0)
        p->failure = errno;
    bool ok = p->failure == 0 || perfetto_refuse(p, err);
    *bytes = p->written_bytes;
    g_hash_table_destroy(p->names);
    g_hash_table_destroy(p->arguments);
    g_string_free(p->bundle, TRUE);
    g_free(p->deflated);
    g_free(p->path);
    g_free(p);
    return ok;
}
