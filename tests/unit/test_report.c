/* What a cell program may say, and what is refused of it. */
#include "harness/run/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FIRST "heapmark-report 1\n"

struct parsed {
    struct observation out;
    struct report report;
    struct error err;
    bool ok;
};

static struct parsed parse_bytes(const char *text, size_t length) {
    struct parsed p = {0};
    observation_init(&p.out);
    report_init(&p.report);
    p.ok = report_parse(text, length, &p.out, &p.report, &p.err);
    return p;
}

static struct parsed parse(const char *text) {
    return parse_bytes(text, strlen(text));
}

static void parsed_release(struct parsed *p) {
    report_release(&p->report);
    observation_release(&p->out);
}

static void assert_refused(const char *text, const char *expected) {
    struct parsed p = parse(text);
    assert_false(p.ok);
    assert_string_equal(p.err.text, expected);
    assert_int_equal(p.err.exit_status, EXIT_CANNOT);
    parsed_release(&p);
}

static void a_whole_report_fills_record_and_long_rows(void **state) {
    (void)state;
    struct parsed p = parse(FIRST "value allocator jemalloc\n"
                                  "value version 5.3.0 of 2022, with spaces\n"
                                  "value wall_ns 12345\n"
                                  "value ops 18446744073709551614\n"
                                  "value bytes_per_op 80.5\n"
                                  "value retained_bytes_per_op -1e-3\n"
                                  "value checksum 00ff00ff00ff00ff\n"
                                  "pause 1\tmark-setup\t0\t100\t20\n"
                                  "pause 1\tmark-termination\t2\t300\t40\n"
                                  "cycle 1\t100\t200\t4000\t4100\t50\t4194304\t7\t1\t1\n"
                                  "counter 3\t1000\t50\t25\n"
                                  "count operations 7\ncount allocs 8\ncount bytes 96\n"
                                  "count requested_bytes 80\ncount retained_bytes -16\n"
                                  "end ok\n");
    assert_true(p.ok);
    assert_int_equal(p.report.totals.operations, 7);
    assert_int_equal(p.report.totals.allocs, 8);
    assert_int_equal(p.report.totals.bytes, 96);
    assert_int_equal(p.report.totals.requested_bytes, 80);
    assert_int_equal(p.report.totals.retained_bytes, -16);
    assert_string_equal(p.report.status, "ok");
    assert_null(p.report.reason);
    assert_string_equal(p.out.record.allocator, "jemalloc");
    assert_string_equal(p.out.record.version, "5.3.0 of 2022, with spaces");
    assert_int_equal(p.out.record.wall_ns, 12345);
    assert_true(p.out.record.ops == UINT64_MAX - 1);
    assert_true(p.out.record.bytes_per_op == 80.5);
    assert_true(p.out.record.retained_bytes_per_op == -1e-3);
    assert_string_equal(p.out.record.checksum, "00ff00ff00ff00ff");
    assert_true(isnan(p.out.record.allocs_per_op));
    assert_int_equal(p.out.pauses->len, 2);
    const struct pause_row *pause = &g_array_index(p.out.pauses, struct pause_row, 1);
    assert_int_equal(pause->cycle, 1);
    assert_string_equal(pause->phase, "mark-termination");
    assert_int_equal(pause->thread, 2);
    assert_int_equal(pause->start_ns, 300);
    assert_int_equal(pause->pause_ns, 40);
    const struct cycle_row *cycle = &g_array_index(p.out.cycles, struct cycle_row, 0);
    assert_int_equal(cycle->mark_ns, 200);
    assert_int_equal(cycle->goal_bytes, 4194304);
    assert_int_equal(cycle->forced, 1);
    assert_int_equal(cycle->partial, 1);
    const struct counter_reading *r = &g_array_index(p.report.counters, struct counter_reading, 0);
    assert_int_equal(r->index, 3);
    assert_int_equal(r->value, 1000);
    assert_int_equal(r->running_ns, 25);
    parsed_release(&p);
}

static void an_end_line_carries_status_and_reason(void **state) {
    (void)state;
    struct parsed p = parse(FIRST "end oom an allocation of 80 bytes failed\n");
    assert_true(p.ok);
    assert_string_equal(p.report.status, "oom");
    assert_string_equal(p.report.reason, "an allocation of 80 bytes failed");
    parsed_release(&p);
}

static void a_report_may_stop_anywhere_before_its_end(void **state) {
    (void)state;
    static const char whole[] = FIRST "value wall_ns 12345\npause 1\tstw\t0\t1\t2\nend ok\n";
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        struct parsed p = parse_bytes(whole, length);
        assert_true(p.ok);
        assert_null(p.report.status);
        parsed_release(&p);
    }
}

static void a_torn_number_is_not_read_as_a_shorter_one(void **state) {
    (void)state;
    struct parsed p = parse(FIRST "value wall_ns 123");
    assert_true(p.ok);
    assert_true(p.out.record.wall_ns == COUNT_EMPTY);
    parsed_release(&p);
}

static void another_version_is_refused(void **state) {
    (void)state;
    assert_refused("heapmark-report 2\nend ok\n",
                   "line 1 of the report: not a report of version 1, but 'heapmark-report 2': the "
                   "cell programs and heapmark are not of one build");
}

static void what_is_unknown_is_refused_by_name_and_line(void **state) {
    (void)state;
    assert_refused(FIRST "colour blue\n", "line 2 of the report: unknown key: 'colour'");
    assert_refused(FIRST "value wall_ns 1\nvalue wall_ms 1\n",
                   "line 3 of the report: unknown column: 'wall_ms'");
    assert_refused(FIRST "end fine\n",
                   "line 2 of the report: not a status that a cell program reports: 'fine'");
    assert_refused(FIRST "end timeout\n",
                   "line 2 of the report: not a status that a cell program reports: 'timeout'");
    assert_refused(FIRST "\nend ok\n", "line 2 of the report: not a key, a space and a value: ''");
    assert_refused(FIRST "value wall_ns\n",
                   "line 2 of the report: a column without a value: 'wall_ns'");
}

static void a_cell_program_cannot_fill_its_parents_columns(void **state) {
    (void)state;
    static const char *const columns[] = {
        "record",     "run",     "strategy", "binding",    "settings", "workload", "group",
        "parameters", "threads", "cpus",     "repetition", "seed",     "status",   "reason"};
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
        char text[128], expected[128];
        g_snprintf(text, sizeof text, FIRST "value %s 1\n", columns[i]);
        g_snprintf(expected, sizeof expected,
                   "line 2 of the report: a column that is not the cell program's to fill: '%s'",
                   columns[i]);
        assert_refused(text, expected);
    }
}

static void a_column_given_twice_is_refused(void **state) {
    (void)state;
    assert_refused(FIRST "value wall_ns 1\nvalue wall_ns 1\n",
                   "line 3 of the report: a column given twice: 'wall_ns'");
    assert_refused(FIRST "value bytes_per_op 1\nvalue bytes_per_op 1\n",
                   "line 3 of the report: a column given twice: 'bytes_per_op'");
    assert_refused(FIRST "value version 1\nvalue version 1\n",
                   "line 3 of the report: a column given twice: 'version'");
}

static void numbers_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const counts[] = {
        "", "-1", "1.5", "0x10", " 1", "1 ", "18446744073709551615", "99999999999999999999", "nan"};
    static const char *const reals[] = {"",      "nan",   "inf", "-infinity",
                                        "0x1p3", "1e999", "1 ",  "1,5"};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        char *text = g_strdup_printf(FIRST "value wall_ns %s\n", counts[i]);
        struct parsed p = parse(text);
        assert_false(p.ok);
        parsed_release(&p);
        g_free(text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(reals); i++) {
        char *text = g_strdup_printf(FIRST "value bytes_per_op %s\n", reals[i]);
        struct parsed p = parse(text);
        assert_false(p.ok);
        parsed_release(&p);
        g_free(text);
    }
}

/* Of a build from before the column. */
static void a_cycle_that_does_not_tell_whether_it_is_partial_is_read(void **state) {
    (void)state;
    struct parsed p = parse(FIRST "cycle 1\t100\t200\t4000\t4100\t50\t4194304\t7\t1\n");
    assert_true(p.ok);
    const struct cycle_row *cycle = &g_array_index(p.out.cycles, struct cycle_row, 0);
    assert_int_equal(cycle->forced, 1);
    assert_true(cycle->partial == COUNT_EMPTY);
    parsed_release(&p);
}

static void long_rows_need_exactly_their_values(void **state) {
    (void)state;
    assert_refused(FIRST "pause 1\tstw\t0\t1\n",
                   "line 2 of the report: not as many values as its key has, the first being: '1'");
    assert_refused(FIRST "pause 1\tstw\t0\t1\t2\t3\n",
                   "line 2 of the report: not as many values as its key has, the first being: '1'");
    assert_refused(FIRST "cycle 1\t1\t1\t1\t1\t1\t1\t1\t2\t0\n",
                   "line 2 of the report: forced is 0 or 1: '1'");
    assert_refused(FIRST "cycle 1\t1\t1\t1\t1\t1\t1\t1\t0\t2\n",
                   "line 2 of the report: partial is 0 or 1: '1'");
    assert_refused(FIRST "cycle 1\t1\t1\t1\t1\t1\t1\t0\n",
                   "line 2 of the report: not as many values as its key has, the first being: '1'");
    assert_refused(FIRST "cycle 1\t1\t1\t1\t1\t1\t1\t1\t0\t0\t0\n",
                   "line 2 of the report: not as many values as its key has, the first being: '1'");
    assert_refused(FIRST "counter 0\tmany\t1\t1\n",
                   "line 2 of the report: not a whole number below 2^64 - 1: 'many'");
    assert_refused(FIRST "counter 0\t1\t1\t1\ncounter 0\t1\t1\t1\n",
                   "line 3 of the report: this counter was reported already: '0'");
    assert_refused(FIRST "count allocs 1\ncount allocs 1\n",
                   "line 3 of the report: a total given twice: 'allocs'");
    assert_refused(FIRST "count retained_bytes 1\ncount retained_bytes 1\n",
                   "line 3 of the report: a total given twice: 'retained_bytes'");
    assert_refused(FIRST "count allocs 1.5\n",
                   "line 2 of the report: not a whole number below 2^64 - 1: '1.5'");
    assert_refused(FIRST "count retained_bytes --1\n",
                   "line 2 of the report: not a whole number between -2^63 and 2^63: '--1'");
    assert_refused(FIRST "count hats 1\n", "line 2 of the report: unknown total: 'hats'");
}

static void a_checksum_is_16_hexadecimal_digits(void **state) {
    (void)state;
    assert_refused(FIRST "value checksum 00ff\n",
                   "line 2 of the report: a checksum is 16 hexadecimal digits: '00ff'");
    assert_refused(FIRST "value checksum 00FF00FF00FF00FF\n",
                   "line 2 of the report: a checksum is 16 hexadecimal digits: '00FF00FF00FF00FF'");
}

static void nothing_may_follow_the_end(void **state) {
    (void)state;
    assert_refused(FIRST "end ok\nvalue wall_ns 1\n",
                   "line 3 of the report: something follows the end line: 'value wall_ns 1'");
    assert_refused(FIRST "end ok\nval", "line 3 of the report: something follows the end line");
}

static void text_that_is_not_utf8_is_refused_with_its_line(void **state) {
    (void)state;
    assert_refused(FIRST "value version \xff\xfe\nend ok\n",
                   "line 2 of the report: not UTF-8 text");
    struct parsed p =
        parse_bytes(FIRST "value version a\0b\n", sizeof FIRST "value version a\0b\n" - 1);
    assert_false(p.ok);
    parsed_release(&p);
}

/* Damage at random places: whatever it does to the meaning, what is stored stays well-formed. */
static void a_damaged_report_is_read_or_refused_with_a_sentence(void **state) {
    (void)state;
    static const char whole[] = FIRST "value allocator jemalloc\nvalue wall_ns 12345\n"
                                      "value bytes_per_op 80.5\nvalue checksum 00ff00ff00ff00ff\n"
                                      "pause 1\tmark-setup\t0\t100\t20\n"
                                      "cycle 1\t100\t200\t4000\t4100\t50\t4194304\t7\t1\t1\n"
                                      "counter 3\t1000\t50\t25\nend wrong reason\n";
    static const char alphabet[] = "\n\t 0129-.eEnx\xff\xc3\x01";
    GRand *random = g_rand_new_with_seed(20);
    int refused = 0;
    for (int i = 0; i < 20000; i++) {
        char text[sizeof whole];
        memcpy(text, whole, sizeof whole);
        for (int damages = g_rand_int_range(random, 1, 4); damages > 0; damages--)
            text[g_rand_int_range(random, 0, sizeof whole - 1)] =
                alphabet[g_rand_int_range(random, 0, sizeof alphabet)]; /* its end is a NUL */
        struct parsed p = parse_bytes(text, sizeof whole - 1);
        refused += !p.ok;
        assert_true(p.ok || g_str_has_prefix(p.err.text, "line "));
        assert_true(p.out.record.allocator == NULL ||
                    g_utf8_validate(p.out.record.allocator, -1, NULL));
        assert_true(isinf(p.out.record.bytes_per_op) == 0);
        parsed_release(&p);
    }
    g_rand_free(random);
    assert_in_range(refused, 1000, 19999);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_report_fills_record_and_long_rows),
        cmocka_unit_test(an_end_line_carries_status_and_reason),
        cmocka_unit_test(a_report_may_stop_anywhere_before_its_end),
        cmocka_unit_test(a_torn_number_is_not_read_as_a_shorter_one),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(what_is_unknown_is_refused_by_name_and_line),
        cmocka_unit_test(a_cell_program_cannot_fill_its_parents_columns),
        cmocka_unit_test(a_column_given_twice_is_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(a_cycle_that_does_not_tell_whether_it_is_partial_is_read),
        cmocka_unit_test(long_rows_need_exactly_their_values),
        cmocka_unit_test(a_checksum_is_16_hexadecimal_digits),
        cmocka_unit_test(nothing_may_follow_the_end),
        cmocka_unit_test(text_that_is_not_utf8_is_refused_with_its_line),
        cmocka_unit_test(a_damaged_report_is_read_or_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
