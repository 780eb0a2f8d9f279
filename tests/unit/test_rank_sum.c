/* The rank-sum test against enumeration, published tables and simulation. */
#include "harness/analyze/rank_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/draws.h"

#define assert_same(a, b)         assert_true((a) == (b))
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

enum { SIMULATIONS = 10000 };

/* P(U <= u) over all ways to choose which m of m + n places are the base's: U is the number of
   pairs in which the base comes first. */
static double below_by_enumeration(unsigned m, unsigned n, unsigned u) {
    unsigned ways = 0;
    unsigned hits = 0;
    for (unsigned places = 0; places < 1u << (m + n); places++) {
        unsigned bases = 0;
        unsigned pairs = 0;
        for (unsigned place = 0; place < m + n; place++) {
            bool is_base = places >> place & 1;
            bases += is_base;
            pairs += is_base ? 0 : bases;
        }
        ways += bases == m;
        hits += bases == m && pairs <= u;
    }
    return (double)hits / ways;
}

static void the_distribution_is_that_of_all_orders(void **state) {
    (void)state;
    for (unsigned m = 1; m <= 6; m++) {
        for (unsigned n = 1; n <= 6; n++) {
            struct rank_null null;
            rank_sum_null_init(&null, m, n);
            assert_int_equal(null.most, m * n);
            for (unsigned u = 0; u <= m * n; u++) {
                assert_near(rank_null_below(&null, u), below_by_enumeration(m, n, u), 1e-14);
            }
            rank_null_release(&null);
        }
    }
}

/* Two-sided 5 %: the greatest U that is significant; -1: none. As in the table at numeracy-bank.net
   (t/stt/mwu/3), to 20 and 20, but for one: for 4 and 20 it prints 13, and P(U <= 14) is 241 /
   10626 = 0.0227, by counting. */
static const struct {
    unsigned m, n;
    int critical;
} table[] = {
    {3, 3, -1},  {3, 4, -1},   {3, 5, 0},    {4, 4, 0},   {4, 5, 1},    {5, 5, 2},    {4, 6, 2},
    {5, 6, 3},   {6, 6, 5},    {5, 8, 6},    {8, 8, 13},  {5, 10, 8},   {8, 10, 17},  {10, 10, 23},
    {4, 20, 14}, {10, 15, 39}, {15, 15, 64}, {5, 20, 20}, {10, 20, 55}, {15, 20, 90}, {20, 20, 127},
};

static void the_critical_values_are_the_published_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct rank_null null;
        rank_sum_null_init(&null, table[i].m, table[i].n);
        assert_int_equal((int)rank_null_rank(&null, 0.025) - 1, table[i].critical);
        rank_null_release(&null);
        rank_sum_null_init(&null, table[i].n, table[i].m);
        assert_int_equal((int)rank_null_rank(&null, 0.025) - 1, table[i].critical);
        rank_null_release(&null);
    }
}

/* The variance has a closed form, and a lost digit anywhere would move it. */
static void five_hundred_a_side_lose_no_digits_that_count(void **state) {
    (void)state;
    const size_t sides[][2] = {{500, 500}, {30, 970}, {300, 200}};
    for (size_t i = 0; i < 3; i++) {
        struct rank_null null;
        rank_sum_null_init(&null, sides[i][0], sides[i][1]);
        assert_non_null(null.below);
        double mean = (double)null.most / 2;
        double variance = 0;
        double before = 0;
        for (size_t u = 0; u <= null.most / 2; u++) {
            double probability = null.below[u] - before;
            assert_true(probability >= 0);
            before = null.below[u];
            variance += 2 * probability * (mean - (double)u) * (mean - (double)u);
        }
        assert_near(variance / (null.deviation * null.deviation), 1, 1e-8);
        rank_null_release(&null);
    }
}

static void beyond_the_normal_approximation_is_used(void **state) {
    (void)state;
    struct rank_null null;
    rank_sum_null_init(&null, 501, 500);
    assert_null(null.below);
    assert_near(rank_null_below(&null, null.most / 2), 0.5, 1e-4);
    rank_null_release(&null);
}

/* Hollander, Wolfe and Chicken, example 4.1 (permeability of membranes at term and earlier): the
   estimate is -0.305, the interval of 96 % (-0.76, 0.15). */
static void the_published_example_comes_out(void **state) {
    (void)state;
    const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    const double earlier[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct shift shift =
        rank_sum_estimate((struct sample){term, 10}, (struct sample){earlier, 5}, 0.95);
    assert_near(shift.estimate, -0.305, 1e-9);
    assert_near(shift.low, -0.76, 1e-9);
    assert_near(shift.high, 0.15, 1e-9);
    assert_near(shift.coverage, 0.96, 0.005);
}

/* R's wilcox.test(exact = TRUE) on the same data, as SciPy's own test has it (test_gh_9184 of its
   Mann-Whitney test, scipy/stats/tests). */
static void the_p_values_are_those_of_r(void **state) {
    (void)state;
    const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    const double earlier[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct shifts s;
    rank_sum_init(&s, (struct sample){earlier, 5}, (struct sample){term, 10});
    assert_near(shifts_p_above(&s, 0), 0.1272061272061, 5e-14);
    assert_near(shifts_p_below(&s, 0), 0.8967698967699, 5e-14);
    shifts_release(&s);
}

static void too_few_repetitions_have_no_interval(void **state) {
    (void)state;
    const double low[] = {1, 2, 3, 4};
    const double high[] = {5, 6, 7, 8};
    for (size_t n = 0; n <= 4; n++) {
        struct shift shift =
            rank_sum_estimate((struct sample){low, n}, (struct sample){high, n}, 0.95);
        assert_int_equal(shift_is_bounded(&shift), n == 4);
        assert_int_equal(isnan(shift.estimate), n == 0);
    }
}

static void ratios_are_those_of_the_values(void **state) {
    (void)state;
    const double base[] = {100, 101, 102, 103, 104};
    double twice[5];
    for (size_t i = 0; i < 5; i++) {
        twice[i] = 2 * base[i];
    }
    struct sample b = {base, 5};
    struct sample c = {twice, 5};
    struct shift ratio = rank_sum_ratio(b, c, 0.95);
    assert_near(ratio.estimate, 2, 1e-12);
    assert_true(1.9 < ratio.low && ratio.low < 2 && 2 < ratio.high && ratio.high < 2.1);
    struct shift there = rank_sum_log(b, c, 0.95);
    struct shift back = rank_sum_log(c, b, 0.95);
    assert_same(there.estimate, -back.estimate);
    assert_same(there.low, -back.high);
    twice[2] = 0;
    ratio = rank_sum_ratio(b, c, 0.95);
    assert_true(isnan(ratio.estimate) && !shift_is_bounded(&ratio));
}

static void the_interval_covers_as_often_as_it_says_with_heavy_tails(void **state) {
    (void)state;
    const size_t sides[][2] = {{4, 4}, {5, 5}, {5, 9}, {20, 20}};
    GRand *random = g_rand_new_with_seed(5);
    for (size_t i = 0; i < 4; i++) {
        double base[20];
        double candidate[20];
        unsigned held = 0;
        struct shift shift = {0};
        for (unsigned k = 0; k < SIMULATIONS; k++) {
            for (size_t j = 0; j < 20; j++) {
                base[j] = draw_heavy(random);
                candidate[j] = 3 + draw_heavy(random);
            }
            shift = rank_sum_estimate((struct sample){base, sides[i][0]},
                                      (struct sample){candidate, sides[i][1]}, 0.95);
            held += shift.low <= 3 && 3 <= shift.high;
        }
        double share = (double)held / SIMULATIONS;
        print_message("%zu and %zu: %.4f of %d, says %.4f\n", sides[i][0], sides[i][1], share,
                      SIMULATIONS, shift.coverage);
        assert_near(share, shift.coverage, 0.005);
    }
    g_rand_free(random);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distribution_is_that_of_all_orders),
        cmocka_unit_test(the_critical_values_are_the_published_ones),
        cmocka_unit_test(five_hundred_a_side_lose_no_digits_that_count),
        cmocka_unit_test(beyond_the_normal_approximation_is_used),
        cmocka_unit_test(the_published_example_comes_out),
        cmocka_unit_test(the_p_values_are_those_of_r),
        cmocka_unit_test(too_few_repetitions_have_no_interval),
        cmocka_unit_test(ratios_are_those_of_the_values),
        cmocka_unit_test(the_interval_covers_as_often_as_it_says_with_heavy_tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
