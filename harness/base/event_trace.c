/* Reading an event trace. See event_trace.h. */
#include "harness/base/event_trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Larger ones are not made, and would let a broken length ask for any amount of memory. */
enum { CHUNK_BYTES_MOST = 1 << 24, VARINT_BYTES_MOST = 10 };

static const struct event_facts kinds[EVENT_KIND_MOST + 1] = {
#define EVENT(NAME, number, word, shape, arguments, first, second, meaning)                        \
    [number] = {word, EVENT_##shape, arguments, {first, second}, meaning},
#include "allocators/event_kinds.def"
#undef EVENT
};

const struct event_facts *event_facts_find(unsigned kind) {
    return kind <= EVENT_KIND_MOST && kinds[kind].word != NULL ? &kinds[kind] : NULL;
}

/* ---- events of a chunk ---- */

void event_cursor_init(struct event_cursor *cursor, const struct event_chunk *chunk) {
    *cursor = (struct event_cursor){.at = chunk->payload,
                                    .end = chunk->payload + chunk->head.bytes,
                                    .time_ns = chunk->head.base_ns,
                                    .left = chunk->head.count};
}

/* False: it does not end, or does not fit in 64 bits. */
static bool varint_read(struct event_cursor *cursor, uint64_t *out) {
    *out = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MOST && cursor->at < cursor->end; i++) {
        uint64_t bits = *cursor->at & 0x7f;
        if (i == VARINT_BYTES_MOST - 1 && bits > 1)
            return false;
        *out |= bits << (7 * i);
        if ((*cursor->at++ & 0x80) == 0)
            return true;
    }
    return false;
}

static bool cursor_read(struct event_cursor *cursor, struct event *out) {
    const struct event_facts *facts =
        cursor->at < cursor->end ? event_facts_find(*cursor->at) : NULL;
    uint64_t since_ns;
    if (facts == NULL)
        return false;
    *out = (struct event){.kind = (enum event_kind) * cursor->at++};
    if (!varint_read(cursor, &since_ns))
        return false;
    for (unsigned i = 0; i < facts->arguments; i++)
        if (!varint_read(cursor, &out->arguments[i]))
            return false;
    out->time_ns = cursor->time_ns += since_ns;
    return true;
}

bool event_cursor_next(struct event_cursor *cursor, struct event *out) {
    if (cursor->left == 0 || cursor->at == NULL)
        return false;
    cursor->left--;
    if (cursor_read(cursor, out))
        return true;
    cursor->at = NULL;
    return false;
}

bool event_cursor_is_bad(const struct event_cursor *cursor) {
    return cursor->at == NULL || (cursor->left == 0 && cursor->at != cursor->end);
}

static unsigned char *varint_write(unsigned char *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

size_t event_encode(unsigned char *out, const struct event *event, uint64_t time_before_ns) {
    unsigned char *at = out;
    *at++ = (unsigned char)event->kind;
    at = varint_write(at, event->time_ns - time_before_ns);
    for (unsigned i = 0; i < kinds[event->kind].arguments; i++)
        at = varint_write(at, event->arguments[i]);
    return (size_t)(at - out);
}

/* ---- other chunks ---- */

bool event_run_get(const struct event_chunk *chunk, uint32_t index, struct event_run *out) {
    if (chunk->head.type != EVENT_CHUNK_RUN || index >= chunk->head.bytes / sizeof *out)
        return false;
    memcpy(out, chunk->payload + index * sizeof *out, sizeof *out);
    return true;
}

bool event_end_get(const struct event_chunk *chunk, struct event_end *out) {
    if (chunk->head.type != EVENT_CHUNK_END || chunk->head.bytes < sizeof *out)
        return false;
    memcpy(out, chunk->payload, sizeof *out);
    return true;
}

/* ---- the stream ---- */

bool event_stream_open(struct event_stream *stream, FILE *in, const char *name, struct error *err) {
    *stream = (struct event_stream){.in = in};
    if (fread(&stream->head, sizeof stream->head, 1, in) != 1)
        return error_set(err, EXIT_CANNOT, "%s: no event trace begins here", name);
    if (memcmp(stream->head.magic, EVENT_STREAM_MAGIC, sizeof stream->head.magic) != 0)
        return error_set(err, EXIT_USAGE, "%s is not an event trace", name);
    if (stream->head.version != EVENT_STREAM_VERSION)
        return error_set(err, EXIT_USAGE,
                         "%s is an event trace of version %" PRIu32 "; this program reads %d", name,
                         stream->head.version, EVENT_STREAM_VERSION);
    stream->whole_bytes = sizeof stream->head;
    return true;
}

static enum event_stream_step stream_bad(const struct event_stream *stream, const char *what,
                                         struct error *err) {
    error_set(err, EXIT_CANNOT, "the event trace is broken at byte %" PRIu64 ": %s",
              stream->whole_bytes, what);
    return EVENT_STREAM_BAD;
}

/* The least bytes that what the head counts can take. */
static uint64_t chunk_bytes_least(const struct event_chunk_head *head) {
    switch (head->type) {
    case EVENT_CHUNK_EVENTS:
        return (uint64_t)head->count * 2;
    case EVENT_CHUNK_RUN:
        return (uint64_t)head->count * sizeof(struct event_run);
    case EVENT_CHUNK_END:
        return sizeof(struct event_end);
    default:
        return 0;
    }
}

/* One chunk of any type, or what is there instead of one. */
static enum event_stream_step stream_read(struct event_stream *stream, struct event_chunk *out,
                                          struct error *err) {
    if (fread(&out->head, sizeof out->head, 1, stream->in) != 1)
        return EVENT_STREAM_CUT;
    if (out->head.bytes > CHUNK_BYTES_MOST)
        return stream_bad(stream, "a chunk is too long", err);
    if (out->head.bytes < chunk_bytes_least(&out->head))
        return stream_bad(stream, "a chunk is too short for what it counts", err);
    unsigned char *payload = realloc(stream->payload, out->head.bytes + 1u);
    if (payload == NULL)
        return stream_bad(stream, "no memory for a chunk", err);
    out->payload = stream->payload = payload;
    if (fread(payload, 1, out->head.bytes, stream->in) != out->head.bytes)
        return EVENT_STREAM_CUT;
    stream->whole_bytes += sizeof out->head + out->head.bytes;
    return EVENT_STREAM_CHUNK;
}

enum event_stream_step event_stream_next(struct event_stream *stream, struct event_chunk *out,
                                         struct error *err) {
    for (;;) {
        enum event_stream_step step = stream_read(stream, out, err);
        if (step != EVENT_STREAM_CHUNK)
            return step;
        if (out->head.type == EVENT_CHUNK_EVENTS || out->head.type == EVENT_CHUNK_RUN)
            return EVENT_STREAM_CHUNK;
        if (out->head.type == EVENT_CHUNK_END) {
            stream->has_ended = true;
            return EVENT_STREAM_END;
        }
    }
}

void event_stream_release(struct event_stream *stream) {
    free(stream->payload);
    stream->payload = NULL;
}
