/* Which pairs of slices count, to the digit. */
#include "harness/run/gate_slices_rule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "harness/run/gate_time_random.h"

enum { SLICES = 16 };

/* Undisturbed pairs, the base first and then by turns; the candidate takes `ratio` times as long,
   and pair i takes i % more on both sides. */
static void slices_fill(struct gate_slice *slices, double ratio) {
    for (size_t i = 0; i < SLICES; i++) {
        bool is_candidate = (i % 4 == 1 || i % 4 == 2);
        double ns = 2e6 * (1 + (double)(i / 2) / 100) * (is_candidate ? ratio : 1);
        slices[i] = (struct gate_slice){.is_candidate = is_candidate,
                                        .wall_ns = (uint64_t)ns,
                                        .cpu_ns = (uint64_t)ns,
                                        .minor_faults = 2};
    }
}

static void swap_sides(struct gate_slice *slices) {
    for (size_t i = 0; i < SLICES; i++)
        slices[i].is_candidate = !slices[i].is_candidate;
}

static struct gate_slices_ratio judge(const struct gate_slice *slices) {
    struct gate_slices_ratio ratio;
    gate_slices_judge(slices, SLICES, &ratio);
    return ratio;
}

static void the_number_is_the_median_over_pairs_and_swapping_the_sides_negates_it(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1.25);
    struct gate_slices_ratio ratio = judge(slices);
    assert_true(fabs(ratio.log_ratio - log(1.25)) < 1e-12);
    assert_int_equal(ratio.pairs, 8);
    assert_int_equal(ratio.dropped, 0);
    assert_true(fabs(ratio.base - 2e6 * 1.035) < 1);
    assert_true(fabs(ratio.candidate - 2.5e6 * 1.035) < 1);
    swap_sides(slices);
    assert_true(judge(slices).log_ratio == -ratio.log_ratio);
}

static void drift_that_both_of_a_pair_share_does_not_count(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1);
    for (size_t i = SLICES / 2; i < SLICES; i++)
        slices[i].wall_ns = slices[i].cpu_ns = slices[i].wall_ns * 3;
    assert_true(judge(slices).log_ratio == 0);
}

static void a_pair_whose_cpu_was_taken_is_dropped_on_either_side(void **state) {
    (void)state;
    for (size_t robbed = 0; robbed < 2; robbed++) {
        struct gate_slice slices[SLICES];
        slices_fill(slices, 1.25);
        slices[robbed].wall_ns = slices[robbed].cpu_ns * 107 / 100; /* 6.5 % of the wall time */
        assert_int_equal(judge(slices).dropped, 1);
        slices[robbed].wall_ns = slices[robbed].cpu_ns * 104 / 100;
        assert_int_equal(judge(slices).dropped, 0);
    }
}

static void a_pair_with_faults_far_beyond_its_side_s_usual_is_dropped(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1.25);
    slices[5].minor_faults = 4 * 2 + 32 + 1;
    assert_int_equal(judge(slices).dropped, 1);
    slices[5].minor_faults--;
    assert_int_equal(judge(slices).dropped, 0);
}

static void faults_that_a_side_always_has_stay(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1.25);
    for (size_t i = 0; i < SLICES; i++)
        slices[i].minor_faults = slices[i].is_candidate ? 5000 : 0;
    assert_int_equal(judge(slices).dropped, 0);
}

static void how_long_a_slice_took_never_drops_it(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1.25);
    slices[3].wall_ns = slices[3].cpu_ns = slices[3].wall_ns * 50;
    slices[4].wall_ns = slices[4].cpu_ns = slices[4].wall_ns / 50;
    assert_int_equal(judge(slices).dropped, 0);
}

static void a_block_is_void_with_more_than_a_quarter_dropped(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1.25);
    slices[0].cpu_ns = slices[4].cpu_ns = 1;
    assert_int_equal(judge(slices).dropped, 2);
    assert_true(fabs(judge(slices).log_ratio - log(1.25)) < 1e-12);
    slices[8].cpu_ns = 1;
    assert_int_equal(judge(slices).dropped, 3);
    assert_true(isnan(judge(slices).log_ratio));
}

/* Another program on the CPU all the time is nobody's usual. */
static void a_side_that_never_has_its_cpu_makes_the_block_void(void **state) {
    (void)state;
    struct gate_slice slices[SLICES];
    slices_fill(slices, 1.25);
    for (size_t i = 0; i < SLICES; i++)
        slices[i].cpu_ns = slices[i].is_candidate ? slices[i].wall_ns / 2 : slices[i].wall_ns;
    assert_true(isnan(judge(slices).log_ratio));
}

static void the_same_seed_gives_the_same_numbers_and_each_block_its_own(void **state) {
    (void)state;
    struct gate_random a = gate_random_of(7, 1, 3), b = gate_random_of(7, 1, 3),
                       other = gate_random_of(7, 1, 4);
    unsigned same = 0, heads = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = gate_random_below(&a, 4096);
        assert_true(number < 4096);
        assert_int_equal(number, gate_random_below(&b, 4096));
        same += number == gate_random_below(&other, 4096);
        heads += gate_random_coin(&a);
        gate_random_coin(&b);
    }
    assert_true(same < 10);
    assert_in_range(heads, 400, 600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_is_the_median_over_pairs_and_swapping_the_sides_negates_it),
        cmocka_unit_test(drift_that_both_of_a_pair_share_does_not_count),
        cmocka_unit_test(a_pair_whose_cpu_was_taken_is_dropped_on_either_side),
        cmocka_unit_test(a_pair_with_faults_far_beyond_its_side_s_usual_is_dropped),
        cmocka_unit_test(faults_that_a_side_always_has_stay),
        cmocka_unit_test(how_long_a_slice_took_never_drops_it),
        cmocka_unit_test(a_block_is_void_with_more_than_a_quarter_dropped),
        cmocka_unit_test(a_side_that_never_has_its_cpu_makes_the_block_void),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers_and_each_block_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
