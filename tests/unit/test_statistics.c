/* Statistics, against values computed by hand. */
#include "harness/analyze/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka compares floats; these must be the very same double. */
#define assert_same(a, b) assert_true((a) == (b))

static void the_median_is_the_middle_or_halfway_between_two(void **state) {
    (void)state;
    const double five[] = {1, 2, 10, 20, 1000};
    const double four[] = {1, 2, 10, 20};
    assert_same(median_of(five, 5), 10);
    assert_same(median_of(four, 4), 6);
    assert_same(median_of(four, 1), 1);
}

static void nearest_rank_gives_one_of_the_values(void **state) {
    (void)state;
    const double five[] = {15, 20, 35, 40, 50};
    assert_same(quantile_nearest_rank(five, 5, 0.05), 15);
    assert_same(quantile_nearest_rank(five, 5, 0.30), 20);
    assert_same(quantile_nearest_rank(five, 5, 0.40), 20);
    assert_same(quantile_nearest_rank(five, 5, 0.50), 35);
    assert_same(quantile_nearest_rank(five, 5, 1.00), 50);
    assert_same(quantile_nearest_rank(five, 5, 0.00), 15);
}

static void nearest_rank_is_not_moved_by_binary_rounding(void **state) {
    (void)state;
    double hundred[100];
    for (size_t i = 0; i < 100; i++) {
        hundred[i] = (double)(i + 1);
    }
    for (unsigned percent = 1; percent <= 100; percent++) {
        assert_same(quantile_nearest_rank(hundred, 100, percent / 100.0), percent);
    }
}

static void the_interval_takes_the_published_ranks(void **state) {
    (void)state;
    /* Tables of the sign test, two-sided 5 %: n = 6..8 rank 1, 9..11 rank 2, 12..14 rank 3, 15 rank
       4, 20 rank 6, 25 rank 8. */
    assert_int_equal(median_interval_rank(2), 1);
    assert_int_equal(median_interval_rank(5), 1);
    assert_int_equal(median_interval_rank(8), 1);
    assert_int_equal(median_interval_rank(9), 2);
    assert_int_equal(median_interval_rank(11), 2);
    assert_int_equal(median_interval_rank(12), 3);
    assert_int_equal(median_interval_rank(15), 4);
    assert_int_equal(median_interval_rank(20), 6);
    assert_int_equal(median_interval_rank(25), 8);
}

static void the_coverage_is_that_of_the_binomial(void **state) {
    (void)state;
    assert_same(median_interval_coverage(2, 1), 0.5);
    assert_same(median_interval_coverage(3, 1), 0.75);
    assert_same(median_interval_coverage(5, 1), 0.9375);
    assert_same(median_interval_coverage(6, 1), 0.96875);
    assert_same(median_interval_coverage(9, 2), 1 - 20.0 / 512);
    assert_same(median_interval_coverage(10, 2), 1 - 22.0 / 1024);
}

static void an_estimate_of_five_takes_the_whole_range(void **state) {
    (void)state;
    double values[] = {5, 1, 4, 2, 3};
    struct estimate e = estimate_of(values, 5);
    assert_int_equal(e.count, 5);
    assert_same(e.median, 3);
    assert_same(e.low, 1);
    assert_same(e.high, 5);
    assert_same(e.coverage, 0.9375);
    assert_same(estimate_spread(&e), 2.0 / 3);
}

static void an_estimate_of_ten_leaves_the_extremes_out(void **state) {
    (void)state;
    double values[] = {1000, 1, 9, 2, 8, 3, 7, 4, 6, 5};
    struct estimate e = estimate_of(values, 10);
    assert_same(e.median, 5.5);
    assert_same(e.low, 2);
    assert_same(e.high, 9);
    assert_same(e.least, 1);
    assert_same(e.most, 1000);
}

static void unknown_values_do_not_count(void **state) {
    (void)state;
    double values[] = {NAN, 3, NAN, 1};
    struct estimate e = estimate_of(values, 4);
    assert_int_equal(e.count, 2);
    assert_same(e.median, 2);
    double none[] = {NAN};
    e = estimate_of(none, 1);
    assert_int_equal(e.count, 0);
    assert_true(isnan(e.median) && isnan(e.low));
}

static void one_repetition_has_no_spread_and_differs_from_nothing(void **state) {
    (void)state;
    double one[] = {7};
    double many[] = {100, 101, 102};
    struct estimate a = estimate_of(one, 1);
    struct estimate b = estimate_of(many, 3);
    assert_same(a.median, 7);
    assert_true(isnan(estimate_spread(&a)));
    assert_false(estimates_differ(&a, &b));
    assert_false(estimates_differ(&b, &a));
}

static void only_intervals_that_do_not_touch_differ(void **state) {
    (void)state;
    double low[] = {1, 2, 3, 4};
    double touching[] = {4, 5, 6, 7};
    double apart[] = {5, 6, 7, 8};
    struct estimate a = estimate_of(low, 4);
    struct estimate b = estimate_of(touching, 4);
    struct estimate c = estimate_of(apart, 4);
    assert_false(estimates_differ(&a, &b));
    assert_true(estimates_differ(&a, &c));
    assert_true(estimates_differ(&c, &a));
}

static void three_repetitions_differ_from_nothing(void **state) {
    (void)state;
    double few[] = {1, 2, 3};
    double many[] = {100, 101, 102, 103, 104};
    struct estimate a = estimate_of(few, 3);
    struct estimate b = estimate_of(many, 5);
    assert_false(estimates_differ(&a, &b));
    assert_false(estimates_differ(&b, &a));
}

/* Every way of dealing ten different times to two equal cells of five: how often the intervals
 * part. */
static void equal_cells_of_five_part_in_2_of_252_deals(void **state) {
    (void)state;
    unsigned deals = 0;
    unsigned parted = 0;
    for (unsigned deal = 0; deal < 1u << 10; deal++) {
        double hands[2][10];
        size_t held[2] = {0, 0};
        for (unsigned card = 0; card < 10; card++) {
            unsigned hand = deal >> card & 1;
            hands[hand][held[hand]++] = card + 1;
        }
        if (held[0] != 5) {
            continue;
        }
        struct estimate a = estimate_of(hands[0], 5);
        struct estimate b = estimate_of(hands[1], 5);
        deals++;
        parted += estimates_differ(&a, &b);
    }
    assert_int_equal(deals, 252);
    assert_int_equal(parted, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_the_middle_or_halfway_between_two),
        cmocka_unit_test(nearest_rank_gives_one_of_the_values),
        cmocka_unit_test(nearest_rank_is_not_moved_by_binary_rounding),
        cmocka_unit_test(the_interval_takes_the_published_ranks),
        cmocka_unit_test(the_coverage_is_that_of_the_binomial),
        cmocka_unit_test(an_estimate_of_five_takes_the_whole_range),
        cmocka_unit_test(an_estimate_of_ten_leaves_the_extremes_out),
        cmocka_unit_test(unknown_values_do_not_count),
        cmocka_unit_test(one_repetition_has_no_spread_and_differs_from_nothing),
        cmocka_unit_test(only_intervals_that_do_not_touch_differ),
        cmocka_unit_test(three_repetitions_differ_from_nothing),
        cmocka_unit_test(equal_cells_of_five_part_in_2_of_252_deals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
