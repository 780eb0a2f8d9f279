/*
 * goheap's collector beside mutators: what they hold, make, drop and do while it marks and sweeps.
 *
 * A test knows that a collection is marking by the mutator's own flag (`marking`, which inline code
 * reads). Meeting at random times (handshake_delays) makes marking last. Poison in freed slots
 * tells an object that was lost; checkmark compares each marking with a snapshot.
 */
#include "goheap_test.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { VICTIM_BYTES = 6528, PATTERN = 7, LIVE_NODES = 20000, CYCLES = 2 };

static struct goheap_options checked_options(void) {
    struct goheap_options options = goheap_options_default();
    options.gogc = 10; /* a goal of 400 KB: many cycles for little garbage */
    options.checkmark = true;
    options.handshake_delays = true;
    options.stress = UINT64_C(1) << 40; /* poison only */
    return options;
}

static NOINLINE void garbage_make(struct goheap_mutator *m) {
    CHECK(goheap_new(m, 1024, 1) != NULL);
    goheap_poll(m);
}

/* Runs until collections have begun and ended, beside this mutator. The next one's beginning sweeps
   what the last one has left. */
static NOINLINE void cycles_pass(struct goheap_mutator *m) {
    for (int i = 0; i < CYCLES; i++) {
        while (m->marking == 0)
            garbage_make(m);
        while (m->marking != 0)
            garbage_make(m);
    }
}

static NOINLINE uintptr_t hidden_victim(struct goheap_mutator *m) {
    char *victim = goheap_new(m, VICTIM_BYTES, 0);
    memset(victim, PATTERN, VICTIM_BYTES);
    return ~(uintptr_t)victim;
}

static NOINLINE bool victim_is_whole(uintptr_t hidden) {
    const volatile char *victim = (const char *)~hidden;
    return victim[0] == PATTERN && victim[VICTIM_BYTES - 1] == PATTERN;
}

static void victim_must_survive(struct goheap_mutator *m, size_t r, uintptr_t offset,
                                held_call *function) {
    uintptr_t hidden = hidden_victim(m);
    stack_scrub();
    held_registers[r].hold(m, hidden - offset, function);
    CHECK(victim_is_whole(hidden));
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
}

/* A live list, so that there is something to mark. */
static struct goheap_mutator *start_with_list(struct node **list) {
    struct goheap_options options = checked_options();
    struct goheap_mutator *m = heap_start(&options);
    CHECK(goheap_root(list, sizeof *list));
    *list = list_build(m, LIVE_NODES);
    return m;
}

HEAP_TEST(a_pointer_in_a_register_is_found_by_a_collection_beside_its_holder) {
    static struct node *list;
    struct goheap_mutator *m = start_with_list(&list);
    for (size_t r = 0; r < held_register_count; r++)
        victim_must_survive(m, r, 0, cycles_pass);
    CHECK(list_is_whole(list, LIVE_NODES));
}

HEAP_TEST(an_interior_pointer_and_one_past_the_end_are_found_by_a_collection_beside_their_holder) {
    static struct node *list;
    struct goheap_mutator *m = start_with_list(&list);
    victim_must_survive(m, 0, VICTIM_BYTES / 2 + 1, cycles_pass);
    victim_must_survive(m, 0, VICTIM_BYTES, cycles_pass);
    CHECK(list_is_whole(list, LIVE_NODES));
}

/* Another thread holds the victim; the main thread collects. */
static struct {
    int step; /* atomic: 1: the other holds it; 2: it may let go */
    uintptr_t hidden;
    held_call *function;
    size_t r;
} other;

static void step_wait(int step) {
    while (__atomic_load_n(&other.step, __ATOMIC_ACQUIRE) != step)
        sched_yield();
}

static NOINLINE void other_polls(struct goheap_mutator *m) {
    __atomic_store_n(&other.step, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&other.step, __ATOMIC_ACQUIRE) != 2) {
        goheap_poll(m);
        sched_yield();
    }
}

static NOINLINE void other_blocks(struct goheap_mutator *m) {
    goheap_block(m);
    __atomic_store_n(&other.step, 1, __ATOMIC_RELEASE);
    step_wait(2);
    goheap_unblock(m);
}

static void *other_main(void *unused) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    CHECK(m != NULL);
    other.hidden = hidden_victim(m);
    stack_scrub();
    held_registers[other.r].hold(m, other.hidden, other.function);
    goheap_detach(m);
    return unused;
}

static void join_safely(struct goheap_mutator *m, pthread_t thread) {
    goheap_block(m);
    pthread_join(thread, NULL);
    goheap_unblock(m);
}

static void other_must_keep(struct goheap_mutator *m, held_call *function) {
    for (other.r = 0; other.r < held_register_count; other.r++) {
        pthread_t thread;
        other.function = function;
        other.step = 0;
        CHECK(pthread_create(&thread, NULL, other_main, NULL) == 0);
        goheap_block(m);
        step_wait(1);
        goheap_unblock(m);
        cycles_pass(m);
        CHECK(victim_is_whole(other.hidden));
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
        __atomic_store_n(&other.step, 2, __ATOMIC_RELEASE);
        join_safely(m, thread);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    }
}

HEAP_TEST(a_pointer_held_by_another_thread_is_found_by_a_collection_beside_it) {
    static struct node *list;
    other_must_keep(start_with_list(&list), other_polls);
}

HEAP_TEST(a_pointer_held_in_a_safe_region_is_found_by_a_collection_beside_it) {
    static struct node *list;
    other_must_keep(start_with_list(&list), other_blocks);
}

/* The only pointer to the victim goes from where the marker has yet to come, the end of an array in
   parts, to where it has been, a new object; by a store, or by a bulk copy over it. */
enum { ARRAY_WORDS = 64 << 10, MOVES = 40 };

/* True: it was moved while marking. */
static NOINLINE bool victim_move(struct goheap_mutator *m, void **array, size_t word,
                                 bool in_bulk) {
    static void *const nothing[4];
    void **volatile holder = goheap_new(m, 320, 1);
    bool is_marking = m->marking != 0;
    goheap_store_first(holder, array[word]);
    if (in_bulk)
        goheap_copy(m, &array[word], nothing, 4, sizeof(void *), 1);
    else
        goheap_store(m, &array[word], NULL);
    cycles_pass(m);
    CHECK(victim_is_whole(~(uintptr_t)*holder));
    return is_marking;
}

HEAP_TEST(a_pointer_moved_while_marking_keeps_its_object) {
    static struct node *list;
    struct goheap_mutator *m = start_with_list(&list);
    void **volatile array = goheap_new_array(m, ARRAY_WORDS, sizeof *array, 1);
    size_t moved_while_marking = 0;
    for (size_t i = 0, word = ARRAY_WORDS - 8; i < MOVES; i++, word -= 1021) {
        while (m->marking != 0)
            garbage_make(m);
        goheap_store(m, &array[word], (void *)~hidden_victim(m));
        while (m->marking == 0)
            garbage_make(m);
        moved_while_marking += victim_move(m, array, word, i % 2 == 1);
    }
    CHECK(moved_while_marking > 0);
}

/* Stress mode leaves all spans unswept at every refill; a forced collection begins then. */
enum { FORCED = 10000, SPREAD_SIZES = 40 };

static NOINLINE void **spread_make(struct goheap_mutator *m) {
    void **spread = goheap_new_array(m, SPREAD_SIZES, sizeof *spread, 1);
    for (size_t i = 0; i < SPREAD_SIZES; i++)
        goheap_store(m, &spread[i], goheap_new(m, 16 + i * 48, 1));
    return spread;
}

HEAP_TEST(ten_thousand_forced_collections_each_begin_while_spans_are_unswept) {
    struct goheap_options options = goheap_options_default();
    options.stress = 1;
    struct goheap_mutator *m = heap_start(&options);
    void **volatile spread = spread_make(m);
    struct node *volatile list = list_build(m, 500);
    struct goheap_memstats stats;
    for (int i = 0; i < FORCED; i++) {
        CHECK(goheap_new(m, 9472, 1) != NULL); /* few to a span: a refill, and so a collection */
        goheap_collect(m);
    }
    goheap_read_memstats(m, &stats);
    CHECK_EQUAL(stats.num_forced_gc, FORCED);
    CHECK(stats.num_gc > FORCED + FORCED / 2);
    CHECK(list_is_whole(list, 500));
    for (size_t i = 0; i < SPREAD_SIZES; i++)
        CHECK(*(void **)spread[i] == NULL);
    goheap_verify(m);
}

/* Threads that are born, make, leave something to others and die, while collections go on. */
enum { STORM_THREADS = 6, STORM_ROUNDS = 60, STORM_NODES = 300, STORM_SLOTS = 64 };

static struct node *storm_slots[STORM_SLOTS];                  /* a registered range */
static pthread_mutex_t storm_lock = PTHREAD_MUTEX_INITIALIZER; /* held without a safepoint */

static NOINLINE void storm_life(struct goheap_mutator *m, size_t slot) {
    struct node *volatile mine = list_build(m, STORM_NODES);
    pthread_mutex_lock(&storm_lock);
    struct node *volatile theirs = storm_slots[slot];
    goheap_store(m, &storm_slots[slot], mine);
    pthread_mutex_unlock(&storm_lock);
    CHECK(list_build(m, STORM_NODES) != NULL);
    CHECK(theirs == NULL || list_is_whole(theirs, STORM_NODES));
}

static void *storm_one(void *slot) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    CHECK(m != NULL);
    storm_life(m, (size_t)(uintptr_t)slot);
    goheap_detach(m);
    return NULL;
}

static void *storm_line(void *argument) {
    uint64_t random = (uint64_t)(uintptr_t)argument << 32;
    for (int i = 0; i < STORM_ROUNDS; i++) {
        pthread_t thread;
        void *slot = (void *)(uintptr_t)(random_next(&random) % STORM_SLOTS);
        CHECK(pthread_create(&thread, NULL, storm_one, slot) == 0);
        pthread_join(thread, NULL);
    }
    return NULL;
}

HEAP_TEST(threads_may_be_born_and_die_while_a_collection_marks) {
    static struct node *list;
    struct goheap_mutator *m = start_with_list(&list);
    pthread_t lines[STORM_THREADS];
    CHECK(goheap_root(storm_slots, sizeof storm_slots));
    for (size_t i = 0; i < STORM_THREADS; i++)
        CHECK(pthread_create(&lines[i], NULL, storm_line, (void *)(uintptr_t)i) == 0);
    for (int i = 0; i < 10; i++)
        cycles_pass(m);
    for (size_t i = 0; i < STORM_THREADS; i++)
        join_safely(m, lines[i]);
    for (size_t i = 0; i < STORM_SLOTS; i++)
        CHECK(storm_slots[i] == NULL || list_is_whole(storm_slots[i], STORM_NODES));
    goheap_verify(m);
}

/* A thread that is no mutator collects while others allocate. */
enum { OUTSIDE_COLLECTIONS = 100, OUTSIDE_THREADS = 3 };
static bool outside_is_over; /* atomic */

static NOINLINE void outside_lists(struct goheap_mutator *m) {
    while (!__atomic_load_n(&outside_is_over, __ATOMIC_ACQUIRE)) {
        struct node *volatile list = list_build(m, 2000);
        CHECK(list_is_whole(list, 2000));
    }
}

static void *outside_mutator(void *unused) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    CHECK(m != NULL);
    outside_lists(m);
    goheap_detach(m);
    return unused;
}

HEAP_TEST(a_thread_that_is_no_mutator_may_collect_while_others_allocate) {
    struct goheap_options options = checked_options();
    struct goheap_memstats stats;
    pthread_t threads[OUTSIDE_THREADS];
    CHECK(goheap_init(&options));
    for (size_t i = 0; i < OUTSIDE_THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, outside_mutator, NULL) == 0);
    for (int i = 0; i < OUTSIDE_COLLECTIONS; i++)
        goheap_collect(NULL);
    __atomic_store_n(&outside_is_over, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < OUTSIDE_THREADS; i++)
        pthread_join(threads[i], NULL);
    goheap_verify(NULL);
    goheap_collect(NULL);
    goheap_read_memstats(NULL, &stats);
    CHECK_EQUAL(stats.num_forced_gc, OUTSIDE_COLLECTIONS + 1);
    CHECK_EQUAL(stats.heap_objects, 0);
}

/* Two threads use memory up, again and again, while collections mark. */
static NOINLINE struct node *exhaust(struct goheap_mutator *m) {
    struct node *list = NULL, *node;
    while ((node = goheap_new(m, 512, NODE_POINTERS)) != NULL) {
        goheap_store_first(&node->next, list);
        list = node;
    }
    return list;
}

static void *exhausting_thread(void *unused) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    if (m == NULL)
        return unused; /* memory was used up already */
    for (int i = 0; i < 4; i++) {
        struct node *volatile list = exhaust(m);
        for (const struct node *node = list; node != NULL; node = node->next)
            CHECK_EQUAL(node->value, 0);
        list = NULL;
        stack_scrub();
        goheap_collect(m);
        (void)list;
    }
    goheap_detach(m);
    return unused;
}

static void two_exhaust(struct goheap_options options) {
    pthread_t threads[2];
    options.checkmark = false; /* it needs memory itself */
    options.gogc = 50;
    CHECK(goheap_init(&options));
    for (size_t i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, exhausting_thread, NULL) == 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    goheap_verify(NULL);
}

HEAP_TEST(memory_may_run_out_by_its_limit_while_collections_mark) {
    struct goheap_options options = checked_options();
    options.memory_limit = 24 << 20;
    two_exhaust(options);
}

HEAP_TEST(getting_memory_may_fail_while_collections_mark) {
    struct goheap_options options = checked_options();
    options.mmap_fails_at = 30;
    two_exhaust(options);
}

/* Recursion would need 10^7 frames; a sanitizer needs most of this stack for itself. */
enum { LONG_LIST = 10000000, SMALL_STACK_BYTES = 2 << 20 };

HEAP_TEST(a_list_of_ten_million_nodes_is_marked_beside_its_owner_without_recursion) {
    pthread_attr_t attributes;
    struct goheap_memstats stats;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK_BYTES);
    CHECK(pthread_setattr_default_np(&attributes) ==
          0); /* the collector's thread comes with init */
    struct goheap_mutator *m = heap_start(NULL);
    struct node *volatile list = list_build(m, LONG_LIST);
    while (m->marking == 0)
        garbage_make(m);
    while (m->marking != 0)
        garbage_make(m);
    CHECK(list_is_whole(list, LONG_LIST));
    goheap_read_memstats(m, &stats);
    CHECK(stats.num_gc > 1 && stats.num_forced_gc == 0);
}

const struct CMUnitTest concurrent_tests[] = {
    cmocka_unit_test(a_pointer_in_a_register_is_found_by_a_collection_beside_its_holder),
    cmocka_unit_test(
        an_interior_pointer_and_one_past_the_end_are_found_by_a_collection_beside_their_holder),
    cmocka_unit_test(a_pointer_held_by_another_thread_is_found_by_a_collection_beside_it),
    cmocka_unit_test(a_pointer_held_in_a_safe_region_is_found_by_a_collection_beside_it),
    cmocka_unit_test(a_pointer_moved_while_marking_keeps_its_object),
    cmocka_unit_test(ten_thousand_forced_collections_each_begin_while_spans_are_unswept),
    cmocka_unit_test(threads_may_be_born_and_die_while_a_collection_marks),
    cmocka_unit_test(a_thread_that_is_no_mutator_may_collect_while_others_allocate),
    cmocka_unit_test(memory_may_run_out_by_its_limit_while_collections_mark),
    cmocka_unit_test(getting_memory_may_fail_while_collections_mark),
    cmocka_unit_test(a_list_of_ten_million_nodes_is_marked_beside_its_owner_without_recursion),
    {0},
};
