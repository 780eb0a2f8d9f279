/* Plots: what a page holds, what is not drawn and why, and that no name breaks gnuplot. */
#include "harness/present/plots.h"

#include <glib/gstdio.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/present/palette.h"
#include "harness/present/plot_builders.h"
#include "tests/unit/rows_fixture.h"

static void free_page(gpointer page) {
    page_free(page);
}

struct drawn {
    struct run_rows rows;
    struct run_summary s;
    GPtrArray *pages;
    char *reason;
};

static void drawn_init(struct drawn *d) {
    rows_init(&d->rows);
    d->pages = g_ptr_array_new_with_free_func(free_page);
}

static void drawn_build(struct drawn *d, const char *plot) {
    summary_build(&d->s, &d->rows, NULL);
    d->reason = plot_build(plot_find(plot), &d->s, d->pages);
}

static struct page *drawn_page(const struct drawn *d, guint i) {
    return g_ptr_array_index(d->pages, i);
}

static void drawn_release(struct drawn *d) {
    g_free(d->reason);
    g_ptr_array_unref(d->pages);
    summary_release(&d->s);
    run_rows_release(&d->rows);
}

static void every_plot_without_data_says_why(void **state) {
    (void)state;
    for (const struct plot *plot = plots; plot->name != NULL; plot++) {
        struct drawn d;
        drawn_init(&d);
        rows_add_failed(&d.rows, "a", "w", "crashed", "signal 11");
        drawn_build(&d, plot->name);
        assert_int_equal(d.pages->len, 0);
        assert_non_null(d.reason);
        drawn_release(&d);
    }
}

static void bars_are_sorted_and_tell_the_ratio(void **state) {
    (void)state;
    struct drawn d;
    drawn_init(&d);
    rows_add_five(&d.rows, "slow", "w", "", 300);
    rows_add_five(&d.rows, "fast", "w", "", 100);
    drawn_build(&d, "ns-per-op");
    assert_null(d.reason);
    assert_int_equal(d.pages->len, 1);
    const struct page *page = drawn_page(&d, 0);
    assert_string_equal(page->name, "ns-per-op-g");
    assert_string_equal(page->table->str, "1\t1.5\t100\t98\t102\t2\tfast\tw\t\n"
                                          "1\t2.5\t300\t294\t306\t1\tslow\tw\t\n");
    char *job = page_job_text(page, "/scripts");
    assert_non_null(strstr(job, "'300 ns  ×3.00'"));
    g_free(job);
    drawn_release(&d);
}

static void a_failed_cell_is_counted_in_the_caption(void **state) {
    (void)state;
    struct drawn d;
    drawn_init(&d);
    rows_add_five(&d.rows, "a", "w", "", 300);
    rows_add_failed(&d.rows, "b", "w", "crashed", "signal 11");
    rows_add_failed(&d.rows, "c", "w", "skipped", "traits");
    drawn_build(&d, "ns-per-op");
    assert_string_equal(drawn_page(&d, 0)->caption,
                        "Of 3 cells 1 failed, 1 skipped, 0 unavailable.");
    drawn_release(&d);
}

static void a_sweep_shows_least_middle_and_greatest_in_pictures_of_everything(void **state) {
    (void)state;
    struct drawn d;
    drawn_init(&d);
    for (unsigned bytes = 8; bytes <= 128; bytes *= 2) {
        char *parameters = g_strdup_printf("bytes=%u", bytes);
        rows_add_five(&d.rows, "a", "w", parameters, bytes);
        g_free(parameters);
    }
    summary_build(&d.s, &d.rows, NULL);
    d.reason = NULL;
    GPtrArray *works = works_representative(&d.s);
    assert_int_equal(works->len, 3);
    const char *const expected[] = {"bytes=8", "bytes=32", "bytes=128"};
    for (guint i = 0; i < works->len; i++) {
        const struct cell_summary *work = g_ptr_array_index(works, i);
        assert_string_equal(work->parameters, expected[i]);
    }
    g_ptr_array_unref(works);
    drawn_release(&d);
}

static void lines_cross_where_their_logarithms_do(void **state) {
    (void)state;
    const double sizes[] = {8, 16, 64, 256};
    const double copy[] = {1, 2, 8, 32};
    const double pointer[] = {4, 4, 4, 4};
    double crossing = 0;
    assert_true(crossing_find(sizes, copy, pointer, 4, &crossing));
    /* copy = size / 8 is 4 at 32, halfway in logarithms between 16 and 64 */
    assert_true(fabs(crossing - 32) < 1e-9);
}

static void a_crossing_must_last(void **state) {
    (void)state;
    const double sizes[] = {1, 2, 4, 8};
    const double even[] = {10, 10, 10, 10};
    const double above[] = {11, 12, 13, 14};
    const double back[] = {9, 11, 11, 9};
    const double twice[] = {9, 11, 9, 11};
    double crossing = 0;
    assert_false(crossing_find(sizes, above, even, 4, &crossing)); /* b cheaper everywhere */
    assert_false(crossing_find(sizes, even, above, 4, &crossing)); /* a cheaper everywhere */
    assert_false(crossing_find(sizes, back, even, 4, &crossing));  /* a cheaper again at the end */
    assert_true(crossing_find(sizes, twice, even, 4, &crossing));
    assert_true(crossing > 4 && crossing < 8); /* the last time */
}

static void two_strategies_never_share_a_file(void **state) {
    (void)state;
    struct drawn d;
    drawn_init(&d);
    const char *const names[] = {"x:y", "x=y"};
    for (unsigned i = 0; i < 2; i++) {
        struct record *r = rows_add(&d.rows, names[i], "churn-pointer", "", 80);
        r->wall_ns = 1000000;
        struct cycle_row cycle;
        row_clear(&cycle_type, &cycle);
        cycle.record = r->record;
        cycle.start_ns = 500;
        cycle.heap_start_bytes = 4096;
        g_array_append_val(d.rows.cycles, cycle);
    }
    drawn_build(&d, "heap-over-time");
    assert_int_equal(d.pages->len, 2);
    assert_string_equal(drawn_page(&d, 0)->name, "heap-over-time-x-y");
    assert_string_equal(drawn_page(&d, 1)->name, "heap-over-time-x-y-2");
    drawn_release(&d);
}

static void a_counter_that_is_not_sure_is_not_drawn(void **state) {
    (void)state;
    struct drawn d;
    drawn_init(&d);
    const char *const statuses[] = {"unavailable", "ok", "unreliable"};
    const char *const names[] = {"a", "b", "c"};
    for (unsigned i = 0; i < 3; i++) {
        struct record *r = rows_add(&d.rows, names[i], "w", "", 80);
        struct counter_row row;
        row_clear(&counter_type, &row);
        row.record = r->record;
        row.event = "cycles";
        row.counter_status = statuses[i];
        row.value_per_op = i == 0 ? NAN : 12.5;
        g_array_append_val(d.rows.counters, row);
    }
    drawn_build(&d, "counters");
    assert_int_equal(d.pages->len, 1);
    assert_string_equal(drawn_page(&d, 0)->name, "counters-cycles");
    assert_null(strstr(drawn_page(&d, 0)->table->str, "\ta\t"));
    assert_null(strstr(drawn_page(&d, 0)->table->str, "\tc\t"));
    assert_non_null(strstr(drawn_page(&d, 0)->table->str, "\t12.5\t"));
    drawn_release(&d);
}

static void quotes_in_a_name_are_doubled_and_control_characters_go(void **state) {
    (void)state;
    char *text = gnuplot_quote("it's \"a\"\n_{x}^2");
    assert_string_equal(text, "'it''s \"a\" _{x}^2'");
    g_free(text);
}

static void long_names_lose_their_middle_and_stay_distinct(void **state) {
    (void)state;
    struct drawn d;
    drawn_init(&d);
    rows_add(&d.rows, "jemalloc:MALLOC_CONF=\"dirty_decay_ms:0,narenas:1\"", "w", "", 1);
    rows_add(&d.rows, "jemalloc:MALLOC_CONF=\"dirty_decay_ms:9,narenas:1\"", "w", "", 1);
    summary_build(&d.s, &d.rows, NULL);
    d.reason = NULL;
    char *first = strategy_label(&d.s, 0);
    char *second = strategy_label(&d.s, 1);
    assert_string_not_equal(first, second);
    assert_true(g_utf8_strlen(first, -1) <= 32);
    g_free(first);
    g_free(second);
    drawn_release(&d);
}

static void a_file_name_holds_letters_digits_and_dashes_only(void **state) {
    (void)state;
    char *slug = name_slug("../goheap:gogc=200, ä_X ");
    assert_string_equal(slug, "goheap-gogc-200-x");
    g_free(slug);
}

static void heat_goes_from_light_to_dark_with_the_logarithm(void **state) {
    (void)state;
    assert_int_equal(palette_heat(1, 100), 0xFFFFD9);
    assert_int_equal(palette_heat(100, 100), 0x081D58);
    assert_int_equal(palette_heat(10, 100), 0x41B6C4); /* the middle of nine stops */
    assert_int_equal(palette_heat(5, 1), 0xFFFFD9);
    assert_true(palette_is_dark(0x081D58));
    assert_false(palette_is_dark(0xFFFFD9));
}

static void strategies_look_different(void **state) {
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        for (unsigned k = 0; k < i; k++) {
            struct look a = palette_look(i);
            struct look b = palette_look(k);
            assert_false(a.rgb == b.rgb && a.point == b.point);
            assert_false(i < 10 && a.rgb == b.rgb);
        }
    }
}

/* The pictures themselves, with every kind of name that a shell lets through. */
/* No weight in a family's name, and bold text all the same. */
static void assert_font_families_are_plain(const char *svg) {
    char *text = NULL;
    assert_true(g_file_get_contents(svg, &text, NULL, NULL));
    assert_null(strstr(text, ":Bold"));
    assert_non_null(strstr(text, "font-weight=\"bold\""));
    g_free(text);
}

static void no_name_breaks_gnuplot(void **state) {
    (void)state;
    char *gnuplot = gnuplot_find();
    if (gnuplot == NULL) {
        skip();
    }
    struct drawn d;
    drawn_init(&d);
    const char *const names[] = {"a_b^c{d}@e&f~g", "it's",     "q=\"x:0,y:1\"",
                                 "größe\\n%d$x",   "#comment", "tab\there"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        rows_add_five(&d.rows, names[i], "w", "", 10.0 * (i + 1));
    }
    summary_build(&d.s, &d.rows, NULL);
    d.reason = NULL;
    g_free(plot_build(plot_find("overview"), &d.s, d.pages));
    g_free(plot_build(plot_find("ns-per-op"), &d.s, d.pages));
    assert_int_equal(d.pages->len, 2);
    char *dir = g_dir_make_tmp("heapmark-test-XXXXXX", NULL);
    for (guint i = 0; i < d.pages->len; i++) {
        struct error err = {0};
        static const char *const kinds[] = {"tsv", "svg", "png"};
        assert_true(page_table_write(drawn_page(&d, i), dir, "test", &err));
        if (!page_draw(drawn_page(&d, i), gnuplot, dir, HEAPMARK_PLOT_SCRIPTS, &err)) {
            fail_msg("%s", err.text);
        }
        for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
            char *path = g_strdup_printf("%s/%s.%s", dir, drawn_page(&d, i)->name, kinds[k]);
            GStatBuf info;
            assert_int_equal(g_stat(path, &info), 0);
            assert_true(info.st_size > 200);
            if (strcmp(kinds[k], "svg") == 0)
                assert_font_families_are_plain(path);
            g_remove(path);
            g_free(path);
        }
    }
    g_rmdir(dir);
    g_free(dir);
    g_free(gnuplot);
    drawn_release(&d);
}

static void times_far_apart_go_on_a_marked_logarithmic_axis(void **state) {
    (void)state;
    static const struct {
        double slow;
        const char *start;
        bool marked;
    } cases[] = {{29, "panel_start[1] = 0.0\n", false}, {4000, "panel_start[1] = 1.0\n", true}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct drawn d;
        drawn_init(&d);
        rows_add_five(&d.rows, "quick", "w", "", 2);
        rows_add_five(&d.rows, "slow", "w", "", 2 * cases[i].slow);
        summary_build(&d.s, &d.rows, NULL);
        d.reason = plot_build(plot_find("ns-per-op"), &d.s, d.pages);
        assert_null(d.reason);
        assert_non_null(strstr(drawn_page(&d, 0)->job->str, cases[i].start));
        char *job = page_job_text(drawn_page(&d, 0), ".");
        assert_true((strstr(job, "logarithmic") != NULL) == cases[i].marked);
        g_free(job);
        drawn_release(&d);
    }
}

static void a_script_that_fails_is_told_in_gnuplots_words(void **state) {
    (void)state;
    char *gnuplot = gnuplot_find();
    if (gnuplot == NULL) {
        skip();
    }
    struct drawn d;
    struct error err = {0};
    drawn_init(&d);
    rows_add_five(&d.rows, "a", "w", "", 10);
    drawn_build(&d, "ns-per-op");
    assert_false(page_draw(drawn_page(&d, 0), gnuplot, g_get_tmp_dir(), "/nowhere", &err));
    assert_int_equal(err.exit_status, EXIT_CANNOT);
    assert_non_null(strstr(err.text, "ns-per-op-g"));
    assert_non_null(strstr(err.text, "/nowhere"));
    g_free(gnuplot);
    drawn_release(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plot_without_data_says_why),
        cmocka_unit_test(bars_are_sorted_and_tell_the_ratio),
        cmocka_unit_test(a_failed_cell_is_counted_in_the_caption),
        cmocka_unit_test(a_sweep_shows_least_middle_and_greatest_in_pictures_of_everything),
        cmocka_unit_test(lines_cross_where_their_logarithms_do),
        cmocka_unit_test(a_crossing_must_last),
        cmocka_unit_test(two_strategies_never_share_a_file),
        cmocka_unit_test(a_counter_that_is_not_sure_is_not_drawn),
        cmocka_unit_test(quotes_in_a_name_are_doubled_and_control_characters_go),
        cmocka_unit_test(long_names_lose_their_middle_and_stay_distinct),
        cmocka_unit_test(a_file_name_holds_letters_digits_and_dashes_only),
        cmocka_unit_test(heat_goes_from_light_to_dark_with_the_logarithm),
        cmocka_unit_test(strategies_look_different),
        cmocka_unit_test(no_name_breaks_gnuplot),
        cmocka_unit_test(times_far_apart_go_on_a_marked_logarithmic_axis),
        cmocka_unit_test(a_script_that_fails_is_told_in_gnuplots_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
