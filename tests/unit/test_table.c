/* The table that `run` prints, to the character. */
#include "harness/present/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/present/quantity.h"
#include "tests/unit/rows_fixture.h"

static void numbers_have_three_significant_digits_and_no_exponent(void **state) {
    (void)state;
    assert_string_equal(quantity_plain(0).text, "0");
    assert_string_equal(quantity_plain(0.3125).text, "0.312");
    assert_string_equal(quantity_plain(0.001).text, "0.00100");
    assert_string_equal(quantity_plain(0.00099951).text, "0.00100");
    assert_string_equal(quantity_plain(0.00099949).text, "9.99e-4");
    assert_string_equal(quantity_plain(5e-8).text, "5.00e-8");
    assert_string_equal(quantity_plain(9.996e-8).text, "1.00e-7");
    assert_string_equal(quantity_plain(1.516).text, "1.52");
    assert_string_equal(quantity_plain(9.996).text, "10.0");
    assert_string_equal(quantity_plain(99.96).text, "100");
    assert_string_equal(quantity_plain(999.4).text, "999");
    assert_string_equal(quantity_plain(12345.6).text, "12346");
    assert_string_equal(quantity_plain(NAN).text, "–");
}

static void units_change_at_a_thousand_and_at_1024(void **state) {
    (void)state;
    assert_string_equal(quantity_time(999).text, "999 ns");
    assert_string_equal(quantity_time(999.9).text, "1.00 µs");
    assert_string_equal(quantity_time(1234567).text, "1.23 ms");
    assert_string_equal(quantity_time(2.5e9).text, "2.50 s");
    assert_string_equal(quantity_memory(80).text, "80.0 B");
    assert_string_equal(quantity_memory(1536).text, "1.50 KiB");
    assert_string_equal(quantity_memory(16.0 * 1024 * 1024).text, "16.0 MiB");
}

static void counts_are_exact(void **state) {
    (void)state;
    assert_string_equal(quantity_exact(73728).text, "73728");
    assert_string_equal(quantity_exact(0).text, "0");
    assert_string_equal(quantity_exact(12.5).text, "12.5");
    assert_string_equal(quantity_exact(12.34).text, "12.34");
    assert_string_equal(quantity_exact(0.0123).text, "0.0123");
    assert_string_equal(quantity_bytes(80).text, "80 B");
    assert_string_equal(quantity_size(4096).text, "4K");
    assert_string_equal(quantity_size(80).text, "80");
}

static void assert_table(const struct run_rows *rows, const char *expected) {
    char *text = table_text(rows);
    assert_string_equal(text, expected);
    g_free(text);
}

static void a_table_is_aligned_by_characters_and_compares_with_the_first(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    rows_add_five(&rows, "größe", "w", "bytes=80", 100);
    rows_add_five(&rows, "b", "w", "bytes=80", 50);
    assert_table(&rows,
                 "\n"
                 "g\n"
                 "  workload    strategy  ns/op  spread  × first  cpu ns/op  B/op  allocs/op  GCs  "
                 "longest pause  peak RSS\n"
                 "  w bytes=80  größe       100  ±2.0 %     1.00          –     –          –    –  "
                 "            –         –\n"
                 "              b          50.0  ±2.0 %    0.500          –     –          –    –  "
                 "            –         –\n"
                 "\n"
                 "ns/op: median; spread: half the interval of the median (5 repetitions: least to "
                 "greatest), in per cent of it; × first: ns/op against "
                 "größe.\n");
    run_rows_release(&rows);
}

static void a_ratio_whose_intervals_touch_is_marked(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    rows_add_five(&rows, "a", "w", "", 100);
    rows_add_five(&rows, "b", "w", "", 101);
    rows_add_five(&rows, "c", "w", "", 110);
    char *text = table_text(&rows);
    assert_non_null(strstr(text, " ≈1.01 "));
    assert_non_null(strstr(text, "   1.10 "));
    assert_non_null(strstr(text, "run shows no difference"));
    g_free(text);
    run_rows_release(&rows);
}

static void what_was_not_measured_is_counted_with_its_reason(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    rows_add(&rows, "a", "w", "", 1);
    rows_add_failed(&rows, "a", "w", "timeout", "60 s");
    rows_add_failed(&rows, "b", "w", "skipped", "bump reclaims nothing");
    rows_add_failed(&rows, "b", "v", "skipped", "bump reclaims nothing");
    rows_add_failed(&rows, "c", "w", "unavailable", "no library");
    rows_add_failed(&rows, "d", "w", "crashed", "signal 11");
    char *text = table_text(&rows);
    assert_non_null(strstr(text, "  w         a !"));
    assert_non_null(strstr(text, "Of 5 cells 2 failed, 2 were skipped, 1 unavailable:\n"
                                 "  1 timeout: w under a (1 of 2 repetitions): 60 s\n"
                                 "  1 crashed: w under d: signal 11\n"
                                 "  1 unavailable: w under c: no library\n"
                                 "  2 skipped: v under b, w under b: bump reclaims nothing\n"));
    assert_null(strstr(text, "1000000000"));
    g_free(text);
    run_rows_release(&rows);
}

static void no_ratio_is_made_up_where_the_first_failed(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    rows_add_failed(&rows, "a", "w", "crashed", "signal 11");
    rows_add_five(&rows, "b", "w", "", 100);
    char *text = table_text(&rows);
    assert_non_null(strstr(text, "No × first where a was not measured."));
    g_free(text);
    run_rows_release(&rows);
}

static void an_empty_run_says_so(void **state) {
    (void)state;
    struct run_rows rows;
    rows_init(&rows);
    assert_table(&rows, "Nothing was measured.\n");
    run_rows_release(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_three_significant_digits_and_no_exponent),
        cmocka_unit_test(units_change_at_a_thousand_and_at_1024),
        cmocka_unit_test(counts_are_exact),
        cmocka_unit_test(a_table_is_aligned_by_characters_and_compares_with_the_first),
        cmocka_unit_test(a_ratio_whose_intervals_touch_is_marked),
        cmocka_unit_test(what_was_not_measured_is_counted_with_its_reason),
        cmocka_unit_test(no_ratio_is_made_up_where_the_first_failed),
        cmocka_unit_test(an_empty_run_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
