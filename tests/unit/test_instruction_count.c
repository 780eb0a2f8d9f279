/* Callgrind's command line and files; and callgrind itself where it is installed. */
#include "harness/run/instruction_count.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/run/syscall_count.h"

static void assert_totals(const char *text, uint64_t expected) {
    struct error err = {0};
    uint64_t count = 0;
    if (!callgrind_totals_parse(text, strlen(text), &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, expected);
}

static void assert_refused(const char *text, const char *expected) {
    struct error err = {0};
    uint64_t count = 0;
    assert_false(callgrind_totals_parse(text, strlen(text), &count, &err));
    assert_string_equal(err.text, expected);
    assert_int_equal(err.exit_status, EXIT_CANNOT);
}

static void totals_of_all_parts_are_added(void **state) {
    (void)state;
    assert_totals("# callgrind format\nevents: Ir\nfn=(1) totals\n1 2\n\ntotals: 1200\n", 1200);
    assert_totals("events: Ir\ntotals: 5\n\npart: 2\nevents: Ir Dr\ntotals: 6 7\n", 11);
    assert_totals("events: Ir\ntotals: 0", 0);
}

static void what_is_no_count_of_instructions_is_refused_with_its_line(void **state) {
    (void)state;
    assert_refused("", "callgrind's file has no totals: it was cut short");
    assert_refused("events: Ir\nfn=f\n1 2\n", "callgrind's file has no totals: it was cut short");
    assert_refused("events: Dr Ir\ntotals: 5\n",
                   "line 2 of callgrind's file: totals of something else than instructions (Ir)");
    assert_refused("totals: 5\n",
                   "line 1 of callgrind's file: totals of something else than instructions (Ir)");
    assert_refused("events: Ir\ntotals: many\n",
                   "line 2 of callgrind's file: totals that are no whole number");
    assert_refused("events: Ir\ntotals: 18446744073709551614\ntotals: 1\n",
                   "line 3 of callgrind's file: totals that are no whole number");
}

/* A directory for the files of a run; caller removes it when it is empty again. */
static char *prefix_make(char **folder) {
    *folder = g_strdup("/tmp/heapmark-test-XXXXXX");
    assert_non_null(g_mkdtemp(*folder));
    return g_build_filename(*folder, "counted-", NULL);
}

static void every_process_of_a_run_is_added_and_its_file_removed(void **state) {
    (void)state;
    struct error err = {0};
    uint64_t count = 0;
    char *folder, *prefix = prefix_make(&folder);
    char *first = g_strconcat(prefix, "11", NULL), *second = g_strconcat(prefix, "12", NULL);
    assert_true(g_file_set_contents(first, "events: Ir\ntotals: 40\n", -1, NULL));
    assert_true(g_file_set_contents(second, "events: Ir\ntotals: 2\n", -1, NULL));
    assert_true(instruction_collect(prefix, &count, &err));
    assert_int_equal(count, 42);
    assert_false(instruction_collect(prefix, &count, &err));
    assert_string_equal(err.text, "callgrind wrote nothing");
    assert_true(g_file_set_contents(first, "events: Ir\ntotals: 0\n", -1, NULL));
    assert_false(instruction_collect(prefix, &count, &err));
    assert_true(g_str_has_prefix(err.text, "no instruction was counted"));
    assert_int_equal(rmdir(folder), 0);
    g_free(first);
    g_free(second);
    g_free(prefix);
    g_free(folder);
}

/* Instructions of counted-program between its marks, making this many calls there. */
static uint64_t instructions_of(const struct instruction_tool *tool, const char *calls) {
    struct error err = {0};
    struct process_result result;
    uint64_t count = 0;
    char *folder, *prefix = prefix_make(&folder);
    char *words[] = {(char *)(gpointer)COUNTED_PROGRAM, (char *)(gpointer)calls,
                     (char *)(gpointer) "0", (char *)(gpointer) "alone", NULL};
    char *environment[] = {NULL};
    char **counted = instruction_arguments(
        tool,
        &(struct instruction_request){.arguments = words, .out_prefix = prefix, .is_marked = true});
    struct process_request request = {.arguments = counted,
                                      .environment = environment,
                                      .answers_on_stdout = true,
                                      .timeout_ns = UINT64_C(100) * 1000000000};
    process_result_init(&result);
    assert_true(syscall_plain_run(&request, &result, &err));
    assert_int_equal(result.wait_status, 0);
    if (!instruction_collect(prefix, &count, &err))
        fail_msg("%s", err.text);
    process_result_release(&result);
    g_strfreev(counted);
    rmdir(folder);
    g_free(prefix);
    g_free(folder);
    return count;
}

static void more_work_between_the_marks_is_more_instructions_every_time_the_same(void **state) {
    (void)state;
    struct instruction_tool tool;
    struct error err = {0};
    if (!instruction_tool_find(&tool, &err)) {
        assert_int_equal(err.exit_status, EXIT_CANNOT);
        assert_non_null(strstr(err.text, "apt-get install valgrind"));
        skip();
    }
    assert_true(g_str_has_prefix(tool.version, "valgrind-"));
    uint64_t few = instructions_of(&tool, "1000"), many = instructions_of(&tool, "100000");
    assert_true(few > 1000);
    assert_true(many > few + 99000); /* at least an instruction a call */
    assert_int_equal(instructions_of(&tool, "1000"), few);
    instruction_tool_release(&tool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_of_all_parts_are_added),
        cmocka_unit_test(what_is_no_count_of_instructions_is_refused_with_its_line),
        cmocka_unit_test(every_process_of_a_run_is_added_and_its_file_removed),
        cmocka_unit_test(more_work_between_the_marks_is_more_instructions_every_time_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
