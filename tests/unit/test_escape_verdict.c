/* When a measurement contradicts a decision, and when it only seems to. */
#include "harness/analyze/escape_verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Function f in lines 1 to 9, of which 8 is cold; g in 10 to 19 appends. */
static const char functions_text[] = "a.go\t1\t9\tf\t1\t\t8-8\na.go\t10\t19\tg\t10\tappend\t\n";

/* The verdict on a workload whose function is `subject`, with the compiler's words. */
static enum escape_verdict judge(const char *subject, const char *output, double allocs_per_op) {
    struct escape_decisions decisions;
    struct escape_functions functions;
    struct error err = {0};
    GPtrArray *subjects = g_ptr_array_new();
    escape_decisions_init(&decisions);
    escape_functions_init(&functions);
    escape_decisions_read(&decisions, output, ESCAPE_BUILD_MEASURED);
    assert_true(escape_functions_read(&functions, functions_text, &err));
    g_ptr_array_add(subjects, (gpointer)subject);
    struct escape_case c = {&decisions, &functions, subjects, allocs_per_op};
    enum escape_verdict verdict = escape_verdict(&c);
    g_ptr_array_free(subjects, TRUE);
    escape_functions_release(&functions);
    escape_decisions_release(&decisions);
    return verdict;
}

static void a_variable_on_the_heap_costs_an_allocation(void **state) {
    (void)state;
    static const char moved[] = "a.go:3:2: moved to heap: x\n";
    assert_int_equal(judge("f", moved, 1), ESCAPE_AGREES);
    assert_int_equal(judge("f", moved, 0), ESCAPE_HEAP_UNUSED);
    assert_int_equal(judge("f", "a.go:3:2: &t{...} escapes to heap\n", 0), ESCAPE_HEAP_UNUSED);
    assert_int_equal(judge("f", "a.go:3:2: make([]int, 10) escapes to heap\n", 0),
                     ESCAPE_HEAP_UNUSED);
}

static void an_allocation_comes_from_a_decision(void **state) {
    (void)state;
    assert_int_equal(judge("f", "", 0), ESCAPE_AGREES);
    assert_int_equal(judge("f", "", 1), ESCAPE_HEAP_UNDECIDED);
    assert_int_equal(judge("f", "a.go:1:8: p does not escape\n", 1), ESCAPE_HEAP_UNDECIDED);
}

static void what_allocates_at_run_time_needs_no_decision(void **state) {
    (void)state;
    assert_int_equal(judge("g", "", 1), ESCAPE_AGREES);
    assert_int_equal(judge("f", "a.go:3:2: make([]int, n) does not escape\n", 1), ESCAPE_AGREES);
}

static void a_callee_that_escapes_only_when_not_inlined_is_no_contradiction(void **state) {
    (void)state;
    assert_int_equal(judge("f", "a.go:3:2: moved to heap: x\na.go:12:2: inlining call to f\n", 0),
                     ESCAPE_AGREES);
    assert_int_equal(
        judge("f", "a.go:3:2: moved to heap: x\na.go:12:2: inlining call to other\n", 0),
        ESCAPE_HEAP_UNUSED);
}

/* An employee with a salary of 500 gets a bonus of 250, which the runtime has at hand. */
static void a_boxed_value_may_cost_nothing(void **state) {
    (void)state;
    assert_int_equal(judge("f", "a.go:3:2: john.bonus escapes to heap\n", 0), ESCAPE_AGREES);
}

static void what_seldom_runs_is_no_contradiction(void **state) {
    (void)state;
    assert_int_equal(judge("f", "a.go:8:2: moved to heap: x\n", 0), ESCAPE_AGREES);
}

static void a_closure_an_append_and_an_unknown_size_may_cost_nothing(void **state) {
    (void)state;
    assert_int_equal(judge("f", "a.go:3:2: func literal escapes to heap\n", 0), ESCAPE_AGREES);
    assert_int_equal(judge("f", "a.go:3:2: append escapes to heap\n", 0), ESCAPE_AGREES);
    assert_int_equal(judge("f", "a.go:3:2: make([]int, n) escapes to heap\n", 0), ESCAPE_AGREES);
}

static void other_functions_and_builds_do_not_count(void **state) {
    (void)state;
    struct escape_decision plain = {.file = "a.go", .line = 3, .kind = ESCAPE_MOVED, .builds = 2};
    struct escape_functions functions;
    struct error err = {0};
    GPtrArray *subjects = g_ptr_array_new();
    escape_functions_init(&functions);
    assert_true(escape_functions_read(&functions, functions_text, &err));
    g_ptr_array_add(subjects, (gpointer) "f");
    struct escape_case c = {NULL, &functions, subjects, 0};
    assert_false(escape_contradicts(&c, &plain)); /* made without inlining only */
    g_ptr_array_free(subjects, TRUE);
    escape_functions_release(&functions);
    assert_int_equal(judge("g", "a.go:3:2: moved to heap: x\n", 0), ESCAPE_AGREES);
}

static void without_a_measurement_nothing_contradicts(void **state) {
    (void)state;
    assert_int_equal(judge("f", "a.go:3:2: moved to heap: x\n", NAN), ESCAPE_AGREES);
    assert_int_equal(judge("f", "", NAN), ESCAPE_AGREES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_on_the_heap_costs_an_allocation),
        cmocka_unit_test(an_allocation_comes_from_a_decision),
        cmocka_unit_test(what_allocates_at_run_time_needs_no_decision),
        cmocka_unit_test(a_callee_that_escapes_only_when_not_inlined_is_no_contradiction),
        cmocka_unit_test(a_boxed_value_may_cost_nothing),
        cmocka_unit_test(what_seldom_runs_is_no_contradiction),
        cmocka_unit_test(a_closure_an_append_and_an_unknown_size_may_cost_nothing),
        cmocka_unit_test(other_functions_and_builds_do_not_count),
        cmocka_unit_test(without_a_measurement_nothing_contradicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
