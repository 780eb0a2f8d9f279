/* Memory goes back to the operating system, is zero when it comes again, and the soft limit holds.
 */
#include "goheap_test.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "allocators/goheap/size_classes.h"

enum { MB = 1 << 20, BUILT_BYTES = 64 * MB, POLL_NS = 5000000 };
#define TIME_OUT_NS UINT64_C(5000000000)

static struct goheap_memstats stats_read(struct goheap_mutator *m) {
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    return stats;
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void sleep_ns(struct goheap_mutator *m, uint64_t ns) {
    goheap_block(m);
    nanosleep(
        &(struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)},
        NULL);
    goheap_unblock(m);
}

static uint64_t resident_bytes(void) {
    unsigned long total = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm != NULL && fscanf(statm, "%lu %lu", &total, &resident) == 2);
    fclose(statm);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Objects of all size classes and some large ones, with and without pointers, full of ones. */
struct object {
    struct object *next;
    size_t bytes;
};

static NOINLINE struct object *object_new(struct goheap_mutator *m, struct object *next,
                                          uint64_t *random) {
    size_t bytes = sizeof(struct object) + random_next(random) % (16u << random_next(random) % 12);
    struct object *o = goheap_new(m, bytes, 1);
    CHECK(o != NULL);
    memset(o + 1, 0xff, bytes - sizeof *o);
    o->bytes = bytes;
    goheap_store_first(&o->next, next);
    return o;
}

static NOINLINE struct object *objects_build(struct goheap_mutator *m, size_t bytes) {
    struct object *volatile list = NULL;
    uint64_t random = 1;
    for (size_t built = 0; built < bytes; built += list->bytes) {
        list = object_new(m, list, &random);
        unsigned char *noscan = goheap_new(m, list->bytes / 4 + 1, 0);
        CHECK(noscan != NULL);
        memset(noscan, 0xff, list->bytes / 4 + 1);
    }
    return list;
}

/* A function of its own, so that the list is gone when it returns. */
static NOINLINE uint64_t objects_build_and_drop(struct goheap_mutator *m) {
    struct object *volatile list = objects_build(m, BUILT_BYTES);
    CHECK(list->next != NULL);
    return stats_read(m).heap_alloc;
}

static void collect_twice(struct goheap_mutator *m) {
    collect_all(m);
    collect_all(m);
}

/* Waits until the scavenger has given 90 % of the idle memory back, checking the heap meanwhile. */
static void wait_for_release(struct goheap_mutator *m) {
    for (uint64_t until_ns = now_ns() + TIME_OUT_NS;;) {
        struct goheap_memstats stats = stats_read(m);
        CHECK(stats.heap_released <= stats.heap_idle);
        if (stats.heap_released >= stats.heap_idle / 10 * 9)
            return;
        CHECK(now_ns() <= until_ns);
        goheap_verify(m);
        sleep_ns(m, POLL_NS);
    }
}

HEAP_TEST(after_all_is_dropped_no_class_keeps_more_than_a_span) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_memstats before = stats_read(m);
    CHECK(objects_build_and_drop(m) >= BUILT_BYTES);
    collect_twice(m);
    struct goheap_memstats after = stats_read(m);
    for (size_t c = 1; c < SIZE_CLASS_COUNT; c++) {
        uint64_t live = after.by_size[c].mallocs - after.by_size[c].frees;
        uint64_t was = before.by_size[c].mallocs - before.by_size[c].frees;
        /* Two span classes to a size class. */
        CHECK(live <= was + 2 * (uint64_t)size_class_slots[c]);
    }
    CHECK(after.heap_alloc < before.heap_alloc + 2 * MB);
}

/* Memory that the heap has got and not given back. */
static uint64_t memory_bytes(struct goheap_mutator *m) {
    struct goheap_memstats stats = stats_read(m);
    return stats.heap_sys - stats.heap_released;
}

/* With forced cycles only: both lists are done before the trigger is reached. The second cycle sets
   a goal nearly twice as large as the first; what the heap then lacks comes by stretches of 2 MB.
 */
HEAP_TEST(what_the_goal_needs_has_memory_before_anybody_touches_it) {
    struct goheap_mutator *m = heap_start(NULL);
    struct node *volatile first = list_build(m, 3 * MB / sizeof(struct node));
    collect_all(m);
    struct node *volatile second = list_build(m, 5 * MB / 2 / sizeof(struct node));
    CHECK_EQUAL(stats_read(m).num_gc, 1);
    collect_all(m);
    struct goheap_memstats stats = stats_read(m);
    CHECK(stats.next_gc > 10 * MB);
    for (uint64_t until_ns = now_ns() + TIME_OUT_NS; memory_bytes(m) < 8 * MB;) {
        CHECK(now_ns() <= until_ns);
        goheap_verify(m);
        sleep_ns(m, POLL_NS);
    }
    CHECK(stats_read(m).heap_inuse < 6 * MB);
    CHECK(first != NULL && second != NULL);
}

/* The thread sanitizer keeps four bytes for each of ours, and does not give them back. */
#if defined(__SANITIZE_THREAD__)
static uint64_t shadow_bytes(uint64_t bytes) {
    return bytes * 4;
}
#else
static uint64_t shadow_bytes(uint64_t bytes) {
    (void)bytes;
    return 0;
}
#endif

/* With forced cycles only, so that nothing else wakes the collector's thread. */
HEAP_TEST(nine_tenths_of_idle_memory_are_given_back_in_five_seconds) {
    struct goheap_options options = goheap_options_default();
    options.gogc = -1;
    struct goheap_mutator *m = heap_start(&options);
    objects_build_and_drop(m);
    uint64_t resident = resident_bytes();
    struct goheap_memstats built = stats_read(m);
    CHECK(built.heap_idle - built.heap_released + built.heap_inuse >= BUILT_BYTES);
    collect_twice(m);
    CHECK(stats_read(m).heap_idle >= BUILT_BYTES);
    wait_for_release(m);
    /* The system agrees. */
    uint64_t memory = built.heap_sys - built.heap_released;
    CHECK(resident_bytes() + memory / 10 * 9 <= resident + MB + shadow_bytes(memory));
    goheap_verify(m);
}

static NOINLINE bool is_zero(const unsigned char *p, size_t bytes) {
    return p[0] == 0 && memcmp(p, p + 1, bytes - 1) == 0;
}

/* Small and large, scan and noscan; twice what was built, so that all of it is used again. */
static NOINLINE void everything_new_is_zero(struct goheap_mutator *m) {
    static const size_t sizes[] = {24, 100, 640, 5000, 32768, 100000, 3 * MB};
    for (size_t i = 0, made = 0; made < (size_t)BUILT_BYTES * 2; i++) {
        size_t bytes = sizes[i % (sizeof sizes / sizeof sizes[0])];
        unsigned char *p = goheap_new(m, bytes, i / 2 % 2);
        CHECK(p != NULL && is_zero(p, bytes));
        memset(p + 8, 0xff, bytes - 8);
        made += bytes;
    }
}

HEAP_TEST(memory_that_was_given_back_is_zero_when_it_comes_again) {
    struct goheap_options options = goheap_options_default();
    options.gogc = 400; /* so that the pages are taken again before they are free again */
    struct goheap_mutator *m = heap_start(&options);
    objects_build_and_drop(m);
    collect_twice(m);
    wait_for_release(m);
    everything_new_is_zero(m);
    goheap_verify(m);
}

/* Every second object stays, so that pages with and without memory lie side by side. */
static NOINLINE void thin_out(struct object *list) {
    for (; list != NULL && list->next != NULL; list = list->next)
        for (int i = 0; i < 200 && list->next != NULL; i++)
            list->next = list->next->next;
}

static NOINLINE bool objects_are_whole(const struct object *o) {
    for (; o != NULL; o = o->next)
        for (size_t i = sizeof *o; i < o->bytes; i++)
            if (((const unsigned char *)o)[i] != 0xff)
                return false;
    return true;
}

HEAP_TEST(what_is_left_between_pages_that_are_given_back_stays_as_it_is) {
    struct goheap_options options = goheap_options_default();
    options.gogc = 400;
    struct goheap_mutator *m = heap_start(&options);
    struct object *volatile list = objects_build(m, BUILT_BYTES);
    thin_out(list);
    for (int i = 0; i < 3; i++) {
        collect_twice(m);
        sleep_ns(m, 300000000);
        CHECK(objects_are_whole(list));
        everything_new_is_zero(m);
        CHECK(objects_are_whole(list));
        goheap_verify(m);
    }
}

/* Makes garbage for so long, of a size that leaves free pages when it dies. Returns the most bytes
   that were without memory meanwhile. */
static NOINLINE uint64_t churn(struct goheap_mutator *m, uint64_t ns) {
    uint64_t released_most = 0;
    for (uint64_t until_ns = now_ns() + ns; now_ns() < until_ns;) {
        for (int i = 0; i < 20; i++)
            CHECK(goheap_new(m, 40000, 0) != NULL);
        uint64_t released = stats_read(m).heap_released;
        released_most = released > released_most ? released : released_most;
    }
    return released_most;
}

/* What a heap uses all the time is not given back: else each cycle would fault it in again. The
   world is stopped to mark, so that all cycles are alike, however busy the machine is. */
HEAP_TEST(a_heap_in_a_steady_state_gives_nothing_back) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_STW;
    struct goheap_mutator *m = heap_start(&options);
    struct node *volatile list = list_build(m, 8 * MB / sizeof(struct node));
    churn(m, 500000000);
    uint64_t released = stats_read(m).heap_released;
    CHECK(churn(m, 1500000000) <= released);
    CHECK(list->next != NULL);
}

static size_t threads_count(void) {
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

HEAP_TEST(with_gc_off_nothing_is_given_back_and_no_thread_runs) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_OFF;
    options.memlimit = 16 * MB; /* ignored */
    size_t threads = threads_count();
    struct goheap_mutator *m = heap_start(&options);
    CHECK_EQUAL(threads_count(), threads);
    objects_build_and_drop(m);
    collect_twice(m);
    uint64_t released = stats_read(m).heap_released;
    sleep_ns(m, 100000000);
    CHECK_EQUAL(stats_read(m).heap_released, released);
    CHECK(stats_read(m).heap_idle - released >= BUILT_BYTES);
}

/* The thread sanitizer has a thread of its own that wakes up. */
#if !defined(__SANITIZE_THREAD__)

/* How often the threads of this process have gone to sleep; the caller's not counted. */
static uint64_t sleeps_of_others(void) {
    uint64_t sleeps = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char path[64], line[128];
        unsigned long count = 0;
        if (entry->d_name[0] == '.' || strtol(entry->d_name, NULL, 10) == (long)getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%.16s/status", entry->d_name);
        FILE *status = fopen(path, "r");
        while (status != NULL && fgets(line, sizeof line, status) != NULL)
            if (sscanf(line, "voluntary_ctxt_switches: %lu", &count) == 1)
                sleeps += count;
        if (status != NULL)
            fclose(status);
    }
    closedir(tasks);
    return sleeps;
}

HEAP_TEST(when_nothing_is_left_to_give_back_the_collectors_thread_sleeps_for_good) {
    struct goheap_mutator *m = heap_start(NULL);
    CHECK_EQUAL(threads_count(), 2);
    objects_build_and_drop(m);
    collect_twice(m);
    wait_for_release(m);
    uint64_t before, after = sleeps_of_others();
    int looks = 0;
    do {
        CHECK(looks++ < 20);
        before = after;
        sleep_ns(m, 600000000); /* longer than any of its waits */
        after = sleeps_of_others();
    } while (after != before);
    CHECK(before > 0);
}
#endif

/* The soft limit. */

static uint64_t counted_bytes(struct goheap_mutator *m) {
    struct goheap_memstats stats = stats_read(m);
    return stats.sys - stats.heap_released;
}

/* Phases of small, middle and large objects, so that pages change their use all the time. */
static NOINLINE void phases_run(struct goheap_mutator *m, uint64_t limit) {
    uint64_t random = 3;
    uint64_t most = 0;
    for (size_t phase = 0; phase < 24; phase++) {
        static const size_t sizes[] = {32, 4000, 200000};
        size_t bytes = sizes[phase % 3];
        for (size_t made = 0, i = 0; made < 32 * MB; i++) {
            size_t each = bytes + random_next(&random) % bytes;
            CHECK(goheap_new(m, each, i % 2) != NULL);
            made += each;
            if (i % (512 * 1024 / bytes) == 0) {
                uint64_t now = counted_bytes(m);
                most = now > most ? now : most;
            }
        }
    }
    CHECK(most <= limit);
    CHECK(most > limit / 2); /* GOGC alone would let it grow */
}

HEAP_TEST(a_limit_with_room_for_what_is_live_is_kept) {
    struct goheap_options options = goheap_options_default();
    options.memlimit = 80 * MB;
    options.gogc = 2000;
    struct goheap_mutator *m = heap_start(&options);
    struct object *volatile list = objects_build(m, 24 * MB);
    phases_run(m, options.memlimit);
    CHECK(objects_are_whole(list));
    goheap_verify(m);
}

HEAP_TEST(the_limit_holds_with_gogc_off_too) {
    struct goheap_options options = goheap_options_default();
    options.memlimit = 80 * MB;
    options.gogc = -1;
    struct goheap_mutator *m = heap_start(&options);
    struct object *volatile list = objects_build(m, 24 * MB);
    phases_run(m, options.memlimit);
    CHECK(objects_are_whole(list));
    goheap_verify(m);
}

/* 48 MB of spans are in use for 5 MB of objects, and the room in them is of no use to objects of
   another size. The limit counts the spans, and without them the heap would grow to 120 MB. */
HEAP_TEST(the_limit_holds_when_spans_are_nearly_empty) {
    struct goheap_options options = goheap_options_default();
    options.memlimit = 80 * MB;
    options.gogc = 2000;
    struct goheap_mutator *m = heap_start(&options);
    struct node *volatile list = list_build(m, 48 * MB / sizeof(struct node));
    for (struct node *node = list; node != NULL; node = node->next)
        for (int i = 0; i < 10 && node->next != NULL; i++)
            goheap_store(m, &node->next, node->next->next);
    collect_all(m);
    uint64_t most = 0;
    for (int i = 0; i < 100000; i++) {
        CHECK(goheap_new(m, 3000, 0) != NULL);
        uint64_t now = i % 100 == 0 ? counted_bytes(m) : 0;
        most = now > most ? now : most;
    }
    CHECK(most <= options.memlimit + options.memlimit / 20); /* it came as a surprise */
    goheap_verify(m);
}

/* It is soft: the program goes on, and gets most of what it asks for in reasonable time. */
HEAP_TEST(a_limit_too_small_for_what_is_live_does_not_hang) {
    struct goheap_options options = goheap_options_default();
    options.memlimit = 4 * MB;
    struct goheap_mutator *m = heap_start(&options);
    struct object *volatile list = objects_build(m, 24 * MB);
    uint64_t random = 4;
    for (int i = 0; i < 20000; i++)
        object_new(m, NULL, &random);
    CHECK(objects_are_whole(list));
    goheap_verify(m);
}

const struct CMUnitTest scavenge_tests[] = {
    cmocka_unit_test(after_all_is_dropped_no_class_keeps_more_than_a_span),
    cmocka_unit_test(what_the_goal_needs_has_memory_before_anybody_touches_it),
    cmocka_unit_test(nine_tenths_of_idle_memory_are_given_back_in_five_seconds),
    cmocka_unit_test(memory_that_was_given_back_is_zero_when_it_comes_again),
    cmocka_unit_test(what_is_left_between_pages_that_are_given_back_stays_as_it_is),
    cmocka_unit_test(a_heap_in_a_steady_state_gives_nothing_back),
    cmocka_unit_test(with_gc_off_nothing_is_given_back_and_no_thread_runs),
#if !defined(__SANITIZE_THREAD__)
    cmocka_unit_test(when_nothing_is_left_to_give_back_the_collectors_thread_sleeps_for_good),
#endif
    cmocka_unit_test(a_limit_with_room_for_what_is_live_is_kept),
    cmocka_unit_test(the_limit_holds_with_gogc_off_too),
    cmocka_unit_test(the_limit_holds_when_spans_are_nearly_empty),
    cmocka_unit_test(a_limit_too_small_for_what_is_live_does_not_hang),
    {0},
};
