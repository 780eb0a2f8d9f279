/* The event trace's reader: what a writer encodes comes back, and nothing else is taken. */
#include "harness/base/event_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bytes {
    unsigned char data[1024];
    size_t count;
};

static void bytes_add(struct bytes *b, const void *data, size_t count) {
    assert_true(b->count + count <= sizeof b->data);
    memcpy(b->data + b->count, data, count);
    b->count += count;
}

static void stream_begin(struct bytes *b) {
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION, .pid = 7, .start_ns = 100};
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    b->count = 0;
    bytes_add(b, &head, sizeof head);
}

static const struct event some_events[] = {
    {EVENT_THREAD_START, 1000, {0, 0}},
    {EVENT_STOP_BEGIN, 1000, {EVENT_STOP_TERMINATION, 0}},
    {EVENT_STOP_END, 1127, {0, 0}},
    {EVENT_REFILL, 1255, {12, 8}},
    {EVENT_HEAP_LIVE, UINT64_C(1) << 40, {UINT64_MAX, 0}},
};
enum { SOME_EVENTS = sizeof some_events / sizeof some_events[0] };

static void events_chunk_add(struct bytes *b) {
    unsigned char payload[SOME_EVENTS * EVENT_BYTES_MOST];
    size_t used = 0;
    uint64_t before_ns = 900;
    for (size_t i = 0; i < SOME_EVENTS; i++) {
        used += event_encode(payload + used, &some_events[i], before_ns);
        before_ns = some_events[i].time_ns;
    }
    struct event_chunk_head head = {
        EVENT_CHUNK_EVENTS, (uint32_t)used, SOME_EVENTS, 3, 8, 0, 900, 0};
    bytes_add(b, &head, sizeof head);
    bytes_add(b, payload, used);
}

static void end_chunk_add(struct bytes *b) {
    struct event_end end = {.end_ns = 5, .events = SOME_EVENTS};
    struct event_chunk_head head = {.type = EVENT_CHUNK_END, .bytes = sizeof end, .count = 1};
    bytes_add(b, &head, sizeof head);
    bytes_add(b, &end, sizeof end);
}

/* What the steps through the bytes are, as letters: c chunk, e end, t cut, b bad. */
static const char *steps_of(const struct bytes *b) {
    static char letters[16];
    struct event_stream stream;
    struct event_chunk chunk;
    struct error err;
    size_t count = 0;
    FILE *in = fmemopen((void *)b->data, b->count, "rb");
    assert_non_null(in);
    if (event_stream_open(&stream, in, "test", &err))
        do
            letters[count] = "cetb"[event_stream_next(&stream, &chunk, &err)];
        while (letters[count++] == 'c' && count < sizeof letters - 1);
    letters[count] = '\0';
    event_stream_release(&stream);
    fclose(in);
    return letters;
}

static void what_is_encoded_comes_back(void **state) {
    (void)state;
    struct bytes b;
    struct event_stream stream;
    struct event_chunk chunk;
    struct event_cursor cursor;
    struct event event;
    struct error err;
    stream_begin(&b);
    events_chunk_add(&b);
    FILE *in = fmemopen(b.data, b.count, "rb");
    assert_true(event_stream_open(&stream, in, "test", &err));
    assert_int_equal(event_stream_next(&stream, &chunk, &err), EVENT_STREAM_CHUNK);
    event_cursor_init(&cursor, &chunk);
    for (size_t i = 0; i < SOME_EVENTS; i++) {
        assert_true(event_cursor_next(&cursor, &event));
        assert_memory_equal(&event, &some_events[i], sizeof event);
    }
    assert_false(event_cursor_next(&cursor, &event));
    assert_false(event_cursor_is_bad(&cursor));
    event_stream_release(&stream);
    fclose(in);
}

static void a_whole_stream_ends_and_a_cut_one_is_valid_up_to_its_last_whole_chunk(void **state) {
    (void)state;
    struct bytes b;
    stream_begin(&b);
    assert_string_equal(steps_of(&b), "t");
    events_chunk_add(&b);
    size_t first = b.count;
    assert_string_equal(steps_of(&b), "ct");
    events_chunk_add(&b);
    size_t second = b.count;
    end_chunk_add(&b);
    assert_string_equal(steps_of(&b), "cce");
    for (b.count--; b.count >= second; b.count--)
        assert_string_equal(steps_of(&b), "cct");
    for (; b.count >= first; b.count--)
        assert_string_equal(steps_of(&b), "ct");
}

static void chunks_of_an_unknown_type_are_skipped(void **state) {
    (void)state;
    struct bytes b;
    struct event_chunk_head head = {.type = 0x12345678, .bytes = 3};
    stream_begin(&b);
    bytes_add(&b, &head, sizeof head);
    bytes_add(&b, "abc", 3);
    events_chunk_add(&b);
    end_chunk_add(&b);
    assert_string_equal(steps_of(&b), "ce");
}

static void what_is_no_stream_is_refused(void **state) {
    (void)state;
    struct bytes b;
    stream_begin(&b);
    events_chunk_add(&b);
    b.data[0]++;
    assert_string_equal(steps_of(&b), "");
    b.data[0]--;
    b.data[8]++; /* the version */
    assert_string_equal(steps_of(&b), "");
}

static void lengths_that_cannot_be_are_refused(void **state) {
    (void)state;
    struct bytes b;
    struct event_chunk_head head = {.type = EVENT_CHUNK_EVENTS, .bytes = UINT32_MAX, .count = 1};
    stream_begin(&b);
    bytes_add(&b, &head, sizeof head);
    assert_string_equal(steps_of(&b), "b");
    head = (struct event_chunk_head){.type = EVENT_CHUNK_EVENTS, .bytes = 3, .count = 2};
    stream_begin(&b);
    bytes_add(&b, &head, sizeof head);
    bytes_add(&b, "abc", 3);
    assert_string_equal(steps_of(&b), "b");
}

/* Is the payload of a chunk of one event bad? */
static bool payload_is_bad(const char *payload, size_t bytes) {
    struct event_chunk chunk = {{.type = EVENT_CHUNK_EVENTS, .bytes = (uint32_t)bytes, .count = 1},
                                (const unsigned char *)payload};
    struct event_cursor cursor;
    struct event event;
    event_cursor_init(&cursor, &chunk);
    while (event_cursor_next(&cursor, &event)) {
    }
    return event_cursor_is_bad(&cursor);
}

static void events_that_are_none_are_bad(void **state) {
    (void)state;
    assert_false(payload_is_bad("\x01\x05", 2));
    assert_true(payload_is_bad("\x01\x85", 2));     /* a number that does not end */
    assert_true(payload_is_bad("\x08\x05", 2));     /* an argument is missing */
    assert_true(payload_is_bad("\x01\x05\x05", 3)); /* more bytes than events */
    assert_true(payload_is_bad("\x03\x05", 2));     /* no such kind */
    assert_true(payload_is_bad("\xff\x05", 2));
    assert_false(payload_is_bad("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11));
    assert_true(payload_is_bad("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11));
}

/* Each BEGIN is followed by an END of the same word, and by nothing but its number. */
static void every_slice_has_both_its_ends(void **state) {
    (void)state;
    for (unsigned kind = 0; kind <= EVENT_KIND_MOST; kind++) {
        const struct event_facts *facts = event_facts_find(kind);
        if (facts == NULL || facts->shape == EVENT_INSTANT || facts->shape == EVENT_COUNTER)
            continue;
        const struct event_facts *other = event_facts_find(kind ^ 1);
        assert_int_equal(facts->shape, kind % 2 == 0 ? EVENT_BEGIN : EVENT_END);
        assert_non_null(other);
        assert_string_equal(facts->word, other->word);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_comes_back),
        cmocka_unit_test(a_whole_stream_ends_and_a_cut_one_is_valid_up_to_its_last_whole_chunk),
        cmocka_unit_test(chunks_of_an_unknown_type_are_skipped),
        cmocka_unit_test(what_is_no_stream_is_refused),
        cmocka_unit_test(lengths_that_cannot_be_are_refused),
        cmocka_unit_test(events_that_are_none_are_bad),
        cmocka_unit_test(every_slice_has_both_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
