/* When there is something to say about a run, and that each notice says all three things. */
#include "harness/present/notices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_seen(char *seen, const char *expected) {
    if (expected == NULL)
        assert_null(seen);
    else
        assert_string_equal(seen, expected);
    g_free(seen);
}

static void a_busy_machine_is_seen_by_its_load_per_cpu(void **state) {
    (void)state;
    assert_seen(busy_seen(0.5, 2), NULL);
    assert_seen(busy_seen(0.51, 2), "the machine is busy: load 0.51 on 2 CPUs");
    assert_seen(busy_seen(3, 16), NULL);
    assert_seen(busy_seen(1, 1), "the machine is busy: load 1.00 on 1 CPU");
}

static void only_the_performance_governor_is_silent(void **state) {
    (void)state;
    assert_seen(governor_seen(NULL), NULL);
    assert_seen(governor_seen("performance"), NULL);
    assert_seen(governor_seen("powersave"), "CPU frequency scaling is on: governor powersave");
}

static void fewer_than_five_repetitions_are_too_few(void **state) {
    (void)state;
    assert_seen(repetitions_seen(5), NULL);
    assert_seen(repetitions_seen(4), "4 repetitions a cell");
    assert_seen(repetitions_seen(1), "1 repetition a cell");
}

static void more_threads_than_cpus_are_said(void **state) {
    (void)state;
    assert_seen(threads_seen(2, 2), NULL);
    assert_seen(threads_seen(3, 2), "3 threads on 2 CPUs");
}

static void two_groups_far_apart_are_bimodal(void **state) {
    (void)state;
    const double two[] = {20.1, 10, 10.2, 20, 10.1};
    const double one[] = {10, 11, 12, 13, 14};
    const double outlier[] = {10, 10, 10, 10, 30};
    const double near[] = {10, 10, 10.5, 10.5};
    const double few[] = {10, 10, 20};
    assert_true(values_are_bimodal(two, 5));
    assert_false(values_are_bimodal(one, 5));
    assert_false(values_are_bimodal(outlier, 5));
    assert_false(values_are_bimodal(near, 4));
    assert_false(values_are_bimodal(few, 3));
    assert_false(values_are_bimodal(NULL, 0));
}

static void rows_init(struct run_rows *rows) {
    *rows = (struct run_rows){.records = g_array_new(FALSE, FALSE, sizeof(struct record)),
                              .counters = g_array_new(FALSE, FALSE, sizeof(struct counter_row))};
}

static void rows_release(struct run_rows *rows) {
    g_array_free(rows->records, TRUE);
    g_array_free(rows->counters, TRUE);
}

static void rows_add(struct run_rows *rows, const char *strategy, const char *status, double ns) {
    struct record r;
    row_clear(&record_type, &r);
    r.strategy = strategy;
    r.workload = "make";
    r.parameters = "bytes=8";
    r.threads = 1;
    r.status = status;
    r.ns_per_op = ns;
    g_array_append_val(rows->records, r);
}

static void bimodal_cells_are_named_and_only_ok_records_count(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    for (int i = 0; i < 4; i++) {
        rows_add(&rows, "calm", "ok", 10 + i * 0.01);
        rows_add(&rows, "torn", "ok", i % 2 == 0 ? 10 : 20);
        rows_add(&rows, "failed", i % 2 == 0 ? "ok" : "wrong", i % 2 == 0 ? 10 : 20);
    }
    assert_seen(bimodal_seen(&rows), "the times fall into two groups: make bytes=8 under torn");
    rows_release(&rows);
}

static void counters_that_did_not_open_are_named_once(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    static const char *const events[] = {"cycles", "instructions", "cycles", "task-clock", "a",
                                         "b"};
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        struct counter_row row;
        row_clear(&counter_type, &row);
        row.event = events[i];
        row.counter_status = strcmp(events[i], "task-clock") == 0 ? "ok" : "unavailable";
        row.reason = "no PMU";
        g_array_append_val(rows.counters, row);
    }
    assert_seen(counters_seen(&rows), "not counted: cycles, instructions, a and 1 more: no PMU");
    g_array_set_size(rows.counters, 0);
    assert_seen(counters_seen(&rows), NULL);
    rows_release(&rows);
}

static void every_kind_says_why_and_what_to_do(void **state) {
    (void)state;
    for (int kind = 0; kind < NOTICE_KINDS; kind++) {
        assert_non_null(notice_why((enum notice_kind)kind));
        assert_non_null(notice_advice((enum notice_kind)kind));
    }
}

static void a_notice_is_printed_once_with_all_three_parts(void **state) {
    (void)state;
    struct notices n;
    char text[512] = "";
    FILE *stream = tmpfile();
    notices_init(&n);
    notices_add(&n, NOTICE_THREADS, NULL);
    notices_add(&n, NOTICE_REPETITIONS, repetitions_seen(2));
    notices_print(&n, stream);
    notices_print(&n, stream);
    rewind(stream);
    assert_true(fread(text, 1, sizeof text - 1, stream) > 0);
    assert_string_equal(text, "notice: 2 repetitions a cell\n"
                              "  why it matters: the spread of so few repetitions says little\n"
                              "  what to do: use --repetitions 5 or more\n");
    fclose(stream);
    notices_release(&n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_machine_is_seen_by_its_load_per_cpu),
        cmocka_unit_test(only_the_performance_governor_is_silent),
        cmocka_unit_test(fewer_than_five_repetitions_are_too_few),
        cmocka_unit_test(more_threads_than_cpus_are_said),
        cmocka_unit_test(two_groups_far_apart_are_bimodal),
        cmocka_unit_test(bimodal_cells_are_named_and_only_ok_records_count),
        cmocka_unit_test(counters_that_did_not_open_are_named_once),
        cmocka_unit_test(every_kind_says_why_and_what_to_do),
        cmocka_unit_test(a_notice_is_printed_once_with_all_three_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
