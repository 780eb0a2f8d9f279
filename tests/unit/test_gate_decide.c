/* Verdicts on valid measurements: what regresses, what passes, and what nobody can tell. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/error.h"
#include "tests/unit/gate_fixture.h"

#define assert_same(a, b) assert_true((a) == (b))

static struct gate_fixture_blocks times(uint64_t cell, const char *stage, double effect) {
    return (struct gate_fixture_blocks){cell, "wall_ns", stage, "ab", 24, effect, 0.004};
}

/* One cell, its time changed by so much, in both stages or in one. */
static void gate_of_effects(struct gate_fixture *f, double measure, double confirm) {
    gate_fixture_init(f, 42);
    gate_fixture_cell(f, 1, "create-pointer");
    gate_fixture_measure(f, times(1, "measure", measure));
    if (!isnan(confirm))
        gate_fixture_measure(f, times(1, "confirm", confirm));
}

static enum gate_verdict verdict_of(const struct gate_fixture *f, const struct gate_rule *rule) {
    struct gate_findings findings;
    gate_decide(&findings, &f->rows, rule);
    enum gate_verdict verdict = findings.verdict;
    gate_findings_release(&findings);
    return verdict;
}

static void assert_verdict(double measure, double confirm, enum gate_verdict expected) {
    struct gate_fixture f;
    gate_of_effects(&f, measure, confirm);
    assert_int_equal(verdict_of(&f, &gate_rule_initial), expected);
    gate_fixture_release(&f);
}

static void identical_sides_pass(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_PASS);
    assert_int_equal(findings.counts[GATE_PASS], 3 * 6);
    const struct gate_finding *time = gate_fixture_finding(&findings, 2, "wall_ns");
    assert_string_equal(time->label, "trees bytes=80");
    assert_null(time->reason);
    assert_int_equal(time->blocks, 24);
    assert_int_equal(time->aa_blocks, 6);
    assert_true(fabs(time->effect) < 0.01 && time->low < time->effect && time->effect < time->high);
    assert_true(time->visible > 0.01 && time->visible < 0.03);
    assert_same(gate_fixture_finding(&findings, 2, "allocs")->effect, 0);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void a_slow_down_regresses_only_when_fresh_blocks_confirm_it(void **state) {
    (void)state;
    assert_verdict(0.05, 0.05, GATE_REGRESSED);
    assert_verdict(0.05, 0, GATE_INCONCLUSIVE);
    assert_verdict(0.05, -0.05, GATE_INCONCLUSIVE);
    assert_verdict(0.05, NAN, GATE_INCONCLUSIVE);
}

static void a_speed_up_that_is_not_confirmed_is_only_no_slow_down(void **state) {
    (void)state;
    assert_verdict(-0.05, -0.05, GATE_IMPROVED);
    assert_verdict(-0.05, 0, GATE_PASS);
    assert_verdict(-0.05, NAN, GATE_PASS);
}

static void between_the_margins_nobody_can_tell(void **state) {
    (void)state;
    assert_verdict(0.005, NAN, GATE_PASS);
    assert_verdict(0.01, NAN, GATE_PASS);
    struct gate_fixture f;
    gate_fixture_init(&f, 42);
    gate_fixture_cell(&f, 1, "trees");
    gate_fixture_measure(
        &f, (struct gate_fixture_blocks){1, "wall_ns", "measure", "ab", 24, 0.025, 0.04});
    assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_INCONCLUSIVE);
    gate_fixture_release(&f);
}

static void what_needs_confirmation_is_named_until_it_has_been_measured(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    GArray *asked = gate_to_confirm(&f.rows, &gate_rule_initial);
    assert_int_equal(asked->len, 0);
    g_array_free(asked, TRUE);
    gate_fixture_cell(&f, 8, "scan");
    gate_fixture_measure(&f, times(8, "measure", -0.2));
    gate_fixture_cell(&f, 9, "slow");
    gate_fixture_measure(&f, times(9, "measure", 0.1));
    asked = gate_to_confirm(&f.rows, &gate_rule_initial);
    assert_int_equal(asked->len, 2);
    const struct gate_finding *first = &g_array_index(asked, struct gate_finding, 0);
    const struct gate_finding *second = &g_array_index(asked, struct gate_finding, 1);
    assert_int_equal(first->cell, 9);
    assert_int_equal(first->verdict, GATE_REGRESSED);
    assert_int_equal(second->cell, 8);
    assert_string_equal(second->metric, "wall_ns");
    g_array_free(asked, TRUE);
    gate_fixture_measure(&f, times(9, "confirm", 0.1));
    asked = gate_to_confirm(&f.rows, &gate_rule_initial);
    assert_int_equal(asked->len, 1);
    g_array_free(asked, TRUE);
    gate_fixture_release(&f);
}

static void live_calibration_that_is_biased_leaves_no_verdict(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_effects(&f, 0, NAN);
    gate_fixture_measure(
        &f, (struct gate_fixture_blocks){1, "wall_ns", "measure", "aa", 8, 0.03, 0.004});
    assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_INCONCLUSIVE);
    gate_fixture_release(&f);
}

static void an_effect_that_the_base_shows_against_itself_is_no_regression(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_effects(&f, 0.05, 0.05);
    gate_fixture_measure(
        &f, (struct gate_fixture_blocks){1, "wall_ns", "measure", "aa", 4, 0.1, 0.001});
    gate_fixture_measure(
        &f, (struct gate_fixture_blocks){1, "wall_ns", "measure", "aa", 4, -0.1, 0.001});
    assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_INCONCLUSIVE);
    GArray *asked = gate_to_confirm(&f.rows, &gate_rule_initial);
    assert_int_equal(asked->len, 0);
    g_array_free(asked, TRUE);
    gate_fixture_release(&f);
}

static void limits_and_floors_move_the_margin_of_the_cells_they_name(void **state) {
    (void)state;
    const struct gate_limit limits[] = {{"*", "wall_ns", 0.2}, {"create-*", "wall_ns", 0.1}};
    const struct gate_limit last_is_stricter[] = {{"*", "*", 0.2}, {"create-*", "*", 0.01}};
    const struct gate_limit others[] = {{"trees*", "wall_ns", 0.1}, {"*", "rss*", 0.1}};
    struct gate_fixture f;
    gate_of_effects(&f, 0.05, 0.05);
    struct gate_rule rule = gate_rule_initial;
    rule.limits = limits;
    rule.limit_count = 2;
    assert_int_equal(verdict_of(&f, &rule), GATE_PASS);
    rule.limits = others;
    assert_int_equal(verdict_of(&f, &rule), GATE_REGRESSED);
    rule.limits = last_is_stricter;
    assert_int_equal(verdict_of(&f, &rule), GATE_REGRESSED);
    rule.floors = limits;
    rule.floor_count = 1;
    assert_int_equal(verdict_of(&f, &rule), GATE_PASS);
    rule.floor_count = 0;
    rule.limit_count = 0;
    rule.margin = 0.06;
    assert_int_equal(verdict_of(&f, &rule), GATE_PASS);
    gate_fixture_release(&f);
}

static void few_blocks_and_many_void_ones_are_inconclusive(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_effects(&f, 0, NAN);
    struct gate_rule rule = gate_rule_initial;
    rule.blocks_least = 25;
    assert_int_equal(verdict_of(&f, &rule), GATE_INCONCLUSIVE);
    for (guint i = 0; i < 7; i++) {
        struct gate_block_row *row = &g_array_index(f.rows.blocks, struct gate_block_row, i);
        assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_PASS);
        row->log_ratio = NAN;
        row->reason = "preempted";
    }
    assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_INCONCLUSIVE);
    for (guint i = 7; i < f.rows.blocks->len; i++) {
        struct gate_block_row *row = &g_array_index(f.rows.blocks, struct gate_block_row, i);
        row->log_ratio = NAN;
        row->reason = "preempted";
        assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_INCONCLUSIVE);
    }
    gate_fixture_release(&f);
}

static void exact_counts_differ_by_one_in_a_million(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    const double more[2] = {1000000, 1000001};
    gate_fixture_count(&f, 1, "requested_bytes", more);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    const struct gate_finding *found = gate_fixture_finding(&findings, 1, "requested_bytes");
    assert_int_equal(found->verdict, GATE_REGRESSED);
    assert_same(found, &g_array_index(findings.findings, struct gate_finding, 0));
    assert_int_equal(findings.counts[GATE_REGRESSED], 1);
    assert_non_null(strstr(found->reason, "1000001 instead of 1000000"));
    assert_int_equal(gate_exit_status(findings.verdict), EXIT_FAILED);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void what_neither_side_can_measure_here_is_told_and_not_judged(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    const double none[2] = {NAN, NAN};
    gate_fixture_count(&f, 1, "minor_faults", none);
    for (guint i = f.rows.counts->len - 3; i < f.rows.counts->len; i++) {
        g_array_index(f.rows.counts, struct gate_count_row, i).reason = "no ptrace here";
    }
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_PASS);
    assert_int_equal(findings.absent->len, 1);
    const struct gate_finding *absent = &g_array_index(findings.absent, struct gate_finding, 0);
    assert_string_equal(absent->reason, "no ptrace here");
    assert_string_equal(absent->metric, "minor_faults");
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

/* Every kind of verdict but INVALID. */
static void gate_of_everything(struct gate_fixture *f) {
    const double fewer[2] = {100, 80};
    const double more[2] = {100, 103};
    gate_fixture_healthy(f);
    gate_fixture_cell(f, 4, "slower");
    gate_fixture_measure(f, times(4, "measure", 0.04));
    gate_fixture_measure(f, times(4, "confirm", 0.04));
    gate_fixture_count(f, 4, "mmap_calls", fewer);
    gate_fixture_count(f, 4, "munmap_calls", more);
    gate_fixture_cell(f, 5, "faster");
    gate_fixture_measure(f, times(5, "measure", -0.04));
    gate_fixture_measure(f, times(5, "confirm", -0.04));
}

static enum gate_verdict mirrored(enum gate_verdict verdict) {
    return verdict == GATE_REGRESSED  ? GATE_IMPROVED
           : verdict == GATE_IMPROVED ? GATE_REGRESSED
                                      : verdict;
}

static void swapped_sides_negate_every_estimate_exactly(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_everything(&f);
    struct gate_findings there;
    struct gate_findings back;
    gate_decide(&there, &f.rows, &gate_rule_initial);
    gate_fixture_swap(&f.rows);
    gate_decide(&back, &f.rows, &gate_rule_initial);
    assert_int_equal(there.findings->len, back.findings->len);
    assert_int_equal(there.counts[GATE_REGRESSED], 2);
    assert_int_equal(there.counts[GATE_IMPROVED], 2);
    for (guint i = 0; i < there.findings->len; i++) {
        const struct gate_finding *a = &g_array_index(there.findings, struct gate_finding, i);
        const struct gate_finding *b = gate_fixture_finding(&back, a->cell, a->metric);
        assert_same(a->log_ratio, -b->log_ratio);
        assert_same(a->base, b->candidate);
        assert_int_equal(mirrored(a->verdict), b->verdict);
        assert_true(a->p == b->p || (isnan(a->p) && isnan(b->p)));
    }
    gate_findings_release(&there);
    gate_findings_release(&back);
    gate_fixture_release(&f);
}

/* All that is said, to the digit. */
static char *findings_text(const struct gate_findings *findings) {
    GString *text = g_string_new(gate_verdict_name(findings->verdict));
    for (guint i = 0; i < findings->findings->len; i++) {
        const struct gate_finding *f = &g_array_index(findings->findings, struct gate_finding, i);
        g_string_append_printf(text, "\n%" G_GUINT64_FORMAT " %s %s %s %a %a %a %a %a %a %s",
                               f->cell, f->label, f->metric, gate_verdict_name(f->verdict), f->base,
                               f->candidate, f->effect, f->low, f->high, f->visible,
                               f->reason == NULL ? "" : f->reason);
    }
    return g_string_free(text, FALSE);
}

static void the_order_of_rows_changes_nothing(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_everything(&f);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    char *first = findings_text(&findings);
    gate_findings_release(&findings);
    for (int i = 0; i < 10; i++) {
        gate_fixture_shuffle(&f);
        gate_decide(&findings, &f.rows, &gate_rule_initial);
        char *again = findings_text(&findings);
        assert_string_equal(again, first);
        g_free(again);
        gate_findings_release(&findings);
    }
    g_free(first);
    gate_fixture_release(&f);
}

static void the_worst_comes_first_then_the_greatest(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_everything(&f);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_REGRESSED);
    const struct gate_finding *all = (const struct gate_finding *)(void *)findings.findings->data;
    assert_string_equal(all[0].metric, "wall_ns");
    assert_int_equal(all[0].cell, 4);
    assert_string_equal(all[1].metric, "munmap_calls");
    assert_int_equal(all[findings.findings->len - 1].verdict, GATE_IMPROVED);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void verdicts_have_their_exit_statuses(void **state) {
    (void)state;
    assert_int_equal(gate_exit_status(GATE_PASS), EXIT_OK);
    assert_int_equal(gate_exit_status(GATE_IMPROVED), EXIT_OK);
    assert_int_equal(gate_exit_status(GATE_REGRESSED), EXIT_FAILED);
    assert_int_equal(gate_exit_status(GATE_INCONCLUSIVE), EXIT_INCONCLUSIVE);
    assert_int_equal(gate_exit_status(GATE_INVALID), EXIT_CANNOT);
    assert_string_equal(gate_verdict_name(GATE_REGRESSED), "REGRESSED");
}

static void labels_name_what_tells_cells_apart(void **state) {
    (void)state;
    struct gate_cell_row cell;
    row_clear(&gate_cell_type, &cell);
    cell.workload = "churn-copy";
    char *label = gate_cell_label(&cell);
    assert_string_equal(label, "churn-copy");
    g_free(label);
    cell.parameters = "bytes=80";
    cell.threads = 2;
    label = gate_cell_label(&cell);
    assert_string_equal(label, "churn-copy bytes=80, 2 threads");
    g_free(label);
}

/* Blocks in which one side has a pause and the other none. */
static void pauses_add(struct gate_fixture *f, const char *stage, unsigned count,
                       const double sides[2]) {
    for (unsigned i = 0; i < count; i++) {
        struct gate_block_row row;
        row_clear(&gate_block_type, &row);
        row.cell = 1;
        row.metric = "gc_pause_ns_max";
        row.block = ++f->blocks;
        row.stage = stage;
        row.pair = "ab";
        row.first = "base";
        row.slices = 2;
        row.base = sides[0];
        row.candidate = sides[1];
        row.reason = "2 of 2 processes of one side have it, and 0 of 2 of the other";
        g_array_append_val(f->rows.blocks, row);
    }
}

/* So many blocks with pauses of one side alone, in both stages. */
static void gate_of_pauses(struct gate_fixture *f, unsigned measure, unsigned confirm,
                           const double sides[2]) {
    gate_of_effects(f, 0, NAN);
    pauses_add(f, "measure", measure, sides);
    pauses_add(f, "confirm", confirm, sides);
}

static void assert_pauses(const struct gate_fixture *f, const struct gate_rule *rule,
                          enum gate_verdict expected, const char *reason) {
    struct gate_findings findings;
    gate_decide(&findings, &f->rows, rule);
    const struct gate_finding *found = gate_fixture_finding(&findings, 1, "gc_pause_ns_max");
    assert_int_equal(found->verdict, expected);
    assert_non_null(strstr(found->reason, reason));
    gate_findings_release(&findings);
}

static const double appeared[2] = {0, 90000}, gone[2] = {90000, 0};

static void pauses_where_there_were_none_regress_when_confirmed(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_pauses(&f, 20, 0, appeared);
    GArray *found = gate_to_confirm(&f.rows, &gate_rule_initial);
    assert_int_equal(found->len, 1);
    assert_string_equal(g_array_index(found, struct gate_finding, 0).metric, "gc_pause_ns_max");
    g_array_free(found, TRUE);
    assert_pauses(&f, &gate_rule_initial, GATE_INCONCLUSIVE, "no fresh blocks");
    pauses_add(&f, "confirm", 20, appeared);
    assert_pauses(&f, &gate_rule_initial, GATE_REGRESSED, "only the candidate has it in 20 of 20");
    gate_fixture_release(&f);
    gate_of_pauses(&f, 20, 0, appeared);
    pauses_add(&f, "confirm", 10, appeared);
    pauses_add(&f, "confirm", 10, gone);
    assert_pauses(&f, &gate_rule_initial, GATE_INCONCLUSIVE, "did not confirm");
    gate_fixture_release(&f);
    gate_of_pauses(&f, 10, 10, appeared);
    assert_pauses(&f, &gate_rule_initial, GATE_INCONCLUSIVE, "a verdict needs 16");
    gate_fixture_release(&f);
}

static void pauses_that_are_gone_are_green_only_when_a_limit_says_so(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_pauses(&f, 20, 20, gone);
    assert_pauses(&f, &gate_rule_initial, GATE_INCONCLUSIVE, "--limit");
    const struct gate_limit limit = {"*", "gc_pause*", 1};
    struct gate_rule rule = gate_rule_initial;
    rule.limits = &limit;
    rule.limit_count = 1;
    assert_pauses(&f, &rule, GATE_IMPROVED, "gone: only the base has it in 20 of 20");
    gate_fixture_release(&f);
}

static void pauses_that_come_and_go_on_both_sides_tell_nothing(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_pauses(&f, 11, 0, appeared);
    pauses_add(&f, "measure", 9, gone);
    assert_pauses(&f, &gate_rule_initial, GATE_INCONCLUSIVE, "comes and goes");
    gate_fixture_release(&f);
}

/* A pause that one of many blocks lacks leaves the verdict to the others. */
static void a_few_blocks_without_a_pause_are_void_ones(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_pauses(&f, 2, 0, appeared);
    gate_fixture_measure(
        &f, (struct gate_fixture_blocks){1, "gc_pause_ns_max", "measure", "ab", 22, 0, 0.004});
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    const struct gate_finding *found = gate_fixture_finding(&findings, 1, "gc_pause_ns_max");
    assert_int_equal(found->verdict, GATE_PASS);
    assert_int_equal(found->void_blocks, 2);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void memory_that_neither_side_shows_is_told_and_judges_nothing(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_of_effects(&f, 0, NAN);
    gate_fixture_measure(
        &f, (struct gate_fixture_blocks){1, "rss_peak_bytes", "measure", "ab", 20, 0, 0.004});
    for (guint i = 24; i < f.rows.blocks->len; i++) {
        struct gate_block_row *row = &g_array_index(f.rows.blocks, struct gate_block_row, i);
        row->log_ratio = row->base = row->candidate = NAN;
        row->reason = "too small to be seen";
    }
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_PASS);
    assert_int_equal(findings.absent->len, 1);
    gate_findings_release(&findings);
    g_array_index(f.rows.blocks, struct gate_block_row, 24).candidate = 5e6;
    assert_int_equal(verdict_of(&f, &gate_rule_initial), GATE_INCONCLUSIVE);
    gate_fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identical_sides_pass),
        cmocka_unit_test(a_slow_down_regresses_only_when_fresh_blocks_confirm_it),
        cmocka_unit_test(a_speed_up_that_is_not_confirmed_is_only_no_slow_down),
        cmocka_unit_test(between_the_margins_nobody_can_tell),
        cmocka_unit_test(what_needs_confirmation_is_named_until_it_has_been_measured),
        cmocka_unit_test(live_calibration_that_is_biased_leaves_no_verdict),
        cmocka_unit_test(an_effect_that_the_base_shows_against_itself_is_no_regression),
        cmocka_unit_test(limits_and_floors_move_the_margin_of_the_cells_they_name),
        cmocka_unit_test(few_blocks_and_many_void_ones_are_inconclusive),
        cmocka_unit_test(exact_counts_differ_by_one_in_a_million),
        cmocka_unit_test(what_neither_side_can_measure_here_is_told_and_not_judged),
        cmocka_unit_test(swapped_sides_negate_every_estimate_exactly),
        cmocka_unit_test(the_order_of_rows_changes_nothing),
        cmocka_unit_test(the_worst_comes_first_then_the_greatest),
        cmocka_unit_test(verdicts_have_their_exit_statuses),
        cmocka_unit_test(labels_name_what_tells_cells_apart),
        cmocka_unit_test(pauses_where_there_were_none_regress_when_confirmed),
        cmocka_unit_test(pauses_that_are_gone_are_green_only_when_a_limit_says_so),
        cmocka_unit_test(pauses_that_come_and_go_on_both_sides_tell_nothing),
        cmocka_unit_test(a_few_blocks_without_a_pause_are_void_ones),
        cmocka_unit_test(memory_that_neither_side_shows_is_told_and_judges_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
