/* Counts: equality, bands, and what becomes of a metric whose repeats differ. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/draws.h"
#include "tests/unit/gate_fixture.h"

/* One cell and one metric, counted so often; base and candidate of each repeat. */
static void gate_of_counts(struct gate_fixture *f, const char *metric, const double (*sides)[2],
                           unsigned repeats) {
    gate_fixture_init(f, 1);
    gate_fixture_cell(f, 1, "trees");
    g_array_index(f->rows.cells, struct gate_cell_row, 0).method = NULL;
    for (unsigned i = 0; i < repeats; i++) {
        struct gate_count_row row;
        row_clear(&gate_count_type, &row);
        row.cell = 1;
        row.metric = metric;
        row.repeat = i + 1;
        row.operations = 1000;
        row.base = sides[i][0];
        row.candidate = sides[i][1];
        g_array_append_val(f->rows.counts, row);
    }
}

static enum gate_verdict verdict_of(const char *metric, const double (*sides)[2],
                                    unsigned repeats) {
    struct gate_fixture f;
    gate_of_counts(&f, metric, sides, repeats);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    enum gate_verdict verdict = findings.verdict;
    assert_int_equal(findings.findings->len, 1);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
    return verdict;
}

static void assert_twice(const char *metric, double base, double candidate,
                         enum gate_verdict expected) {
    const double sides[2][2] = {{base, candidate}, {base, candidate}};
    assert_int_equal(verdict_of(metric, sides, 2), expected);
}

static void allocations_are_judged_by_equality(void **state) {
    (void)state;
    assert_twice("allocs", 1000000, 1000000, GATE_PASS);
    assert_twice("allocs", 1000000, 1000001, GATE_REGRESSED);
    assert_twice("allocs", 1000001, 1000000, GATE_IMPROVED);
    assert_twice("allocs", 0, 0, GATE_PASS);
    assert_twice("allocs", 0, 1, GATE_REGRESSED);
    assert_twice("retained_bytes", 1e6, 0, GATE_IMPROVED);
}

static void bytes_have_a_band_of_one_in_a_million(void **state) {
    (void)state;
    assert_twice("bytes", 50000000, 50000050, GATE_PASS);
    assert_twice("bytes", 50000000, 50000051, GATE_REGRESSED);
    assert_twice("bytes", 1000, 1001, GATE_REGRESSED);
    assert_twice("requested_bytes", 50000000, 50000001, GATE_REGRESSED);
}

static void instructions_have_a_band_of_half_a_percent_of_the_lesser(void **state) {
    (void)state;
    assert_twice("instructions", 1000000, 1005000, GATE_PASS);
    assert_twice("instructions", 1000000, 1005001, GATE_REGRESSED);
    assert_twice("instructions", 1005000, 1000000, GATE_PASS);
    assert_twice("instructions", 1005001, 1000000, GATE_IMPROVED);
}

static void faults_have_a_band_of_eight_or_one_percent(void **state) {
    (void)state;
    assert_twice("minor_faults", 10, 18, GATE_PASS);
    assert_twice("minor_faults", 10, 19, GATE_REGRESSED);
    assert_twice("minor_faults", 10000, 10100, GATE_PASS);
    assert_twice("minor_faults", 10000, 10101, GATE_REGRESSED);
}

static void a_band_of_eight_faults_is_told_in_faults(void **state) {
    (void)state;
    const double one[2][2] = {{1, 1}, {1, 1}};
    struct gate_fixture f;
    gate_of_counts(&f, "minor_faults", one, 2);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    const struct gate_finding *found = gate_fixture_finding(&findings, 1, "minor_faults");
    assert_true(found->visible_count == 8);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

/* What is live after a run less what was before it: a collection in between makes it negative. */
static void retained_bytes_may_be_negative(void **state) {
    (void)state;
    assert_twice("retained_bytes", -80, -80, GATE_PASS);
    assert_twice("retained_bytes", -80, 16, GATE_REGRESSED);
    assert_twice("retained_bytes", -80, -96, GATE_IMPROVED);
    assert_twice("retained_bytes", 16, -80, GATE_IMPROVED);
    assert_twice("madvise_calls", -80, -80, GATE_INVALID);
}

static void far_fewer_calls_for_checked_work_are_an_improvement(void **state) {
    (void)state;
    assert_twice("madvise_calls", 1000, 0, GATE_IMPROVED);
    assert_twice("instructions", 1e6, 2e5, GATE_IMPROVED);
    assert_twice("bytes", 1000, 499, GATE_INVALID);
    assert_twice("bytes", 1000, 500, GATE_IMPROVED);
}

static void a_limit_allows_what_it_names(void **state) {
    (void)state;
    const struct gate_limit limit = {"trees*", "bytes", 0.6};
    const double sides[2][2] = {{1000, 450}, {1000, 450}};
    struct gate_fixture f;
    gate_of_counts(&f, "bytes", sides, 2);
    struct gate_rule rule = gate_rule_initial;
    rule.limits = &limit;
    rule.limit_count = 1;
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &rule);
    assert_int_equal(findings.verdict, GATE_IMPROVED);
    gate_findings_release(&findings);
    for (guint i = 0; i < 2; i++) {
        g_array_index(f.rows.counts, struct gate_count_row, i).candidate = 1600;
    }
    gate_decide(&findings, &f.rows, &rule);
    assert_int_equal(findings.verdict, GATE_PASS);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void a_single_count_can_pass_but_not_accuse(void **state) {
    (void)state;
    const double equal[1][2] = {{12, 12}};
    const double more[1][2] = {{12, 13}};
    assert_int_equal(verdict_of("mmap_calls", equal, 1), GATE_PASS);
    assert_int_equal(verdict_of("mmap_calls", more, 1), GATE_INCONCLUSIVE);
}

static void assert_four(const double base[4], const double candidate[4],
                        enum gate_verdict expected) {
    double sides[4][2], swapped[4][2];
    for (int i = 0; i < 4; i++) {
        sides[i][0] = swapped[i][1] = base[i];
        sides[i][1] = swapped[i][0] = candidate[i];
    }
    enum gate_verdict mirrored = expected == GATE_REGRESSED ? GATE_IMPROVED : expected;
    assert_int_equal(verdict_of("mmap_calls", (const double(*)[2])sides, 4), expected);
    assert_int_equal(verdict_of("mmap_calls", (const double(*)[2])swapped, 4), mirrored);
}

/* The four cases: constant or scattered, base and candidate. No band is stated for these calls. */
static void what_scatters_passes_only_what_scatters_alike(void **state) {
    (void)state;
    const double constant[] = {100, 100, 100, 100}, more[] = {101, 101, 101, 101};
    const double scattered[] = {98, 99, 101, 102}, alike[] = {99, 102, 98, 100};
    const double above[] = {103, 104, 106, 107}, far[] = {119, 120, 121, 122};
    const double wide[] = {60, 90, 110, 140};
    assert_four(constant, constant, GATE_PASS);
    assert_four(constant, more, GATE_REGRESSED);
    assert_four(constant, scattered, GATE_INCONCLUSIVE);
    assert_four(constant, far, GATE_REGRESSED);
    assert_four(scattered, alike, GATE_PASS);
    assert_four(scattered, wide, GATE_INCONCLUSIVE);
    assert_four(scattered, above, GATE_INCONCLUSIVE);
    assert_four(scattered, far, GATE_REGRESSED);
}

/* 8 page faults are the stated band. */
static void a_band_that_holds_every_repeat_passes(void **state) {
    (void)state;
    const double within[2][2] = {{100, 100}, {100, 108}}, beyond[2][2] = {{100, 100}, {100, 109}};
    assert_int_equal(verdict_of("minor_faults", within, 2), GATE_PASS);
    assert_int_equal(verdict_of("minor_faults", beyond, 2), GATE_INCONCLUSIVE);
}

static void of_few_repeats_only_a_great_difference_is_told(void **state) {
    (void)state;
    const double apart[2][2] = {{100, 103}, {101, 104}}, far[2][2] = {{100, 150}, {101, 151}};
    assert_int_equal(verdict_of("mmap_calls", apart, 2), GATE_INCONCLUSIVE);
    assert_int_equal(verdict_of("mmap_calls", far, 2), GATE_REGRESSED);
}

static void what_is_not_exact_is_told(void **state) {
    (void)state;
    const double sides[2][2] = {{100, 101}, {101, 100}};
    struct gate_fixture f;
    gate_of_counts(&f, "mmap_calls", sides, 2);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    const struct gate_finding *found = gate_fixture_finding(&findings, 1, "mmap_calls");
    assert_int_equal(found->verdict, GATE_PASS);
    assert_non_null(strstr(found->reason, "not an exact metric here"));
    assert_true(found->base * 1000 == 100.5);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

/* A metric that is nothing but noise, as a count of waits would be. */
static void pure_noise_is_accused_less_than_twice_in_a_thousand(void **state) {
    (void)state;
    enum { DECISIONS = 4000 };
    GRand *random = g_rand_new_with_seed(31);
    for (unsigned repeats = 2; repeats <= 5; repeats++) {
        for (int heavy = 0; heavy < 2; heavy++) {
            unsigned accused = 0;
            for (unsigned i = 0; i < DECISIONS; i++) {
                double sides[5][2];
                for (unsigned k = 0; k < repeats; k++) {
                    for (int side = 0; side < 2; side++) {
                        double noise = heavy ? draw_heavy(random) : draw_normal(random);
                        sides[k][side] = round(1e6 + 1000 * noise);
                    }
                }
                enum gate_verdict v = verdict_of("mmap_calls", (const double(*)[2])sides, repeats);
                accused += v == GATE_REGRESSED || v == GATE_IMPROVED;
            }
            print_message("%u repeats, %s: %u of %d accused\n", repeats,
                          heavy ? "heavy tails" : "normal", accused, DECISIONS);
            assert_true(accused * 1000 <= 2 * DECISIONS);
        }
    }
    g_rand_free(random);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_judged_by_equality),
        cmocka_unit_test(bytes_have_a_band_of_one_in_a_million),
        cmocka_unit_test(instructions_have_a_band_of_half_a_percent_of_the_lesser),
        cmocka_unit_test(faults_have_a_band_of_eight_or_one_percent),
        cmocka_unit_test(a_band_of_eight_faults_is_told_in_faults),
        cmocka_unit_test(retained_bytes_may_be_negative),
        cmocka_unit_test(far_fewer_calls_for_checked_work_are_an_improvement),
        cmocka_unit_test(a_limit_allows_what_it_names),
        cmocka_unit_test(a_single_count_can_pass_but_not_accuse),
        cmocka_unit_test(what_scatters_passes_only_what_scatters_alike),
        cmocka_unit_test(a_band_that_holds_every_repeat_passes),
        cmocka_unit_test(of_few_repeats_only_a_great_difference_is_told),
        cmocka_unit_test(what_is_not_exact_is_told),
        cmocka_unit_test(pure_noise_is_accused_less_than_twice_in_a_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
