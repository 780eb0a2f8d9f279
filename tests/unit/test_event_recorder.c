/* The recorder with next to no memory and a reader that stalls: what arrives is whole all the same.
 */
#include "allocators/event_recorder.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/cell/trace_totals.h"

enum { PIPE_BYTES = 4096, CHUNKS = 3, OPERATIONS = 20000, FAR = 1 << 30 };

static unsigned char memory[CHUNKS * EVENT_CHUNK_BYTES] __attribute__((aligned(64)));

/* A pipe that is full of the head of a stream and of a chunk that its reader skips. */
static void full_pipe_open(int ends[2]) {
    unsigned char bytes[PIPE_BYTES] = {0};
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION};
    struct event_chunk_head skipped = {.type = 0x70696b73,
                                       .bytes = PIPE_BYTES - sizeof head - sizeof skipped};
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, &skipped, sizeof skipped);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
    assert_int_equal(write(ends[1], bytes, sizeof bytes), sizeof bytes);
}

static void *totals_main(void *in) {
    static struct trace_totals totals;
    trace_totals_read(&totals, in);
    return &totals;
}

/* xorshift64 (Marsaglia 2003). */
static uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* One event, as long as an event can be: a slice begins or ends, or something happens. */
static void record_any(struct event_track *track, uint64_t *random, uint64_t *at_ns) {
    struct event_record event = {EVENT_REFILL, *at_ns += FAR, {UINT64_MAX, UINT64_MAX}};
    uint64_t choice = random_next(random) % 4;
    if (choice == 0 && track->depth < EVENT_DEPTH_MOST)
        event.kind = EVENT_SWEEP_BEGIN;
    else if (choice <= 1 && track->depth > 0)
        event.kind = EVENT_SWEEP_END;
    track_record(track, &event);
}

static void slices_nest_in_what_arrives_when_chunks_run_out_at_any_depth(void **state) {
    (void)state;
    struct event_track track = {.number = 1};
    uint64_t random = 88172645463325252, at_ns = FAR;
    int ends[2];
    pthread_t reader;
    void *result;
    full_pipe_open(ends);
    assert_true(recorder_start(ends[1], memory, sizeof memory));
    for (int i = 0; i < OPERATIONS; i++)
        record_any(&track, &random, &at_ns);
    FILE *in = fdopen(ends[0], "rb");
    assert_int_equal(pthread_create(&reader, NULL, totals_main, in), 0);
    for (int i = 0; i < OPERATIONS; i++)
        record_any(&track, &random, &at_ns);
    track_finish(&track, at_ns);
    struct recorder_totals recorded = recorder_stop();
    close(ends[1]);
    pthread_join(reader, &result);
    fclose(in);
    const struct trace_totals *totals = result;
    if (totals->broken != NULL)
        fail_msg("it is not true that %s", totals->broken);
    assert_int_equal(recorded.write_error, 0);
    assert_int_equal(recorded.events, totals->events);
    assert_true(recorded.dropped > OPERATIONS / 2);
    assert_int_equal(totals->tracks[1].depth, 0);
    assert_int_equal(totals->counts[EVENT_SWEEP_BEGIN], totals->counts[EVENT_SWEEP_END]);
}

static void an_end_without_a_beginning_is_ignored_and_time_does_not_go_back(void **state) {
    (void)state;
    struct event_track track = {.number = 1};
    int ends[2];
    pthread_t reader;
    void *result;
    full_pipe_open(ends);
    FILE *in = fdopen(ends[0], "rb");
    assert_int_equal(pthread_create(&reader, NULL, totals_main, in), 0);
    assert_true(recorder_start(ends[1], memory, sizeof memory));
    track_record(&track, &(struct event_record){EVENT_STOP_END, 10, {0, 0}});
    track_record(&track, &(struct event_record){EVENT_ASSIST_BEGIN, 10, {0, 0}});
    track_record(&track, &(struct event_record){EVENT_STOP_END, 20, {0, 0}});
    track_record(&track, &(struct event_record){EVENT_ASSIST_END, 5, {7, 0}});
    track_finish(&track, 30);
    struct recorder_totals recorded = recorder_stop();
    close(ends[1]);
    pthread_join(reader, &result);
    fclose(in);
    const struct trace_totals *totals = result;
    assert_null(totals->broken);
    assert_int_equal(recorded.events, 2);
    assert_int_equal(recorded.dropped, 0);
    assert_int_equal(totals->slices_ns[EVENT_ASSIST_BEGIN], 0);
    assert_int_equal(totals->sums[EVENT_ASSIST_END][0], 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_nest_in_what_arrives_when_chunks_run_out_at_any_depth),
        cmocka_unit_test(an_end_without_a_beginning_is_ignored_and_time_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
