/* The smallest visible effect: held against the power that the test really has. */
#include "harness/analyze/visible.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/analyze/signed_rank.h"
#include "harness/analyze/statistics.h"
#include "tests/unit/draws.h"

#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

enum { SIMULATIONS = 2000 };

static void more_blocks_see_less(void **state) {
    (void)state;
    struct visible_rule rule = {0.01, 0.9};
    /* The guide that planners use: 0.86, 1.18 and 0.67 deviations. */
    assert_near(visible_of_deviation(1, 20, rule), 0.86, 0.02);
    assert_near(visible_of_deviation(1, 12, rule), 1.18, 0.02);
    assert_near(visible_of_deviation(1, 32, rule), 0.67, 0.02);
}

static void a_test_that_can_never_fail_sees_nothing(void **state) {
    (void)state;
    const struct shift interval = {0, -1, 1, 0.95};
    const struct shift none = {0, NAN, NAN, NAN};
    const struct visible_rule strict = {0.001, 0.9};
    const struct visible_rule lax = {0.1, 0.9};
    bool sees_with_ten = !isnan(visible_shift(&interval, 10, strict));
    bool sees_with_nine = !isnan(visible_shift(&interval, 9, strict));
    bool sees_with_five = !isnan(visible_shift(&interval, 5, lax));
    bool sees_without_interval = !isnan(visible_shift(&none, 40, lax));
    assert_true(sees_with_ten);
    assert_false(sees_with_nine || sees_with_five || sees_without_interval);
}

static void four_times_the_blocks_see_half(void **state) {
    (void)state;
    assert_int_equal(visible_count(0.02, 40, 0.01), 160);
    assert_int_equal(visible_count(0.01, 40, 0.01), 40);
}

static void draw_sample(GRand *random, double (*draw)(GRand *), double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        values[i] = draw(random);
    }
}

/* The median of what samples without a shift say would be visible. */
static double visible_typical(double (*draw)(GRand *), size_t n, struct visible_rule rule) {
    GRand *random = g_rand_new_with_seed(21);
    double visible[SIMULATIONS];
    double values[64];
    for (size_t k = 0; k < SIMULATIONS; k++) {
        draw_sample(random, draw, values, n);
        struct shift shift = signed_rank_estimate(values, n, 0.95);
        visible[k] = visible_shift(&shift, n, rule);
    }
    g_rand_free(random);
    values_sort(visible, SIMULATIONS);
    return median_of(visible, SIMULATIONS);
}

/* How often the test rejects "no shift" when there is one. */
static double power_of(double (*draw)(GRand *), size_t n, double shift, double level) {
    GRand *random = g_rand_new_with_seed(22);
    double values[64];
    unsigned rejected = 0;
    for (size_t k = 0; k < SIMULATIONS; k++) {
        draw_sample(random, draw, values, n);
        struct shifts s;
        signed_rank_init(&s, values, n);
        rejected += shifts_p_above(&s, -shift) <= level;
        shifts_release(&s);
    }
    g_rand_free(random);
    return (double)rejected / SIMULATIONS;
}

static void visible_check(size_t count, double level, bool is_heavy) {
    double (*draw)(GRand *) = is_heavy ? draw_heavy : draw_normal;
    double visible = visible_typical(draw, count, (struct visible_rule){level, 0.9});
    double power = power_of(draw, count, visible, level);
    print_message("n = %zu, level %g, %s: %.3f is seen by %.3f\n", count, level,
                  is_heavy ? "heavy tails" : "normal", visible, power);
    assert_near(power, 0.9, is_heavy ? 0.12 : 0.04);
}

static void the_visible_effect_is_seen_nine_times_in_ten(void **state) {
    (void)state;
    visible_check(24, 0.01, false);
    visible_check(24, 0.0005, false);
    visible_check(24, 0.01, true);
    visible_check(40, 0.01, true);
    visible_check(60, 0.0005, false);
    visible_check(60, 0.0005, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_blocks_see_less),
        cmocka_unit_test(a_test_that_can_never_fail_sees_nothing),
        cmocka_unit_test(four_times_the_blocks_see_half),
        cmocka_unit_test(the_visible_effect_is_seen_nine_times_in_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
