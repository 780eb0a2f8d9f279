/* Which records of a run are exported. */
#include "harness/present/export.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/export_fixture.h"

static const struct export_format *const go = &export_formats[0];
static const struct export_format *const google = &export_formats[1];

/* The strategies and workloads of the rows, in order. */
static void assert_rows(const struct export *e, const char *expected) {
    GString *found = g_string_new(NULL);
    for (guint i = 0; i < e->rows->len; i++) {
        const struct export_row *row = &g_array_index(e->rows, struct export_row, i);
        g_string_append_printf(found, "%s.%s.%u/%u ", row->cell->strategy, row->cell->workload,
                               row->repetition_index, row->repetitions);
    }
    assert_string_equal(found->str, expected);
    g_string_free(found, TRUE);
}

static void choice_fill(struct export_fixture *f) {
    export_fixture_init(f);
    export_fixture_add(f, "one", "stack-it", "")->repetition = 2;
    export_fixture_add(f, "two", "stack-it-2", "");
    export_fixture_add(f, "one", "stack-it-2", "");
    export_fixture_add(f, "two", "stack-it", "");
    export_fixture_add(f, "one", "stack-it", "");
    for (guint i = 0; i < f->rows.records->len; i++)
        g_array_index(f->rows.records, struct record, i).group = "stack-it";
}

static void assert_choice(const char *workloads, const char *strategies, const char *expected) {
    const struct export_request request = {go, workloads, strategies};
    struct export_fixture f;
    choice_fill(&f);
    assert_true(export_fixture_export(&f, &request));
    assert_rows(&f.e, expected);
    export_fixture_release(&f);
}

static void rows_come_by_strategy_then_work_then_repetition(void **state) {
    (void)state;
    assert_choice(NULL, NULL,
                  "one.stack-it.0/2 one.stack-it.1/2 one.stack-it-2.0/1 two.stack-it.0/1 "
                  "two.stack-it-2.0/1 ");
}

static void a_name_wins_over_a_group_and_a_glob_may_stand(void **state) {
    (void)state;
    assert_choice("stack-it", "two", "two.stack-it.0/1 ");
    assert_choice("*-2,stack-it", "t*", "two.stack-it.0/1 two.stack-it-2.0/1 ");
    assert_choice("stack-it-2", "{two,one}", "one.stack-it-2.0/1 two.stack-it-2.0/1 ");
}

static void a_group_means_its_workloads(void **state) {
    const struct export_request request = {google, "g", NULL};
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    export_fixture_add(&f, "one", "a", "");
    export_fixture_add(&f, "one", "b", "")->group = "other";
    assert_true(export_fixture_export(&f, &request));
    assert_rows(&f.e, "one.a.0/1 ");
    export_fixture_release(&f);
}

static void assert_refused(const char *workloads, const char *strategies, int status,
                           const char *expected) {
    const struct export_request request = {go, workloads, strategies};
    struct export_fixture f;
    choice_fill(&f);
    assert_false(export_fixture_export(&f, &request));
    assert_int_equal(f.err.exit_status, status);
    assert_string_equal(f.err.text, expected);
    export_fixture_release(&f);
}

static void a_name_that_the_run_does_not_have_gets_the_nearest(void **state) {
    (void)state;
    assert_refused("stack-iz", NULL, EXIT_USAGE,
                   "the run has no workload \"stack-iz\"; did you mean stack-it?");
    assert_refused(NULL, "one,tvo", EXIT_USAGE,
                   "the run has no strategy \"tvo\"; did you mean two?");
    assert_refused("zzzzzzzz*", NULL, EXIT_USAGE, "the run has no workload \"zzzzzzzz*\"");
}

static void a_selection_without_entry_is_refused_with_its_statuses(void **state) {
    const struct export_request request = {.format = go, .workloads = "b"};
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    export_fixture_add(&f, "one", "a", "");
    rows_add_failed(&f.rows, "one", "b", "skipped", "needs threads");
    rows_add_failed(&f.rows, "two", "b", "crashed", "signal 11");
    assert_false(export_fixture_export(&f, &request));
    assert_int_equal(f.err.exit_status, EXIT_CANNOT);
    assert_string_equal(f.err.text, "nothing to export: the selection has no ok record with its "
                                    "times (1 skipped, 1 crashed)");
    export_fixture_release(&f);
}

/* compare.py divides by both times of every entry it reads. */
static void a_record_without_cpu_time_is_left_out_of_json_alone(void **state) {
    struct export_fixture f;
    (void)state;
    for (int i = 0; i < 2; i++) {
        export_fixture_init(&f);
        export_fixture_add(&f, "one", "a", "");
        export_fixture_add(&f, "one", "b", "")->cpu_ns_per_op = (double)NAN;
        assert_true(export_fixture_export_all(&f, &export_formats[i]));
        assert_int_equal(f.e.rows->len, i == 0 ? 2 : 1);
        if (i == 0)
            assert_null(f.e.left_out);
        else
            assert_string_equal(f.e.left_out, "1 without times");
        export_fixture_release(&f);
    }
}

/* Readers hold the number of operations in a signed word, and pass over a line that has another. */
static void a_number_of_operations_that_readers_refuse_is_left_out(void **state) {
    static const uint64_t refused[] = {0, (uint64_t)INT64_MAX + 1, COUNT_EMPTY};
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        export_fixture_add(&f, "one", "a", "")->ops = refused[i];
    export_fixture_add(&f, "one", "b", "")->ops = INT64_MAX;
    assert_true(export_fixture_export_all(&f, go));
    assert_rows(&f.e, "one.b.0/1 ");
    assert_string_equal(f.e.left_out, "3 without times");
    export_fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_by_strategy_then_work_then_repetition),
        cmocka_unit_test(a_name_wins_over_a_group_and_a_glob_may_stand),
        cmocka_unit_test(a_group_means_its_workloads),
        cmocka_unit_test(a_name_that_the_run_does_not_have_gets_the_nearest),
        cmocka_unit_test(a_selection_without_entry_is_refused_with_its_statuses),
        cmocka_unit_test(a_record_without_cpu_time_is_left_out_of_json_alone),
        cmocka_unit_test(a_number_of_operations_that_readers_refuse_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
