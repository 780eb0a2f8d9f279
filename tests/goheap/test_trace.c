/*
 * The event trace: what arrives nests and is paired on every track, its sums are the heap's own
 * totals, and what finds no room is counted.
 *
 * A trace is read back with the reader that heapmark has (harness/base/event_trace.h).
 */
#include "goheap_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/cell/trace_totals.h"

enum { THREADS = 4 };

static int stream_new(void) {
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION};
    int fd = memfd_create("trace", 0);
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    CHECK(fd >= 0);
    CHECK(write(fd, &head, sizeof head) == (ssize_t)sizeof head);
    return fd;
}

/* A stream of which goheap has written the chunks, but nobody the end. */
static struct trace_totals *trace_check(FILE *in) {
    static struct trace_totals totals;
    trace_totals_read(&totals, in);
    if (totals.broken != NULL)
        check_failed(__FILE__, __LINE__, totals.broken);
    for (size_t i = 0; i < TRACE_TRACKS_MAX; i++)
        CHECK_EQUAL(totals.tracks[i].depth, 0);
    return &totals;
}

static struct trace_totals *trace_check_fd(int fd) {
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    FILE *in = fdopen(fd, "rb");
    CHECK(in != NULL);
    struct trace_totals *check = trace_check(in);
    fclose(in);
    return check;
}

/* Of collections. */
static uint64_t stops(const struct trace_totals *check) {
    return check->stops[EVENT_STOP_SETUP] + check->stops[EVENT_STOP_TERMINATION];
}

static uint64_t stops_ns(const struct trace_totals *check) {
    return check->stops_ns[EVENT_STOP_SETUP] + check->stops_ns[EVENT_STOP_TERMINATION];
}

/* ---- threads ---- */

static volatile bool threads_may_end;

static NOINLINE void work_once(struct goheap_mutator *m, uint64_t *random) {
    static const size_t sizes[] = {16, 48, 80, 1024, 40000, 200000};
    uint64_t r = random_next(random);
    struct node *list = list_build(m, r % 200);
    CHECK(list_is_whole(list, r % 200));
    CHECK(goheap_new(m, sizes[r % 6], r / 6 % 2) != NULL);
    if (r % 16 == 0) {
        goheap_block(m);
        sched_yield();
        goheap_unblock(m);
    }
    if (r % 512 == 0)
        goheap_collect(m);
}

static void *thread_main(void *number) {
    uint64_t random = (uintptr_t)number;
    do {
        struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
        CHECK(m != NULL);
        for (int i = 0; i < 300; i++)
            work_once(m, &random);
        goheap_detach(m);
    } while (!__atomic_load_n(&threads_may_end, __ATOMIC_RELAXED));
    return NULL;
}

static void threads_start(pthread_t *threads) {
    threads_may_end = false;
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, thread_main, (void *)(i + 1)) == 0);
}

static void threads_join(struct goheap_mutator *m, const pthread_t *threads) {
    __atomic_store_n(&threads_may_end, true, __ATOMIC_RELAXED);
    goheap_block(m);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    goheap_unblock(m);
}

/* ---- claims ---- */

/* What threads that allocate and collect must show sooner or later. */
static const enum event_kind kinds_awaited[] = {
    EVENT_THREAD_START, EVENT_THREAD_END,  EVENT_STOPPED_BEGIN, EVENT_STOP_BEGIN,
    EVENT_BLOCK_BEGIN,  EVENT_SWEEP_BEGIN, EVENT_LARGE_ALLOC,   EVENT_SPAN_ALLOC,
    EVENT_REFILL,       EVENT_SETUP_BEGIN, EVENT_SPAN_FREE,     EVENT_HEAP_LIVE};
enum { KINDS_AWAITED = sizeof kinds_awaited / sizeof kinds_awaited[0], ROUNDS_MOST = 1000 };

/* Returns how many of the kinds this trace and those before have shown. */
static int trace_once(struct goheap_mutator *m, uint64_t *random, bool seen[]) {
    struct goheap_trace trace;
    int fd = stream_new(), count = 0;
    CHECK(goheap_trace_start(m, fd));
    for (int i = 0; i < 300; i++)
        work_once(m, random);
    goheap_trace_stop(m, &trace);
    const struct trace_totals *check = trace_check_fd(fd);
    CHECK_EQUAL(trace.write_error, 0);
    CHECK_EQUAL(trace.dropped, 0);
    CHECK_EQUAL(trace.events, check->events);
    CHECK(check->chunks[EVENT_ROLE_CYCLE] > 0 && check->chunks[EVENT_ROLE_MUTATOR] > 0);
    for (int i = 0; i < KINDS_AWAITED; i++) {
        seen[i] |= check->counts[kinds_awaited[i]] > 0;
        count += seen[i];
    }
    return count;
}

static void slices_must_nest(struct goheap_options options) {
    static struct node *list;
    struct goheap_mutator *m = heap_start(&options);
    pthread_t threads[THREADS];
    uint64_t random = 99;
    bool seen[KINDS_AWAITED] = {false};
    int count = 0;
    CHECK(goheap_root(&list, sizeof list));
    list = list_build(m, 20000);
    threads_start(threads);
    for (int round = 0; round < 5 || (count < KINDS_AWAITED && round < ROUNDS_MOST); round++)
        count = trace_once(m, &random, seen);
    CHECK_EQUAL(count, KINDS_AWAITED);
    threads_join(m, threads);
}

HEAP_TEST(slices_nest_and_are_paired_with_four_threads) {
    struct goheap_options options = goheap_options_default();
    options.gogc = 10;
    slices_must_nest(options);
}

HEAP_TEST(slices_nest_and_are_paired_under_stress_and_delays) {
    struct goheap_options options = goheap_options_default();
    options.stress = 20;
    options.handshake_delays = true;
    slices_must_nest(options);
}

/* A list that is there to be marked while garbage is made. */
static NOINLINE void lists_make(struct goheap_mutator *m, struct node **list) {
    for (int i = 0; i < 40; i++) {
        goheap_store(m, list, list_build(m, 100000));
        list_build(m, 300000);
    }
}

HEAP_TEST(sums_of_slices_are_the_totals_of_the_statistics) {
    static struct node *list;
    static struct goheap_memstats before, after;
    struct goheap_trace trace;
    struct goheap_mutator *m = heap_start(NULL);
    int fd = stream_new();
    CHECK(goheap_root(&list, sizeof list));
    collect_all(m); /* nothing is left to sweep */
    CHECK(goheap_trace_start(m, fd));
    goheap_read_memstats(m, &before);
    lists_make(m, &list);
    collect_all(m);
    goheap_read_memstats(m, &after);
    goheap_trace_stop(m, &trace);
    struct trace_totals *check = trace_check_fd(fd);
    CHECK(after.num_gc - before.num_gc > 10 && after.bgsweep_count > 0);
    CHECK_EQUAL(stops(check), after.stw_count - before.stw_count);
    CHECK_EQUAL(stops_ns(check), after.pause_total_ns - before.pause_total_ns);
    CHECK_EQUAL(check->counts[EVENT_SETUP_BEGIN], after.num_gc - before.num_gc);
    CHECK_EQUAL(check->slices_ns[EVENT_ASSIST_BEGIN], after.assist_ns - before.assist_ns);
    CHECK_EQUAL(check->sums[EVENT_SWEEP_END][1], after.sweep_mutator_ns - before.sweep_mutator_ns);
    CHECK_EQUAL(check->sums[EVENT_BACKGROUND_SWEEP_END][0],
                after.bgsweep_count - before.bgsweep_count);
    CHECK_EQUAL(check->sums[EVENT_HEAP_GROW][0], after.heap_sys - before.heap_sys);
    CHECK_EQUAL(check->slices_ns[EVENT_SETUP_BEGIN] + check->slices_ns[EVENT_TERMINATION_BEGIN],
                stops_ns(check));
}

/* Two events of a few bytes each. */
static void blocks_make(struct goheap_mutator *m, int count) {
    for (int i = 0; i < count; i++) {
        goheap_block(m);
        goheap_unblock(m);
    }
}

static void *stalled_main(void *in) {
    return trace_check(in);
}

/* Two million events need more than the buffers and the pipe have. */
HEAP_TEST(a_reader_that_stalls_makes_events_be_dropped_whole_slices_and_counted) {
    enum { BLOCKS = 1000000 };
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_trace trace;
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION};
    int ends[2];
    pthread_t reader;
    void *result;
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], &head, sizeof head) == (ssize_t)sizeof head);
    CHECK(goheap_trace_start(m, ends[1]));
    for (int i = 0; i < 3; i++)
        blocks_make(m, BLOCKS);
    FILE *in = fdopen(ends[0], "rb");
    CHECK(in != NULL && pthread_create(&reader, NULL, stalled_main, in) == 0);
    for (int i = 0; i < 20; i++) { /* room comes back meanwhile */
        usleep(1000);
        blocks_make(m, 100);
    }
    goheap_trace_stop(m, &trace);
    close(ends[1]);
    pthread_join(reader, &result);
    const struct trace_totals *check = result;
    CHECK_EQUAL(trace.write_error, 0);
    CHECK_EQUAL(trace.events, check->events);
    CHECK(trace.dropped > 0 && check->dropped > 0 && check->dropped <= trace.dropped);
    CHECK_EQUAL(check->counts[EVENT_BLOCK_BEGIN], check->counts[EVENT_BLOCK_END]);
    CHECK(trace.events + trace.dropped >= 6 * (uint64_t)BLOCKS);
    CHECK(check->events < 6 * (uint64_t)BLOCKS);
}

HEAP_TEST(a_reader_that_is_gone_is_told_and_the_heap_goes_on) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_trace trace;
    int ends[2];
    CHECK(pipe(ends) == 0);
    close(ends[0]);
    CHECK(goheap_trace_start(m, ends[1]));
    blocks_make(m, 1000);
    goheap_trace_stop(m, &trace);
    CHECK_EQUAL(trace.events, 0);
    CHECK(trace.dropped >= 2000);
    CHECK_EQUAL(trace.write_error, EPIPE);
    CHECK(list_is_whole(list_build(m, 1000), 1000));
}

HEAP_TEST(a_stream_that_is_cut_can_be_read_up_to_its_last_whole_chunk) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_trace trace;
    struct event_stream stream;
    struct event_chunk chunk;
    struct error err;
    uint64_t events = 0;
    int fd = stream_new();
    CHECK(goheap_trace_start(m, fd));
    blocks_make(m, 10000);
    goheap_trace_stop(m, &trace);
    off_t bytes = lseek(fd, 0, SEEK_END);
    CHECK(ftruncate(fd, bytes - 1) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    FILE *in = fdopen(fd, "rb");
    CHECK(in != NULL && event_stream_open(&stream, in, "trace", &err));
    while (event_stream_next(&stream, &chunk, &err) == EVENT_STREAM_CHUNK)
        events += chunk.head.count;
    CHECK(events > 0 && events < trace.events);
    CHECK(!stream.has_ended);
}

HEAP_TEST(a_thread_that_comes_and_goes_is_told) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_trace trace;
    pthread_t threads[THREADS];
    int fd = stream_new();
    CHECK(goheap_trace_start(m, fd));
    threads_start(threads);
    threads_join(m, threads);
    goheap_trace_stop(m, &trace);
    struct trace_totals *check = trace_check_fd(fd);
    CHECK(check->counts[EVENT_THREAD_END] >= THREADS);
    CHECK_EQUAL(check->counts[EVENT_THREAD_START], check->counts[EVENT_THREAD_END] + 1);
}

HEAP_TEST(without_memory_for_its_buffers_a_trace_does_not_start) {
    struct goheap_options options = goheap_options_default();
    options.memory_limit = 6 << 20;
    struct goheap_mutator *m = heap_start(&options);
    CHECK(!goheap_trace_start(m, 1));
    CHECK(list_is_whole(list_build(m, 1000), 1000));
}

static void trace_stop_alone(void *unused) {
    struct goheap_trace trace;
    (void)unused;
    goheap_trace_stop(heap_start(NULL), &trace);
}

static void to_end_a_trace_that_has_not_begun_is_told(void **state) {
    (void)state;
    child_must_abort(trace_stop_alone, "there is no trace");
}

const struct CMUnitTest trace_tests[] = {
    cmocka_unit_test(slices_nest_and_are_paired_with_four_threads),
    cmocka_unit_test(slices_nest_and_are_paired_under_stress_and_delays),
    cmocka_unit_test(sums_of_slices_are_the_totals_of_the_statistics),
    cmocka_unit_test(a_reader_that_stalls_makes_events_be_dropped_whole_slices_and_counted),
    cmocka_unit_test(a_reader_that_is_gone_is_told_and_the_heap_goes_on),
    cmocka_unit_test(a_stream_that_is_cut_can_be_read_up_to_its_last_whole_chunk),
    cmocka_unit_test(a_thread_that_comes_and_goes_is_told),
    cmocka_unit_test(without_memory_for_its_buffers_a_trace_does_not_start),
    cmocka_unit_test(to_end_a_trace_that_has_not_begun_is_told),
    {NULL, NULL, NULL, NULL, NULL},
};
