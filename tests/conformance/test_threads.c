/* Conformance of several mutators at once. */
#include "conformance.h"

#include <semaphore.h>
#include <sys/mman.h>

static bool shadow_thread(struct mutator *m, size_t index, void *argument) {
    (void)argument;
    bool ok = shadow_run(m, index + 100, 20000);
    mem_reset(m);
    return ok;
}

static void four_mutators_do_not_disturb_each_other(void **state) {
    (void)state;
    if (!binding_offers(TRAIT_THREADS))
        skip();
    assert_true(threads_run(4, shadow_thread, NULL));
}

static bool list_thread(struct mutator *m, size_t index, void *argument) {
    struct node **roots = argument;
    mem_store(m, &roots[index], list_build(m, 5000));
    return true;
}

static void objects_outlive_the_mutator_that_made_them(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    struct node **roots = hidden_page_map();
    assert_true(mem_root(m, roots, 4096));
    assert_true(threads_run(3, list_thread, roots));
    garbage_make(m, 8 << 20);
    conformance_collect(m);
    garbage_make(m, 8 << 20);
    for (size_t i = 0; i < 3; i++) {
        assert_true(list_is_whole(roots[i], 5000));
        list_delete(m, roots[i]);
    }
    mem_unroot(m, roots, 4096);
    munmap(roots, 4096);
}

static void wait_blocked(struct mutator *m, sem_t *semaphore) {
    mem_block(m);
    while (sem_wait(semaphore) != 0) /* a collector's signal may interrupt it */
        continue;
    mem_unblock(m);
}

/* Two threads: one fills a registered table, the other checks, gives back and empties it. */
enum { HANDED = 64, ROUNDS = 500 };

struct handover {
    void **table;
    sem_t full, empty;
};

static NOINLINE bool handover_fill(struct mutator *m, void **table, size_t round) {
    for (size_t i = 0; i < HANDED; i++) {
        const struct shape shape = {.bytes = i * 8 + 8};
        void *p = mem_new_raw(m, &shape);
        if (p == NULL)
            return false;
        pattern_write(p, shape.bytes, round + i);
        mem_store(m, &table[i], p);
    }
    return true;
}

static NOINLINE bool handover_empty(struct mutator *m, void **table, size_t round) {
    for (size_t i = 0; i < HANDED; i++) {
        if (!pattern_is(table[i], i * 8 + 8, round + i))
            return false;
        mem_delete(m, table[i], i * 8 + 8);
        mem_store(m, &table[i], NULL);
    }
    return true;
}

static bool handover_thread(struct mutator *m, size_t index, void *argument) {
    struct handover *handover = argument;
    bool ok = true;
    for (size_t round = 0; round < ROUNDS; round++) {
        if (index == 0) {
            wait_blocked(m, &handover->empty);
            ok = ok && handover_fill(m, handover->table, round);
            sem_post(&handover->full);
        } else {
            wait_blocked(m, &handover->full);
            ok = ok && handover_empty(m, handover->table, round);
            sem_post(&handover->empty);
        }
    }
    return ok;
}

static void an_object_may_be_given_back_by_another_thread(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    struct handover handover = {.table = hidden_page_map()};
    sem_init(&handover.full, 0, 0);
    sem_init(&handover.empty, 0, 1);
    assert_true(mem_root(m, handover.table, 4096));
    assert_true(threads_run(2, handover_thread, &handover));
    mem_unroot(m, handover.table, 4096);
    munmap(handover.table, 4096);
}

/* One thread waits, a list on its stack, while the other needs collections. */
struct waiting {
    sem_t waits, go_on;
};

static bool waiting_thread(struct mutator *m, size_t index, void *argument) {
    struct waiting *waiting = argument;
    if (index == 1) {
        wait_blocked(m, &waiting->waits);
        garbage_make(m, 64 << 20);
        conformance_collect(m);
        garbage_make(m, 16 << 20);
        sem_post(&waiting->go_on);
        return true;
    }
    struct node *volatile list = list_build(m, 5000);
    sem_post(&waiting->waits);
    stack_scrub();
    wait_blocked(m, &waiting->go_on);
    bool ok = list_is_whole(list, 5000);
    list_delete(m, list);
    return ok;
}

static void a_blocked_mutator_holds_nobody_up_and_keeps_its_objects(void **state) {
    (void)state;
    struct waiting waiting;
    sem_init(&waiting.waits, 0, 0);
    sem_init(&waiting.go_on, 0, 0);
    assert_true(threads_run(2, waiting_thread, &waiting));
}

static NOINLINE bool storm_list(struct mutator *m) {
    struct node *list = list_build(m, 100);
    bool ok = list_is_whole(list, 100);
    list_delete(m, list);
    mem_reset(m);
    return ok;
}

static bool storm_thread(struct mutator *m, size_t index, void *argument) {
    (void)argument;
    bool ok = storm_list(m);
    for (size_t i = 0; ok && i < 20 + index; i++) {
        mem_detach(m);
        ok = mem_attach(m, __builtin_frame_address(0)) && storm_list(m);
    }
    return ok;
}

static void mutators_may_come_and_go_at_any_time(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_true(threads_run(8, storm_thread, NULL));
}

const struct CMUnitTest thread_tests[] = {
    cmocka_unit_test(four_mutators_do_not_disturb_each_other),
    cmocka_unit_test(objects_outlive_the_mutator_that_made_them),
    cmocka_unit_test(an_object_may_be_given_back_by_another_thread),
    cmocka_unit_test(a_blocked_mutator_holds_nobody_up_and_keeps_its_objects),
    cmocka_unit_test(mutators_may_come_and_go_at_any_time),
    {0},
};
