/* A comparison as table, Markdown and CSV, and the notices beside it. */
#include "harness/present/compare_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/present/compare_grid.h"
#include "harness/present/compare_notes.h"
#include "harness/present/compare_words.h"
#include "harness/present/plot_compare.h"
#include "harness/present/plot_page.h"
#include "tests/unit/compare_fixture.h"

static void ratios_have_three_decimals_around_one(void **state) {
    (void)state;
    assert_string_equal(compare_ratio(0).text, "1.000");
    assert_string_equal(compare_ratio(log(1.0344)).text, "1.034");
    assert_string_equal(compare_ratio(log(0.1)).text, "0.100");
    assert_string_equal(compare_ratio(log(0.0179)).text, "0.0179");
    assert_string_equal(compare_ratio(log(212.4)).text, "212");
    assert_string_equal(compare_percent(0.029).text, "2.9 %");
    assert_string_equal(compare_percent(0.234).text, "23 %");
    char *text = compare_interval(log(0.9), log(1.1), 0.9);
    assert_string_equal(text, "[0.900, 1.100] 90 %");
    g_free(text);
}

static void markdown_keeps_bars_and_stars_out_of_tables(void **state) {
    (void)state;
    struct grid g;
    grid_init(&g, 2, 1);
    grid_row(&g, (char *[]){g_strdup("a|b"), g_strdup("n")});
    grid_row(&g, (char *[]){g_strdup("x*y"), g_strdup("12")});
    GString *out = g_string_new(NULL);
    grid_markdown(&g, out);
    assert_string_equal(out->str, "| a\\|b | n |\n|:---|---:|\n| x\\*y | 12 |\n");
    g_string_free(out, TRUE);
    grid_release(&g);
}

static void fixture_small(struct compare_fixture *f) {
    static const double a[] = {98, 99, 100, 101, 102}, b[] = {196, 198, 200, 202, 204};
    compare_fixture_init(f);
    compare_fixture_add(&f->rows_a, "größe", "w", a, 5);
    compare_fixture_add(&f->rows_a, "größe", "v", a, 5);
    compare_fixture_add(&f->rows_b, "größe", "w", b, 5);
    compare_fixture_add(&f->rows_b, "größe", "v", a, 5);
    f->request.metrics = "ns/op";
}

static char *report_of(struct compare_fixture *f, char *(*text)(const struct compare_view *)) {
    return text(&(struct compare_view){&f->c, COMPARE_SHOW_UNEQUAL});
}

static void a_table_has_a_row_per_cell_and_says_what_it_adds_up_to(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_small(&f);
    assert_true(compare_fixture_go(&f));
    char *text = report_of(&f, compare_table_text);
    char *legend = strstr(text, "\nHow to read it:");
    assert_non_null(legend);
    *legend = '\0';
    assert_string_equal(
        text, "A: before, größe\n"
              "B: after, größe\n"
              "\n"
              "ns/op  (a ratio above 1: slower)\n"
              "  workload    A    B     n  ratio   95 % interval  could see  verdict\n"
              "  w         100  200  5, 5  2.000  [1.941, 2.061]      4.2 %  slower\n"
              "  v         100  100  5, 5  1.000  [0.971, 1.030]      4.2 %  same within ±3.1 %\n"
              "\n"
              "  geometric mean of  ratio  ≈95 % interval  over\n"
              "  g                  1.414  [1.392, 1.437]  2 cells\n"
              "\n"
              "  2 cells: 1 slower, 1 same\n"
              "  By chance alone about 0.1 of 2 would differ at 95 %; of the sure ones at most 5 % "
              "are expected to be chance (Benjamini-Hochberg)\n");
    g_free(text);
    compare_fixture_release(&f);
}

/* The rows of both runs the other way round. */
static void rows_turn(struct run_rows *rows) {
    guint count = rows->records->len;
    for (guint i = 0; i < count / 2; i++) {
        struct record *x = &g_array_index(rows->records, struct record, i);
        struct record *y = &g_array_index(rows->records, struct record, count - 1 - i);
        struct record kept = *x;
        *x = *y;
        *y = kept;
    }
}

static void the_order_of_rows_does_not_show(void **state) {
    (void)state;
    for (int i = 0; compare_formats[i].name != NULL; i++) {
        struct compare_fixture f, turned;
        fixture_small(&f);
        fixture_small(&turned);
        rows_turn(&turned.rows_a);
        rows_turn(&turned.rows_b);
        assert_true(compare_fixture_go(&f) && compare_fixture_go(&turned));
        char *text = report_of(&f, compare_formats[i].text);
        char *again = report_of(&turned, compare_formats[i].text);
        assert_string_equal(text, again);
        g_free(text);
        g_free(again);
        compare_fixture_release(&f);
        compare_fixture_release(&turned);
    }
}

static void csv_has_every_cell_mean_and_left_out_one(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_small(&f);
    compare_fixture_add(&f.rows_a, "größe", "gone", (const double[]){1}, 1);
    assert_true(compare_fixture_go(&f));
    char *text = report_of(&f, compare_csv_text);
    char **lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), 1 + 2 + 1 + 1 + 1);
    assert_true(
        g_str_has_prefix(lines[1], "cell,ns_per_op,größe,,g,w,,1,more,samples,5,5,100,200,2,"));
    assert_true(g_str_has_prefix(lines[3], "mean,ns_per_op,größe,,g,,,,,,2,1,,,1.414213562373095"));
    assert_string_equal(lines[4], "left-out,,größe,,g,gone,,1,gone,,,,,,,,,,,,not in B");
    g_strfreev(lines);
    g_free(text);
    compare_fixture_release(&f);
}

static void different_machines_stand_in_the_heading(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_small(&f);
    f.request.b.machine = "cpu: Other CPU\n";
    f.request.across_machines = true;
    assert_true(compare_fixture_go(&f));
    char *text = report_of(&f, compare_markdown_text);
    assert_non_null(strstr(text, "DIFFERENT MACHINES, compared all the same"));
    g_free(text);
    compare_fixture_release(&f);
}

/* The notices of one cell with these times in A. */
static char *notices_of(const double *ns, unsigned count) {
    static const double calm[] = {100, 101, 99, 100.5, 99.5, 100.2, 99.8, 100.1};
    struct compare_fixture f;
    compare_fixture_init(&f);
    compare_fixture_add(&f.rows_a, "s", "w", ns, count);
    compare_fixture_add(&f.rows_b, "s", "w", calm, 8);
    assert_true(compare_fixture_go(&f));
    GPtrArray *lines = compare_notices(&f.c);
    g_ptr_array_add(lines, NULL);
    char *text = g_strjoinv("\n", (char **)lines->pdata);
    g_ptr_array_unref(lines);
    compare_fixture_release(&f);
    return text;
}

static void two_groups_of_times_and_drift_get_a_notice(void **state) {
    (void)state;
    char *text = notices_of((const double[]){100, 101, 99, 100.5, 99.5, 100.2, 99.8, 100.1}, 8);
    assert_string_equal(text, "");
    g_free(text);
    text = notices_of((const double[]){100, 151, 100.5, 150, 99.5, 150.2, 99.8, 150.1}, 8);
    assert_true(
        g_str_has_prefix(text, "In A, the times of 1 cell fall into two groups (w under s)"));
    g_free(text);
    text = notices_of((const double[]){100, 103, 106, 109, 112, 115, 118, 121}, 8);
    assert_true(g_str_has_prefix(text, "In A, the times of 1 cell drift"));
    g_free(text);
}

static void a_picture_has_a_row_per_cell_and_one_per_mean(void **state) {
    (void)state;
    struct compare_fixture f;
    fixture_small(&f);
    GPtrArray *pages = g_ptr_array_new();
    assert_true(compare_fixture_go(&f));
    plot_compare(&f.c, pages);
    assert_int_equal(pages->len, 1);
    struct page *page = g_ptr_array_index(pages, 0);
    char **rows = g_strsplit(page->table->str, "\n", -1);
    assert_int_equal(g_strv_length(rows), 4);
    assert_true(g_str_has_suffix(rows[1], "\t1\tw\t2.000  slower"));
    assert_true(g_str_has_suffix(rows[2], "\t5\tgeometric mean\t1.414  over 2 cells"));
    g_strfreev(rows);
    page_free(page);
    g_ptr_array_unref(pages);
    compare_fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_have_three_decimals_around_one),
        cmocka_unit_test(markdown_keeps_bars_and_stars_out_of_tables),
        cmocka_unit_test(a_table_has_a_row_per_cell_and_says_what_it_adds_up_to),
        cmocka_unit_test(the_order_of_rows_does_not_show),
        cmocka_unit_test(csv_has_every_cell_mean_and_left_out_one),
        cmocka_unit_test(different_machines_stand_in_the_heading),
        cmocka_unit_test(two_groups_of_times_and_drift_get_a_notice),
        cmocka_unit_test(a_picture_has_a_row_per_cell_and_one_per_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
