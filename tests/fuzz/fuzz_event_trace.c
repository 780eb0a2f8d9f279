/* The reader of event traces: of any bytes it takes only chunks, and of those only events, which it
   writes and reads again as the same. */
#include <glib.h>
#include <string.h>

#include "harness/base/event_trace.h"
#include "tests/fuzz/fuzz.h"

/* A count, then events: what a chunk holds. Without zeroes, since these are strings. */
const char *const fuzz_seeds[] = {
    "\x04\x01\x7f\x08\x01\x02\x09\x8f\x01\x20\x81\x80\x03\x0c\x08",
    "\x02\x28\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x2b\xff\x01\xe0\x90\x80\x10",
    "\x05\x16\x05\x17\x90\x03\x40\xa0\x8d\x06\x14\x05\x15\x30\xf0\x80\x01\x02\x03",
    "EVNT RUN END hmevents",
    "",
    NULL,
};

static void check_again(const struct event *event, uint64_t before_ns) {
    unsigned char bytes[EVENT_BYTES_MOST];
    size_t used = event_encode(bytes, event, before_ns);
    struct event_chunk chunk = {
        {.type = EVENT_CHUNK_EVENTS, .bytes = (uint32_t)used, .count = 1, .base_ns = before_ns},
        bytes};
    struct event_cursor cursor;
    struct event again;
    event_cursor_init(&cursor, &chunk);
    fuzz_check(event_cursor_next(&cursor, &again), "own event is refused");
    fuzz_check(memcmp(&again, event, sizeof again) == 0, "own event reads back as another");
    fuzz_check(!event_cursor_next(&cursor, &again) && !event_cursor_is_bad(&cursor),
               "own event leaves something");
}

static void chunk_check(const struct event_chunk *chunk) {
    struct event_cursor cursor;
    struct event event;
    uint64_t before_ns = chunk->head.base_ns;
    event_cursor_init(&cursor, chunk);
    for (; event_cursor_next(&cursor, &event); before_ns = event.time_ns)
        check_again(&event, before_ns);
}

static void stream_check(const GByteArray *bytes) {
    struct event_stream stream;
    struct event_chunk chunk;
    struct error err = {0};
    struct event_run run;
    enum event_stream_step step;
    FILE *in = fmemopen(bytes->data, bytes->len, "rb");
    fuzz_check(in != NULL && event_stream_open(&stream, in, "fuzz", &err), "a head is refused");
    while ((step = event_stream_next(&stream, &chunk, &err)) == EVENT_STREAM_CHUNK) {
        if (chunk.head.type == EVENT_CHUNK_EVENTS)
            chunk_check(&chunk);
        else
            fuzz_check(event_run_get(&chunk, chunk.head.count - 1, &run) || chunk.head.count == 0,
                       "a run that is counted is missing");
    }
    fuzz_check(stream.whole_bytes <= bytes->len, "more is read than there is");
    if (step == EVENT_STREAM_BAD)
        fuzz_check_refusal(&err);
    event_stream_release(&stream);
    fclose(in);
}

static GByteArray *stream_new(void) {
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION};
    GByteArray *bytes = g_byte_array_new();
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    return g_byte_array_append(bytes, (const guint8 *)&head, sizeof head);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const uint32_t types[] = {EVENT_CHUNK_EVENTS, EVENT_CHUNK_EVENTS, EVENT_CHUNK_RUN,
                                     EVENT_CHUNK_END};
    GByteArray *stream = stream_new();
    struct event_chunk_head head = {0};
    size_t direct = MIN(length, sizeof head);
    if (length > 0) { /* the first byte counts, and tells the type; the rest is a chunk's */
        head.type = types[bytes[0] / 64];
        head.count = bytes[0] % 64;
        head.bytes = (uint32_t)length - 1;
        g_byte_array_append(stream, (const guint8 *)&head, sizeof head);
        g_byte_array_append(stream, bytes + 1, (guint)length - 1);
    }
    memcpy(&head, bytes, direct); /* and then the bytes are a head themselves */
    g_byte_array_append(stream, (const guint8 *)&head, sizeof head);
    g_byte_array_append(stream, bytes, (guint)length);
    stream_check(stream);
    g_byte_array_free(stream, TRUE);
    return 0;
}
