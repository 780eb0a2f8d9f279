/* Names near a misspelt one, numbers, lists. */
#include "harness/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/error.h"

static const char *const names[] = {"malloc", "jemalloc", "mimalloc", "goheap", "ops", NULL};

static void a_misspelt_name_finds_the_nearest(void **state) {
    (void)state;
    assert_string_equal(nearest_name("jemaloc", names), "jemalloc");
    assert_string_equal(nearest_name("gohaep", names), "goheap");
    assert_string_equal(nearest_name("Mimalloc", names), "mimalloc");
    assert_string_equal(nearest_name("op", names), "ops");
    assert_string_equal(nearest_name("opps", names), "ops");
}

static void a_far_name_finds_nothing(void **state) {
    (void)state;
    assert_null(nearest_name("", names));
    assert_null(nearest_name("x", names));
    assert_null(nearest_name("valgrind", names));
    char longest[300];
    memset(longest, 'm', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(nearest_name(longest, names));
}

static void advice_is_the_end_of_a_sentence_or_nothing(void **state) {
    (void)state;
    char *advice = nearest_advice("jemaloc", names);
    assert_string_equal(advice, "; did you mean jemalloc?");
    g_free(advice);
    advice = nearest_advice("zzzzzz", names);
    assert_string_equal(advice, "");
    g_free(advice);
}

static void a_whole_number_in_range_is_a_count(void **state) {
    (void)state;
    uint64_t value = 7;
    assert_true(count_parse("18446744073709551615", 0, UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_true(count_parse("8", 8, 8, &value));
    assert_int_equal(value, 8);
}

static void anything_else_is_no_count_and_leaves_the_value(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "0x10",
                                        "1.5",
                                        "1e3",
                                        "18446744073709551616",
                                        "99999999999999999999"};
    uint64_t value = 7;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_false(count_parse(wrong[i], 0, UINT64_MAX, &value));
    assert_false(count_parse("7", 8, 9, &value));
    assert_false(count_parse("10", 8, 9, &value));
    assert_int_equal(value, 7);
}

static void assert_split(const char *text, char separator, const char *expected) {
    GPtrArray *pieces = list_split(text, separator);
    GString *joined = g_string_new(NULL);
    for (guint i = 0; i < pieces->len; i++)
        g_string_append_printf(joined, "<%s>", (char *)pieces->pdata[i]);
    assert_string_equal(joined->str, expected);
    g_string_free(joined, TRUE);
    g_ptr_array_free(pieces, TRUE);
}

static void a_list_splits_at_separators(void **state) {
    (void)state;
    assert_split("a, b ,c", ',', "<a><b><c>");
    assert_split("", ',', "<>");
    assert_split("a,,b,", ',', "<a><><b><>");
    assert_split("a:b", ':', "<a><b>");
}

static void quotes_and_braces_keep_a_piece_whole(void **state) {
    (void)state;
    assert_split("x:Y=\"a:1,b:2\",z", ',', "<x:Y=\"a:1,b:2\"><z>");
    assert_split("g:p={1,2},h{a,{b,c}}", ',', "<g:p={1,2}><h{a,{b,c}}>");
    assert_split("\"{\",b", ',', "<\"{\"><b>");
    assert_split("a},b", ',', "<a}><b>");
}

static void a_refusal_is_one_line_of_utf8(void **state) {
    (void)state;
    struct error err;
    assert_false(error_set(&err, EXIT_USAGE, "a%sb", "\n\t\x7f\xff\xc3\xbc\xe2\x82"));
    assert_string_equal(err.text, "a   ?\xc3\xbc??b");
    GString *longest = g_string_new(NULL);
    for (size_t i = 0; i < 1000; i++)
        g_string_append(longest, "\xe2\x82\xac"); /* the euro sign, three bytes */
    error_set(&err, EXIT_USAGE, "%s", longest->str);
    g_string_free(longest, TRUE);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_true(g_utf8_validate(err.text, -1, NULL));
    error_set(&err, EXIT_USAGE, "%s", "\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\x80 \xf0\x9f\x98\x80");
    assert_string_equal(err.text, "??? ???? ?? \xf0\x9f\x98\x80");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misspelt_name_finds_the_nearest),
        cmocka_unit_test(a_far_name_finds_nothing),
        cmocka_unit_test(advice_is_the_end_of_a_sentence_or_nothing),
        cmocka_unit_test(a_whole_number_in_range_is_a_count),
        cmocka_unit_test(anything_else_is_no_count_and_leaves_the_value),
        cmocka_unit_test(a_list_splits_at_separators),
        cmocka_unit_test(quotes_and_braces_keep_a_piece_whole),
        cmocka_unit_test(a_refusal_is_one_line_of_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
