/* What the end of a Go process is: exhausted memory, or a crash. */
#include "harness/run/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* As waitpid tells an exit. */
static int exit_status(int code) {
    return code << 8;
}

static void assert_outcome(struct outcome_facts facts, const char *status, const char *reason) {
    struct outcome outcome = outcome_decide(&facts);
    assert_string_equal(outcome.status, status);
    assert_string_equal(outcome.reason, reason);
    g_free(outcome.reason);
}

static void a_go_process_that_dies_of_exhausted_memory_is_oom(void **state) {
    (void)state;
    static const char *const deaths[] = {
        "runtime: out of memory", "runtime: cannot allocate memory", "out of memory",
        "out of memory allocating heap arena metadata", "out of memory (stackalloc)"};
    for (size_t i = 0; i < G_N_ELEMENTS(deaths); i++) {
        char *said = g_strdup_printf(
            "runtime: out of memory: cannot allocate 4194304-byte block (9 in use)\n"
            "fatal error: %s\n\ngoroutine 1 [running]:\n",
            deaths[i]);
        char *reason =
            g_strdup_printf("the Go runtime ended the program: fatal error: %s", deaths[i]);
        assert_outcome((struct outcome_facts){.wait_status = exit_status(2), .said = said}, "oom",
                       reason);
        assert_outcome((struct outcome_facts){.wait_status = exit_status(2),
                                              .said = "goroutine 99 [select]:",
                                              .said_first = said},
                       "oom", reason);
        g_free(reason);
        g_free(said);
    }
}

static void a_go_process_that_dies_of_anything_else_crashed(void **state) {
    (void)state;
    assert_outcome(
        (struct outcome_facts){.wait_status = exit_status(2),
                               .said = "fatal error: all goroutines are asleep - deadlock!"},
        "crashed",
        "the Go runtime ended the program: fatal error: all goroutines are asleep - deadlock!");
    assert_outcome((struct outcome_facts){.wait_status = exit_status(2),
                                          .said = "panic: fatal error: out of memory"},
                   "crashed",
                   "the Go runtime ended the program: panic: fatal error: out of memory");
    assert_outcome((struct outcome_facts){.wait_status = exit_status(2),
                                          .said = "cell-go: out of memory is no workload"},
                   "crashed",
                   "it refused its command line; it said: cell-go: out of memory is no workload");
    assert_outcome(
        (struct outcome_facts){.wait_status = exit_status(1), .said = "fatal error: out of memory"},
        "crashed",
        "exit status 1 without the end of a report; it said: fatal error: out of "
        "memory");
}

static void what_the_report_says_outranks_what_was_said_on_stderr(void **state) {
    (void)state;
    assert_outcome((struct outcome_facts){.wait_status = exit_status(2),
                                          .status = "wrong",
                                          .reason = "it is another's",
                                          .said = "fatal error: out of memory"},
                   "wrong", "it is another's");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_go_process_that_dies_of_exhausted_memory_is_oom),
        cmocka_unit_test(a_go_process_that_dies_of_anything_else_crashed),
        cmocka_unit_test(what_the_report_says_outranks_what_was_said_on_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
