/*
 * The pacer, alone: its formulas, its bounds for any input, and whole runs through a simulated
 * heap.
 *
 * The simulated machine has one mutator, which allocates at a fixed speed, and a collector's
 * thread, which marks at a fixed speed with a share of the time. Time passes in steps of a
 * microsecond of the mutator. In each it allocates, draws on what the collector has marked, and
 * assists for the rest, as in mgc.c. What it allocates is garbage at once, but what stays live is
 * told per cycle.
 */
#include "allocators/goheap/pacer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

enum { KB = 1 << 10, MB = 1 << 20, CYCLES = 60, WARM_UP_CYCLES = 20 };
#define NEVER UINT64_MAX

static uint64_t random_state;

static uint64_t random_word(void) {
    uint64_t x = random_state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Of any magnitude. */
static uint64_t random_amount(void) {
    return random_word() >> random_word() % 64;
}

/* A pacer after one cycle that found `found` bytes, with nothing else worth telling. */
static struct pacer pacer_after(int64_t gogc, uint64_t limit, struct pacer_cycle cycle) {
    struct pacer p;
    pacer_init(&p, gogc, limit);
    pacer_start(&p, false, p.trigger_bytes, 0);
    pacer_end(&p, &cycle);
    return p;
}

/* ---- formulas ---- */

static void the_first_goal_is_4_mb_at_gogc_100_and_in_proportion(void **state) {
    (void)state;
    static const int64_t gogc[] = {50, 100, 200, 400};
    for (size_t i = 0; i < sizeof gogc / sizeof gogc[0]; i++) {
        struct pacer p;
        pacer_init(&p, gogc[i], 0);
        assert_int_equal(p.goal_bytes, 4 * MB * (uint64_t)gogc[i] / 100);
        assert_true(p.trigger_bytes > 0 && p.trigger_bytes < p.goal_bytes);
    }
}

static void the_goal_is_live_plus_gogc_per_cent_of_what_was_found_and_of_the_roots(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 100 * MB, .root_bytes = 2 * MB, .born_bytes = 8 * MB};
    assert_int_equal(pacer_after(100, 0, c).goal_bytes, (108 + 102) * (uint64_t)MB);
    assert_int_equal(pacer_after(50, 0, c).goal_bytes, (108 + 51) * (uint64_t)MB);
    assert_int_equal(pacer_after(300, 0, c).goal_bytes, (108 + 306) * (uint64_t)MB);
    c = (struct pacer_cycle){.found_bytes = 1 * MB};
    assert_int_equal(pacer_after(100, 0, c).goal_bytes, 4 * MB);
    assert_int_equal(pacer_after(200, 0, c).goal_bytes, 8 * MB);
}

static void gogc_0_leaves_64_kb(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 10 * MB};
    assert_int_equal(pacer_after(0, 0, c).goal_bytes, 10 * MB + 64 * KB);
}

static void with_gogc_off_and_no_limit_nothing_triggers(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 10 * MB, .work = 1 * MB, .born_bytes = 1 * MB};
    struct pacer p = pacer_after(-1, 0, c);
    assert_true(p.goal_bytes == NEVER && p.trigger_bytes == NEVER);
    assert_true(pacer_assist_ratio(&p, 0, 20 * MB) < 1e-6);
}

static void a_limit_leaves_the_heap_what_others_do_not_take_less_3_per_cent(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 90 * MB, .other_bytes = 20 * MB};
    uint64_t left = (220 - 20) * (uint64_t)MB;
    assert_int_equal(pacer_after(-1, 220 * MB, c).goal_bytes, left - left / 100 * 3);
    assert_int_equal(pacer_after(200, 220 * MB, c).goal_bytes, left - left / 100 * 3);
    assert_int_equal(pacer_after(50, 220 * MB, c).goal_bytes, 135 * MB); /* GOGC is lower */
    c = (struct pacer_cycle){.found_bytes = 4 * MB, .other_bytes = 2 * MB};
    assert_int_equal(pacer_after(-1, 12 * MB, c).goal_bytes, 9 * MB); /* at least 1 MB is left */
}

static void a_limit_below_what_is_live_leaves_64_kb(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 90 * MB, .other_bytes = 20 * MB};
    assert_int_equal(pacer_after(100, 50 * MB, c).goal_bytes, 90 * MB + 64 * KB);
    assert_int_equal(pacer_after(100, 1, c).goal_bytes, 90 * MB + 64 * KB);
}

/* As when many spans turned out to be nearly empty. */
static void a_cycle_that_begins_with_less_room_has_a_lower_goal(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 10 * MB};
    struct pacer p = pacer_after(-1, 101 * MB, c);
    assert_true(p.goal_bytes > 97 * MB);
    struct pacer same = p, lower = p, least = p;
    pacer_start(&same, false, 20 * MB, 0);
    assert_int_equal(same.goal_bytes, p.goal_bytes);
    pacer_start(&lower, false, 20 * MB, 51 * MB);
    assert_int_equal(lower.goal_bytes, 50 * MB - 50 * MB / 100 * 3);
    pacer_start(&least, false, 20 * MB, 101 * MB);
    assert_int_equal(least.goal_bytes, 20 * MB + 64 * KB);
    assert_int_equal(pacer_trigger_least(&p), 10 * MB + 64 * KB);
}

static void values_beyond_64_bits_saturate(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = UINT64_MAX / 2, .born_bytes = UINT64_MAX / 2};
    assert_true(pacer_after(INT64_MAX, 0, c).goal_bytes == NEVER);
    assert_true(pacer_after(100, 0, c).goal_bytes == NEVER);
    /* 4 MB * (2^63 - 1) / 100 is more than 64 bits hold; 50 B of it is not. */
    c = (struct pacer_cycle){.found_bytes = 50};
    assert_true(pacer_after(INT64_MAX, 0, c).goal_bytes == NEVER);
    c = (struct pacer_cycle){.found_bytes = (uint64_t)1 << 40, .root_bytes = 50};
    uint64_t gogc = 1000000000; /* found * gogc overflows, found / 100 * gogc does not */
    uint64_t goal = c.found_bytes + (c.found_bytes / 100 * gogc + 126 * gogc / 100);
    assert_int_equal(pacer_after((int64_t)gogc, 0, c).goal_bytes, goal);
}

/* ---- trigger ---- */

static void the_trigger_leaves_the_runway_of_the_fastest_of_four_cycles(void **state) {
    (void)state;
    struct pacer p;
    pacer_init(&p, 100, 0);
    static const uint64_t born_kb[] = {4100, 9000, 5000, 6000, 4500, 4600, 4700};
    static const uint64_t most_kb[] = {4100, 9000, 9000, 9000, 9000, 6000, 6000};
    for (size_t i = 0; i < sizeof born_kb / sizeof born_kb[0]; i++) {
        struct pacer_cycle c = {
            .found_bytes = 256 * MB, .work = 10 * MB, .born_bytes = born_kb[i] * KB};
        pacer_end(&p, &c);
        uint64_t runway = p.goal_bytes - p.trigger_bytes;
        assert_true(runway + 8 >= most_kb[i] * KB && runway <= most_kb[i] * KB + 8);
    }
}

static void assists_are_taken_off_the_speed_of_marking(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 64 * MB,
                            .work = 32 * MB,
                            .born_bytes = 8 * MB,
                            .mutator_ns = 1000,
                            .background_ns = 1000};
    struct pacer alone = pacer_after(100, 0, c);
    assert_true(fabs(alone.kinds[0].bytes_per_work[0] - 0.25) < 1e-9);
    c.assist_ns = 1000; /* alone, the background would have taken twice as long, and in that time
                           the mutator would have allocated four times as much */
    struct pacer helped = pacer_after(100, 0, c);
    assert_true(fabs(helped.kinds[0].bytes_per_work[0] - 1.0) < 1e-9);
    assert_true(helped.trigger_bytes < alone.trigger_bytes);
}

/* Whatever it is told: live <= trigger <= goal, and the trigger not nearer to live than an eighth
   of the way. */
static void the_trigger_is_between_live_and_goal_whatever_happens(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct pacer p;
        int64_t gogc = (int64_t)random_amount();
        pacer_init(&p, random_word() % 4 == 0 ? -1 : gogc, random_word() % 2 ? random_amount() : 0);
        p.may_be_partial = random_word() % 2 == 0;
        for (int cycle = 0; cycle < 3; cycle++) {
            struct pacer_cycle c = {.is_partial = p.next_is_partial,
                                    .is_remembered = random_word() % 4 != 0,
                                    .found_bytes = random_amount(),
                                    .mutators = random_amount(),
                                    .root_bytes = random_amount(),
                                    .work = random_amount(),
                                    .born_bytes = random_amount(),
                                    .mutator_ns = random_amount(),
                                    .assist_ns = random_amount(),
                                    .background_ns = random_amount(),
                                    .since_last_ns = random_amount(),
                                    .cost_ns = random_amount(),
                                    .other_bytes = random_amount()};
            pacer_start(&p, c.is_partial, random_amount(), random_amount());
            pacer_end(&p, &c);
            assert_true(p.goal_bytes >= p.marked_bytes);
            assert_true(p.trigger_bytes >= p.marked_bytes && p.trigger_bytes <= p.goal_bytes);
            if (p.goal_bytes == NEVER)
                continue;
            double gap = (double)(p.goal_bytes - p.marked_bytes);
            double way = (double)(p.trigger_bytes - p.marked_bytes);
            if (p.is_small)
                assert_int_equal(p.trigger_bytes - p.marked_bytes,
                                 p.small_room < p.goal_bytes - p.marked_bytes
                                     ? p.small_room
                                     : p.goal_bytes - p.marked_bytes);
            else
                assert_true(way >= gap / 8 - 4096 - gap * 1e-9);
        }
    }
}

/* ---- assist ratio ---- */

static void the_assist_ratio_is_finite_and_rises_with_the_heap(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct pacer_cycle c = {
            .found_bytes = random_amount(), .work = random_amount(), .born_bytes = random_amount()};
        struct pacer p = pacer_after((int64_t)(random_word() % 1000), 0, c);
        pacer_start(&p, false, random_amount(), random_amount());
        uint64_t work = random_amount(), low = random_amount(), more = random_amount();
        uint64_t high = low > UINT64_MAX - more ? UINT64_MAX : low + more;
        double before = pacer_assist_ratio(&p, work, low);
        double after = pacer_assist_ratio(&p, work, high);
        assert_true(isfinite(before) && isfinite(after) && before > 0);
        assert_true(after >= before);
    }
}

static void the_assist_ratio_does_what_is_left_in_the_room_that_is_left(void **state) {
    (void)state;
    struct pacer_cycle c = {.found_bytes = 100 * MB, .work = 40 * MB};
    struct pacer p = pacer_after(100, 0, c);
    pacer_start(&p, false, 150 * MB, 0);
    assert_int_equal(p.goal_bytes, 200 * MB);
    assert_true(fabs(pacer_assist_ratio(&p, 0, 160 * MB) - 1.0) < 1e-9);
    assert_true(fabs(pacer_assist_ratio(&p, 30 * MB, 160 * MB) - 0.25) < 1e-9);
    /* More than was expected: all that was live may be left, and the goal moves by a twentieth. */
    assert_true(fabs(pacer_assist_ratio(&p, 50 * MB, 160 * MB) - 100.0 / 50) < 1e-6);
}

/* ---- partial cycles ---- */

/* A full cycle before which much was made, and died. */
static struct pacer_cycle full_cycle(uint64_t found, uint64_t work) {
    return (struct pacer_cycle){
        .is_remembered = true, .found_bytes = found, .work = work, .fresh_bytes = found};
}

/* A pacer that may have partial cycles, after a full one. */
static struct pacer pacer_after_full(uint64_t found, uint64_t work) {
    struct pacer p;
    pacer_init(&p, 100, 0);
    p.may_be_partial = true;
    p.partial_least = 1 * MB;
    pacer_start(&p, false, p.trigger_bytes, 0);
    struct pacer_cycle c = full_cycle(found, work);
    pacer_end(&p, &c);
    return p;
}

/* One more cycle, of the kind that is next. */
static void cycle_next(struct pacer *p, uint64_t found, uint64_t work) {
    struct pacer_cycle c = full_cycle(found, work);
    c.is_partial = p->next_is_partial;
    pacer_start(p, c.is_partial, p->trigger_bytes, 0);
    pacer_end(p, &c);
}

static void after_a_full_cycle_comes_a_partial_one_if_it_may(void **state) {
    (void)state;
    assert_true(pacer_after_full(100 * MB, 1 * MB).next_is_partial);
    assert_true(pacer_after_full(1 * MB, 1 * MB).next_is_partial);
    assert_false(pacer_after_full(1 * MB - 1, 1 * MB).next_is_partial); /* too little is old */
    struct pacer_cycle c = full_cycle(100 * MB, 1 * MB);
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    c.is_remembered = false;
    pacer_end(&p, &c);
    assert_false(p.next_is_partial);
    c.is_remembered = true;
    pacer_end(&p, &c);
    assert_true(p.next_is_partial);
    p.may_be_partial = false;
    pacer_end(&p, &c);
    assert_false(p.next_is_partial);
    struct pacer first;
    pacer_init(&first, 100, 0);
    assert_false(first.next_is_partial);
}

/* A quarter may survive of what is a sixteenth, at least, of what is live. */
static void after_a_full_cycle_comes_a_full_one_if_the_young_were_not_seen_to_die(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    struct pacer_cycle c = full_cycle(160 * MB, 1 * MB);
    c.fresh_bytes = 10 * MB;
    c.fresh_survived = 10 * MB / 4;
    pacer_end(&p, &c);
    assert_true(p.next_is_partial);
    c.fresh_survived++;
    pacer_end(&p, &c);
    assert_false(p.next_is_partial);
    c.fresh_survived = 0;
    c.fresh_bytes = 10 * MB - 1;
    pacer_end(&p, &c);
    assert_false(p.next_is_partial);
    p.partial_least = 0; /* never mind */
    pacer_end(&p, &c);
    assert_true(p.next_is_partial);
}

static void after_a_partial_cycle_it_counts_only_what_that_has_found(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    struct pacer_cycle c = {.is_partial = true,
                            .is_remembered = true,
                            .found_bytes = 1 * MB,
                            .fresh_bytes = 1 * MB,
                            .fresh_survived = 1 * MB};
    pacer_end(&p, &c);
    assert_true(p.next_is_partial);
}

static void a_partial_cycle_that_does_not_remember_all_makes_the_next_one_full(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    struct pacer_cycle c = {.is_partial = true, .found_bytes = 1 * MB, .work = 1 * MB};
    pacer_end(&p, &c);
    assert_false(p.next_is_partial);
    assert_int_equal(p.old_bytes, 101 * MB);
    cycle_next(&p, 100 * MB, 1 * MB);
    assert_true(p.next_is_partial);
}

/* Any of it may be dead, and only a full cycle tells. */
static void a_quarter_promoted_makes_the_next_cycle_full(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    for (uint64_t promoted = 10 * MB; promoted <= 20 * MB; promoted += 10 * MB) {
        cycle_next(&p, 10 * MB, 1 * MB);
        assert_int_equal(p.promoted_bytes, promoted);
        assert_int_equal(p.old_bytes, 100 * MB + promoted);
        assert_true(p.next_is_partial);
    }
    cycle_next(&p, 5 * MB, 1 * MB);
    assert_true(p.next_is_partial); /* a quarter, and no more */
    cycle_next(&p, 1, 1 * MB);
    assert_false(p.next_is_partial);
    cycle_next(&p, 110 * MB, 1 * MB);
    assert_int_equal(p.promoted_bytes, 0);
    assert_int_equal(p.old_bytes, 110 * MB);
    assert_int_equal(p.full_found, 110 * MB);
    assert_true(p.next_is_partial);
}

/* How many full cycles follow a partial one that finds `found`. */
static int full_cycles_after(struct pacer *p, uint64_t found) {
    int full = 0;
    assert_true(p->next_is_partial);
    cycle_next(p, found, 1 * MB);
    for (; !p->next_is_partial; full++)
        cycle_next(p, 100 * MB, 1 * MB);
    return full;
}

static void where_partial_cycles_find_too_much_more_and_more_are_full(void **state) {
    (void)state;
    static const int full[] = {2, 4, 8, 16, 32, 32, 32};
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    for (size_t i = 0; i < sizeof full / sizeof full[0]; i++)
        assert_int_equal(full_cycles_after(&p, 26 * MB), full[i]);
    assert_int_equal(full_cycles_after(&p, 25 * MB), 0); /* it pays again: */
    assert_int_equal(full_cycles_after(&p, 1 * MB), 1);
    assert_int_equal(full_cycles_after(&p, 26 * MB), 2);
}

static void a_partial_cycle_does_not_raise_the_goal(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    struct pacer_cycle c = {.is_partial = true,
                            .is_remembered = true,
                            .found_bytes = 10 * MB,
                            .root_bytes = 2 * MB,
                            .born_bytes = 5 * MB};
    assert_int_equal(p.goal_bytes, 200 * MB);
    pacer_end(&p, &c);
    assert_int_equal(p.marked_bytes, (100 + 10 + 5) * (uint64_t)MB);
    assert_int_equal(p.goal_bytes, 200 * MB);
    pacer_end(&p, &c);
    assert_int_equal(p.marked_bytes, (100 + 20 + 5) * (uint64_t)MB); /* born is not old yet */
    assert_int_equal(p.goal_bytes, 200 * MB);
    c = full_cycle(120 * MB, 1 * MB);
    pacer_end(&p, &c);
    assert_int_equal(p.goal_bytes, 240 * MB);
}

/* As when much was born in the full one, and is dead. */
static void a_partial_cycle_may_lower_the_goal(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    struct pacer_cycle c = full_cycle(100 * MB, 1 * MB);
    c.born_bytes = 40 * MB;
    pacer_end(&p, &c);
    assert_int_equal(p.goal_bytes, (140 + 100) * (uint64_t)MB);
    cycle_next(&p, 10 * MB, 1 * MB);
    assert_int_equal(p.goal_bytes, (110 + 100) * (uint64_t)MB);
    cycle_next(&p, 10 * MB, 1 * MB); /* and raise it up to the full one's */
    assert_int_equal(p.goal_bytes, (120 + 100) * (uint64_t)MB);
}

static void a_partial_cycle_that_made_much_old_leaves_a_quarter_of_what_gogc_allows(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 1 * MB);
    cycle_next(&p, 75 * MB, 1 * MB);
    assert_int_equal(p.goal_bytes, 200 * MB); /* exactly */
    p = pacer_after_full(100 * MB, 1 * MB);
    cycle_next(&p, 90 * MB, 1 * MB);
    assert_int_equal(p.goal_bytes, (190 + 100 / 4) * (uint64_t)MB);
}

static void the_work_expected_is_that_of_the_kind_of_cycle_to_come(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 40 * MB);
    assert_int_equal(p.expected_work, 10 * MB); /* no partial one is known: a quarter */
    cycle_next(&p, 8 * MB, 3 * MB);
    assert_int_equal(p.expected_work, 3 * MB);
    cycle_next(&p, 16 * MB, 0);
    assert_int_equal(p.expected_work, 1); /* "no work" is not "unknown" */
    cycle_next(&p, 4 * MB, 5 * MB);
    assert_false(p.next_is_partial);
    assert_int_equal(p.expected_work, (40 + 28) * (uint64_t)MB); /* and what was promoted */
    cycle_next(&p, 100 * MB, 44 * MB);
    assert_true(p.next_is_partial);
    assert_int_equal(p.expected_work, 5 * MB); /* the last partial one's, however long ago */
}

static void a_full_cycle_that_comes_instead_of_a_partial_one_expects_its_own_work(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 40 * MB);
    cycle_next(&p, 8 * MB, 3 * MB);
    struct pacer forced = p;
    pacer_start(&p, true, 150 * MB, 0);
    assert_int_equal(p.expected_work, 3 * MB);
    pacer_start(&forced, false, 150 * MB, 0);
    assert_int_equal(forced.expected_work, (40 + 8) * (uint64_t)MB);
    /* If it finds more: all that was live, old or not. */
    assert_int_equal(forced.goal_bytes, 200 * MB);
    assert_true(fabs(pacer_assist_ratio(&forced, 50 * MB, 160 * MB) - 100.0 / 50) < 1e-6);
}

static void the_runway_is_that_of_the_kind_of_cycle_to_come(void **state) {
    (void)state;
    struct pacer p;
    pacer_init(&p, 100, 0);
    p.may_be_partial = true;
    struct pacer_cycle full = {
        .is_remembered = true, .found_bytes = 256 * MB, .work = 40 * MB, .born_bytes = 80 * MB};
    struct pacer_cycle partial = {.is_partial = true,
                                  .is_remembered = true,
                                  .found_bytes = 1 * MB,
                                  .work = 2 * MB,
                                  .born_bytes = 16 * MB};
    pacer_end(&p, &full); /* 2 bytes per byte, and 10 MB of work */
    assert_int_equal(p.goal_bytes - p.trigger_bytes, 20 * MB);
    pacer_end(&p, &partial); /* 8 bytes per byte, and 2 MB */
    assert_int_equal(p.goal_bytes - p.trigger_bytes, 16 * MB);
    partial.is_remembered = false;
    pacer_end(&p, &partial); /* the next is a full one: 2 bytes per byte, and 42 MB */
    assert_int_equal(p.goal_bytes - p.trigger_bytes, 84 * MB);
}

/* All that was live when it began and is not old, but not all that was live. */
static void a_partial_cycle_that_finds_more_may_have_to_scan_all_that_is_young(void **state) {
    (void)state;
    struct pacer p = pacer_after_full(100 * MB, 40 * MB);
    pacer_start(&p, true, 150 * MB, 0);
    assert_int_equal(p.goal_bytes, 200 * MB);
    assert_true(fabs(pacer_assist_ratio(&p, 0, 160 * MB) - 10.0 / 40) < 1e-9);
    assert_true(fabs(pacer_assist_ratio(&p, 20 * MB, 160 * MB) - 30.0 / 50) < 1e-6);
}

/* ---- small heaps ---- */

/* A heap with next to nothing to mark. */
static struct pacer_cycle small_cycle(void) {
    return (struct pacer_cycle){.found_bytes = 8 * KB, .mutators = 1, .root_bytes = 2 * KB};
}

static uint64_t room_after(struct pacer *p, int cycles, struct pacer_cycle c) {
    for (int i = 0; i < cycles; i++)
        pacer_end(p, &c);
    return p->trigger_bytes - p->marked_bytes;
}

static void a_heap_with_next_to_nothing_to_mark_is_collected_early(void **state) {
    (void)state;
    struct pacer_cycle c = small_cycle();
    struct pacer p = pacer_after(100, 0, c);
    assert_true(p.is_small);
    assert_int_equal(p.goal_bytes, 4 * MB); /* as ever */
    assert_int_equal(p.trigger_bytes, p.marked_bytes + 512 * KB);
    c.mutators = 3;
    p = pacer_after(100, 0, c);
    assert_int_equal(p.trigger_bytes, p.marked_bytes + (uint64_t)3 * 512 * KB);
    c.mutators = 0;
    p = pacer_after(100, 0, c);
    assert_int_equal(p.trigger_bytes, p.marked_bytes + 512 * KB);
}

static void what_is_next_to_nothing_is_2_kb_beside_64_kb_of_roots(void **state) {
    (void)state;
    struct pacer_cycle c = small_cycle();
    c.work = c.root_bytes + 2 * KB;
    assert_true(pacer_after(100, 0, c).is_small);
    c.work++;
    assert_false(pacer_after(100, 0, c).is_small);
    c.work = c.root_bytes = 64 * KB;
    assert_true(pacer_after(100, 0, c).is_small);
    c.work = ++c.root_bytes;
    struct pacer p = pacer_after(100, 0, c);
    assert_false(p.is_small);
    assert_true(p.trigger_bytes > p.marked_bytes + 2 * MB);
}

static void the_room_of_a_small_heap_doubles_every_16_cycles_up_to_the_goal(void **state) {
    (void)state;
    struct pacer_cycle c = small_cycle();
    struct pacer p;
    pacer_init(&p, 100, 0);
    assert_int_equal(room_after(&p, 15, c), 512 * KB);
    assert_int_equal(room_after(&p, 1, c), 1 * MB);
    assert_int_equal(room_after(&p, 15, c), 1 * MB);
    assert_int_equal(room_after(&p, 1, c), 2 * MB);
    room_after(&p, 16, c);
    assert_int_equal(p.trigger_bytes, p.goal_bytes); /* without a runway */
    assert_int_equal(p.small_room, 4 * MB);
    room_after(&p, 10 * 16, c);
    assert_int_equal(p.small_room, 4 * MB);
    assert_int_equal(p.trigger_bytes, p.goal_bytes);
}

/* The others are not counted, and take nothing back. */
static void only_cycles_of_a_small_heap_count_for_its_room(void **state) {
    (void)state;
    struct pacer_cycle c = small_cycle(), large = {.found_bytes = 1 * MB, .work = 1 * MB};
    struct pacer p;
    pacer_init(&p, 100, 0);
    assert_int_equal(room_after(&p, 16, c), 1 * MB);
    assert_true(room_after(&p, 100, large) > 1 * MB);
    assert_int_equal(room_after(&p, 15, c), 1 * MB);
    assert_int_equal(room_after(&p, 1, c), 2 * MB);
    c.mutators = 8;
    room_after(&p, 1, c);
    assert_int_equal(p.small_room, 4 * MB); /* so much it is for eight at least */
}

/* ---- whole runs ---- */

/* Speeds in bytes per microsecond. */
struct machine {
    double allocates_per_us;
    double marks_per_us; /* one CPU */
    double share;        /* of the mutator's time that the collector's thread has beside it */
    uint64_t (*live)(int cycle); /* reachable bytes */
};

/* After warming up. */
struct outcome {
    double heap_bytes_most;
    double over_goal_most;    /* heap at the end of marking / goal */
    double assist_share_most; /* of the mutator's time while marking */
    double collector_us, mutator_us;
};

struct run {
    const struct machine *machine;
    struct pacer p;
    double heap, work, credit; /* bytes */
    double mark_us, assist_us; /* of the mutator's time in this cycle */
};

/* One microsecond of the mutator while the collector marks. */
static void run_mark_step(struct run *r) {
    const struct machine *m = r->machine;
    double done = m->marks_per_us * m->share, us = 1;
    r->work += done;
    r->credit += done;
    double debt =
        pacer_assist_ratio(&r->p, (uint64_t)r->work, (uint64_t)r->heap) * m->allocates_per_us;
    double drawn = debt < r->credit ? debt : r->credit;
    r->credit -= drawn;
    double assist_us = (debt - drawn) / m->marks_per_us;
    r->work += debt - drawn;
    r->work += m->marks_per_us * m->share * assist_us;
    r->heap += m->allocates_per_us;
    r->mark_us += us + assist_us;
    r->assist_us += assist_us;
}

static void outcome_note(struct outcome *out, const struct run *r, double off_us) {
    double own_us = r->mark_us - r->assist_us;
    out->over_goal_most = fmax(out->over_goal_most, r->heap / (double)r->p.goal_bytes);
    out->assist_share_most = fmax(out->assist_share_most, r->assist_us / r->mark_us);
    out->heap_bytes_most = fmax(out->heap_bytes_most, r->heap);
    out->collector_us += r->mark_us * r->machine->share + r->assist_us;
    out->mutator_us += off_us + own_us;
}

static void run_end(struct run *r, double start, uint64_t live, double off_us) {
    double background_us = r->mark_us * r->machine->share;
    struct pacer_cycle c = {.found_bytes = live,
                            .work = (uint64_t)r->work,
                            .born_bytes = (uint64_t)(r->heap - start),
                            .mutator_ns = (uint64_t)((r->mark_us - r->assist_us) * 1000),
                            .assist_ns = (uint64_t)(r->assist_us * 1000),
                            .background_ns = (uint64_t)(background_us * 1000),
                            .since_last_ns = (uint64_t)((off_us + r->mark_us) * 2000),
                            .cost_ns = (uint64_t)((background_us + r->assist_us) * 1000)};
    pacer_end(&r->p, &c);
    r->heap = (double)r->p.marked_bytes;
}

static void run_cycle(struct run *r, int cycle, struct outcome *out) {
    const struct machine *m = r->machine;
    double start = fmax(r->heap, (double)r->p.trigger_bytes);
    double off_us = (start - r->heap) / m->allocates_per_us;
    uint64_t live = m->live(cycle);
    r->heap = start;
    r->work = r->credit = r->mark_us = r->assist_us = 0;
    pacer_start(&r->p, false, (uint64_t)start, 0);
    while (r->work < (double)live)
        run_mark_step(r);
    if (cycle >= WARM_UP_CYCLES)
        outcome_note(out, r, off_us);
    run_end(r, start, live, off_us);
}

static struct outcome run_cycles(const struct machine *m, int64_t gogc, uint64_t limit) {
    struct run r = {.machine = m};
    struct outcome out = {0, 0, 0, 0, 0};
    pacer_init(&r.p, gogc, limit);
    for (int cycle = 0; cycle < CYCLES; cycle++)
        run_cycle(&r, cycle, &out);
    return out;
}

static uint64_t live_64_mb(int cycle) {
    (void)cycle;
    return 64 * MB;
}

static uint64_t live_4_mb_more_each_cycle(int cycle) {
    return (uint64_t)(16 + 4 * cycle) * MB;
}

static uint64_t live_up_and_down(int cycle) {
    return (cycle / 8 % 2 ? 90 : 30) * (uint64_t)MB;
}

static uint64_t live_almost_none(int cycle) {
    (void)cycle;
    return 8 * KB;
}

static void a_steady_heap_reaches_its_goal_without_assists(void **state) {
    (void)state;
    static const double speeds[] = {20, 200, 400};
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        struct machine m = {speeds[i], 1000, 0.5, live_64_mb};
        struct outcome out = run_cycles(&m, 100, 0);
        assert_true(out.over_goal_most <= 1.02);
        assert_true(out.assist_share_most < 0.02);
    }
}

/* Faster than the longest runway allows for: assists must hold the goal. */
static void assists_hold_the_goal_of_a_mutator_that_is_too_fast(void **state) {
    (void)state;
    struct machine m = {5000, 1000, 0.5, live_64_mb};
    struct outcome out = run_cycles(&m, 100, 0);
    assert_true(out.over_goal_most <= 1.05);
    assert_true(out.assist_share_most > 0.02);
}

static void a_growing_heap_stays_within_a_tenth_of_its_goal(void **state) {
    (void)state;
    struct machine m = {200, 1000, 0.5, live_4_mb_more_each_cycle};
    assert_true(run_cycles(&m, 100, 0).over_goal_most <= 1.10);
    m.live = live_up_and_down;
    assert_true(run_cycles(&m, 100, 0).over_goal_most <= 1.10);
}

static void an_almost_empty_heap_uses_its_4_mb(void **state) {
    (void)state;
    struct machine m = {200, 1000, 0.5, live_almost_none};
    struct outcome out = run_cycles(&m, 100, 0);
    assert_true(out.heap_bytes_most <= 4 * MB + 64 * KB && out.heap_bytes_most >= 3 * MB);
}

static void a_limit_that_binds_is_kept(void **state) {
    (void)state;
    struct machine m = {200, 1000, 0.5, live_64_mb};
    assert_true(run_cycles(&m, -1, 100 * MB).heap_bytes_most <= 100 * MB);
    assert_true(run_cycles(&m, 400, 100 * MB).heap_bytes_most <= 100 * MB);
    assert_true(run_cycles(&m, 400, 100 * MB).heap_bytes_most > 90 * MB);
}

/* Relief: the mutator keeps about half of the time, and the heap passes the limit for it. */
static void a_limit_that_cannot_be_kept_leaves_the_mutator_half_of_the_time(void **state) {
    (void)state;
    static const uint64_t limits[] = {1, 32 * MB, 63 * MB, 65 * MB};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct machine m = {200, 1000, 0.5, live_64_mb};
        struct outcome out = run_cycles(&m, 100, limits[i]);
        assert_true(out.collector_us < 0.6 * (out.collector_us + out.mutator_us));
        assert_true(out.heap_bytes_most < 128 * MB);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_goal_is_4_mb_at_gogc_100_and_in_proportion),
        cmocka_unit_test(the_goal_is_live_plus_gogc_per_cent_of_what_was_found_and_of_the_roots),
        cmocka_unit_test(gogc_0_leaves_64_kb),
        cmocka_unit_test(with_gogc_off_and_no_limit_nothing_triggers),
        cmocka_unit_test(a_limit_leaves_the_heap_what_others_do_not_take_less_3_per_cent),
        cmocka_unit_test(a_limit_below_what_is_live_leaves_64_kb),
        cmocka_unit_test(a_cycle_that_begins_with_less_room_has_a_lower_goal),
        cmocka_unit_test(values_beyond_64_bits_saturate),
        cmocka_unit_test(the_trigger_leaves_the_runway_of_the_fastest_of_four_cycles),
        cmocka_unit_test(assists_are_taken_off_the_speed_of_marking),
        cmocka_unit_test(the_trigger_is_between_live_and_goal_whatever_happens),
        cmocka_unit_test(the_assist_ratio_is_finite_and_rises_with_the_heap),
        cmocka_unit_test(the_assist_ratio_does_what_is_left_in_the_room_that_is_left),
        cmocka_unit_test(after_a_full_cycle_comes_a_partial_one_if_it_may),
        cmocka_unit_test(after_a_full_cycle_comes_a_full_one_if_the_young_were_not_seen_to_die),
        cmocka_unit_test(after_a_partial_cycle_it_counts_only_what_that_has_found),
        cmocka_unit_test(a_partial_cycle_that_does_not_remember_all_makes_the_next_one_full),
        cmocka_unit_test(a_quarter_promoted_makes_the_next_cycle_full),
        cmocka_unit_test(where_partial_cycles_find_too_much_more_and_more_are_full),
        cmocka_unit_test(a_partial_cycle_does_not_raise_the_goal),
        cmocka_unit_test(a_partial_cycle_may_lower_the_goal),
        cmocka_unit_test(a_partial_cycle_that_made_much_old_leaves_a_quarter_of_what_gogc_allows),
        cmocka_unit_test(the_work_expected_is_that_of_the_kind_of_cycle_to_come),
        cmocka_unit_test(a_full_cycle_that_comes_instead_of_a_partial_one_expects_its_own_work),
        cmocka_unit_test(the_runway_is_that_of_the_kind_of_cycle_to_come),
        cmocka_unit_test(a_partial_cycle_that_finds_more_may_have_to_scan_all_that_is_young),
        cmocka_unit_test(a_heap_with_next_to_nothing_to_mark_is_collected_early),
        cmocka_unit_test(what_is_next_to_nothing_is_2_kb_beside_64_kb_of_roots),
        cmocka_unit_test(the_room_of_a_small_heap_doubles_every_16_cycles_up_to_the_goal),
        cmocka_unit_test(only_cycles_of_a_small_heap_count_for_its_room),
        cmocka_unit_test(a_steady_heap_reaches_its_goal_without_assists),
        cmocka_unit_test(assists_hold_the_goal_of_a_mutator_that_is_too_fast),
        cmocka_unit_test(a_growing_heap_stays_within_a_tenth_of_its_goal),
        cmocka_unit_test(an_almost_empty_heap_uses_its_4_mb),
        cmocka_unit_test(a_limit_that_binds_is_kept),
        cmocka_unit_test(a_limit_that_cannot_be_kept_leaves_the_mutator_half_of_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
