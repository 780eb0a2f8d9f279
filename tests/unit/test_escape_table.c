/* The escape report: what it shows, what it marks, and benchmarks beside functions. */
#include "harness/present/escape_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/analyze/escape_bench.h"
#include "tests/unit/escape_fixture.h"

struct fixture {
    struct escape_decisions decisions;
    struct escape_functions functions;
    GPtrArray *versions;
    GArray *workloads, *benches;
    struct escape_report report;
};

static int set_up(void **state) {
    struct fixture *f = g_new0(struct fixture, 1);
    escape_sample_read(&f->decisions, &f->functions);
    f->versions = g_ptr_array_new();
    g_ptr_array_add(f->versions, (gpointer) "go1.26.8");
    g_ptr_array_add(f->versions, (gpointer) "go1.19.8");
    f->workloads = g_array_new(FALSE, FALSE, sizeof(struct escape_workload));
    f->benches = escape_benches_new();
    f->report = (struct escape_report){.decisions = &f->decisions,
                                       .functions = &f->functions,
                                       .versions = f->versions,
                                       .measured_version = "go1.26.8",
                                       .workloads = f->workloads};
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    for (guint i = 0; i < f->workloads->len; i++)
        g_ptr_array_free(g_array_index(f->workloads, struct escape_workload, i).subjects, TRUE);
    g_array_free(f->workloads, TRUE);
    g_array_free(f->benches, TRUE);
    g_ptr_array_free(f->versions, TRUE);
    escape_functions_release(&f->functions);
    escape_decisions_release(&f->decisions);
    g_free(f);
    return 0;
}

static void workload_add(struct fixture *f, const char *name, const char *subject, double allocs) {
    struct escape_workload w = {
        name, "group", g_ptr_array_new(), {allocs, 8 * allocs, NULL}, {allocs, 8 * allocs, NULL}};
    g_ptr_array_add(w.subjects, (gpointer)subject);
    g_array_append_val(f->workloads, w);
}

static void assert_has(char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
    g_free(text);
}

static void assert_lacks(char *text, const char *part) {
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" in:\n%s", part, text);
    g_free(text);
}

static void silence_is_said(void **state) {
    struct fixture *f = *state;
    workload_add(f, "stack-it", "stackIt", 0);
    assert_has(escape_table_text(&f->report), "the compiler says nothing: all stays on the stack");
    assert_has(escape_csv_text(&f->report), "\nstack-it,,,,,,,,,,0,0,0,0,\n");
    assert_int_equal(escape_contradicted(&f->report), 0);
}

static void a_decision_stands_with_place_why_and_figures(void **state) {
    struct fixture *f = *state;
    workload_add(f, "stack-it-2", "stackIt2", 1);
    assert_has(escape_table_text(&f->report),
               "      sample.go:38  moved to heap: res  sharing up: its address is returned\n");
    assert_has(escape_csv_text(&f->report),
               "\nstack-it-2,stackIt2,sample.go,38,2,moved to heap,res,moved to heap: res,"
               "sharing up: its address is returned,,1,8,1,8,\n");
}

static void versions_that_differ_are_named(void **state) {
    struct fixture *f = *state;
    workload_add(f, "unknown", "unknown", 1);
    assert_has(escape_table_text(&f->report), "size not known at compile time [go1.19.8 only]");
}

/* Such a decision is no contradiction either: what was measured was built with inlining. */
static void a_decision_without_inlining_is_said_to_be_that(void **state) {
    struct fixture *f = *state;
    workload_add(f, "call-down", "callDown", 0);
    assert_int_equal(escape_contradicted(&f->report), 0);
    assert_has(escape_table_text(&f->report), "moved to heap: x");
    assert_has(escape_table_text(&f->report), "[without inlining only]");
}

static void a_contradiction_is_marked(void **state) {
    struct fixture *f = *state;
    workload_add(f, "planted", "stackIt2", 0);
    workload_add(f, "other", "stackIt", 2);
    assert_int_equal(escape_contradicted(&f->report), 2);
    assert_has(escape_table_text(&f->report), "    ! sample.go:38  moved to heap: res");
    assert_has(escape_table_text(&f->report), "    ! CONTRADICTED: nothing of it is on the heap");
    assert_has(escape_csv_text(&f->report), ",0,0,0,0,contradicted\n");
    assert_has(escape_csv_text(&f->report), "\nother,,,,,,,,,,2,16,2,16,contradicted\n");
}

static void figures_of_another_toolchain_contradict_nothing(void **state) {
    struct fixture *f = *state;
    workload_add(f, "planted", "stackIt2", 0);
    f->report.measured_version = "go1.19.8";
    assert_int_equal(escape_contradicted(&f->report), 0);
    assert_has(escape_table_text(&f->report), "so nothing is compared");
}

static void an_excuse_is_said(void **state) {
    struct fixture *f = *state;
    workload_add(f, "inlined", "inlined", 0);
    workload_add(f, "employee-bonus", "bonus", 0);
    assert_int_equal(escape_contradicted(&f->report), 0);
    assert_has(escape_table_text(&f->report), "(holds only where the call is not inlined)");
    assert_has(escape_table_text(&f->report), "a number below 256");
}

static void a_package_shows_what_is_on_the_heap_and_its_benchmarks(void **state) {
    struct fixture *f = *state;
    f->report.workloads = NULL;
    f->report.package = "./sample";
    f->report.benches = f->benches;
    escape_benches_read(f->benches,
                        "goos: linux\n"
                        "BenchmarkSend_one-2   100   12.5 ns/op   8 B/op   1 allocs/op\n"
                        "BenchmarkStackIt-2    100   1.5 ns/op    0 B/op   0 allocs/op\n"
                        "BenchmarkBroken-2     100\nPASS\n");
    assert_int_equal(f->benches->len, 2);
    assert_has(escape_table_text(&f->report), "  send: 1 on the heap, 1 not, 0 leaking\n");
    assert_has(escape_table_text(&f->report), "      BenchmarkSend_one: 1 allocs/op, 8 B/op\n");
    assert_has(escape_table_text(&f->report), "  stackIt: 0 on the heap, 0 not, 0 leaking\n");
    assert_lacks(escape_table_text(&f->report), "stackIt3");
    assert_has(escape_csv_text(&f->report), ",sent on a channel,,BenchmarkSend_one,1,8\n");
    f->report.is_all = true;
    assert_has(escape_table_text(&f->report), "y does not escape");
}

static void a_benchmark_exercises_what_it_is_named_after(void **state) {
    (void)state;
    assert_true(escape_bench_exercises("BenchmarkFoo", "Foo"));
    assert_true(escape_bench_exercises("BenchmarkFoo", "foo"));
    assert_true(escape_bench_exercises("BenchmarkFoo_bar", "Foo"));
    assert_true(escape_bench_exercises("BenchmarkFoo/bar-baz", "Foo"));
    assert_true(escape_bench_exercises("BenchmarkReader_Read", "(*Reader).Read"));
    assert_true(escape_bench_exercises("BenchmarkReaderRead", "Reader.Read"));
    assert_false(escape_bench_exercises("BenchmarkFooBar", "Foo"));
    assert_false(escape_bench_exercises("BenchmarkFoo", "FooBar"));
    assert_false(escape_bench_exercises("Benchmark", "Foo"));
    assert_false(escape_bench_exercises("Foo", "Foo"));
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(silence_is_said),
        WITH_FIXTURE(a_decision_stands_with_place_why_and_figures),
        WITH_FIXTURE(versions_that_differ_are_named),
        WITH_FIXTURE(a_decision_without_inlining_is_said_to_be_that),
        WITH_FIXTURE(a_contradiction_is_marked),
        WITH_FIXTURE(figures_of_another_toolchain_contradict_nothing),
        WITH_FIXTURE(an_excuse_is_said),
        WITH_FIXTURE(a_package_shows_what_is_on_the_heap_and_its_benchmarks),
        cmocka_unit_test(a_benchmark_exercises_what_it_is_named_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
