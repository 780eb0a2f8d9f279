/* The signed-rank test against enumeration, published tables and simulation. */
#include "harness/analyze/signed_rank.h"

#include <float.h>
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

/* P(T <= k) by looking at all 2^n subsets of the ranks. */
static double below_by_enumeration(unsigned n, unsigned k) {
    unsigned hits = 0;
    for (unsigned subset = 0; subset < 1u << n; subset++) {
        unsigned sum = 0;
        for (unsigned rank = 1; rank <= n; rank++) {
            sum += (subset >> (rank - 1) & 1) * rank;
        }
        hits += sum <= k;
    }
    return ldexp(hits, -(int)n);
}

static void the_distribution_is_that_of_all_subsets(void **state) {
    (void)state;
    for (unsigned n = 1; n <= 11; n++) {
        struct rank_null null;
        signed_rank_null_init(&null, n);
        assert_int_equal(null.most, n * (n + 1) / 2);
        for (unsigned k = 0; k <= null.most; k++) {
            assert_same(rank_null_below(&null, k), below_by_enumeration(n, k));
        }
        rank_null_release(&null);
    }
}

/* The greatest T that is significant, two-sided, for 6 to 50 values; -1: none. As the MOEA
   Framework has them from Sheskin's Handbook of Parametric and Nonparametric Statistical
   Procedures, third edition (github.com/MOEAFramework/MOEAFramework, WilcoxonSignedRanksTest.java);
   5 % to 25 values also in the University of York's table
   (york.ac.uk/depts/maths/tables/wilcoxon.htm). */
enum { CRITICAL_FIRST = 6, CRITICAL_LAST = 50 };
static const int critical_five[] = {0,   2,   3,   5,   8,   10,  13,  17,  21,  25,  29,  34,
                                    40,  46,  52,  58,  65,  73,  81,  89,  98,  107, 116, 126,
                                    137, 147, 159, 170, 182, 195, 208, 221, 235, 249, 264, 279,
                                    294, 310, 327, 343, 361, 378, 396, 415, 434};
static const int critical_one[] = {-1,  -1,  0,   1,   3,   5,   7,   9,   12,  15,  19,  23,
                                   27,  32,  37,  42,  48,  54,  61,  68,  75,  83,  91,  100,
                                   109, 118, 128, 138, 148, 159, 171, 182, 194, 207, 220, 233,
                                   247, 261, 276, 291, 307, 322, 339, 355, 373};

static void the_critical_values_are_the_published_ones(void **state) {
    (void)state;
    for (unsigned n = CRITICAL_FIRST; n <= CRITICAL_LAST; n++) {
        struct rank_null null;
        signed_rank_null_init(&null, n);
        assert_int_equal((int)rank_null_rank(&null, 0.025) - 1, critical_five[n - CRITICAL_FIRST]);
        assert_int_equal((int)rank_null_rank(&null, 0.005) - 1, critical_one[n - CRITICAL_FIRST]);
        rank_null_release(&null);
    }
}

/* R 3.4.1's wilcox.test(exact = TRUE), as SciPy's own test has it (scipy/stats/tests/
   test_morestats.py, test_exact_pval). */
static void the_p_values_are_those_of_r(void **state) {
    (void)state;
    const double x[] = {1.81, 0.82, 1.56, -0.48, 0.81, 1.28, -1.04, 0.23, -0.75, 0.14};
    const double y[] = {0.71, 0.65, -0.2, 0.85, -1.1, -0.45, -0.84, -0.24, -0.68, -0.76};
    double few[10], many[20];
    for (int i = 0; i < 10; i++)
        few[i] = x[i] - y[i];
    for (int i = 0; i < 20; i++)
        many[i] = i + 0.5 - (20 - i);
    struct shifts s;
    signed_rank_init(&s, few, 10);
    assert_near(shifts_p_above(&s, 0), 0.05273438, 5e-9);
    assert_near(shifts_p_below(&s, 0), 0.9580078, 5e-8);
    shifts_release(&s);
    signed_rank_init(&s, many, 20);
    assert_near(shifts_p_below(&s, 0), 0.4347439, 5e-8);
    shifts_release(&s);
}

static void a_thousand_values_have_an_exact_distribution(void **state) {
    (void)state;
    struct rank_null null;
    signed_rank_null_init(&null, SIGNED_RANK_EXACT);
    assert_non_null(null.below);
    /* Mean and variance have closed forms; the variance sums (k - mean)^2 over both halves. */
    double mean = (double)null.most / 2;
    double variance = 0;
    double before = 0;
    for (size_t k = 0; k <= null.most / 2; k++) {
        double probability = null.below[k] - before;
        before = null.below[k];
        variance += 2 * probability * (mean - (double)k) * (mean - (double)k);
    }
    assert_near(variance / (null.deviation * null.deviation), 1, 1e-9);
    /* The normal approximation that takes over beyond is as near as the header says. */
    for (size_t k = null.most / 3; k < null.most / 2; k += 100) {
        double z = ((double)k + 0.5 - mean) / null.deviation;
        assert_near(null.below[k], erfc(-z / sqrt(2)) / 2, 1e-4);
    }
    rank_null_release(&null);
    signed_rank_null_init(&null, SIGNED_RANK_EXACT + 1);
    assert_null(null.below);
    assert_near(rank_null_below(&null, null.most / 2), 0.5, 1e-4);
    assert_same(rank_null_below(&null, null.most), 1);
    rank_null_release(&null);
}

/* Hollander, Wolfe and Chicken, example 3.1 (Hamilton's depression scale factor IV, 9 patients):
   T+ of the improvement is 40 of 45, p = 0.020; estimate 0.46, interval of 96.1 %: 0.01 to
   0.786. The same data are in R's ?wilcox.test: V = 40, p-value = 0.01953. (No output of R's with
   this interval was found; its ends are counted below: the 6th Walsh average from either end.) */
static void the_published_example_comes_out(void **state) {
    (void)state;
    const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double change[9];
    for (size_t i = 0; i < 9; i++) {
        change[i] = before[i] - after[i];
    }
    struct shifts s;
    signed_rank_init(&s, change, 9);
    assert_near(shifts_p_above(&s, 0), 0.01953, 1e-5);
    struct shift shift = shifts_estimate(&s, 0.95);
    assert_near(shift.estimate, 0.46, 1e-9);
    assert_near(shift.low, 0.01, 1e-9);
    assert_near(shift.high, 0.786, 1e-9);
    assert_near(shift.coverage, 1 - 20.0 / 512, 1e-12);
    shifts_release(&s);
}

static void fewer_than_six_values_have_no_95_percent_interval(void **state) {
    (void)state;
    const double values[] = {1, 2, 3, 4, 5, 6};
    for (size_t n = 0; n <= 6; n++) {
        struct shift shift = signed_rank_estimate(values, n, 0.95);
        assert_int_equal(shift_is_bounded(&shift), n == 6);
        assert_int_equal(isnan(shift.coverage), n < 6);
        assert_int_equal(isnan(shift.estimate), n == 0);
    }
    struct shift shift = signed_rank_estimate(values, 6, 0.95);
    assert_same(shift.low, 1);
    assert_same(shift.high, 6);
    assert_same(shift.coverage, 1 - 2.0 / 64);
}

static void negated_values_negate_everything_to_the_bit(void **state) {
    (void)state;
    GRand *random = g_rand_new_with_seed(7);
    for (size_t n = 6; n < 30; n++) {
        double values[30];
        double negated[30];
        for (size_t i = 0; i < n; i++) {
            values[i] = 0.1 + draw_heavy(random) * 0.01;
            negated[n - 1 - i] = -values[i];
        }
        struct shifts s;
        struct shifts m;
        signed_rank_init(&s, values, n);
        signed_rank_init(&m, negated, n);
        struct shift shift = shifts_estimate(&s, 0.95);
        struct shift mirror = shifts_estimate(&m, 0.95);
        assert_same(shift.estimate, -mirror.estimate);
        assert_same(shift.low, -mirror.high);
        assert_same(shift.high, -mirror.low);
        assert_same(shifts_p_above(&s, 0.1), shifts_p_below(&m, -0.1));
        assert_same(shifts_p_below(&s, 0.1), shifts_p_above(&m, -0.1));
        shifts_release(&s);
        shifts_release(&m);
    }
    g_rand_free(random);
}

static void zero_has_no_sign(void **state) {
    (void)state;
    const double values[] = {-0.0, -0.0, -0.0, -0.0, -0.0, -0.0};
    struct shift shift = signed_rank_estimate(values, 6, 0.95);
    assert_false(signbit(shift.estimate) || signbit(shift.low) || signbit(shift.high));
}

static void the_interval_holds_what_the_test_does_not_reject(void **state) {
    (void)state;
    GRand *random = g_rand_new_with_seed(11);
    double values[15];
    for (size_t i = 0; i < 15; i++) {
        values[i] = draw_normal(random);
    }
    struct shifts s;
    signed_rank_init(&s, values, 15);
    struct shift shift = shifts_estimate(&s, 0.95);
    assert_true(shifts_p_above(&s, nextafter(shift.low, -10)) <= 0.025);
    assert_true(shifts_p_above(&s, shift.low) > 0.025);
    assert_true(shifts_p_below(&s, nextafter(shift.high, 10)) <= 0.025);
    assert_true(shifts_p_below(&s, shift.high) > 0.025);
    shifts_release(&s);
    g_rand_free(random);
}

static void values_equal_to_the_shift_count_for_neither_side(void **state) {
    (void)state;
    const double same[] = {2, 2, 2, 2, 2, 2, 2, 2};
    struct shifts s;
    signed_rank_init(&s, same, 8);
    assert_same(shifts_p_above(&s, 2), 1);
    assert_same(shifts_p_below(&s, 2), 1);
    assert_same(shifts_p_above(&s, 1.9), ldexp(1, -8));
    shifts_release(&s);
}

struct cover {
    double share, attained;
};

/* How often the interval of n values holds the true centre, 0; values are rounded to a grid when
   there is one. */
static struct cover cover_of(size_t n, double grid, guint32 seed) {
    GRand *random = g_rand_new_with_seed(seed);
    double *values = g_new(double, n);
    unsigned held = 0;
    struct shift shift = {0};
    for (unsigned k = 0; k < SIMULATIONS; k++) {
        for (size_t i = 0; i < n; i++) {
            values[i] = draw_heavy(random);
            if (grid > 0)
                values[i] = grid * round(values[i] / grid);
        }
        shift = signed_rank_estimate(values, n, 0.95);
        held += shift.low <= 0 && 0 <= shift.high;
    }
    g_free(values);
    g_rand_free(random);
    return (struct cover){(double)held / SIMULATIONS, shift.coverage};
}

static void the_interval_covers_as_often_as_it_says_with_heavy_tails(void **state) {
    (void)state;
    const size_t counts[] = {6, 8, 12, 16, 20, 40};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct cover c = cover_of(counts[i], 0, 1 + (guint32)i);
        print_message("n = %zu: %.4f of %d, says %.4f\n", counts[i], c.share, SIMULATIONS,
                      c.attained);
        assert_near(c.share, c.attained, 0.005);
    }
}

static void ties_can_only_widen_the_interval(void **state) {
    (void)state;
    const double grids[] = {0.5, 1, 3};
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
        struct cover c = cover_of(16, grids[i], 100 + (guint32)i);
        assert_true(c.share >= c.attained - 0.005);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distribution_is_that_of_all_subsets),
        cmocka_unit_test(the_critical_values_are_the_published_ones),
        cmocka_unit_test(the_p_values_are_those_of_r),
        cmocka_unit_test(a_thousand_values_have_an_exact_distribution),
        cmocka_unit_test(the_published_example_comes_out),
        cmocka_unit_test(fewer_than_six_values_have_no_95_percent_interval),
        cmocka_unit_test(negated_values_negate_everything_to_the_bit),
        cmocka_unit_test(zero_has_no_sign),
        cmocka_unit_test(the_interval_holds_what_the_test_does_not_reject),
        cmocka_unit_test(values_equal_to_the_shift_count_for_neither_side),
        cmocka_unit_test(the_interval_covers_as_often_as_it_says_with_heavy_tails),
        cmocka_unit_test(ties_can_only_widen_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
