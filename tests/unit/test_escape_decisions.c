/* The compiler's lines, of Go 1.19 and 1.26 as they were recorded, as decisions with their why. */
#include "harness/analyze/escape_decisions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/analyze/escape_why.h"
#include "tests/unit/escape_fixture.h"

enum { BUILD_26 = 1, BUILD_26_L = 2, BUILD_19 = 4, BUILD_19_L = 8, BUILD_ALL = 15 };

struct fixture {
    struct escape_decisions decisions;
    struct escape_functions functions;
};

static int set_up(void **state) {
    struct fixture *f = g_new0(struct fixture, 1);
    escape_sample_read(&f->decisions, &f->functions);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    escape_functions_release(&f->functions);
    escape_decisions_release(&f->decisions);
    g_free(f);
    return 0;
}

static const struct escape_decision *find(const struct fixture *f, const char *function,
                                          const char *text) {
    const struct escape_decision *d =
        escape_decision_find(&f->decisions, &f->functions, function, text);
    if (d == NULL)
        fail_msg("%s has no decision \"%s\"", function, text);
    return d;
}

static void the_articles_decisions_are_made_by_both_versions_and_say_why(void **state) {
    const struct fixture *f = *state;
    static const struct {
        const char *function, *text;
        enum escape_kind kind;
        const char *why;
    } expected[] = {
        {"stackIt2", "moved to heap: res", ESCAPE_MOVED, "sharing up: its address is returned"},
        {"stackIt3", "y does not escape", ESCAPE_STAYS, "sharing down: the pointer stays below"},
        {"createPointer", "&bigStruct{...} escapes to heap", ESCAPE_TO_HEAP,
         "sharing up: its address is returned"},
        {"Foo", "moved to heap: x", ESCAPE_MOVED, "captured by a closure that outlives the frame"},
        {"bonus", "john.bonus escapes to heap", ESCAPE_TO_HEAP, "stored in an interface (boxed)"},
        {"send", "moved to heap: x", ESCAPE_MOVED, "sent on a channel"},
        {"large", "new([70000]byte) escapes to heap", ESCAPE_TO_HEAP, "too large for the stack"},
        {"store", "moved to heap: x", ESCAPE_MOVED,
         "stored in a slice or map that outlives the frame"},
        {"grow", "moved to heap: x", ESCAPE_MOVED,
         "stored in a slice or map that outlives the frame"},
        {"box", "s escapes to heap", ESCAPE_TO_HEAP, "stored in an interface (boxed)"},
        {"method", "s.Area escapes to heap", ESCAPE_TO_HEAP, "a closure that outlives the frame"},
        {"(*list).Put", "moved to heap: v", ESCAPE_MOVED, "stored where it outlives the frame"},
        {"grow", "leaking param: s to result ~r0 level=0", ESCAPE_LEAKS_RESULT,
         "sharing up: it comes back in a result"},
        {"grow", "leaking param content: s", ESCAPE_LEAKS,
         "what it points to may outlive the call"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        const struct escape_decision *d = find(f, expected[i].function, expected[i].text);
        assert_int_equal(d->kind, expected[i].kind);
        assert_int_equal(d->builds, BUILD_ALL);
        assert_string_equal(escape_why(d, &f->functions), expected[i].why);
    }
}

static void the_compiler_is_silent_about_stack_it(void **state) {
    const struct fixture *f = *state;
    for (guint i = 0; i < f->decisions.items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(f->decisions.items, i);
        const struct escape_function *at = escape_function_at(&f->functions, d->file, d->line);
        assert_true(at == NULL || strcmp(at->name, "stackIt") != 0);
    }
}

static void a_decision_knows_the_versions_that_made_it(void **state) {
    const struct fixture *f = *state;
    const struct escape_decision *heap = find(f, "unknown", "make([]int, n) escapes to heap");
    const struct escape_decision *stack = find(f, "unknown", "make([]int, n) does not escape");
    assert_int_equal(heap->builds, BUILD_19 | BUILD_19_L);
    assert_int_equal(stack->builds, BUILD_26 | BUILD_26_L);
    assert_string_equal(escape_why(heap, &f->functions), "size not known at compile time");
    assert_true(escape_has_unknown_size(stack));
}

static void a_decision_knows_whether_inlining_made_it(void **state) {
    const struct fixture *f = *state;
    assert_int_equal(find(f, "caller", "inlining call to inlined")->builds, BUILD_26 | BUILD_19);
    const struct escape_decision *can = find(f, "inlined", "can inline inlined");
    assert_int_equal(can->builds, BUILD_26 | BUILD_19);
    assert_string_equal(can->subject, "inlined");
    assert_int_equal(find(f, "callDown", "moved to heap: x")->builds, BUILD_26_L | BUILD_19_L);
}

static void a_line_comment_may_leave_the_column_out(void **state) {
    (void)state;
    struct escape_decisions d;
    escape_decisions_init(&d);
    escape_decisions_read(&d,
                          "rules.y:12: y escapes to heap in parse:\n"
                          "rules.y:12:   flow: ~r0 = &y:\n"
                          "rules.y:12:     from return &y (return) at rules.y:12\n"
                          "rules.y:12: moved to heap: y\n",
                          0);
    assert_int_equal(d.items->len, 1);
    const struct escape_decision *moved = d.items->pdata[0];
    assert_string_equal(moved->file, "rules.y");
    assert_int_equal(moved->line, 12);
    assert_int_equal(moved->column, 0);
    assert_int_equal(moved->last_step, ESCAPE_STEP_RETURN);
    assert_true(escape_is_generated(moved));
    escape_decisions_release(&d);
}

static void two_decisions_of_a_line_are_two_and_one_said_twice_is_one(void **state) {
    (void)state;
    struct escape_decisions d;
    escape_decisions_init(&d);
    escape_decisions_read(&d,
                          "./a.go:3:5: x does not escape\n./a.go:3:8: y does not escape\n"
                          "./a.go:3:9: x does not escape\n",
                          0);
    escape_decisions_read(&d, "a.go:3:6: x does not escape\r\n", 1);
    assert_int_equal(d.items->len, 2);
    assert_int_equal(((const struct escape_decision *)d.items->pdata[0])->builds, 3);
    assert_int_equal(((const struct escape_decision *)d.items->pdata[1])->builds, 1);
    escape_decisions_release(&d);
}

static void what_is_no_decision_is_passed_over(void **state) {
    (void)state;
    struct escape_decisions d;
    escape_decisions_init(&d);
    escape_decisions_read(&d,
                          "# sample\n<autogenerated>:1: inlining call to f\n./a.go:0:1: x does not "
                          "escape\n./a.go:1:x does not escape\na.go:1:1: moved to heap: \n"
                          "a.go:1:1: cannot inline f: marked go:noinline\na.go:1:1:\n:1:1: x does "
                          "not escape\na.go:99999999999:1: x does not escape\n",
                          0);
    assert_int_equal(d.items->len, 0);
    escape_decisions_release(&d);
}

static void decisions_sort_by_file_and_line(void **state) {
    (void)state;
    struct escape_decisions d;
    escape_decisions_init(&d);
    escape_decisions_read(&d,
                          "b.go:1:1: moved to heap: x\na.go:10:1: moved to heap: x\n"
                          "a.go:9:1: moved to heap: x\n",
                          0);
    escape_decisions_sort(&d);
    assert_int_equal(((const struct escape_decision *)d.items->pdata[0])->line, 9);
    assert_int_equal(((const struct escape_decision *)d.items->pdata[1])->line, 10);
    assert_string_equal(((const struct escape_decision *)d.items->pdata[2])->file, "b.go");
    escape_decisions_release(&d);
}

static void a_complaint_is_what_is_no_decision(void **state) {
    (void)state;
    char *text = escape_complaint("# bad\n./a.go:2:6: can inline f\n./a.go:3:1: x escapes to heap "
                                  "in f:\n./a.go:3:22: undefined: y\n./a.go:4:1: missing return\n");
    assert_string_equal(text, "./a.go:3:22: undefined: y / ./a.go:4:1: missing return");
    g_free(text);
    assert_null(escape_complaint("# fine\n./a.go:2:6: can inline f\n"));
}

static void a_line_finds_its_function_and_a_damaged_table_is_refused(void **state) {
    const struct fixture *f = *state;
    struct escape_functions damaged;
    struct error err = {0};
    assert_string_equal(escape_function_at(&f->functions, "sample.go", 38)->name, "stackIt2");
    assert_null(escape_function_at(&f->functions, "sample.go", 1));
    assert_null(escape_function_at(&f->functions, "other.go", 38));
    const struct escape_function *cold = escape_function_find(&f->functions, "cold");
    assert_true(escape_line_is_cold(cold, 107));
    assert_false(escape_line_is_cold(cold, 109));
    assert_string_equal(cold->allocating, "fmt.Sprintf");
    escape_functions_init(&damaged);
    assert_false(escape_functions_read(&damaged, "a.go\t1\t2\tf\t1\t\t\na.go\t1\tf\n", &err));
    assert_non_null(strstr(err.text, "line 2"));
    escape_functions_release(&damaged);
}

static void a_name_is_compared_without_type_arguments(void **state) {
    (void)state;
    char *plain = escape_name_plain("(*list[go.shape.map[string]int]).Put");
    assert_string_equal(plain, "(*list).Put");
    g_free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_articles_decisions_are_made_by_both_versions_and_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_compiler_is_silent_about_stack_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_decision_knows_the_versions_that_made_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_decision_knows_whether_inlining_made_it, set_up,
                                        tear_down),
        cmocka_unit_test(a_line_comment_may_leave_the_column_out),
        cmocka_unit_test(two_decisions_of_a_line_are_two_and_one_said_twice_is_one),
        cmocka_unit_test(what_is_no_decision_is_passed_over),
        cmocka_unit_test(decisions_sort_by_file_and_line),
        cmocka_unit_test(a_complaint_is_what_is_no_decision),
        cmocka_unit_test_setup_teardown(a_line_finds_its_function_and_a_damaged_table_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test(a_name_is_compared_without_type_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
