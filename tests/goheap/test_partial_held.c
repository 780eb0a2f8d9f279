/* goheap's partial collections: objects that stacks and registers, of this thread and of others,
   held while they became old. What is hidden is known by its address inverted. */
#include "partial_heap.h"

#include <pthread.h>
#include <sched.h>

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
    holder_make(m, &(struct shape){1, 16, 1});
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
enum { MANY_HELD = 9000, SOME_HELD = 3500, MANY_COLLECTIONS = 6 };

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
    for (int i = 0; i < MANY_COLLECTIONS; i++)
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

/* Stores without a collection since it attached: what it stores is there already. */
static void *storing_main(void *word) {
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    CHECK(m != NULL);
    goheap_store(m, &old.holder[(size_t)(uintptr_t)word], old.passing);
    goheap_detach(m);
    return NULL;
}

static NOINLINE void store_by_thread(struct goheap_mutator *m, size_t word) {
    old.passing = victim_make(m);
    thread_join(m, thread_start(storing_main, (void *)(uintptr_t)word));
    old.passing = NULL;
}

HEAP_TEST(what_a_thread_stored_that_came_and_went_between_collections_survives) {
    struct goheap_mutator *m = start_stressed();
    int partial = 0;
    holder_make(m, &(struct shape){64, 8, 1});
    all_become_old(m);
    for (size_t i = 0; i < 64; i++) {
        store_by_thread(m, i);
        partial += collect_once(m);
        for (size_t j = 0; j <= i; j++)
            CHECK(has_victim(j));
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
    holder_make(m, &(struct shape){1, 16, 1});
    for (size_t r = 0; r <= held_register_count; r++)
        for (int collections = 0; collections < 5; collections++, rounds++)
            partial += blocked_must_keep(m, r, collections);
    CHECK(partial > rounds / 2);
    end_whole(m);
}

const struct CMUnitTest partial_held_tests[] = {
    cmocka_unit_test(an_object_held_by_a_variable_may_get_its_first_pointers_after_it_became_old),
    cmocka_unit_test(
        an_object_held_by_a_register_alone_may_get_its_first_pointers_after_it_became_old),
    cmocka_unit_test(a_stack_that_leads_to_too_much_makes_the_next_collection_a_full_one),
    cmocka_unit_test(a_stack_that_leads_to_much_leaves_partial_collections_and_loses_nothing),
    cmocka_unit_test(what_a_thread_stored_that_came_and_went_between_collections_survives),
    cmocka_unit_test(
        an_object_held_by_a_blocked_thread_may_get_its_first_pointers_after_it_became_old),
    {0},
};
