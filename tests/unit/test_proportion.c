/* Intervals of shares, and the quantiles they use, against closed forms and published values. */
#include "harness/analyze/proportion.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/analyze/normal.h"

#define assert_same(a, b)         assert_true((a) == (b))
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void normal_quantiles_are_the_tabled_ones(void **state) {
    (void)state;
    assert_near(normal_quantile(0.975), 1.959963984540054, 1e-13);
    assert_near(normal_quantile(0.9), 1.2815515655446004, 1e-13);
    assert_near(normal_quantile(0.001), -3.090232306167813, 1e-12);
    assert_near(normal_quantile(1e-10), -6.361340902404056, 1e-10);
    assert_same(normal_quantile(0.5), 0);
    assert_same(normal_quantile(0.25), -normal_quantile(0.75));
    assert_near(normal_below(1), 0.8413447460685429, 1e-15);
}

static void student_quantiles_are_within_a_percent_of_the_tabled_ones(void **state) {
    (void)state;
    assert_near(student_quantile(0.975, 5) / 2.5706, 1, 0.01);
    assert_near(student_quantile(0.99, 11) / 2.7181, 1, 0.001);
    assert_near(student_quantile(0.9995, 10) / 4.5869, 1, 0.01);
    assert_near(student_quantile(0.9995, 15) / 4.0728, 1, 0.002);
}

/* Newcombe 1998, table I: Wilson's interval without continuity correction. */
static void wilson_is_as_published(void **state) {
    (void)state;
    struct proportion p = proportion_wilson(81, 263, 0.95);
    assert_near(p.low, 0.2553, 5e-5);
    assert_near(p.high, 0.3662, 5e-5);
    p = proportion_wilson(15, 148, 0.95);
    assert_near(p.low, 0.0624, 5e-5);
    assert_near(p.high, 0.1605, 5e-5);
    p = proportion_wilson(0, 20, 0.95);
    assert_same(p.low, 0);
    assert_near(p.high, 0.1611, 5e-5);
    p = proportion_wilson(1, 29, 0.95);
    assert_near(p.low, 0.0061, 5e-5);
    assert_near(p.high, 0.1718, 5e-5);
}

/* R's package binom (binom.confint, methods "wilson" and "exact"), 95 %, as statsmodels' tests have
   it (statsmodels/stats/tests/results/results_proportion.py). */
static const struct {
    size_t successes, trials;
    double wilson_low, wilson_high, exact_low, exact_high;
} binom[] = {
    {18, 20, 0.6989663547715128, 0.972133518786232, 0.6830172859809176, 0.9876514728297052},
    {4, 20, 0.0806576625797981, 0.4160174322518935, 0.05733399705003284, 0.436614002996668},
    {4, 200, 0.00780442641634947, 0.05028708690582643, 0.005475565879556443, 0.05041360908989634},
    {190, 200, 0.910421851861224, 0.972617354399236, 0.9099724622986486, 0.975765834527891},
    {1, 30, 5.908590e-03, 0.16670391, 8.435709e-04, 0.17216946},
    {29, 30, 0.8332961, 0.9940914, 0.8278305, 0.9991564},
    {0, 30, 0, 0.11351339, 0, 0.11570331},
    {30, 30, 0.8864866, 1, 0.8842967, 1},
};

static void the_intervals_are_those_of_r(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof binom / sizeof *binom; i++) {
        struct proportion p = proportion_wilson(binom[i].successes, binom[i].trials, 0.95);
        assert_near(p.low, binom[i].wilson_low, 6e-8);
        assert_near(p.high, binom[i].wilson_high, 6e-8);
        assert_near(proportion_lower(binom[i].successes, binom[i].trials, 0.975),
                    binom[i].exact_low, 6e-8);
        assert_near(proportion_upper(binom[i].successes, binom[i].trials, 0.975),
                    binom[i].exact_high, 6e-8);
    }
}

static void of_no_trials_nothing_is_known(void **state) {
    (void)state;
    struct proportion p = proportion_wilson(0, 0, 0.95);
    assert_true(isnan(p.share) && p.low == 0 && p.high == 1);
}

static void none_of_n_is_bounded_by_the_rule_of_three(void **state) {
    (void)state;
    const size_t trials[] = {100, 200, 300, 500, 1000};
    for (size_t i = 0; i < 5; i++) {
        double exact = 1 - pow(0.05, 1 / (double)trials[i]);
        assert_near(proportion_upper(0, trials[i], 0.95), exact, 1e-12);
        assert_near(proportion_lower(trials[i], trials[i], 0.95), 1 - exact, 1e-12);
    }
    assert_same(proportion_upper(5, 5, 0.95), 1);
    assert_same(proportion_lower(0, 5, 0.95), 0);
}

/* Newcombe 1998, table I, the same cases by Clopper and Pearson; 97.5 % a side. */
static void the_exact_bound_is_as_published(void **state) {
    (void)state;
    assert_near(proportion_lower(81, 263, 0.975), 0.2527, 5e-5);
    assert_near(proportion_upper(81, 263, 0.975), 0.3676, 5e-5);
    assert_near(proportion_upper(0, 20, 0.975), 0.1684, 5e-5);
    assert_near(proportion_lower(1, 29, 0.975), 0.0009, 5e-5);
    assert_near(proportion_upper(1, 29, 0.975), 0.1776, 5e-5);
    assert_near(proportion_upper(2, 1000, 0.95), 0.0063, 5e-5);
}

static void the_bound_is_where_the_binomial_meets_the_confidence(void **state) {
    (void)state;
    for (size_t k = 0; k < 20; k++) {
        double upper = proportion_upper(k, 20, 0.9);
        assert_near(binomial_below(k, 20, upper), 0.1, 1e-9);
    }
    assert_near(binomial_below(3, 10, 0.5), 176.0 / 1024, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_quantiles_are_the_tabled_ones),
        cmocka_unit_test(student_quantiles_are_within_a_percent_of_the_tabled_ones),
        cmocka_unit_test(wilson_is_as_published),
        cmocka_unit_test(the_intervals_are_those_of_r),
        cmocka_unit_test(of_no_trials_nothing_is_known),
        cmocka_unit_test(none_of_n_is_bounded_by_the_rule_of_three),
        cmocka_unit_test(the_exact_bound_is_as_published),
        cmocka_unit_test(the_bound_is_where_the_binomial_meets_the_confidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
