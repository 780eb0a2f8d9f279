/* Rows and their CSV form, to the byte. */
#include "harness/store/record.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "harness/store/csv.h"

static char *written(const struct row_type *type, const void *row) {
    GString *out = g_string_new(NULL);
    csv_row_append(out, type, row);
    return g_string_free(out, FALSE);
}

static void assert_written(const struct row_type *type, const void *row, const char *expected) {
    char *line = written(type, row);
    assert_string_equal(line, expected);
    g_free(line);
}

static struct counter_row counter_empty(void) {
    struct counter_row row;
    row_clear(&counter_type, &row);
    return row;
}

static void a_cleared_row_is_a_row_of_empty_cells(void **state) {
    (void)state;
    struct counter_row row = counter_empty();
    assert_true(row.record == COUNT_EMPTY);
    assert_null(row.event);
    assert_true(isnan(row.value_per_op));
    assert_written(&counter_type, &row, ",,,,,,,\n");
}

static void the_header_is_the_list_of_columns(void **state) {
    (void)state;
    GString *out = g_string_new(NULL);
    csv_header_append(out, &cycle_type);
    assert_string_equal(out->str, "record,cycle,start_ns,mark_ns,heap_start_bytes,heap_end_bytes,"
                                  "heap_marked_bytes,goal_bytes,assist_ns,forced,partial\n");
    g_string_free(out, TRUE);
}

static void counts_are_exact_up_to_the_last(void **state) {
    (void)state;
    struct memory_row row = {0, 9007199254740993u, UINT64_MAX - 1};
    assert_written(&memory_type, &row, "0,9007199254740993,18446744073709551614\n");
}

static void assert_real(double value, const char *expected) {
    struct counter_row row = counter_empty();
    row.value_per_op = value;
    char *line = g_strdup_printf(",,,%s,,,,\n", expected);
    assert_written(&counter_type, &row, line);
    g_free(line);
}

static void a_real_is_the_shortest_that_reads_back(void **state) {
    (void)state;
    assert_real(0, "0");
    assert_real(-0.0, "-0");
    assert_real(80, "80");
    assert_real(1e22, "1e+22");
    assert_real(0.1, "0.1");
    assert_real(0.1 + 0.2, "0.30000000000000004");
    assert_real(1.0 / 3, "0.3333333333333333");
    assert_real(5e-324, "5e-324");
    assert_real(123456789.125, "123456789.125");
    assert_real(INFINITY, "");
    assert_real(NAN, "");
}

static void numbers_do_not_depend_on_the_locale(void **state) {
    (void)state;
    static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    size_t i = 0;
    while (i < G_N_ELEMENTS(with_comma) && setlocale(LC_NUMERIC, with_comma[i]) == NULL)
        i++;
    if (i == G_N_ELEMENTS(with_comma))
        skip();
    assert_real(1.5, "1.5");
    setlocale(LC_NUMERIC, "C");
}

static void text_is_quoted_when_it_must_be(void **state) {
    (void)state;
    struct counter_row row = counter_empty();
    row.event = "cycles:u";
    row.reason = "no \"PMU\", here\nor there";
    assert_written(&counter_type, &row, ",cycles:u,,,,,,\"no \"\"PMU\"\", here\nor there\"\n");
}

static void text_that_is_not_utf8_is_made_so(void **state) {
    (void)state;
    struct counter_row row = counter_empty();
    row.reason = "a\xff"
                 "b";
    assert_written(&counter_type, &row,
                   ",,,,,,,a\xef\xbf\xbd"
                   "b\n");
}

/* A file read, with what it needs to be freed. */
struct reading {
    bool ok;
    struct csv_rows rows;
    GStringChunk *text;
    struct error err;
};

static struct reading reading_of(const struct row_type *type, const char *bytes, size_t length) {
    struct reading r = {.text = g_string_chunk_new(64)};
    struct csv_source source = {"f.csv", bytes, length};
    r.ok = csv_read(&r.rows, type, &source, r.text, &r.err);
    return r;
}

static void reading_release(struct reading *r) {
    csv_rows_release(&r->rows);
    g_string_chunk_free(r->text);
}

static const char counter_header[] =
    "record,event,domain,value_per_op,time_enabled_ns,time_running_ns,counter_status,reason\n";

static char *counter_file(const char *lines) {
    return g_strconcat(counter_header, lines, NULL);
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    GString *file = g_string_new(NULL);
    csv_header_append(file, &counter_type);
    struct counter_row first = {1, "a,b", "user", 0.1 + 0.2, 10, COUNT_EMPTY, NULL, "\"\r\n\""};
    struct counter_row second = {2, NULL, "ü", NAN, UINT64_MAX - 1, 0, "ok", ","};
    csv_row_append(file, &counter_type, &first);
    csv_row_append(file, &counter_type, &second);
    struct reading r = reading_of(&counter_type, file->str, file->len);
    assert_true(r.ok);
    assert_true(r.rows.header_current);
    assert_int_equal(r.rows.torn_bytes, 0);
    assert_int_equal(r.rows.rows->len, 2);
    const struct counter_row *a = &g_array_index(r.rows.rows, struct counter_row, 0);
    const struct counter_row *b = &g_array_index(r.rows.rows, struct counter_row, 1);
    assert_int_equal(a->record, 1);
    assert_string_equal(a->event, "a,b");
    assert_true(a->value_per_op == 0.1 + 0.2);
    assert_true(a->time_running_ns == COUNT_EMPTY);
    assert_null(a->counter_status);
    assert_string_equal(a->reason, "\"\r\n\"");
    assert_null(b->event);
    assert_string_equal(b->domain, "ü");
    assert_true(isnan(b->value_per_op));
    assert_true(b->time_enabled_ns == UINT64_MAX - 1);
    assert_int_equal(g_array_index(r.rows.lines, size_t, 1), 4); /* after a line break in a field */
    assert_int_equal(g_array_index(r.rows.ends, size_t, 1), file->len);
    reading_release(&r);
    g_string_free(file, TRUE);
}

static void lines_may_end_as_rfc_4180_has_it(void **state) {
    (void)state;
    static const char file[] = "record,time_ns,rss_bytes\r\n1,2,3\r\n\"4\",5,\"6\"\r\n";
    struct reading r = reading_of(&memory_type, file, sizeof file - 1);
    assert_true(r.ok);
    assert_int_equal(r.rows.rows->len, 2);
    assert_int_equal(g_array_index(r.rows.rows, struct memory_row, 1).rss_bytes, 6);
    assert_false(r.rows.header_current);
    reading_release(&r);
}

static void columns_are_found_by_name_and_missing_ones_are_empty(void **state) {
    (void)state;
    static const char file[] = "rss_bytes,record\n7,1\n";
    struct reading r = reading_of(&memory_type, file, sizeof file - 1);
    assert_true(r.ok);
    const struct memory_row *row = &g_array_index(r.rows.rows, struct memory_row, 0);
    assert_int_equal(row->record, 1);
    assert_int_equal(row->rss_bytes, 7);
    assert_true(row->time_ns == COUNT_EMPTY);
    reading_release(&r);
}

static void assert_refused(const struct row_type *type, const char *file, size_t length,
                           const char *sentence) {
    struct reading r = reading_of(type, file, length);
    assert_false(r.ok);
    assert_int_equal(r.err.exit_status, EXIT_USAGE);
    assert_string_equal(r.err.text, sentence);
    reading_release(&r);
}

static void a_column_of_another_version_is_refused_by_name(void **state) {
    (void)state;
    const char *file = "record,colour\n1,red\n";
    assert_refused(&memory_type, file, strlen(file),
                   "f.csv:1: this version does not know the column \"colour\"; read the run with "
                   "the version that wrote it");
    file = "record,record\n1,1\n";
    assert_refused(&memory_type, file, strlen(file), "f.csv:1: the column record comes twice");
}

static void damage_is_refused_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *lines, *sentence;
    } cases[] = {
        {"1,2,3\n1,2\n1,2,3\n", "f.csv:3: 2 fields where the header has 3"},
        {"1,2,3,4\n", "f.csv:2: 4 fields where the header has 3"},
        {"1,2,3\n\n", "f.csv:3: 1 field where the header has 3"},
        {"1,2,x\n", "f.csv:2: rss_bytes is not a whole number: \"x\""},
        {"1,-2,3\n", "f.csv:2: time_ns is not a whole number: \"-2\""},
        {"18446744073709551615,2,3\n",
         "f.csv:2: record is not a whole number: \"18446744073709551615\""},
        {"1,2,3\n1,2\"2\",3\n", "f.csv:3: a quote inside a field that does not begin with one"},
        {"1,\"2\"2,3\n", "f.csv:2: text after a closing quote"},
        {"1,2\r,3\n", "f.csv:2: a stray control character"},
        {"1,2,3\n1,\"2,3\n1,2,3\n", "f.csv:3: a quote is opened and never closed"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *file = g_strconcat("record,time_ns,rss_bytes\n", cases[i].lines, NULL);
        assert_refused(&memory_type, file, strlen(file), cases[i].sentence);
        g_free(file);
    }
}

static void zero_bytes_and_text_that_is_not_utf8_are_damage(void **state) {
    (void)state;
    static const char zero[] = "record,time_ns,rss_bytes\n1,\0,3\n";
    assert_refused(&memory_type, zero, sizeof zero - 1, "f.csv:2: a stray control character");
    static const char quoted[] = "record,time_ns,rss_bytes\n1,\"\0\",3\n";
    assert_refused(&memory_type, quoted, sizeof quoted - 1, "f.csv:2: a zero byte");
    char *file = counter_file("1,\xff,,,,,,\n");
    assert_refused(&counter_type, file, strlen(file),
                   "f.csv:2: event is not UTF-8: \"\xef\xbf\xbd\"");
    g_free(file);
    file = counter_file("1,,,1e999,,,,\n");
    assert_refused(&counter_type, file, strlen(file),
                   "f.csv:2: value_per_op is not a number: \"1e999\"");
    g_free(file);
    file = counter_file("1,,,nan,,,,\n");
    assert_refused(&counter_type, file, strlen(file),
                   "f.csv:2: value_per_op is not a number: \"nan\"");
    g_free(file);
}

static void an_unfinished_last_line_is_torn_wherever_it_ends(void **state) {
    (void)state;
    char *file = counter_file("1,a,,,,,,\n2,\"b\nc\"\"d\",,,,,,\"x,\n\ny\"\n");
    size_t length = strlen(file);
    size_t first = strlen(counter_header), second = first + strlen("1,a,,,,,,\n");
    for (size_t cut = 0; cut <= length; cut++) {
        struct reading r = reading_of(&counter_type, file, cut);
        size_t whole = cut == length ? length : cut >= second ? second : cut >= first ? first : 0;
        assert_true(r.ok);
        assert_int_equal(r.rows.torn_bytes, cut - whole);
        assert_int_equal(r.rows.header_bytes, cut >= first ? first : 0);
        assert_int_equal(r.rows.rows->len, (cut >= second) + (cut == length));
        reading_release(&r);
    }
    g_free(file);
}

static void a_field_is_found_by_its_name(void **state) {
    (void)state;
    assert_string_equal(field_find(&record_type, "ns_per_op")->group, "time");
    assert_int_equal(field_find(&record_type, "group")->offset, offsetof(struct record, group));
    assert_null(field_find(&record_type, "colour"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cleared_row_is_a_row_of_empty_cells),
        cmocka_unit_test(the_header_is_the_list_of_columns),
        cmocka_unit_test(counts_are_exact_up_to_the_last),
        cmocka_unit_test(a_real_is_the_shortest_that_reads_back),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(text_is_quoted_when_it_must_be),
        cmocka_unit_test(text_that_is_not_utf8_is_made_so),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(lines_may_end_as_rfc_4180_has_it),
        cmocka_unit_test(columns_are_found_by_name_and_missing_ones_are_empty),
        cmocka_unit_test(a_column_of_another_version_is_refused_by_name),
        cmocka_unit_test(damage_is_refused_with_its_line),
        cmocka_unit_test(zero_bytes_and_text_that_is_not_utf8_are_damage),
        cmocka_unit_test(an_unfinished_last_line_is_torn_wherever_it_ends),
        cmocka_unit_test(a_field_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
