/* The gate's reports: findings made by hand, names as hostile as users', and each format's own
 * rules. */
#include "harness/present/gate_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gate_rows_fixture.h"

#define HOSTILE "a|b\n::error::x%0A<i>\"&amp;'\x01`@me, *bold* ]]>"

struct told {
    struct gate_rows rows;
    struct gate_findings findings;
    struct gate_report report;
};

static void told_init(struct told *t) {
    gate_rows_init(&t->rows);
    t->findings =
        (struct gate_findings){.findings = g_array_new(FALSE, FALSE, sizeof(struct gate_finding)),
                               .absent = g_array_new(FALSE, FALSE, sizeof(struct gate_finding)),
                               .verdict = GATE_INVALID,
                               .text = g_string_chunk_new(64)};
    t->report = (struct gate_report){.rows = &t->rows,
                                     .findings = &t->findings,
                                     .rule = &gate_rule_initial,
                                     .base = "malloc",
                                     .candidate = "mine=./lib.so"};
}

static void told_release(struct told *t) {
    gate_rows_release(&t->rows);
    gate_findings_release(&t->findings);
}

static struct gate_finding *finding_add(struct told *t, enum gate_verdict verdict) {
    struct gate_finding f = {.cell = t->findings.findings->len + 1,
                             .label = "create-pointer bytes=80",
                             .metric = "wall_ns",
                             .tier = GATE_TIME,
                             .verdict = verdict,
                             .base = 100,
                             .candidate = 104,
                             .effect = 0.042,
                             .low = 0.031,
                             .high = 0.0533,
                             .p = 0.001,
                             .margin = 0.01,
                             .visible = 0.0172,
                             .aa_effect = NAN,
                             .blocks = 40,
                             .reason = verdict == GATE_PASS ? NULL : "because of this"};
    t->findings.counts[verdict]++;
    if (t->findings.findings->len == 0 || verdict > t->findings.verdict)
        t->findings.verdict = verdict;
    g_array_append_val(t->findings.findings, f);
    return &g_array_index(t->findings.findings, struct gate_finding, t->findings.findings->len - 1);
}

static unsigned times(const char *text, const char *word) {
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
        count++;
    return count;
}

static unsigned lines_beginning(const char *text, const char *word) {
    char **lines = g_strsplit(text, "\n", -1);
    unsigned count = 0;
    for (size_t i = 0; lines[i] != NULL; i++)
        count += g_str_has_prefix(lines[i], word) != 0;
    g_strfreev(lines);
    return count;
}

/* ---- text ---- */

static void text_has_a_word_an_interval_and_what_could_be_seen(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    finding_add(&t, GATE_REGRESSED);
    finding_add(&t, GATE_PASS);
    char *text = gate_report_text(&t.report);
    assert_string_equal(
        text,
        "verdict    cell                     metric   effect                  margin  visible\n"
        "REGRESSED  create-pointer bytes=80  wall_ns  +4.20 % [+3.10, +5.33]  1.00 %  1.72 %\n"
        "    - because of this\n"
        "PASS       create-pointer bytes=80  wall_ns  +4.20 % [+3.10, +5.33]  1.00 %  1.72 %\n"
        "\n"
        "gate: REGRESSED (malloc -> mine=./lib.so): 1 REGRESSED, 1 PASS\n");
    g_free(text);
    told_release(&t);
}

static void one_in_a_million_does_not_read_as_nothing(void **state) {
    (void)state;
    assert_string_equal(gate_percent(1e-6).text, "+0.0001 %");
    assert_string_equal(gate_percent(-0.00004).text, "-0.004 %");
    assert_string_equal(gate_percent(0).text, "+0.00 %");
    assert_string_equal(gate_percent(NAN).text, "–");
    assert_string_equal(gate_share(0).text, "0 %");
    assert_string_equal(gate_share(0.025).text, "2.50 %");
}

static void a_band_of_faults_is_told_in_faults_and_not_as_800_percent(void **state) {
    (void)state;
    struct gate_finding f = {.visible = 8, .visible_count = 8};
    assert_string_equal(gate_visible(&f).text, "8 counted");
    f.visible_count = NAN;
    f.visible = 0.01;
    assert_string_equal(gate_visible(&f).text, "1.00 %");
}

static void what_neither_side_can_measure_is_told_once_with_its_cells(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    finding_add(&t, GATE_PASS);
    for (uint64_t cell = 1; cell <= 3; cell++) {
        struct gate_finding f = {.cell = cell,
                                 .label = "c",
                                 .metric = "instructions",
                                 .tier = GATE_EXACT,
                                 .reason = "valgrind is not installed"};
        g_array_append_val(t.findings.absent, f);
    }
    char *text = gate_report_text(&t.report);
    char *markdown = gate_report_markdown(&t.report);
    assert_int_equal(times(text, "not measured: instructions of 3 cells: valgrind is not "
                                 "installed\n"),
                     1);
    assert_int_equal(times(markdown, "valgrind is not installed"), 1);
    g_free(markdown);
    g_free(text);
    told_release(&t);
}

static void a_gate_without_findings_is_never_green_anywhere(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    char *text = gate_report_text(&t.report), *markdown = gate_report_markdown(&t.report);
    char *github = gate_report_github(&t.report), *junit = gate_report_junit(&t.report);
    char *json = gate_report_json(&t.report);
    assert_non_null(strstr(text, "gate: INVALID"));
    assert_non_null(strstr(text, "nothing was measured"));
    assert_non_null(strstr(markdown, "INVALID"));
    assert_int_equal(lines_beginning(github, "::error "), 1);
    assert_non_null(strstr(junit, "errors=\"1\""));
    assert_non_null(strstr(junit, "<error message=\"nothing was measured\""));
    assert_non_null(strstr(json, "\"verdict\": \"INVALID\""));
    g_free(json);
    g_free(junit);
    g_free(github);
    g_free(markdown);
    g_free(text);
    told_release(&t);
}

/* ---- GitHub ---- */

static void
a_message_escapes_percent_and_line_breaks_a_property_also_colon_and_comma(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    struct gate_finding *f = finding_add(&t, GATE_REGRESSED);
    f->label = "100 %\r\na: b, c";
    char *text = gate_report_github(&t.report);
    assert_string_equal(text, "::error title=heapmark gate%3A REGRESSED::100 %25%0D%0Aa: b, c, "
                              "wall_ns: +4.20 %25 [+3.10, +5.33]; because of this\n");
    g_free(text);
    told_release(&t);
}

static void a_name_cannot_begin_a_command_of_its_own(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    finding_add(&t, GATE_INVALID)->label = HOSTILE;
    t.report.base = t.report.candidate = HOSTILE;
    char *github = gate_report_github(&t.report), *text = gate_report_text(&t.report);
    assert_int_equal(times(github, "\n"), 1);
    assert_int_equal(lines_beginning(github, "::error title="), 1);
    /* The runner looks at a line's first characters after its blanks. */
    char **lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        assert_false(g_str_has_prefix(g_strchug(lines[i]), "::"));
    g_strfreev(lines);
    g_free(text);
    g_free(github);
    told_release(&t);
}

static void no_more_than_ten_of_a_kind_and_the_last_tells_the_rest(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    for (int i = 0; i < 10; i++)
        finding_add(&t, GATE_REGRESSED);
    t.report.policy = GATE_INCONCLUSIVE_WARN;
    for (int i = 0; i < 25; i++)
        finding_add(&t, GATE_INCONCLUSIVE);
    char *text = gate_report_github(&t.report);
    assert_int_equal(lines_beginning(text, "::error "), 10);
    assert_int_equal(times(text, "::error title=heapmark gate::"), 0);
    assert_int_equal(lines_beginning(text, "::warning "), 10);
    assert_non_null(strstr(text, "::warning title=heapmark gate::and 16 more; "));
    g_free(text);
    told_release(&t);
}

static void an_inconclusive_cell_is_told_as_the_policy_says(void **state) {
    (void)state;
    static const char *const kinds[] = {"::error ", "::warning ", ""};
    for (int policy = GATE_INCONCLUSIVE_FAIL; policy <= GATE_INCONCLUSIVE_OK; policy++) {
        struct told t;
        told_init(&t);
        finding_add(&t, GATE_INCONCLUSIVE);
        finding_add(&t, GATE_PASS);
        t.report.policy = (enum gate_policy)policy;
        char *text = gate_report_github(&t.report);
        assert_int_equal(times(text, "\n"), policy == GATE_INCONCLUSIVE_OK ? 0 : 1);
        assert_true(g_str_has_prefix(text, kinds[policy]));
        g_free(text);
        told_release(&t);
    }
}

/* ---- Markdown ---- */

static void passes_are_folded_and_the_worst_is_in_sight(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    finding_add(&t, GATE_REGRESSED);
    finding_add(&t, GATE_PASS);
    char *text = gate_report_markdown(&t.report);
    const char *fold = strstr(text, "<details><summary>1 PASS</summary>");
    assert_non_null(fold);
    assert_true(strstr(text, "| REGRESSED |") < fold);
    assert_true(strstr(text, "| PASS |") > fold);
    assert_true(g_str_has_prefix(text, "## heapmark gate: REGRESSED\n"));
    g_free(text);
    told_release(&t);
}

/* A bar that is not escaped would be another column. */
static unsigned bars_of(const char *line) {
    unsigned bars = 0;
    for (const char *p = line; *p != '\0'; p++)
        bars += *p == '|' && (p == line || p[-1] != '\\');
    return bars;
}

static void a_name_stays_in_its_column_and_makes_no_html(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    finding_add(&t, GATE_INVALID)->label = HOSTILE;
    char *text = gate_report_markdown(&t.report);
    char *row = strstr(text, "| INVALID |");
    assert_non_null(row);
    *strchr(row, '\n') = '\0';
    assert_int_equal(bars_of(row), 8);
    assert_null(strchr(row, '<'));
    assert_null(strchr(row, '@'));
    assert_non_null(strstr(row, "because of this"));
    g_free(text);
    told_release(&t);
}

static void markdown_stays_below_what_a_step_summary_takes(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    char *long_name = g_strnfill(2000, '*');
    for (int i = 0; i < 1200; i++)
        finding_add(&t, i % 2 == 0 ? GATE_REGRESSED : GATE_PASS)->label = long_name;
    char *endless = g_strnfill(3 << 20, '<');
    t.report.base = endless;
    char *text = gate_report_markdown(&t.report);
    assert_true(strlen(text) < GITHUB_SUMMARY_BYTES_MAX);
    assert_non_null(strstr(text, " more rows have no room here."));
    assert_non_null(strstr(text, "</details>"));
    g_free(text);
    g_free(endless);
    g_free(long_name);
    told_release(&t);
}

/* ---- JUnit ---- */

static void junit_counts_what_it_lists(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    finding_add(&t, GATE_INVALID)->metric = NULL;
    finding_add(&t, GATE_REGRESSED);
    finding_add(&t, GATE_REGRESSED);
    finding_add(&t, GATE_INCONCLUSIVE);
    finding_add(&t, GATE_IMPROVED);
    finding_add(&t, GATE_PASS);
    char *text = gate_report_junit(&t.report);
    assert_non_null(strstr(text, " tests=\"6\" failures=\"2\" errors=\"1\" skipped=\"1\">"));
    assert_int_equal(times(text, "<testcase "), 6);
    assert_int_equal(times(text, "<failure message=\"because of this\" type=\"REGRESSED\"/>"), 2);
    assert_int_equal(times(text, "<error message=\"because of this\" type=\"INVALID\"/>"), 1);
    assert_int_equal(times(text, "<skipped message=\"because of this\" type=\"INCONCLUSIVE\"/>"),
                     1);
    g_free(text);
    told_release(&t);
}

/* Whether xmllint takes the file by the schema; skips where it is not installed. */
static bool schema_takes(const char *text, const char *dir) {
    char *program = g_find_program_in_path("xmllint");
    if (program == NULL)
        skip();
    char *path = g_build_filename(dir, "junit.xml", NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    char *const arguments[] = {program,
                               (char *)"--noout",
                               (char *)"--nonet",
                               (char *)"--schema",
                               (char *)JUNIT_SCHEMA,
                               path,
                               NULL};
    char *words = NULL;
    int wait_status = -1;
    assert_true(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                             NULL, &words, &wait_status, NULL));
    if (wait_status != 0)
        fprintf(stderr, "%s", words);
    g_free(words);
    g_free(path);
    g_free(program);
    return wait_status == 0;
}

static void junit_is_taken_by_its_schema(void **state) {
    struct told t;
    told_init(&t);
    char *text = gate_report_junit(&t.report);
    assert_true(schema_takes(text, *state));
    g_free(text);
    for (int v = 0; v < GATE_VERDICT_COUNT; v++) {
        struct gate_finding *f = finding_add(&t, (enum gate_verdict)v);
        f->label = HOSTILE;
        f->reason = "\xff\xfe\x02 \xed\xa0\x80 ]]> \xef\xbf\xbf";
    }
    t.report.candidate = HOSTILE;
    text = gate_report_junit(&t.report);
    assert_true(schema_takes(text, *state));
    g_free(text);
    told_release(&t);
}

static void the_schema_refuses_what_no_reader_takes(void **state) {
    assert_false(schema_takes("<testsuites><testsuite name=\"a\" tests=\"1\" failures=\"0\" "
                              "errors=\"0\"></testsuite></testsuites>",
                              *state));
    assert_false(schema_takes("<testsuites><testsuite name=\"a\" tests=\"x\" failures=\"0\" "
                              "errors=\"0\"><testcase name=\"n\" classname=\"c\"/></testsuite>"
                              "</testsuites>",
                              *state));
}

/* ---- all ---- */

static void the_same_data_give_the_same_report(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    gate_cell_add(&t.rows, "create-pointer", "bytes=80");
    gate_blocks_add(&t.rows, 1, "wall_ns", 20, (const double[]){0.05, 0.01});
    gate_counts_add(&t.rows, 1, "allocs", 1000, 1000);
    finding_add(&t, GATE_REGRESSED);
    for (const struct gate_format *f = gate_formats; f->name != NULL; f++) {
        char *first = f->text(&t.report), *second = f->text(&t.report);
        assert_string_equal(first, second);
        assert_true(g_utf8_validate(first, -1, NULL));
        g_free(first);
        g_free(second);
    }
    told_release(&t);
}

static void json_holds_the_rule_and_every_block(void **state) {
    (void)state;
    struct told t;
    told_init(&t);
    gate_cell_add(&t.rows, "create-pointer", "bytes=80");
    gate_blocks_add(&t.rows, 1, "wall_ns", 20, (const double[]){0.05, 0.01});
    finding_add(&t, GATE_REGRESSED)->label = HOSTILE;
    char *text = gate_report_json(&t.report);
    assert_int_equal(times(text, "\"log_ratio\": "), 25);
    assert_non_null(strstr(text, "\"rate\": 0.01"));
    assert_non_null(strstr(text, "\"tier\": \"time\""));
    assert_null(strstr(text, "nan"));
    assert_null(strchr(text, '\x01'));
    g_free(text);
    told_release(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_has_a_word_an_interval_and_what_could_be_seen),
        cmocka_unit_test(one_in_a_million_does_not_read_as_nothing),
        cmocka_unit_test(a_band_of_faults_is_told_in_faults_and_not_as_800_percent),
        cmocka_unit_test(what_neither_side_can_measure_is_told_once_with_its_cells),
        cmocka_unit_test(a_gate_without_findings_is_never_green_anywhere),
        cmocka_unit_test(a_message_escapes_percent_and_line_breaks_a_property_also_colon_and_comma),
        cmocka_unit_test(a_name_cannot_begin_a_command_of_its_own),
        cmocka_unit_test(no_more_than_ten_of_a_kind_and_the_last_tells_the_rest),
        cmocka_unit_test(an_inconclusive_cell_is_told_as_the_policy_says),
        cmocka_unit_test(passes_are_folded_and_the_worst_is_in_sight),
        cmocka_unit_test(a_name_stays_in_its_column_and_makes_no_html),
        cmocka_unit_test(markdown_stays_below_what_a_step_summary_takes),
        cmocka_unit_test(junit_counts_what_it_lists),
        cmocka_unit_test_setup_teardown(junit_is_taken_by_its_schema, gate_directory_setup,
                                        gate_directory_teardown),
        cmocka_unit_test_setup_teardown(the_schema_refuses_what_no_reader_takes,
                                        gate_directory_setup, gate_directory_teardown),
        cmocka_unit_test(the_same_data_give_the_same_report),
        cmocka_unit_test(json_holds_the_rule_and_every_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
