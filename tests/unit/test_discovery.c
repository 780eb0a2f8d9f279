/* Benjamini and Hochberg's procedure: their own example, and its promise by simulation. */
#include "harness/analyze/discovery.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/analyze/normal.h"
#include "tests/unit/draws.h"

#define assert_same(a, b) assert_true((a) == (b))

/* Section 3.2 of their paper: 15 endpoints, of which Bonferroni finds 3 and this procedure 4; so
   says statsmodels' own test, too (statsmodels/stats/tests/test_multi.py, test_fdr_bky: "single
   step-up: 4"). */
static void the_published_example_rejects_four(void **state) {
    (void)state;
    const double p[] = {0.3240, 0.0001, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                        0.0459, 0.0004, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    assert_same(discovery_threshold(p, 15, 0.05), 0.0095);
}

/* P-values and what R's package multtest (mt.rawp2adjp) makes of them by Benjamini and Hochberg, as
   statsmodels' tests have them (the same file, res_multtest1): a hypothesis is rejected at a rate
   from its adjusted p on. */
static const double multtest[][2] = {
    {5.2365677720800003e-05, 5.2365677720800005e-04},
    {2.8140506198e-04, 1.4070253098999999e-03},
    {1.4987731079600001e-02, 4.9959103598666670e-02},
    {2.0273268879800001e-02, 5.0683172199499998e-02},
    {1.7709695272300000e-01, 3.5419390544599999e-01},
    {6.4219392379499995e-01, 8.9533672797500008e-01},
    {6.8084594763299999e-01, 8.9533672797500008e-01},
    {7.1626938238000004e-01, 8.9533672797500008e-01},
    {8.3854136755300002e-01, 9.3171263061444454e-01},
    {9.6783382430900000e-01, 9.6783382430900000e-01},
};

static void what_is_rejected_is_what_r_rejects(void **state) {
    (void)state;
    enum { TESTS = sizeof multtest / sizeof *multtest };
    double p[TESTS];
    for (size_t i = 0; i < TESTS; i++)
        p[TESTS - 1 - i] = multtest[i][0];
    for (size_t i = 0; i < TESTS; i++) {
        double adjusted = multtest[i][1];
        assert_true(discovery_threshold(p, TESTS, adjusted * (1 + 1e-9)) >= multtest[i][0]);
        assert_true(discovery_threshold(p, TESTS, adjusted * (1 - 1e-9)) < multtest[i][0]);
    }
}

static void a_greater_p_may_carry_a_smaller_one(void **state) {
    (void)state;
    /* 0.04 is above 1 x 0.05 / 2, but both are at most 2 x 0.05 / 2. */
    const double p[] = {0.04, 0.045};
    assert_same(discovery_threshold(p, 2, 0.05), 0.045);
    assert_true(discovery_threshold(p, 1, 0.03) < 0);
}

static void no_tests_find_nothing(void **state) {
    (void)state;
    assert_true(discovery_threshold(NULL, 0, 0.05) < 0);
}

/* 20 tests, `real` of them of something that is there. */
static double false_share(unsigned real, double rate, guint32 seed) {
    enum { TESTS = 20, GATES = 20000 };
    GRand *random = g_rand_new_with_seed(seed);
    double sum = 0;
    for (unsigned gate = 0; gate < GATES; gate++) {
        double p[TESTS];
        for (unsigned i = 0; i < TESTS; i++) {
            p[i] = normal_below(draw_normal(random) - (i < real ? 3 : 0));
        }
        double threshold = discovery_threshold(p, TESTS, rate);
        double found = 0;
        double wrong = 0;
        for (unsigned i = 0; i < TESTS; i++) {
            found += p[i] <= threshold;
            wrong += p[i] <= threshold && i >= real;
        }
        sum += found > 0 ? wrong / found : 0;
    }
    g_rand_free(random);
    return sum / GATES;
}

/* For independent tests the expected share is exactly rate x (true nulls) / tests. */
static void the_share_of_false_discoveries_is_at_most_the_rate(void **state) {
    (void)state;
    const unsigned reals[] = {0, 5, 15};
    for (size_t i = 0; i < 3; i++) {
        double share = false_share(reals[i], 0.1, 3 + (guint32)i);
        double expected = 0.1 * (20 - reals[i]) / 20;
        print_message("%u of 20 real: %.4f of the discoveries false, expected %.4f\n", reals[i],
                      share, expected);
        assert_true(fabs(share - expected) < 0.005); /* 2.4 standard errors or more */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example_rejects_four),
        cmocka_unit_test(what_is_rejected_is_what_r_rejects),
        cmocka_unit_test(a_greater_p_may_carry_a_smaller_one),
        cmocka_unit_test(no_tests_find_nothing),
        cmocka_unit_test(the_share_of_false_discoveries_is_at_most_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
