/* What a comparison says about cells that meet: ratios, intervals, verdicts, means. */
#include "harness/analyze/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/compare_fixture.h"

static const double five[] = {98, 99, 100, 101, 102};

static bool is_near(double x, double y) {
    return fabs(x - y) <= 1e-12;
}

static void add_times(struct run_rows *rows, const char *workload, double factor) {
    double ns[5];
    for (int i = 0; i < 5; i++)
        ns[i] = five[i] * factor;
    compare_fixture_add(rows, "s", workload, ns, 5);
}

static void a_difference_beyond_all_repetitions_is_sure(void **state) {
    (void)state;
    struct compare_fixture f;
    compare_fixture_init(&f);
    add_times(&f.rows_a, "w", 1);
    add_times(&f.rows_b, "w", 2);
    assert_true(compare_fixture_go(&f));
    const struct compare_finding *finding = compare_fixture_find(&f, "ns_per_op", "w");
    assert_int_equal(finding->verdict, COMPARE_UP);
    assert_string_equal(
        compare_verdict_word(finding->verdict, compare_fixture_block(&f, "ns_per_op")->metric),
        "slower");
    assert_true(is_near(finding->effect, log(2)));
    assert_true(finding->low < log(2) && finding->high > log(2) && finding->low > log(1.9));
    /* 10 choose 5 orders; the interval leaves out those of U <= 2: 1, 1 and 2 of them. */
    assert_true(is_near(finding->coverage, 1 - 2 * 4.0 / 252));
    assert_true(is_near(finding->p, 2.0 / 252));
    assert_false(finding->is_paired);
    compare_fixture_release(&f);
}

/* Text and numbers of any kind, with ties, from a seed. */
static void add_random(struct run_rows *rows, unsigned seed) {
    GRand *random = g_rand_new_with_seed(seed);
    for (int w = 0; w < 12; w++) {
        char *workload = g_strdup_printf("w%d", w);
        double ns[7];
        for (int i = 0; i < 7; i++)
            ns[i] = exp(g_rand_double(random)) * (1 + w % 3) + (w % 4 == 0 ? 0 : 0.25);
        if (w % 5 == 0)
            ns[3] = ns[2];
        compare_fixture_add(rows, "s", workload, ns, 7);
        g_free(workload);
    }
    g_rand_free(random);
}

static enum compare_verdict mirrored(enum compare_verdict verdict) {
    static const enum compare_verdict mirror[] = {[COMPARE_UP] = COMPARE_DOWN,
                                                  [COMPARE_DOWN] = COMPARE_UP,
                                                  [COMPARE_PERHAPS_UP] = COMPARE_PERHAPS_DOWN,
                                                  [COMPARE_PERHAPS_DOWN] = COMPARE_PERHAPS_UP};
    return verdict <= COMPARE_PERHAPS_DOWN ? mirror[verdict] : verdict;
}

static void assert_mirrored(const struct compare_finding *x, const struct compare_finding *y) {
    assert_true(x->effect == -y->effect && x->low == -y->high && x->high == -y->low);
    assert_true(x->p == y->p && x->visible == y->visible && x->coverage == y->coverage);
    assert_int_equal(x->verdict, mirrored(y->verdict));
}

static void assert_means_mirrored(const struct compare_block *x, const struct compare_block *y) {
    assert_int_equal(x->means->len, y->means->len);
    for (guint i = 0; i < x->means->len; i++) {
        const struct compare_mean *p = &g_array_index(x->means, struct compare_mean, i);
        const struct compare_mean *q = &g_array_index(y->means, struct compare_mean, i);
        assert_true(p->effect == -q->effect && p->low == -q->high && p->high == -q->low);
    }
}

static void swapped_sides_negate_every_logarithm_exactly(void **state) {
    (void)state;
    struct compare_fixture forth, back;
    compare_fixture_init(&forth);
    compare_fixture_init(&back);
    add_random(&forth.rows_a, 1);
    add_random(&forth.rows_b, 2);
    add_random(&back.rows_a, 2);
    add_random(&back.rows_b, 1);
    assert_true(compare_fixture_go(&forth) && compare_fixture_go(&back));
    for (int w = 0; w < 12; w++) {
        char *workload = g_strdup_printf("w%d", w);
        assert_mirrored(compare_fixture_find(&forth, "ns_per_op", workload),
                        compare_fixture_find(&back, "ns_per_op", workload));
        g_free(workload);
    }
    assert_means_mirrored(compare_fixture_block(&forth, "ns_per_op"),
                          compare_fixture_block(&back, "ns_per_op"));
    compare_fixture_release(&forth);
    compare_fixture_release(&back);
}

/* Rounds that differ much, and a strategy that takes 5 % more in each. */
static void add_rounds(struct run_rows *rows, unsigned rounds) {
    double ns[16], more[16];
    for (unsigned i = 0; i < rounds; i++) {
        ns[i] = 100.0 * (1 + (i * 7) % 11);
        more[i] = ns[i] * (1.05 + 0.001 * (i % 4));
    }
    compare_fixture_add(rows, "first", "w", ns, rounds);
    compare_fixture_add(rows, "second", "w", more, rounds);
}

static void strategies_of_one_run_are_paired_from_ten_repetitions_on(void **state) {
    (void)state;
    for (unsigned rounds = 9; rounds <= 10; rounds++) {
        struct compare_fixture f;
        compare_fixture_init(&f);
        add_rounds(&f.rows_a, rounds);
        f.request.one_run = true;
        assert_true(compare_fixture_go(&f));
        const struct compare_finding *finding = compare_fixture_find(&f, "ns_per_op", "w");
        assert_int_equal(finding->is_paired, rounds == 10);
        assert_int_equal(finding->verdict, rounds == 10 ? COMPARE_UP : COMPARE_NOISY);
        assert_string_equal(finding->cell->strategy, "second");
        assert_string_equal(f.c.base, "first");
        compare_fixture_release(&f);
    }
}

static void pairs_are_of_the_same_repetition_whatever_the_order_of_rows(void **state) {
    (void)state;
    struct compare_fixture f;
    compare_fixture_init(&f);
    add_rounds(&f.rows_a, 12);
    /* The second strategy's rows the other way round, as a resumed run may have them. */
    struct record *records = &g_array_index(f.rows_a.records, struct record, 0);
    for (unsigned i = 0; i < 6; i++) {
        struct record kept = records[12 + i];
        records[12 + i] = records[23 - i];
        records[23 - i] = kept;
    }
    f.request.one_run = true;
    assert_true(compare_fixture_go(&f));
    const struct compare_finding *finding = compare_fixture_find(&f, "ns_per_op", "w");
    assert_int_equal(finding->count_a, 12);
    assert_true(finding->low >= log(1.05) - 1e-12 && finding->high <= log(1.053) + 1e-12);
    compare_fixture_release(&f);
}

static void three_repetitions_tell_their_coverage_and_no_verdict(void **state) {
    (void)state;
    struct compare_fixture f;
    compare_fixture_init(&f);
    compare_fixture_add(&f.rows_a, "s", "w", five, 3);
    compare_fixture_add(&f.rows_b, "s", "w", (const double[]){200, 201, 202}, 3);
    compare_fixture_add(&f.rows_a, "s", "single", five, 1);
    compare_fixture_add(&f.rows_b, "s", "single", five, 1);
    compare_fixture_last(&f.rows_b)->ns_per_op = 500;
    assert_true(compare_fixture_go(&f));
    const struct compare_finding *finding = compare_fixture_find(&f, "ns_per_op", "w");
    assert_int_equal(finding->verdict, COMPARE_FEW);
    assert_true(is_near(finding->coverage, 0.9)); /* 1 - 2 / 20 */
    assert_true(finding->low > 0 && isnan(finding->visible));
    finding = compare_fixture_find(&f, "ns_per_op", "single");
    assert_int_equal(finding->verdict, COMPARE_FEW);
    assert_true(isnan(finding->low) && isnan(finding->coverage));
    compare_fixture_release(&f);
}

static void one_difference_among_many_cells_is_perhaps_one(void **state) {
    (void)state;
    for (int cells = 1; cells <= 40; cells += 39) {
        struct compare_fixture f;
        compare_fixture_init(&f);
        for (int w = 0; w < cells; w++) {
            char *workload = g_strdup_printf("w%d", w);
            add_times(&f.rows_a, workload, 1);
            add_times(&f.rows_b, workload, w == 0 ? 2 : 1.0001);
            g_free(workload);
        }
        assert_true(compare_fixture_go(&f));
        const struct compare_block *block = compare_fixture_block(&f, "ns_per_op");
        assert_int_equal(block->tested, cells);
        assert_int_equal(compare_fixture_find(&f, "ns_per_op", "w0")->verdict,
                         cells == 1 ? COMPARE_UP : COMPARE_PERHAPS_UP);
        assert_int_equal(block->counts[COMPARE_SAME], cells - 1);
        compare_fixture_release(&f);
    }
}

static void a_sure_difference_within_the_margin_is_none(void **state) {
    (void)state;
    const double a[] = {1000, 1000.1, 1000.2, 1000.3, 1000.4},
                 b[] = {1005, 1005.1, 1005.2, 1005.3, 1005.4};
    for (int strict = 0; strict < 2; strict++) {
        struct compare_fixture f;
        compare_fixture_init(&f);
        compare_fixture_add(&f.rows_a, "s", "w", a, 5);
        compare_fixture_add(&f.rows_b, "s", "w", b, 5);
        f.request.margin = strict ? 0.001 : 0.01;
        assert_true(compare_fixture_go(&f));
        assert_int_equal(compare_fixture_find(&f, "ns_per_op", "w")->verdict,
                         strict ? COMPARE_UP : COMPARE_SAME);
        compare_fixture_release(&f);
    }
}

/* Sets B/op of the last `count` records. */
static void set_bytes(struct run_rows *rows, const double *bytes, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        g_array_index(rows->records, struct record, rows->records->len - count + i).bytes_per_op =
            bytes[i];
}

static void counts_are_compared_exactly_and_without_an_interval(void **state) {
    (void)state;
    static const double sets[][3] = {{80, 80, 80}, {81, 81, 81}, {0, 0, 0}, {80, 80, 81}};
    static const struct {
        int a, b;
        enum compare_verdict verdict;
        bool is_exact;
        double effect;
    } cases[] = {{0, 0, COMPARE_EQUAL, true, 0},
                 {0, 1, COMPARE_UP, true, 0.0124225199985571},
                 {1, 0, COMPARE_DOWN, true, -0.0124225199985571},
                 {2, 0, COMPARE_UP, true, NAN},
                 {0, 2, COMPARE_DOWN, true, NAN},
                 {2, 2, COMPARE_EQUAL, true, 0},
                 {0, 3, COMPARE_FEW, false, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct compare_fixture f;
        compare_fixture_init(&f);
        compare_fixture_add(&f.rows_a, "s", "w", five, 3);
        compare_fixture_add(&f.rows_b, "s", "w", five, 3);
        set_bytes(&f.rows_a, sets[cases[i].a], 3);
        set_bytes(&f.rows_b, sets[cases[i].b], 3);
        assert_true(compare_fixture_go(&f));
        const struct compare_finding *finding = compare_fixture_find(&f, "bytes_per_op", "w");
        assert_int_equal(finding->verdict, cases[i].verdict);
        assert_int_equal(finding->is_exact, cases[i].is_exact);
        assert_true(isnan(cases[i].effect) ? isnan(finding->effect)
                                           : is_near(finding->effect, cases[i].effect));
        assert_true(!finding->is_exact || (isnan(finding->p) && isnan(finding->low)));
        compare_fixture_release(&f);
    }
}

static void set_pauses(struct run_rows *rows, uint64_t step, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        g_array_index(rows->records, struct record, rows->records->len - count + i)
            .gc_pause_ns_max = step * (i + 1);
}

static void zeros_have_no_ratio_but_a_verdict(void **state) {
    (void)state;
    struct compare_fixture f;
    compare_fixture_init(&f);
    compare_fixture_add(&f.rows_a, "s", "w", five, 5);
    compare_fixture_add(&f.rows_b, "s", "w", five, 5);
    set_pauses(&f.rows_a, 0, 5);
    set_pauses(&f.rows_b, 10, 5);
    assert_true(compare_fixture_go(&f));
    const struct compare_finding *finding = compare_fixture_find(&f, "gc_pause_ns_max", "w");
    assert_true(isnan(finding->effect) && isnan(finding->low));
    assert_int_equal(finding->verdict, COMPARE_UP);
    assert_int_equal(compare_fixture_block(&f, "gc_pause_ns_max")->means->len, 0);
    compare_fixture_release(&f);
}

static void a_mean_is_of_cells_on_both_sides_and_tells_the_others(void **state) {
    (void)state;
    struct compare_fixture f;
    compare_fixture_init(&f);
    add_times(&f.rows_a, "one", 1);
    add_times(&f.rows_b, "one", 2);
    add_times(&f.rows_a, "two", 1);
    add_times(&f.rows_b, "two", 8);
    add_times(&f.rows_a, "gone", 1);
    add_times(&f.rows_b, "appeared", 1);
    assert_true(compare_fixture_go(&f));
    const struct compare_block *block = compare_fixture_block(&f, "ns_per_op");
    assert_int_equal(block->means->len, 1);
    const struct compare_mean *mean = &g_array_index(block->means, struct compare_mean, 0);
    assert_true(is_near(mean->effect, log(4)));
    assert_int_equal(mean->cells, 2);
    assert_int_equal(mean->left_out, 2);
    double error = compare_fixture_find(&f, "ns_per_op", "one")->error;
    assert_true(is_near(mean->high - mean->effect, 1.959963984540054 * error / sqrt(2)));
    compare_fixture_release(&f);
}

/* A standard normal number, by Box and Muller. */
static double normal_random(GRand *random) {
    double u = 1 - g_rand_double(random), v = g_rand_double(random);
    return sqrt(-2 * log(u)) * cos(2 * G_PI * v);
}

static void add_noise(struct run_rows *rows, GRand *random, double effect) {
    for (int w = 0; w < 400; w++) {
        char workload[16];
        double ns[8];
        g_snprintf(workload, sizeof workload, "w%03d", w);
        for (int i = 0; i < 8; i++)
            ns[i] = exp(effect + 0.02 * normal_random(random));
        compare_fixture_add(rows, "s", workload, ns, 8);
    }
}

/* Of 400 cells with an effect of that size, the share whose own interval leaves out 1. */
static double noise_compare(unsigned seed, double effect, double *visible) {
    struct compare_fixture f;
    GRand *random = g_rand_new_with_seed(seed);
    compare_fixture_init(&f);
    add_noise(&f.rows_a, random, 0);
    add_noise(&f.rows_b, random, effect);
    f.request.margin = 0;
    f.request.metrics = "ns/op";
    assert_true(compare_fixture_go(&f));
    const struct compare_block *block = compare_fixture_block(&f, "ns_per_op");
    double seen = 0;
    *visible = 0;
    for (guint i = 0; i < block->findings->len; i++) {
        const struct compare_finding *finding =
            &g_array_index(block->findings, struct compare_finding, i);
        seen += finding->p <= 0.05;
        *visible += finding->visible / block->findings->len;
    }
    seen /= block->findings->len;
    compare_fixture_release(&f);
    g_rand_free(random);
    return seen;
}

static void the_visible_effect_is_seen_nine_times_in_ten(void **state) {
    (void)state;
    double visible, ignored;
    double false_ones = noise_compare(7, 0, &visible);
    double power = noise_compare(8, log1p(visible), &ignored);
    assert_true(false_ones <= 0.07);
    assert_true(power >= 0.85 && power <= 0.96);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_beyond_all_repetitions_is_sure),
        cmocka_unit_test(swapped_sides_negate_every_logarithm_exactly),
        cmocka_unit_test(strategies_of_one_run_are_paired_from_ten_repetitions_on),
        cmocka_unit_test(pairs_are_of_the_same_repetition_whatever_the_order_of_rows),
        cmocka_unit_test(three_repetitions_tell_their_coverage_and_no_verdict),
        cmocka_unit_test(one_difference_among_many_cells_is_perhaps_one),
        cmocka_unit_test(a_sure_difference_within_the_margin_is_none),
        cmocka_unit_test(counts_are_compared_exactly_and_without_an_interval),
        cmocka_unit_test(zeros_have_no_ratio_but_a_verdict),
        cmocka_unit_test(a_mean_is_of_cells_on_both_sides_and_tells_the_others),
        cmocka_unit_test(the_visible_effect_is_seen_nine_times_in_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
