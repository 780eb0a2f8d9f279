/*
 * goheap's roots: one pointer, in one place, and is the object found?
 */
#include "goheap_test.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

enum { VICTIM_BYTES = 6528 };

static NOINLINE uintptr_t hidden_victim(struct goheap_mutator *m) {
    return ~(uintptr_t)goheap_new(m, VICTIM_BYTES, 0);
}

/* The addresses stay inverted: -offset of the inverted one is +offset of the real one. */
static void victim_must_survive(struct goheap_mutator *m, size_t r, intptr_t offset,
                                held_call *function) {
    uintptr_t hidden = hidden_victim(m);
    stack_scrub();
    held_registers[r].hold(m, hidden - (uintptr_t)offset, function);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
    collect_all(m); /* and it was nothing else that kept it */
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
}

HEAP_TEST(a_pointer_in_any_callee_saved_register_is_found) {
    struct goheap_mutator *m = heap_start(NULL);
    for (size_t r = 0; r < held_register_count; r++)
        victim_must_survive(m, r, 0, goheap_collect);
}

HEAP_TEST(a_pointer_into_the_middle_is_found) {
    struct goheap_mutator *m = heap_start(NULL);
    for (intptr_t offset = 1; offset < VICTIM_BYTES; offset += 1 + offset / 2)
        victim_must_survive(m, 0, offset, goheap_collect);
    victim_must_survive(m, 0, VICTIM_BYTES - 1, goheap_collect);
}

HEAP_TEST(a_pointer_one_past_the_end_is_found) {
    struct goheap_mutator *m = heap_start(NULL);
    victim_must_survive(m, 0, VICTIM_BYTES, goheap_collect);
}

HEAP_TEST(a_pointer_before_the_start_keeps_nothing) {
    struct goheap_mutator *m = heap_start(NULL);
    uintptr_t hidden = hidden_victim(m);
    stack_scrub();
    held_registers[0].hold(m, hidden + 8, goheap_collect);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
}

/* A class that fills its span to the last byte: one past the last slot is another page, which may
   hold another object. */
enum { WHOLE_SPAN_BYTES = 16384 };

static NOINLINE uintptr_t hidden_whole_span(struct goheap_mutator *m) {
    return ~(uintptr_t)goheap_new(m, WHOLE_SPAN_BYTES, 0);
}

static NOINLINE void whole_span_must_survive(struct goheap_mutator *m, int followers) {
    uintptr_t hidden = hidden_whole_span(m);
    for (int i = 0; i < followers; i++)
        hidden_whole_span(m);
    stack_scrub();
    held_registers[0].hold(m, hidden - WHOLE_SPAN_BYTES, goheap_collect);
}

HEAP_TEST(a_pointer_one_past_the_last_slot_of_a_span_is_found) {
    struct goheap_mutator *m = heap_start(NULL);
    for (int followers = 0; followers < 3; followers++) {
        whole_span_must_survive(m, followers);
        /* The word is also the address of the object behind. */
        CHECK_EQUAL(objects_alive(m, WHOLE_SPAN_BYTES), followers == 0 ? 1 : 2);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, WHOLE_SPAN_BYTES), 0);
    }
}

static uint64_t objects_in_heap(struct goheap_mutator *m) {
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    return stats.heap_objects;
}

static NOINLINE void large_must_survive(struct goheap_mutator *m, uintptr_t offset) {
    uintptr_t hidden = ~(uintptr_t)goheap_new(m, 70000, 1);
    stack_scrub();
    held_registers[0].hold(m, hidden - offset, goheap_collect);
}

HEAP_TEST(a_pointer_to_or_into_or_past_a_large_object_is_found) {
    struct goheap_mutator *m = heap_start(NULL);
    static const uintptr_t offsets[] = {0, 1, 8191, 8192, 50000, 73727, 73728};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        uint64_t before = objects_in_heap(m);
        large_must_survive(m, offsets[i]);
        CHECK_EQUAL(objects_in_heap(m), before + 1);
        collect_all(m);
        CHECK_EQUAL(objects_in_heap(m), before);
    }
}

static NOINLINE void victim_store(struct goheap_mutator *m, uintptr_t *word) {
    *word = (uintptr_t)goheap_new(m, VICTIM_BYTES, 0);
}

/* The word lies in a registered range, one end of it, the other, and outside. */
HEAP_TEST(every_word_of_a_registered_range_is_a_root_until_it_is_unregistered) {
    struct goheap_mutator *m = heap_start(NULL);
    static uintptr_t words[100];
    CHECK(goheap_root(&words[10], 80 * sizeof words[0]));
    static const struct {
        size_t word;
        bool found;
    } cases[] = {{9, false}, {10, true}, {50, true}, {89, true}, {90, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        victim_store(m, &words[cases[i].word]);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), cases[i].found);
        words[cases[i].word] = 0;
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    }
    victim_store(m, &words[50]);
    goheap_unroot(&words[10], 80 * sizeof words[0]);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
}

/* Another thread that holds the victim, in a register, while the main thread collects. */
static struct {
    int step; /* atomic: 0 to 1 by the holder: it holds; 1 to 2 by main: let go */
} other;

static void other_wait(int step) {
    while (__atomic_load_n(&other.step, __ATOMIC_ACQUIRE) != step)
        sched_yield();
}

static void other_step(int step) {
    __atomic_store_n(&other.step, step, __ATOMIC_RELEASE);
}

static NOINLINE void other_polls(struct goheap_mutator *m) {
    other_step(1);
    while (__atomic_load_n(&other.step, __ATOMIC_ACQUIRE) != 2) {
        goheap_poll(m);
        sched_yield();
    }
}

static NOINLINE void other_blocks(struct goheap_mutator *m) {
    goheap_block(m);
    other_step(1);
    other_wait(2);
    goheap_unblock(m);
}

struct other_call {
    size_t r;
    held_call *function;
};

static void *other_thread(void *argument) {
    const struct other_call *call = argument;
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    held_registers[call->r].hold(m, hidden_victim(m), call->function);
    goheap_detach(m);
    return NULL;
}

static void other_must_keep(struct goheap_mutator *m, held_call *function) {
    for (size_t r = 0; r < held_register_count; r++) {
        struct other_call call = {r, function};
        pthread_t thread;
        other_step(0);
        CHECK(pthread_create(&thread, NULL, other_thread, &call) == 0);
        other_wait(1);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
        other_step(2);
        goheap_block(m);
        pthread_join(thread, NULL);
        goheap_unblock(m);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    }
}

HEAP_TEST(a_pointer_held_by_another_running_thread_is_found) {
    other_must_keep(heap_start(NULL), other_polls);
}

HEAP_TEST(a_pointer_held_by_a_thread_in_a_safe_region_is_found) {
    other_must_keep(heap_start(NULL), other_blocks);
}

/* goheap_block directly under the frame that holds the register: nothing has saved it for us. */
static NOINLINE void block_is_called_directly(struct goheap_mutator *m) {
    for (size_t r = 0; r < held_register_count; r++) {
        uintptr_t hidden = hidden_victim(m);
        stack_scrub();
        held_registers[r].hold(m, hidden, goheap_block);
        goheap_collect(NULL); /* the roots are those of the moment of goheap_block */
        goheap_unblock(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    }
}

HEAP_TEST(registers_are_published_as_they_were_at_goheap_block) {
    block_is_called_directly(heap_start(NULL));
}

/* A storm of threads that come, allocate, collect and go. */
enum { STORM_THREADS = 8, STORM_ROUNDS = 40 };

static void *storm_thread(void *argument) {
    size_t index = (size_t)(uintptr_t)argument;
    for (size_t i = 0; i < STORM_ROUNDS; i++) {
        struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
        CHECK(m != NULL);
        struct node *volatile list = list_build(m, 100 + index * 50);
        if (i % 8 == index)
            goheap_collect(m);
        for (size_t j = 0; j < 300; j++)
            CHECK(goheap_new(m, j * 8 + 8, 1) != NULL);
        CHECK(list_is_whole(list, 100 + index * 50));
        goheap_detach(m);
    }
    return NULL;
}

HEAP_TEST(mutators_may_come_and_go_while_others_collect) {
    struct goheap_mutator *m = heap_start(NULL);
    pthread_t threads[STORM_THREADS];
    for (size_t i = 0; i < STORM_THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, storm_thread, (void *)(uintptr_t)i) == 0);
    for (int i = 0; i < 20; i++) {
        goheap_collect(m);
        goheap_verify(m);
    }
    goheap_block(m);
    for (size_t i = 0; i < STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    goheap_unblock(m);
    collect_all(m);
    goheap_verify(m);
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    CHECK_EQUAL(stats.heap_objects, stats.mallocs - stats.frees);
    CHECK(stats.heap_objects < 100);
}

enum { FOREIGN_RANGES = 2000, FOREIGN_WORDS = 64, FOREIGN_KEPT = 64, FOREIGN_ROUNDS = 200 };

static uintptr_t foreign_words[FOREIGN_RANGES][FOREIGN_WORDS];
static int foreign_step; /* of a round: 0 they register, 1 the mutator moves its own, 2 both go */

static void foreign_wait(int step) {
    while (__atomic_load_n(&foreign_step, __ATOMIC_ACQUIRE) != step)
        sched_yield();
}

static void foreign_next(void) {
    __atomic_fetch_add(&foreign_step, 1, __ATOMIC_RELEASE);
}

/* A thread that is no mutator, and so never stops. Each of its ranges that goes makes room for the
   last one of the list, which is one of the mutator's. */
static void *foreign_thread(void *context) {
    (void)context;
    for (int round = 0; round < FOREIGN_ROUNDS; round++) {
        foreign_wait(3 * round);
        for (size_t i = 0; i < FOREIGN_RANGES; i++)
            CHECK(goheap_root(foreign_words[i], sizeof foreign_words[i]));
        foreign_next();
        foreign_wait(3 * round + 2);
        for (volatile int delay = 0; delay < round * 200; delay++)
            ;
        for (size_t i = 0; i < FOREIGN_RANGES; i++)
            goheap_unroot(foreign_words[i], sizeof foreign_words[i]);
        foreign_next();
    }
    return NULL;
}

HEAP_TEST(a_rooted_object_lives_while_a_thread_that_is_no_mutator_moves_the_list_of_ranges) {
    static uintptr_t *kept[FOREIGN_KEPT];
    struct goheap_mutator *m = heap_start(NULL);
    pthread_t thread;
    for (size_t i = 0; i < FOREIGN_KEPT; i++) {
        CHECK(goheap_root(&kept[i], sizeof kept[i]));
        kept[i] = goheap_new(m, 64, 0);
        *kept[i] = i;
    }
    CHECK(pthread_create(&thread, NULL, foreign_thread, NULL) == 0);
    for (int step = 1; step < 3 * FOREIGN_ROUNDS; step += 3) {
        foreign_wait(step);
        for (size_t i = 0; i < FOREIGN_KEPT; i++) { /* to the end of the list */
            goheap_unroot(&kept[i], sizeof kept[i]);
            CHECK(goheap_root(&kept[i], sizeof kept[i]));
        }
        foreign_next();
        goheap_collect(m);
        for (size_t i = 0; i < 2 * FOREIGN_KEPT; i++) /* takes what was freed by mistake */
            memset(goheap_new_raw(m, 64), 0xff, 64);
        for (size_t i = 0; i < FOREIGN_KEPT; i++)
            CHECK_EQUAL(*kept[i], i);
    }
    goheap_block(m);
    pthread_join(thread, NULL);
    goheap_unblock(m);
}

const struct CMUnitTest root_tests[] = {
    cmocka_unit_test(a_pointer_in_any_callee_saved_register_is_found),
    cmocka_unit_test(a_pointer_into_the_middle_is_found),
    cmocka_unit_test(a_pointer_one_past_the_end_is_found),
    cmocka_unit_test(a_pointer_before_the_start_keeps_nothing),
    cmocka_unit_test(a_pointer_one_past_the_last_slot_of_a_span_is_found),
    cmocka_unit_test(a_pointer_to_or_into_or_past_a_large_object_is_found),
    cmocka_unit_test(every_word_of_a_registered_range_is_a_root_until_it_is_unregistered),
    cmocka_unit_test(a_pointer_held_by_another_running_thread_is_found),
    cmocka_unit_test(a_pointer_held_by_a_thread_in_a_safe_region_is_found),
    cmocka_unit_test(registers_are_published_as_they_were_at_goheap_block),
    cmocka_unit_test(mutators_may_come_and_go_while_others_collect),
    cmocka_unit_test(
        a_rooted_object_lives_while_a_thread_that_is_no_mutator_moves_the_list_of_ranges),
    {0},
};
