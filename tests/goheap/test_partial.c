/*
 * goheap's partial collections: what they must find though they leave alone what earlier ones
 * found.
 *
 * Stress mode collects at every refill, by the thread that allocates, so a test knows when: at the
 * first object of a size after goheap_read_memstats, before that object is made (collect_once). Of
 * small heaps it has partial collections too. A live list keeps the pacer from full ones most of
 * the time, and each test that needs partial ones counts them. Poison tells an object that was
 * lost; checkmark compares each marking with a snapshot.
 *
 * Objects are made, stored and looked at in functions of their own, and hidden ones are known by
 * their address inverted: what should lead to an object is all that does.
 */
#include "goheap_test.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { VICTIM_BYTES = 6528, PATTERN = 7, LIVE_NODES = 40000, AGES = 3 };

/* A registered range. */
static struct {
    struct node *list;
    void **holder; /* an old object that is given something young */
    void *passing;
} old;

static struct goheap_options stressed_options(void) {
    struct goheap_options options = goheap_options_default();
    options.stress = 1;
    options.checkmark = true;
    return options;
}

static uint64_t partial_count(struct goheap_mutator *m) {
    static struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    return stats.num_partial_gc;
}

static uint64_t collection_count(struct goheap_mutator *m) {
    static struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    return stats.num_gc;
}

/* One more collection, not a forced one. True: it was a partial one. */
static NOINLINE bool collect_now(struct goheap_mutator *m) {
    uint64_t partial = partial_count(m), collections = collection_count(m);
    for (int i = 0; collection_count(m) == collections; i++) {
        CHECK(i < 100);
        CHECK(goheap_new(m, 1024, 0) != NULL);
    }
    return partial_count(m) > partial;
}

/* With nothing stale on the stack below the caller. */
static inline __attribute__((always_inline)) bool collect_once(struct goheap_mutator *m) {
    stack_scrub();
    return collect_now(m);
}

/* All that is reachable is old now, no card of it is dirty, and only what stacks lead to is
   remembered. */
static NOINLINE void all_become_old(struct goheap_mutator *m) {
    int partial = 0;
    for (int i = 0; partial < AGES; i++) {
        CHECK(i < 100);
        partial += collect_once(m);
    }
}

static struct goheap_mutator *start_old(const struct goheap_options *options) {
    struct goheap_mutator *m = heap_start(options);
    CHECK(goheap_root(&old, sizeof old));
    old.list = list_build(m, LIVE_NODES);
    return m;
}

static struct goheap_mutator *start_stressed(void) {
    struct goheap_options options = stressed_options();
    return start_old(&options);
}

static void end_whole(struct goheap_mutator *m) {
    CHECK(list_is_whole(old.list, LIVE_NODES));
    goheap_verify(m);
}

static NOINLINE void *victim_make(struct goheap_mutator *m) {
    char *victim = goheap_new(m, VICTIM_BYTES, 0);
    CHECK(victim != NULL);
    return memset(victim, PATTERN, VICTIM_BYTES);
}

static NOINLINE void victim_store(struct goheap_mutator *m, void **slot) {
    goheap_store(m, slot, victim_make(m));
}

static NOINLINE bool victim_is_whole(void *const *slot) {
    const char *victim = *slot;
    return victim != NULL && victim[0] == PATTERN && victim[VICTIM_BYTES - 1] == PATTERN;
}

/* ---- stores ---- */

/* Objects of each kind of span, and where in them pointers may be. */
struct shape {
    size_t elements, bytes;
    uint64_t pointers;
};

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

static NOINLINE void holder_make(struct goheap_mutator *m, const struct shape *s) {
    old.holder = goheap_new_array(m, s->elements, s->bytes, s->pointers);
    CHECK(old.holder != NULL);
}

static size_t shape_words(const struct shape *s) {
    return s->bytes / 8;
}

/* What a store into one slot of the old holder brings survives the next collections. Returns how
   many of the next ones were partial. */
static NOINLINE int store_must_keep(struct goheap_mutator *m, size_t word) {
    victim_store(m, &old.holder[word]);
    int partial = collect_once(m);
    CHECK(victim_is_whole(&old.holder[word]));
    collect_once(m);
    collect_once(m);
    CHECK(victim_is_whole(&old.holder[word]));
    goheap_store(m, &old.holder[word], NULL);
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
        void **slot = &old.holder[random_next(&random) % MANY_WORDS];
        victim_store(m, slot);
        partial += collect_once(m);
        CHECK(victim_is_whole(slot));
    }
    CHECK(partial > MANY_STORES / 2);
    for (size_t i = 0; i < MANY_WORDS; i++)
        CHECK(old.holder[i] == NULL || victim_is_whole(&old.holder[i]));
    end_whole(m);
}

/* Several to a card, and some that lie on two. */
static NOINLINE void small_make(struct goheap_mutator *m, size_t bytes) {
    for (size_t i = 0; i < MANY_WORDS; i++)
        goheap_store(m, &old.holder[i], goheap_new(m, bytes, 1));
}

static NOINLINE bool small_must_keep(struct goheap_mutator *m, void **small) {
    victim_store(m, small);
    bool is_partial = collect_once(m);
    CHECK(victim_is_whole(small));
    goheap_store(m, small, NULL);
    return is_partial;
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
        for (int round = 0; round < MANY_STORES / 6; round++)
            partial += small_must_keep(m, old.holder[random_next(&random) % MANY_WORDS]);
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
        void **slot = &old.holder[i % 6];
        victim_store(m, slot);
        partial += collect_once(m) && collect_once(m);
        for (int word = 0; word < 6 && word <= i; word++)
            CHECK(victim_is_whole(&old.holder[word]));
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
    void **slot = &old.holder[to * shape_words(s) + at];
    CHECK(victim_is_whole(slot));
    collect_once(m);
    CHECK(victim_is_whole(slot));
    goheap_store(m, slot, NULL);
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

/* ---- objects held by stacks and registers ---- */

/* The object that is held: a word for its first pointer, the next is its pattern. */
static struct {
    uintptr_t hidden;
    size_t bytes;
    bool is_stored_before; /* the old holder leads to it while it is held, too */
} held;

static NOINLINE void held_make(struct goheap_mutator *m) {
    uint64_t *object = goheap_new(m, held.bytes, 1);
    CHECK(object != NULL);
    object[1] = PATTERN;
    held.hidden = ~(uintptr_t)object;
}

static NOINLINE bool held_is_whole(void) {
    return ((const volatile uint64_t *)~held.hidden)[1] == PATTERN;
}

static NOINLINE void held_store(struct goheap_mutator *m) {
    goheap_store(m, old.holder, (void *)~held.hidden);
}

/* The first pointers come when the object is old already. */
static NOINLINE void held_give(struct goheap_mutator *m) {
    void *victim = victim_make(m);
    goheap_store_first((void *)~held.hidden, victim);
}

static NOINLINE bool held_has_victim(void) {
    return held_is_whole() && victim_is_whole((void **)~held.hidden);
}

static NOINLINE void through_one(struct goheap_mutator *m) {
    collect_once(m);
    CHECK(held_is_whole());
    held_give(m);
    held_store(m);
}

static NOINLINE void through_several(struct goheap_mutator *m) {
    if (held.is_stored_before)
        held_store(m);
    all_become_old(m);
    CHECK(held_is_whole());
    held_give(m);
    if (!held.is_stored_before)
        held_store(m);
}

/* By one register alone, or by a local variable: `r` is one more than there are registers. */
static NOINLINE void hold(struct goheap_mutator *m, size_t r, size_t offset, held_call *function) {
    if (r < held_register_count) {
        held_registers[r].hold(m, held.hidden - offset, function);
    } else {
        char *volatile local = (char *)~held.hidden + offset;
        function(m);
        local = NULL;
        (void)local;
    }
}

static NOINLINE int held_must_keep(struct goheap_mutator *m, size_t r, size_t offset,
                                   held_call *function) {
    held_make(m);
    stack_scrub();
    hold(m, r, offset, function);
    int partial = collect_once(m);
    CHECK(held_has_victim());
    collect_once(m);
    collect_once(m);
    CHECK(held_has_victim());
    goheap_store(m, old.holder, NULL);
    return partial;
}

static void all_holders_must_keep(size_t r_first, size_t r_end) {
    static const size_t sizes[] = {16, 320, 2048, 40 << 10};
    struct goheap_mutator *m = start_stressed();
    int rounds = 0, partial = 0;
    holder_make(m, &shapes[0]);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t r = r_first; r < r_end; r++, rounds += 4) {
            size_t bytes = held.bytes = sizes[i];
            partial += held_must_keep(m, r, 0, through_one);
            held.is_stored_before = false;
            partial += held_must_keep(m, r, 0, through_several);
            partial += held_must_keep(m, r, bytes - 3, through_several);
            held.is_stored_before = true;
            partial += held_must_keep(m, r, bytes, through_several);
        }
    CHECK(partial > rounds / 2);
    collect_all(m);
    CHECK_EQUAL(objects_alive(m, VICTIM_BYTES), 0);
    end_whole(m);
}

HEAP_TEST(an_object_held_by_a_variable_may_get_its_first_pointers_after_it_became_old) {
    all_holders_must_keep(held_register_count, held_register_count + 1);
}

HEAP_TEST(an_object_held_by_a_register_alone_may_get_its_first_pointers_after_it_became_old) {
    all_holders_must_keep(0, held_register_count);
}

/* More objects than are remembered: many on one stack. Each word leads to its object and, as one
   past it, to the one before. */
enum { MANY_HELD = 9000, SOME_HELD = 3500 };

static NOINLINE void many_make(struct goheap_mutator *m, void *volatile *many, size_t count) {
    for (size_t i = 0; i < count; i++) {
        many[i] = goheap_new(m, 16, 1);
        CHECK(many[i] != NULL);
        goheap_store(m, &old.holder[i], many[i]);
    }
}

static NOINLINE void many_give(struct goheap_mutator *m, void *volatile *many, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t *value = goheap_new(m, 24, 0);
        CHECK(value != NULL);
        *value = i;
        goheap_store_first(many[i], value);
    }
}

/* True: with all of them on the stack, a collection left the next one to be a partial one. */
static NOINLINE bool many_hold(struct goheap_mutator *m, size_t count) {
    void *volatile many[MANY_HELD] = {NULL};
    bool is_partial = false;
    many_make(m, many, count);
    for (int i = 0; i < 2 * AGES; i++)
        is_partial = collect_once(m);
    many_give(m, many, count);
    return is_partial;
}

static void many_are_whole(size_t count) {
    for (size_t i = 0; i < count; i++)
        CHECK_EQUAL(**(uint64_t **)old.holder[i], i);
}

HEAP_TEST(a_stack_that_leads_to_too_much_makes_the_next_collection_a_full_one) {
    struct goheap_mutator *m = start_stressed();
    holder_make(m, &(struct shape){MANY_HELD, 8, 1});
    CHECK(!many_hold(m, MANY_HELD));
    CHECK(!collect_once(m));
    many_are_whole(MANY_HELD);
    all_become_old(m);
    many_are_whole(MANY_HELD);
    end_whole(m);
}

HEAP_TEST(a_stack_that_leads_to_much_leaves_partial_collections_and_loses_nothing) {
    struct goheap_mutator *m = start_stressed();
    holder_make(m, &(struct shape){MANY_HELD, 8, 1});
    int partial = 0;
    for (int i = 0; i < 4; i++) {
        CHECK(many_hold(m, SOME_HELD));
        partial += collect_once(m);
        many_are_whole(SOME_HELD);
    }
    CHECK(partial > 0);
    end_whole(m);
}

/* ---- other threads ---- */

/* Steps of the main thread and one other, by turns. */
static int step; /* atomic */

static void step_set(int to) {
    __atomic_store_n(&step, to, __ATOMIC_RELEASE);
}

/* In a safe region, so that collections need not wait for this thread. */
static void step_wait(struct goheap_mutator *m, int wanted) {
    goheap_block(m);
    while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) != wanted)
        sched_yield();
    goheap_unblock(m);
}

static pthread_t thread_start(void *(*main)(void *), void *argument) {
    pthread_t thread;
    step_set(0);
    CHECK(pthread_create(&thread, NULL, main, argument) == 0);
    return thread;
}

static void thread_join(struct goheap_mutator *m, pthread_t thread) {
    goheap_block(m);
    pthread_join(thread, NULL);
    goheap_unblock(m);
}

static void *storing_main(void *slot) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    CHECK(m != NULL);
    victim_store(m, slot);
    goheap_detach(m);
    return NULL;
}

HEAP_TEST(what_a_thread_stored_that_came_and_went_between_collections_survives) {
    struct goheap_mutator *m = start_stressed();
    int partial = 0;
    holder_make(m, &(struct shape){64, 8, 1});
    all_become_old(m);
    for (size_t i = 0; i < 64; i++) {
        thread_join(m, thread_start(storing_main, &old.holder[i]));
        partial += collect_once(m);
        for (size_t j = 0; j <= i; j++)
            CHECK(victim_is_whole(&old.holder[j]));
    }
    CHECK(partial > 32);
    end_whole(m);
}

/* Makes the held object, and is blocked while only a register leads to it. Afterwards it gets the
   first pointer, to what a registered range has held until then. It allocates nothing meanwhile. */
static NOINLINE void blocked_hold(struct goheap_mutator *m) {
    step_set(1);
    step_wait(m, 2);
    CHECK(held_is_whole());
    goheap_store_first((void *)~held.hidden, old.passing);
    held_store(m);
}

static void *blocked_main(void *r) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    CHECK(m != NULL);
    held_make(m);
    stack_scrub();
    hold(m, (size_t)(uintptr_t)r, 0, blocked_hold);
    goheap_detach(m);
    return NULL;
}

/* Returns whether the collection after it was a partial one. */
static NOINLINE bool blocked_must_keep(struct goheap_mutator *m, size_t r, int collections) {
    pthread_t thread = thread_start(blocked_main, (void *)(uintptr_t)r);
    step_wait(m, 1);
    for (int i = 0; i < collections; i++)
        collect_once(m);
    old.passing = victim_make(m);
    step_set(2);
    thread_join(m, thread);
    old.passing = NULL;
    bool partial = collect_once(m);
    CHECK(held_has_victim());
    collect_once(m);
    CHECK(held_has_victim());
    return partial;
}

HEAP_TEST(an_object_held_by_a_blocked_thread_may_get_its_first_pointers_after_it_became_old) {
    struct goheap_mutator *m = start_stressed();
    int rounds = 0, partial = 0;
    held.bytes = 320;
    holder_make(m, &shapes[0]);
    for (size_t r = 0; r <= held_register_count; r++)
        for (int collections = 0; collections < 5; collections++, rounds++)
            partial += blocked_must_keep(m, r, collections);
    CHECK(partial > rounds / 2);
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
static NOINLINE bool victim_move(struct goheap_mutator *m, void **slot, bool in_bulk) {
    static void *const nothing[4];
    void **volatile holder = goheap_new(m, 320, 1);
    goheap_store_first(holder, *slot);
    if (in_bulk)
        goheap_copy(m, slot, nothing, 4, sizeof(void *), 1);
    else
        goheap_store(m, slot, NULL);
    bool is_partial = marking_end(m);
    CHECK(victim_is_whole(holder));
    return is_partial;
}

HEAP_TEST(a_pointer_moved_during_a_partial_collection_keeps_its_object) {
    struct goheap_mutator *m = start_concurrent();
    int partial = 0;
    holder_make(m, &(struct shape){10000, 8, 1});
    for (size_t i = 0; i < MOVES; i++) {
        void **slot = &old.holder[i * 150];
        marking_wait(m, false);
        victim_store(m, slot);
        marking_wait(m, true);
        partial += victim_move(m, slot, i % 2 == 1);
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
        void **slot = &old.holder[i * 150];
        marking_wait(m, false);
        victim_store(m, slot);
        marking_wait(m, true);
        goheap_store(m, slot + 1, NULL);
        partial += marking_end(m);
        CHECK(victim_is_whole(slot));
        marking_wait(m, true);
        marking_wait(m, false);
        CHECK(victim_is_whole(slot));
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
        victim_store(m, &old.holder[i]);
    for (int round = 0; round < 10; round++) {
        all_become_old(m);
        uint64_t partial = partial_count(m);
        victim_store(m, &old.holder[round % 8]); /* its predecessor is old garbage */
        partial = partial_count(m);
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

/* Long-lived objects replaced at random: all that dies was old. */
enum {
    RING_OBJECTS = 200000,
    RING_BYTES = 96,
    REPLACEMENTS = 4000000,
    RING_LIVE_BYTES = RING_OBJECTS * (RING_BYTES + 8)
};

HEAP_TEST(a_program_that_makes_old_garbage_all_the_time_has_a_bounded_heap) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_memstats stats;
    uint64_t random = 1;
    CHECK(goheap_root(&old, sizeof old));
    holder_make(m, &(struct shape){RING_OBJECTS, 8, 1});
    for (int i = 0; i < REPLACEMENTS; i++) {
        void *object = goheap_new(m, RING_BYTES, 1);
        CHECK(object != NULL);
        goheap_store(m, &old.holder[random_next(&random) % RING_OBJECTS], object);
    }
    goheap_read_memstats(m, &stats);
    CHECK_EQUAL(stats.num_forced_gc, 0);
    CHECK(stats.num_partial_gc > 0);
    /* GOGC=100 allows for twice what is live. */
    CHECK(stats.heap_sys_peak < (uint64_t)2 * 2 * RING_LIVE_BYTES);
    goheap_verify(m);
}

const struct CMUnitTest partial_tests[] = {
    cmocka_unit_test(what_an_old_object_was_given_survives_wherever_in_it),
    cmocka_unit_test(each_of_many_stores_into_an_old_object_keeps_what_it_brings),
    cmocka_unit_test(each_of_many_stores_into_small_old_objects_keeps_what_it_brings),
    cmocka_unit_test(what_is_stored_between_any_two_collections_survives_both),
    cmocka_unit_test(what_a_copy_brings_to_an_old_object_survives_across_cards),
    cmocka_unit_test(a_copied_word_that_is_no_pointer_by_the_mask_keeps_nothing),
    cmocka_unit_test(an_object_held_by_a_variable_may_get_its_first_pointers_after_it_became_old),
    cmocka_unit_test(
        an_object_held_by_a_register_alone_may_get_its_first_pointers_after_it_became_old),
    cmocka_unit_test(a_stack_that_leads_to_too_much_makes_the_next_collection_a_full_one),
    cmocka_unit_test(a_stack_that_leads_to_much_leaves_partial_collections_and_loses_nothing),
    cmocka_unit_test(what_a_thread_stored_that_came_and_went_between_collections_survives),
    cmocka_unit_test(
        an_object_held_by_a_blocked_thread_may_get_its_first_pointers_after_it_became_old),
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
    cmocka_unit_test(a_program_that_makes_old_garbage_all_the_time_has_a_bounded_heap),
    {0},
};
