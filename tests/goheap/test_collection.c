/* goheap's collector: what dies, what lives, how often. */
#include "goheap_test.h"

#include <pthread.h>
#include <string.h>

/* Sizes nothing else in the process has. */
enum { VICTIM_BYTES = 6528, HOLDER_BYTES = 320 };
#define HOLDER_WORDS ((UINT64_C(1) << HOLDER_BYTES / 8) - 1)

static NOINLINE void ring_drop(struct goheap_mutator *m) {
    void **first = goheap_new(m, VICTIM_BYTES, 3);
    void **last = first;
    for (int i = 0; i < 1000; i++) {
        void **next = goheap_new(m, VICTIM_BYTES, 3);
        goheap_store_first(&last[0], next);
        goheap_store_first(&next[1], last);
        last = next;
    }
    goheap_store_first(&last[0], first);
}

HEAP_TEST(unreachable_objects_are_collected_in_cycles_too) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_OFF;
    struct goheap_mutator *m = heap_start(&options);
    ring_drop(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1001);
    collect_all(m);
    CHECK(objects_alive(m, VICTIM_BYTES) == 0);
    goheap_verify(m);
}

/* Functions of their own leave no copy of the victim's address in the frame of the test. */
static NOINLINE void victim_store(struct goheap_mutator *m, void **slot) {
    goheap_store(m, slot, goheap_new(m, VICTIM_BYTES, 0));
}

static NOINLINE void slots_clear(struct goheap_mutator *m, void **slots, size_t count) {
    for (size_t i = 0; i < count; i++)
        goheap_store(m, &slots[i], NULL);
}

/* A holder with this mask, and the victim's address in its word `word`, is all there is during the
   collection. */
static NOINLINE void collect_with_holder(struct goheap_mutator *m, size_t word, uint64_t pointers) {
    void **volatile holder = goheap_new(m, HOLDER_BYTES, pointers);
    victim_store(m, &holder[word]);
    collect_all(m);
    CHECK(holder[word] != NULL);
}

HEAP_TEST(a_word_that_is_no_pointer_by_its_shape_keeps_nothing) {
    struct goheap_mutator *m = heap_start(NULL);
    for (size_t word = 0; word < HOLDER_BYTES / 8; word++) {
        collect_with_holder(m, word, HOLDER_WORDS & ~(UINT64_C(1) << word));
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
        collect_with_holder(m, word, 0);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    }
}

HEAP_TEST(a_word_that_is_a_pointer_by_its_shape_keeps_its_object) {
    struct goheap_mutator *m = heap_start(NULL);
    for (size_t word = 0; word < HOLDER_BYTES / 8; word++) {
        collect_with_holder(m, word, UINT64_C(1) << word);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    }
}

enum { ELEMENT_WORDS = 3, ELEMENTS = 2000 }; /* the pointer is each element's middle word */

static NOINLINE void **array_make(struct goheap_mutator *m, size_t n, size_t word) {
    void **array = goheap_new_array(m, n, (size_t)ELEMENT_WORDS * 8, 2);
    victim_store(m, &array[word]);
    return array;
}

HEAP_TEST(each_element_of_an_array_is_scanned_by_the_mask) {
    struct goheap_mutator *m = heap_start(NULL);
    static const size_t lengths[] = {1, 2, 20, 21, 22, 30, 100, ELEMENTS};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t words = lengths[i] * ELEMENT_WORDS;
        for (size_t word = 0; word < words; word += word < 70 ? 1 : words / 7) {
            void **volatile array = array_make(m, lengths[i], word);
            collect_all(m);
            CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), word % ELEMENT_WORDS == 1);
            slots_clear(m, array, words);
            collect_all(m);
            CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
        }
    }
}

/* Words from 64 up of a single object hold no pointers. */
HEAP_TEST(words_from_64_up_of_one_object_keep_nothing) {
    struct goheap_mutator *m = heap_start(NULL);
    void **volatile holder = goheap_new(m, 9472, UINT64_MAX);
    victim_store(m, &holder[64]);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    victim_store(m, &holder[63]);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
    CHECK(holder[63] != NULL);
}

static NOINLINE void interior_store(struct goheap_mutator *m, char **holder, size_t offset) {
    goheap_store(m, holder, (char *)goheap_new(m, VICTIM_BYTES, 0) + offset);
}

HEAP_TEST(an_interior_pointer_in_an_object_keeps_its_object) {
    struct goheap_mutator *m = heap_start(NULL);
    char **volatile holder = goheap_new(m, HOLDER_BYTES, 1);
    for (size_t offset = 0; offset < VICTIM_BYTES; offset += 1 + offset / 3) {
        interior_store(m, holder, offset);
        collect_all(m);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1);
    }
    goheap_store(m, holder, NULL);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
}

/* On a small stack, so that recursion would end the process. */
enum { LONG_LIST = 10000000 };

static void *long_list_thread(void *unused) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    struct node *volatile list = list_build(m, LONG_LIST);
    goheap_collect(m);
    bool whole = list_is_whole(list, LONG_LIST);
    goheap_detach(m);
    return whole ? m : unused;
}

HEAP_TEST(a_list_of_ten_million_nodes_is_marked_without_recursion) {
    struct goheap_mutator *m = heap_start(NULL);
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    goheap_block(m);
    CHECK(pthread_create(&thread, &attributes, long_list_thread, NULL) == 0);
    pthread_join(thread, &result);
    goheap_unblock(m);
    CHECK(result != NULL);
}

/* The first article's churn: Go collects about 380 times at GOGC=100 with its heap of 4 MB. */
HEAP_TEST(a_churn_of_20_million_objects_of_80_bytes_collects_about_380_times) {
    struct goheap_mutator *m = heap_start(NULL);
    for (int i = 0; i < 20000000; i++)
        CHECK(goheap_new(m, 80, 0x54) != NULL);
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    CHECK_EQUAL(stats.mallocs, 20000000);
    CHECK(stats.num_gc >= 340 && stats.num_gc <= 420);
    CHECK(stats.heap_sys_peak < 16 << 20);
    const struct goheap_cycle *cycles;
    const struct goheap_pause *pauses;
    uint64_t lost = 1, pause_total_ns = 0;
    CHECK_EQUAL(goheap_cycles(&cycles, &lost), stats.num_gc);
    CHECK_EQUAL(lost, 0);
    size_t stops = goheap_pauses(&pauses, &lost);
    for (size_t i = 0; i < stops; i++)
        pause_total_ns += pauses[i].pause_ns;
    CHECK_EQUAL(pause_total_ns, stats.pause_total_ns);
}

/* gc=off and gogc<0 collect only when forced. */
static NOINLINE void churn(struct goheap_mutator *m, size_t bytes) {
    for (size_t i = 0; i < bytes / 96; i++)
        CHECK(goheap_new(m, 96, 0) != NULL);
}

static void no_collection_unless_forced(struct goheap_options options) {
    struct goheap_mutator *m = heap_start(&options);
    struct goheap_memstats stats;
    churn(m, 64 << 20);
    goheap_read_memstats(m, &stats);
    CHECK_EQUAL(stats.num_gc, 0);
    collect_all(m);
    goheap_read_memstats(m, &stats);
    CHECK_EQUAL(stats.num_gc, 1);
    CHECK_EQUAL(stats.num_forced_gc, 1);
    CHECK(stats.heap_alloc < 1 << 20);
}

HEAP_TEST(with_gc_off_only_a_forced_collection_runs) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_OFF;
    no_collection_unless_forced(options);
}

HEAP_TEST(with_gogc_off_only_a_forced_collection_runs) {
    struct goheap_options options = goheap_options_default();
    options.gogc = -1;
    no_collection_unless_forced(options);
}

static NOINLINE uintptr_t victim_write(struct goheap_mutator *m) {
    uint64_t *victim = goheap_new(m, VICTIM_BYTES, 0);
    for (size_t i = 0; i < VICTIM_BYTES / 8; i++)
        victim[i] = 7;
    return ~(uintptr_t)victim;
}

/* Not inlined: the caller's frame must never hold the address right way round. */
static NOINLINE uint64_t victim_peek(uintptr_t hidden) {
    return *(const volatile uint64_t *)~hidden;
}

HEAP_TEST(stress_mode_poisons_freed_slots_and_spoils_nothing_else) {
    struct goheap_options options = goheap_options_default();
    options.stress = 1;
    struct goheap_mutator *m = heap_start(&options);
    struct node *volatile list = list_build(m, 3000);
    /* A neighbour keeps the victim's span, so that its page is not given away. */
    void *volatile neighbour = goheap_new(m, VICTIM_BYTES, 0);
    uintptr_t hidden = victim_write(m);
    CHECK_EQUAL(victim_peek(hidden), 7);
    collect_all(m);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 1); /* the neighbour */
    CHECK(victim_peek(hidden) != 7);
    CHECK(*(uint64_t *)neighbour == 0);
    for (size_t bytes = 8; bytes < 3000; bytes += 56) {
        uint64_t *p = goheap_new(m, bytes, 1);
        for (size_t i = 0; i < bytes / 8; i++)
            CHECK(p[i] == 0);
    }
    CHECK(list_is_whole(list, 3000));
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    CHECK(stats.num_gc > 30);
    goheap_verify(m);
}

const struct CMUnitTest collection_tests[] = {
    cmocka_unit_test(unreachable_objects_are_collected_in_cycles_too),
    cmocka_unit_test(a_word_that_is_no_pointer_by_its_shape_keeps_nothing),
    cmocka_unit_test(a_word_that_is_a_pointer_by_its_shape_keeps_its_object),
    cmocka_unit_test(each_element_of_an_array_is_scanned_by_the_mask),
    cmocka_unit_test(words_from_64_up_of_one_object_keep_nothing),
    cmocka_unit_test(an_interior_pointer_in_an_object_keeps_its_object),
    cmocka_unit_test(a_list_of_ten_million_nodes_is_marked_without_recursion),
    cmocka_unit_test(a_churn_of_20_million_objects_of_80_bytes_collects_about_380_times),
    cmocka_unit_test(with_gc_off_only_a_forced_collection_runs),
    cmocka_unit_test(with_gogc_off_only_a_forced_collection_runs),
    cmocka_unit_test(stress_mode_poisons_freed_slots_and_spoils_nothing_else),
    {0},
};
