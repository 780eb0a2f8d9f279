/* The description of the machine: one line a fact, none left out. */
#include "harness/measure/machine.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_fact_has_one_line_with_a_value(void **state) {
    (void)state;
    char *text = machine_text();
    char **lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), FACT_COUNT + 1);
    for (unsigned i = 0; i < FACT_COUNT; i++) {
        char *start = g_strconcat(machine_key((enum machine_fact)i), ": ", NULL);
        assert_true(g_str_has_prefix(lines[i], start));
        assert_true(strlen(lines[i]) > strlen(start));
        g_free(start);
    }
    assert_string_equal(lines[FACT_COUNT], "");
    g_strfreev(lines);
    g_free(text);
}

static void neighbouring_cpus_are_written_as_ranges(void **state) {
    (void)state;
    const unsigned cpus[] = {0, 2, 3, 4, 7, 8, 10};
    char *text = cpu_list_text(cpus, G_N_ELEMENTS(cpus));
    assert_string_equal(text, "0,2-4,7-8,10");
    g_free(text);
    text = cpu_list_text(cpus, 0);
    assert_string_equal(text, "");
    g_free(text);
}

static void this_process_may_run_somewhere(void **state) {
    (void)state;
    assert_true(machine_cpus_allowed() >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_has_one_line_with_a_value),
        cmocka_unit_test(neighbouring_cpus_are_written_as_ranges),
        cmocka_unit_test(this_process_may_run_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
