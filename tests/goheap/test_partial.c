/* goheap's partial collections: what was stored into old objects, what is born meanwhile, when they
   are partial, and what becomes of old garbage. */
#include "partial_heap.h"

/* ---- stores ---- */

/* Objects of each kind of span, and where in them pointers may be. */
static const struct shape shapes[] = {
    {1, 16, 1},
    {1, 48, 0x21},
    {1, 320, UINT64_C(1) << 39 | 1},
    {1, 512, UINT64_C(1) << 63 | 1},
    {20, 24, 2},                       /* 480 B: one mask for all */
    {100, 24, 2},                      /* own layouts: */
    {1, 2048, UINT64_C(1) << 63 | 2},  /* one element that fills its slot */
    {9, 1000, UINT64_C(1) << 63 | 1},  /* elements longer than a card */
    {3000, 24, 4},                     /* large: */
    {8192, 8, 1},                      /* no gaps */
    {13, 5000, UINT64_C(1) << 40 | 1}, /* elements longer than an oblet */
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static size_t shape_words(const struct shape *s) {
    return s->bytes / 8;
}

/* What a store into one slot of the old holder brings survives the next collections. Returns how
   many of the next ones were partial. */
static NOINLINE int store_must_keep(struct goheap_mutator *m, size_t word) {
    victim_store(m, word);
    int partial = collect_once(m);
    CHECK(has_victim(word));
    collect_once(m);
    collect_once(m);
    CHECK(has_victim(word));
    word_clear(m, word);
    return partial;
}

HEAP_TEST(what_an_old_object_was_given_survives_wherever_in_it) {
    struct goheap_mutator *m = start_stressed();
    int rounds = 0, partial = 0;
    for (const struct shape *s = shapes; s < shapes + SHAPES; s++) {
        size_t places[] = {0, s->elements / 2, s->elements - 1};
        holder_make(m, s);
        all_become_old(m);
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            size_t element = places[i] * shape_words(s);
            size_t first = (size_t)__builtin_ctzll(s->pointers);
            size_t last = 63 - (size_t)__builtin_clzll(s->pointers);
            partial += store_must_keep(m, element + first);
            partial += store_must_keep(m, element + last);
            rounds += 2;
        }
    }
    CHECK(partial > rounds / 2);
    old.holder = NULL;
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    end_whole(m);
}

/* So often that the numbers of collections, which cards bear, come again. */
enum { MANY_STORES = 600, MANY_WORDS = 5000 };

HEAP_TEST(each_of_many_stores_into_an_old_object_keeps_what_it_brings) {
    struct goheap_mutator *m = start_stressed();
    uint64_t random = 1;
    int partial = 0;
    holder_make(m, &(struct shape){MANY_WORDS, 8, 1});
    all_become_old(m);
    for (int i = 0; i < MANY_STORES; i++) {
        size_t word = random_next(&random) % MANY_WORDS;
        victim_store(m, word);
        partial += collect_once(m);
        CHECK(has_victim(word));
    }
    CHECK(partial > MANY_STORES / 2);
    for (size_t i = 0; i < MANY_WORDS; i++)
        CHECK(old.holder[i] == NULL || has_victim(i));
    end_whole(m);
}

/* Several to a card, and some that lie on two. */
static NOINLINE void small_make(struct goheap_mutator *m, size_t bytes) {
    for (size_t i = 0; i < MANY_WORDS; i++)
        goheap_store(m, &old.holder[i], goheap_new(m, bytes, 1));
}

static NOINLINE void small_store(struct goheap_mutator *m, size_t index) {
    void *victim = victim_make(m);
    goheap_store(m, old.holder[index], victim);
}

static NOINLINE bool small_has_victim(size_t index) {
    return victim_is_whole(old.holder[index]);
}

HEAP_TEST(each_of_many_stores_into_small_old_objects_keeps_what_it_brings) {
    static const size_t sizes[] = {16, 48, 144, 512};
    struct goheap_mutator *m = start_stressed();
    uint64_t random = 1;
    int partial = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        holder_make(m, &(struct shape){MANY_WORDS, 8, 1});
        small_make(m, sizes[i]);
        all_become_old(m);
        for (int round = 0; round < MANY_STORES / 6; round++) {
            size_t index = random_next(&random) % MANY_WORDS;
            small_store(m, index);
            partial += collect_once(m);
            CHECK(small_has_victim(index));
        }
    }
    CHECK(partial > MANY_STORES / 3);
    end_whole(m);
}

/* A store made while one collection is the last counts for two. */
HEAP_TEST(what_is_stored_between_any_two_collections_survives_both) {
    struct goheap_mutator *m = start_stressed();
    int partial = 0;
    holder_make(m, &(struct shape){1, 48, 0x3f});
    all_become_old(m);
    for (int i = 0; i < 60; i++) {
        victim_store(m, (size_t)i % 6);
        partial += collect_once(m) && collect_once(m);
        for (int word = 0; word < 6 && word <= i; word++)
            CHECK(has_victim((size_t)word));
    }
    CHECK(partial > 20);
    end_whole(m);
}

/* ---- copies ---- */

enum { COPY_BYTES_MAX = 16 << 10 };

/* Copies `elements` over the old holder's from element `to` on; the victim is in word `at` of
   them. */
static NOINLINE void victim_copy(struct goheap_mutator *m, const struct shape *s, size_t to,
                                 size_t elements, size_t at) {
    void *from[COPY_BYTES_MAX / 8] = {NULL};
    CHECK(elements * s->bytes <= sizeof from);
    from[at] = victim_make(m);
    goheap_copy(m, &old.holder[to * shape_words(s)], from, elements, s->bytes, s->pointers);
}

/* Returns whether the next collection was a partial one. */
static NOINLINE bool copy_must_keep(struct goheap_mutator *m, const struct shape *s, size_t to,
                                    size_t elements, size_t at) {
    victim_copy(m, s, to, elements, at);
    bool partial = collect_once(m);
    size_t word = to * shape_words(s) + at;
    CHECK(has_victim(word));
    collect_once(m);
    CHECK(has_victim(word));
    word_clear(m, word);
    return partial;
}

/* In every element, so in the first and the last word that is copied, and on both sides of each
   border of cards. */
static void copies_must_keep(struct goheap_mutator *m, const struct shape *s, size_t to,
                             size_t elements) {
    int rounds = 0, partial = 0;
    holder_make(m, s);
    all_become_old(m);
    size_t word = (size_t)__builtin_ctzll(s->pointers);
    for (size_t e = 0; e < elements; e += e < 64 || e + 8 > elements ? 1 : 7, rounds++)
        partial += copy_must_keep(m, s, to, elements, e * shape_words(s) + word);
    CHECK(partial > rounds / 2);
}

HEAP_TEST(what_a_copy_brings_to_an_old_object_survives_across_cards) {
    struct goheap_mutator *m = start_stressed();
    copies_must_keep(m, &(struct shape){20, 24, 2}, 3, 17);
    copies_must_keep(m, &(struct shape){200, 24, 2}, 11, 80);
    copies_must_keep(m, &(struct shape){3000, 24, 4}, 2900, 100);
    copies_must_keep(m, &(struct shape){9, 1000, UINT64_C(1) << 60}, 1, 8);
    copies_must_keep(m, &(struct shape){5000, 8, 1}, 4700, 129);
    old.holder = NULL;
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    end_whole(m);
}

/* The copied word is none that holds a pointer, so the victim dies young. */
HEAP_TEST(a_copied_word_that_is_no_pointer_by_the_mask_keeps_nothing) {
    static const struct shape some[] = {{20, 24, 2}, {200, 24, 2}, {3000, 24, 2}};
    struct goheap_mutator *m = start_stressed();
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        for (size_t word = 0; word < 3; word += 2) {
            holder_make(m, &some[i]);
            all_become_old(m);
            victim_copy(m, &some[i], 3, 17, 24 + word);
            CHECK(collect_once(m));
            collect_once(m); /* sweeps all before it begins */
            CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
        }
    end_whole(m);
}

/* ---- beside the mutator ---- */

enum { MOVES = 60 };

static NOINLINE void garbage_make(struct goheap_mutator *m) {
    CHECK(goheap_new(m, 1024, 1) != NULL);
    goheap_poll(m);
}

static NOINLINE void marking_wait(struct goheap_mutator *m, bool is_wanted) {
    while ((m->marking != 0) != is_wanted)
        garbage_make(m);
}

/* Sets the heap up so that collections begin by the trigger, and mark beside the mutator. */
static struct goheap_mutator *start_concurrent(void) {
    struct goheap_options options = stressed_options();
    options.stress = UINT64_C(1) << 40; /* poison only */
    options.gogc = 10;
    options.handshake_delays = true;
    return start_old(&options);
}

static size_t cycles_told(const struct goheap_cycle **cycles) {
    uint64_t lost;
    return goheap_cycles(cycles, &lost);
}

/* Waits for the end of the collection that marks. True: it was a partial one. */
static NOINLINE bool marking_end(struct goheap_mutator *m) {
    const struct goheap_cycle *cycles;
    bool is_marking = m->marking != 0;
    size_t before = cycles_told(&cycles);
    marking_wait(m, false);
    partial_count(m); /* until the collection has been told of */
    return is_marking && cycles_told(&cycles) > before && cycles[before].partial;
}

/* Moves the only pointer to the victim from an old object, where the search for dirty cards has yet
   to come, to a new one, which no marker looks at. */
static NOINLINE bool victim_move(struct goheap_mutator *m, size_t word, bool in_bulk) {
    static void *const nothing[4];
    void **volatile holder = goheap_new(m, 320, 1);
    goheap_store_first(holder, old.holder[word]);
    if (in_bulk)
        goheap_copy(m, &old.holder[word], nothing, 4, sizeof(void *), 1);
    else
        word_clear(m, word);
    bool is_partial = marking_end(m);
    CHECK(victim_is_whole(holder));
    return is_partial;
}

HEAP_TEST(a_pointer_moved_during_a_partial_collection_keeps_its_object) {
    struct goheap_mutator *m = start_concurrent();
    int partial = 0;
    holder_make(m, &(struct shape){10000, 8, 1});
    for (size_t i = 0; i < MOVES; i++) {
        marking_wait(m, false);
        victim_store(m, i * 150);
        marking_wait(m, true);
        partial += victim_move(m, i * 150, i % 2 == 1);
    }
    CHECK(partial > 0);
    end_whole(m);
}

/* The card is written again before the search has come to it. */
HEAP_TEST(a_store_during_a_partial_collection_hides_none_from_before_on_its_card) {
    struct goheap_mutator *m = start_concurrent();
    int partial = 0;
    holder_make(m, &(struct shape){10000, 8, 1});
    for (size_t i = 0; i < MOVES; i++) {
        marking_wait(m, false);
        victim_store(m, i * 150);
        marking_wait(m, true);
        word_clear(m, i * 150 + 1);
        partial += marking_end(m);
        CHECK(has_victim(i * 150));
        marking_wait(m, true);
        marking_wait(m, false);
        CHECK(has_victim(i * 150));
    }
    CHECK(partial > 0);
    end_whole(m);
}

/* Every other slot is free when a collection marks, so that it is born among old neighbours. */
enum { BORN_NODES = 3000 };

static NOINLINE void gaps_make(struct goheap_mutator *m, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct node *kept = goheap_new(m, 48, 1);
        CHECK(kept != NULL && goheap_new(m, 48, 1) != NULL);
        goheap_store_first(&kept->next, old.holder);
        old.holder = (void **)kept;
    }
}

/* A list of nodes that are born while a collection marks. */
static NOINLINE struct node *list_born(struct goheap_mutator *m, uint64_t count) {
    struct node *list = NULL;
    for (uint64_t i = 0; i < count; i++) {
        struct node *node = goheap_new(m, 48, NODE_POINTERS);
        CHECK(node != NULL);
        node->value = i;
        goheap_store_first(&node->next, list);
        list = node;
    }
    return list;
}

HEAP_TEST(what_is_born_during_a_partial_collection_is_young_in_the_next_one) {
    struct goheap_mutator *m = start_concurrent();
    int partial = 0;
    gaps_make(m, 4 * BORN_NODES);
    for (int i = 0; i < MOVES / 2; i++) {
        marking_wait(m, true);
        struct node *volatile list = list_born(m, BORN_NODES);
        partial += marking_end(m);
        old.passing = list;
        list = NULL;
        (void)list;
        for (int pass = 0; pass < 2; pass++) {
            marking_wait(m, true);
            marking_wait(m, false);
            CHECK(list_is_whole(old.passing, BORN_NODES));
        }
    }
    CHECK(partial > 0);
    end_whole(m);
}

/* ---- which collections are partial, and what becomes of old garbage ---- */

enum { CHURN_OBJECTS = 2000000, OLD_NODES = 150000 };

static NOINLINE void churn(struct goheap_mutator *m) {
    for (int i = 0; i < CHURN_OBJECTS; i++)
        CHECK(goheap_new(m, 48, 1) != NULL);
}

static struct goheap_memstats churn_beside_a_list(const struct goheap_options *options) {
    static struct goheap_memstats stats;
    struct goheap_mutator *m = heap_start(options);
    CHECK(goheap_root(&old, sizeof old));
    old.list = list_build(m, OLD_NODES);
    churn(m);
    CHECK(list_is_whole(old.list, OLD_NODES));
    goheap_verify(m);
    goheap_read_memstats(m, &stats);
    return stats;
}

HEAP_TEST(most_collections_beside_a_long_lived_list_are_partial_and_each_says_so) {
    struct goheap_memstats stats = churn_beside_a_list(NULL);
    const struct goheap_cycle *cycles;
    uint64_t lost, partial = 0;
    size_t count = goheap_cycles(&cycles, &lost);
    for (size_t i = 0; i < count; i++)
        partial += cycles[i].partial;
    CHECK_EQUAL(lost, 0);
    CHECK_EQUAL(partial, stats.num_partial_gc);
    CHECK(stats.num_partial_gc > stats.num_gc / 2);
}

static void no_collection_is_partial(struct goheap_options options, bool some) {
    struct goheap_memstats stats = churn_beside_a_list(&options);
    CHECK_EQUAL(stats.num_partial_gc, 0);
    CHECK_EQUAL(stats.num_gc > 0, some);
}

HEAP_TEST(without_generational_no_collection_is_partial) {
    struct goheap_options options = goheap_options_default();
    options.generational = false;
    no_collection_is_partial(options, true);
}

HEAP_TEST(with_a_memlimit_no_collection_is_partial) {
    struct goheap_options options = goheap_options_default();
    options.memlimit = 64 << 20;
    no_collection_is_partial(options, true);
}

HEAP_TEST(with_gc_stw_no_collection_is_partial) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_STW;
    no_collection_is_partial(options, true);
}

HEAP_TEST(with_gogc_off_no_collection_is_partial) {
    struct goheap_options options = goheap_options_default();
    options.gogc = -1;
    no_collection_is_partial(options, false);
}

HEAP_TEST(with_gc_off_no_collection_is_partial) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_OFF;
    no_collection_is_partial(options, false);
}

HEAP_TEST(a_forced_collection_is_a_full_one_and_gives_old_garbage_back) {
    struct goheap_mutator *m = start_stressed();
    holder_make(m, &(struct shape){8, 8, 1});
    for (size_t i = 0; i < 8; i++)
        victim_store(m, i);
    for (int round = 0; round < 10; round++) {
        all_become_old(m);
        victim_store(m, (size_t)round % 8); /* its predecessor is old garbage */
        uint64_t partial = partial_count(m);
        collect_all(m);
        CHECK_EQUAL(partial_count(m), partial);
        CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 8);
    }
    all_become_old(m);
    old.holder = NULL;
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    end_whole(m);
}

/* Long-lived objects replaced at random: all that dies of them was old. */
enum {
    RING_OBJECTS = 200000,
    RING_BYTES = 96,
    REPLACEMENTS = 4000000,
    RING_LIVE_BYTES = RING_OBJECTS * (RING_BYTES + 8)
};

static struct goheap_memstats ring_replace(struct goheap_mutator *m, int garbage) {
    static struct goheap_memstats stats;
    uint64_t random = 1;
    CHECK(goheap_root(&old, sizeof old));
    holder_make(m, &(struct shape){RING_OBJECTS, 8, 1});
    for (int i = 0; i < REPLACEMENTS; i++) {
        void *object = goheap_new(m, RING_BYTES, 1);
        CHECK(object != NULL);
        goheap_store(m, &old.holder[random_next(&random) % RING_OBJECTS], object);
        for (int g = 0; g < garbage; g++)
            CHECK(goheap_new(m, 48, 1) != NULL);
    }
    goheap_verify(m);
    goheap_read_memstats(m, &stats);
    return stats;
}

/* GOGC=100 allows for twice what is live. */
static void ring_is_bounded(struct goheap_memstats stats) {
    CHECK_EQUAL(stats.num_forced_gc, 0);
    CHECK(stats.num_partial_gc > 0);
    CHECK(stats.heap_sys_peak < (uint64_t)2 * 2 * RING_LIVE_BYTES);
}

/* What dies young has the collections be partial. */
HEAP_TEST(a_program_that_makes_old_garbage_beside_young_has_a_bounded_heap) {
    ring_is_bounded(ring_replace(heap_start(NULL), 8));
}

/* In stress mode they are tried all the same. */
HEAP_TEST(a_program_that_makes_nothing_but_old_garbage_has_a_bounded_heap) {
    struct goheap_options options = goheap_options_default();
    options.stress = UINT64_C(1) << 40;
    ring_is_bounded(ring_replace(heap_start(&options), 0));
}

const struct CMUnitTest partial_tests[] = {
    cmocka_unit_test(what_an_old_object_was_given_survives_wherever_in_it),
    cmocka_unit_test(each_of_many_stores_into_an_old_object_keeps_what_it_brings),
    cmocka_unit_test(each_of_many_stores_into_small_old_objects_keeps_what_it_brings),
    cmocka_unit_test(what_is_stored_between_any_two_collections_survives_both),
    cmocka_unit_test(what_a_copy_brings_to_an_old_object_survives_across_cards),
    cmocka_unit_test(a_copied_word_that_is_no_pointer_by_the_mask_keeps_nothing),
    cmocka_unit_test(a_pointer_moved_during_a_partial_collection_keeps_its_object),
    cmocka_unit_test(a_store_during_a_partial_collection_hides_none_from_before_on_its_card),
    cmocka_unit_test(what_is_born_during_a_partial_collection_is_young_in_the_next_one),
    cmocka_unit_test(most_collections_beside_a_long_lived_list_are_partial_and_each_says_so),
    cmocka_unit_test(without_generational_no_collection_is_partial),
    cmocka_unit_test(with_a_memlimit_no_collection_is_partial),
    cmocka_unit_test(with_gc_stw_no_collection_is_partial),
    cmocka_unit_test(with_gogc_off_no_collection_is_partial),
    cmocka_unit_test(with_gc_off_no_collection_is_partial),
    cmocka_unit_test(a_forced_collection_is_a_full_one_and_gives_old_garbage_back),
    cmocka_unit_test(a_program_that_makes_old_garbage_beside_young_has_a_bounded_heap),
    cmocka_unit_test(a_program_that_makes_nothing_but_old_garbage_has_a_bounded_heap),
    {0},
};
