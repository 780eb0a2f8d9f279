/* Summaries: what is aggregated, what stands beside, and in which order. */
#include "harness/analyze/summary.h"

#include <glib/gstdio.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/analyze/strategy_order.h"
#include "tests/unit/rows_fixture.h"

#define assert_same(a, b) assert_true((a) == (b))

static const struct cell_summary *cell_at(const struct run_summary *s, guint i) {
    return g_ptr_array_index(s->cells, i);
}

static void only_ok_records_are_aggregated(void **state) {
    (void)state;
    struct run_rows rows;
    struct run_summary s;
    rows_init(&rows);
    rows_add(&rows, "a", "w", "", 1);
    rows_add(&rows, "a", "w", "", 3);
    rows_add_failed(&rows, "a", "w", "crashed", "signal 11");
    rows_add(&rows, "a", "w", "", 2);
    summary_build(&s, &rows, NULL);
    assert_int_equal(s.cells->len, 1);
    const struct cell_summary *cell = cell_at(&s, 0);
    assert_int_equal(cell_estimate(cell, "ns_per_op")->count, 3);
    assert_same(cell_estimate(cell, "ns_per_op")->median, 2);
    assert_int_equal(cell->records[CELL_STATUS_OK], 3);
    assert_int_equal(cell->records[CELL_STATUS_CRASHED], 1);
    assert_int_equal(cell->problem, CELL_STATUS_CRASHED);
    assert_string_equal(cell->reason, "signal 11");
    summary_release(&s);
    run_rows_release(&rows);
}

static void every_numeric_column_has_an_estimate_and_empty_ones_none(void **state) {
    (void)state;
    struct run_rows rows;
    struct run_summary s;
    rows_init(&rows);
    rows_add(&rows, "a", "w", "", 5)->gc_cycles = 7;
    rows_add(&rows, "a", "w", "", 5)->gc_cycles = 9;
    summary_build(&s, &rows, NULL);
    assert_same(cell_estimate(cell_at(&s, 0), "gc_cycles")->median, 8);
    assert_false(cell_has(cell_at(&s, 0), "rss_peak_bytes"));
    assert_true(isnan(cell_estimate(cell_at(&s, 0), "mmu_1ms")->median));
    summary_release(&s);
    run_rows_release(&rows);
}

static void cells_differ_by_strategy_workload_parameters_and_threads(void **state) {
    (void)state;
    struct run_rows rows;
    struct run_summary s;
    rows_init(&rows);
    rows_add(&rows, "a", "w", "bytes=8", 1);
    rows_add(&rows, "b", "w", "bytes=8", 1);
    rows_add(&rows, "a", "v", "bytes=8", 1);
    rows_add(&rows, "a", "w", "bytes=16", 1);
    rows_add(&rows, "a", "w", "bytes=8", 1)->threads = 2;
    rows_add(&rows, "a", "w", "bytes=8", 1);
    summary_build(&s, &rows, NULL);
    assert_int_equal(s.cells->len, 5);
    summary_release(&s);
    run_rows_release(&rows);
}

static void numbers_in_names_sort_by_value(void **state) {
    (void)state;
    struct run_rows rows;
    struct run_summary s;
    rows_init(&rows);
    rows_add(&rows, "a", "w", "bytes=128", 1);
    rows_add(&rows, "a", "w", "bytes=16", 1);
    rows_add(&rows, "a", "w", "bytes=8", 1);
    summary_build(&s, &rows, NULL);
    assert_string_equal(cell_at(&s, 0)->parameters, "bytes=8");
    assert_string_equal(cell_at(&s, 1)->parameters, "bytes=16");
    assert_string_equal(cell_at(&s, 2)->parameters, "bytes=128");
    summary_release(&s);
    run_rows_release(&rows);
}

/* Rounds are in random order: the first row must not decide who is compared with whom. */
static void strategies_stand_in_the_order_given_and_others_after(void **state) {
    (void)state;
    struct run_rows rows;
    struct run_summary s;
    GPtrArray *order = strategy_names_of("malloc, absent, goheap");
    rows_init(&rows);
    rows_add(&rows, "extra", "w", "", 1);
    rows_add(&rows, "goheap", "w", "", 1);
    rows_add(&rows, "malloc", "w", "", 1);
    summary_build(&s, &rows, order);
    assert_int_equal(s.strategies->len, 3);
    assert_string_equal(g_ptr_array_index(s.strategies, 0), "malloc");
    assert_string_equal(g_ptr_array_index(s.strategies, 1), "goheap");
    assert_string_equal(g_ptr_array_index(s.strategies, 2), "extra");
    assert_string_equal(cell_at(&s, 0)->strategy, "malloc");
    assert_ptr_equal(summary_find(&s, cell_at(&s, 0), 1), cell_at(&s, 1));
    g_ptr_array_unref(order);
    summary_release(&s);
    run_rows_release(&rows);
}

static void a_list_of_strategies_gives_the_names_the_records_have(void **state) {
    (void)state;
    GPtrArray *names = strategy_names_of(
        "malloc,goheap:gogc={50,100},mine=./lib.so,jemalloc:MALLOC_CONF=\"a:0,b:{1}\",./x=y.so");
    const char *const expected[] = {"malloc",
                                    "goheap:gogc=50",
                                    "goheap:gogc=100",
                                    "mine",
                                    "jemalloc:MALLOC_CONF=\"a:0,b:{1}\"",
                                    "./x=y.so"};
    assert_int_equal(names->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < names->len; i++) {
        assert_string_equal(g_ptr_array_index(names, i), expected[i]);
    }
    g_ptr_array_unref(names);
}

static void the_order_is_read_from_the_runs_config(void **state) {
    (void)state;
    char *dir = g_dir_make_tmp("heapmark-test-XXXXXX", NULL);
    char *path = g_build_filename(dir, "config.txt", NULL);
    assert_true(g_file_set_contents(path, "strategies: \"goheap,malloc\"\n", -1, NULL));
    GPtrArray *names = strategy_order_read(dir);
    assert_int_equal(names->len, 2);
    assert_string_equal(g_ptr_array_index(names, 0), "goheap");
    g_ptr_array_unref(names);
    g_remove(path);
    names = strategy_order_read(dir);
    assert_int_equal(names->len, 0);
    g_ptr_array_unref(names);
    g_rmdir(dir);
    g_free(path);
    g_free(dir);
}

static void a_parameter_is_found_by_its_whole_name(void **state) {
    (void)state;
    struct cell_summary cell = {.parameters = "kilobytes=3 bytes=80 depth=x"};
    double value = 0;
    assert_true(cell_parameter(&cell, "bytes", &value));
    assert_same(value, 80);
    assert_true(cell_parameter(&cell, "kilobytes", &value));
    assert_same(value, 3);
    assert_false(cell_parameter(&cell, "byte", &value));
    assert_false(cell_parameter(&cell, "depth", &value));
}

static void an_unknown_status_is_a_failure(void **state) {
    (void)state;
    struct run_rows rows;
    struct run_summary s;
    rows_init(&rows);
    rows_add_failed(&rows, "a", "w", "exploded", "no idea");
    summary_build(&s, &rows, NULL);
    assert_int_equal(cell_at(&s, 0)->problem, CELL_STATUS_UNKNOWN);
    assert_true(cell_status_is_failure(cell_at(&s, 0)->problem));
    assert_false(cell_status_is_failure(CELL_STATUS_SKIPPED));
    assert_false(cell_status_is_failure(CELL_STATUS_UNAVAILABLE));
    assert_true(cell_status_is_failure(CELL_STATUS_WRONG));
    assert_null(summary_record_find(&s, 1));
    summary_release(&s);
    run_rows_release(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ok_records_are_aggregated),
        cmocka_unit_test(every_numeric_column_has_an_estimate_and_empty_ones_none),
        cmocka_unit_test(cells_differ_by_strategy_workload_parameters_and_threads),
        cmocka_unit_test(numbers_in_names_sort_by_value),
        cmocka_unit_test(strategies_stand_in_the_order_given_and_others_after),
        cmocka_unit_test(a_list_of_strategies_gives_the_names_the_records_have),
        cmocka_unit_test(the_order_is_read_from_the_runs_config),
        cmocka_unit_test(a_parameter_is_found_by_its_whole_name),
        cmocka_unit_test(an_unknown_status_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
