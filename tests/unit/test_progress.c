/* What progress lines say. */
#include "harness/present/progress.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S UINT64_C(1000000000)

static void assert_text(char *text, const char *expected) {
    assert_string_equal(text, expected);
    g_free(text);
}

static void a_duration_has_the_unit_that_matters(void **state) {
    (void)state;
    assert_text(duration_text(0), "0 s");
    assert_text(duration_text(S / 2), "1 s");
    assert_text(duration_text(59 * S), "59 s");
    assert_text(duration_text(60 * S - 1), "1 min 00 s");
    assert_text(duration_text(80 * S), "1 min 20 s");
    assert_text(duration_text(7500 * S), "2 h 05 min");
}

static void the_time_left_is_in_proportion_to_what_is_done(void **state) {
    (void)state;
    assert_text(progress_line(0, 60, 5 * S, "empty, malloc"), "0/60: empty, malloc");
    assert_text(progress_line(20, 60, 10 * S, "empty, malloc"),
                "20/60, about 20 s left: empty, malloc");
    assert_text(progress_line(60, 60, 10 * S, "x"), "60/60, about 0 s left: x");
}

static void elsewhere_than_on_a_terminal_lines_are_plain_and_few(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = tmpfile();
    struct progress p;
    progress_init(&p, stream);
    assert_false(p.is_terminal);
    for (size_t i = 0; i < 1000; i++)
        progress_show(&p, i, 1000, "empty, malloc");
    progress_say(&p, "empty, malloc: crashed");
    progress_end(&p, 1000, 1000);
    length = (size_t)ftell(stream);
    rewind(stream);
    text = g_malloc0(length + 1);
    assert_int_equal(fread(text, 1, length, stream), length);
    assert_true(g_str_has_prefix(text, "0/1000: empty, malloc\n"));
    assert_non_null(strstr(text, "\nempty, malloc: crashed\n1000/1000 in "));
    assert_null(strchr(text, '\r'));
    assert_true(length < 200);
    g_free(text);
    fclose(stream);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_has_the_unit_that_matters),
        cmocka_unit_test(the_time_left_is_in_proportion_to_what_is_done),
        cmocka_unit_test(elsewhere_than_on_a_terminal_lines_are_plain_and_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
