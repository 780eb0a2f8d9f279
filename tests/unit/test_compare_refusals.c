/* What a comparison refuses, by name and with the reason. */
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

/* One cell "w" of equal work, and one "other" that a test changes on side B. */
static void fixture_two(struct compare_fixture *f) {
    compare_fixture_init(f);
    struct run_rows *sides[] = {&f->rows_a, &f->rows_b};
    for (int i = 0; i < 2; i++) {
        compare_fixture_add(sides[i], "s", "w", five, 5);
        compare_fixture_add(sides[i], "s", "other", five, 5);
        for (guint r = 0; r < sides[i]->records->len; r++)
            g_array_index(sides[i]->records, struct record, r).allocs_per_op = 1;
    }
}

static const struct compare_cell *cell_find(const struct compare_fixture *f, const char *workload) {
    for (guint i = 0; i < f->c.cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(f->c.cells, i);
        if (strcmp(cell->named->workload, workload) == 0)
            return cell;
    }
    return NULL;
}

static void assert_refused(struct compare_fixture *f, enum compare_fate fate, const char *reason) {
    assert_true(compare_fixture_go(f));
    const struct compare_cell *cell = cell_find(f, "other");
    assert_int_equal(cell->fate, fate);
    assert_string_equal(cell->reason, reason);
    assert_null(compare_fixture_find(f, "ns_per_op", "other"));
    assert_null(compare_fixture_find(f, "allocs_per_op", "other"));
    assert_non_null(compare_fixture_find(f, "ns_per_op", "w"));
    compare_fixture_release(f);
}

static void other_work_is_refused_with_what_differs(void **state) {
    (void)state;
    struct compare_fixture f;
    for (int what = 0; what < 4; what++) {
        static const char *const reasons[] = {
            "other work, operations: 1000 against 2000", "other work, seed: 1 against 2",
            "other work, checksum: 00000000000000ff against ff00000000000000",
            "other work, checksum: 00000000000000ff against none"};
        fixture_two(&f);
        for (guint r = 5; r < 10; r++) {
            struct record *record = &g_array_index(f.rows_b.records, struct record, r);
            record->ops = what == 0 ? 2000 : 1000;
            record->seed = what == 1 ? 2 : 1;
            record->checksum = what == 2   ? "ff00000000000000"
                               : what == 3 ? NULL
                                           : "00000000000000ff";
        }
        assert_refused(&f, COMPARE_OTHER, reasons[what]);
    }
}

static void one_repetition_of_other_work_refuses_its_cell(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    compare_fixture_last(&f.rows_b)->ops = 999;
    assert_refused(&f, COMPARE_OTHER,
                   "its repetitions did different work in B (operations: 1000 against 999)");
}

static void what_failed_is_told_with_status_and_side(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    g_array_set_size(f.rows_b.records, 5);
    rows_add_failed(&f.rows_b, "s", "other", "crashed", "signal 11");
    assert_refused(&f, COMPARE_FAILED, "crashed in B: signal 11");
}

static void what_one_side_lacks_is_gone_or_appeared(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    g_array_set_size(f.rows_b.records, 5);
    assert_refused(&f, COMPARE_GONE, "not in B");
    fixture_two(&f);
    g_array_set_size(f.rows_b.records, 5);
    rows_add_failed(&f.rows_b, "s", "other", "unavailable", "no library");
    assert_refused(&f, COMPARE_GONE, "unavailable in B: no library");
    fixture_two(&f);
    g_array_set_size(f.rows_a.records, 5);
    assert_refused(&f, COMPARE_APPEARED, "not in A");
}

static void a_cell_that_failed_in_part_is_compared_and_marked(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    rows_add_failed(&f.rows_b, "s", "other", "timeout", "60 s");
    assert_true(compare_fixture_go(&f));
    assert_non_null(compare_fixture_find(&f, "ns_per_op", "other"));
    assert_string_equal(cell_find(&f, "other")->remark, "1 of 6 repetitions timeout in B: 60 s");
    compare_fixture_release(&f);
}

/* Compares with another machine.txt for B. */
static void machine_go(struct compare_fixture *f, const char *machine, bool across) {
    fixture_two(f);
    f->request.b.machine = machine;
    f->request.across_machines = across;
    assert_true(compare_fixture_go(f));
}

static void another_machine_refuses_times_and_keeps_counts(void **state) {
    (void)state;
    struct compare_fixture f;
    machine_go(&f,
               "cpu: Other CPU\ncpus online: 4\nsmt: off\ncaches: L1d 32K\n"
               "memory: 1000000 kB\nhypervisor: yes\nkernel: Linux 7\n",
               false);
    assert_string_equal(f.c.machines, "cpu: Test CPU in A, Other CPU in B; cpus online: 2 in A, "
                                      "4 in B");
    assert_string_equal(g_ptr_array_index(f.c.surroundings, 0),
                        "kernel: Linux 6 in A, Linux 7 in B");
    assert_null(compare_fixture_find(&f, "ns_per_op", "w"));
    assert_int_equal(compare_fixture_block(&f, "ns_per_op")->times_refused, 2);
    assert_int_equal(compare_fixture_find(&f, "allocs_per_op", "w")->verdict, COMPARE_EQUAL);
    compare_fixture_release(&f);
    machine_go(&f, "cpu: Other CPU\n", true);
    assert_non_null(f.c.machines);
    assert_non_null(compare_fixture_find(&f, "ns_per_op", "w"));
    compare_fixture_release(&f);
    machine_go(&f, "", false);
    assert_string_equal(f.c.machines, "B has no machine.txt");
    assert_null(compare_fixture_find(&f, "ns_per_op", "w"));
    compare_fixture_release(&f);
}

static void a_little_less_memory_is_the_same_machine(void **state) {
    (void)state;
    struct compare_fixture f;
    machine_go(&f,
               "cpu: Test CPU\ncpus online: 2\nsmt: off\ncaches: L1d 32K\nmemory: 995000 kB\n"
               "hypervisor: yes\nkernel: Linux 6\n",
               false);
    assert_null(f.c.machines);
    compare_fixture_release(&f);
}

static void other_cpus_refuse_the_times_of_a_cell(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    for (guint r = 5; r < 10; r++)
        g_array_index(f.rows_b.records, struct record, r).cpus = "0-1";
    assert_true(compare_fixture_go(&f));
    assert_null(compare_fixture_find(&f, "ns_per_op", "other"));
    assert_non_null(compare_fixture_find(&f, "allocs_per_op", "other"));
    assert_string_equal(cell_find(&f, "other")->times_refused, "bound to no CPU in A, to 0-1 in B");
    compare_fixture_release(&f);
}

static void who_answered_differently_is_told(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    for (guint r = 0; r < 10; r++)
        g_array_index(f.rows_b.records, struct record, r).version = "5.3";
    assert_true(compare_fixture_go(&f));
    assert_int_equal(f.c.surroundings->len, 1);
    assert_string_equal(g_ptr_array_index(f.c.surroundings, 0), "s, version: none in A, 5.3 in B");
    compare_fixture_release(&f);
}

static void assert_cannot(struct compare_fixture *f, int status, const char *text) {
    assert_false(compare_fixture_go(f));
    assert_int_equal(f->err.exit_status, status);
    assert_string_equal(f->err.text, text);
    compare_fixture_release(f);
}

static void sides_without_a_common_cell_are_refused_with_the_reasons(void **state) {
    (void)state;
    struct compare_fixture f;
    compare_fixture_init(&f);
    compare_fixture_add(&f.rows_a, "s", "w", five, 5);
    compare_fixture_add(&f.rows_b, "s", "v", five, 5);
    assert_cannot(&f, EXIT_CANNOT,
                  "nothing can be compared; 1 measured on the first side alone (w s: not in B); 1 "
                  "measured on the second side alone (v s: not in A)");
    compare_fixture_init(&f);
    assert_cannot(&f, EXIT_CANNOT, "nothing can be compared; the runs have no such cell");
}

static void names_that_no_side_has_get_the_nearest(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_two(&f);
    f.request.workloads = "w,othr";
    assert_cannot(&f, EXIT_USAGE,
                  "there is no workload \"othr\" in what is compared; did you mean other?");
    fixture_two(&f);
    f.request.strategies = "jemalloc";
    assert_cannot(&f, EXIT_USAGE, "there is no strategy \"jemalloc\" in what is compared");
    fixture_two(&f);
    f.request.metrics = "ns_per_op,alocs_per_op";
    assert_cannot(&f, EXIT_USAGE,
                  "no metric is called \"alocs_per_op\"; did you mean allocs_per_op?");
    fixture_two(&f);
    f.request.one_run = true;
    f.request.strategies = "s";
    assert_cannot(&f, EXIT_USAGE,
                  "one run is compared by two or more of its strategies; before has been asked for "
                  "s");
}

static void metrics_are_columns_headings_and_globs_each_once(void **state) {
    (void)state;
    struct error err;
    GArray *metrics = compare_metrics_choose("B/op,bytes_per_op,gc_pause_*", &err);
    assert_int_equal(metrics->len, 5);
    assert_string_equal(g_array_index(metrics, struct compare_metric, 0).column, "bytes_per_op");
    g_array_unref(metrics);
    metrics = compare_metrics_choose("all", &err);
    guint numeric = 0;
    for (size_t i = 0; i < record_type.field_count; i++)
        numeric += record_type.fields[i].kind != FIELD_TEXT &&
                   strcmp(record_type.fields[i].group, "identity") != 0;
    assert_int_equal(metrics->len, numeric);
    g_array_unref(metrics);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_work_is_refused_with_what_differs),
        cmocka_unit_test(one_repetition_of_other_work_refuses_its_cell),
        cmocka_unit_test(what_failed_is_told_with_status_and_side),
        cmocka_unit_test(what_one_side_lacks_is_gone_or_appeared),
        cmocka_unit_test(a_cell_that_failed_in_part_is_compared_and_marked),
        cmocka_unit_test(another_machine_refuses_times_and_keeps_counts),
        cmocka_unit_test(a_little_less_memory_is_the_same_machine),
        cmocka_unit_test(other_cpus_refuse_the_times_of_a_cell),
        cmocka_unit_test(who_answered_differently_is_told),
        cmocka_unit_test(sides_without_a_common_cell_are_refused_with_the_reasons),
        cmocka_unit_test(names_that_no_side_has_get_the_nearest),
        cmocka_unit_test(metrics_are_columns_headings_and_globs_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
