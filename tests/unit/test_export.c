/* Exports of a run, to the byte: what other tools read is a contract. */
#include "harness/present/export.h"

#include <glib/gstdio.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <yaml.h>

#include <cmocka.h>

#include "harness/present/json_write.h"
#include "tests/unit/rows_fixture.h"

static const struct export_format *const go = &export_formats[0];
static const struct export_format *const google = &export_formats[1];

static const char machine_text[] = "cpu: AMD EPYC\n"
                                   "cpus online: 2\n"
                                   "caches: L1d 48K, L2 1024K\n"
                                   "kernel: Linux 6.1.0-x x86_64\n"
                                   "frequency governor: powersave\n"
                                   "load (1, 5, 15 min): 1.34 1.28 0\n"
                                   "heapmark: 0.1\n"
                                   "build: Release -O2 -DNDEBUG\n";

/* ---- fixtures ---- */

struct fixture {
    struct run_rows rows;
    struct run_summary summary;
    struct export e;
    struct error err;
};

/* A directory that holds machine.txt alone. */
static char *directory_new(void) {
    char *dir = g_dir_make_tmp("heapmark-export-XXXXXX", NULL);
    char *path = g_build_filename(dir, "machine.txt", NULL);
    assert_true(g_file_set_contents(path, machine_text, -1, NULL));
    g_free(path);
    return dir;
}

static void fixture_init(struct fixture *f) {
    memset(f, 0, sizeof *f);
    rows_init(&f->rows);
    f->rows.dir = directory_new();
}

static struct record *fixture_add(struct fixture *f, const char *strategy, const char *workload,
                                  const char *parameters) {
    struct record *r = rows_add(&f->rows, strategy, workload, parameters, 7.5);
    r->run = "20260102T030405Z";
    r->cpu_ns_per_op = 0.1;
    r->ops = 1000;
    r->repetition = 1;
    return r;
}

static bool fixture_export(struct fixture *f, const struct export_request *request) {
    summary_build(&f->summary, &f->rows, NULL);
    return export_build(&f->e, &f->summary, request, &f->err);
}

static bool fixture_export_all(struct fixture *f, const struct export_format *format) {
    const struct export_request request = {.format = format};
    return fixture_export(f, &request);
}

static void fixture_release(struct fixture *f) {
    char *path = g_build_filename(f->rows.dir, "machine.txt", NULL);
    g_unlink(path);
    g_rmdir(f->rows.dir);
    g_free(path);
    export_release(&f->e);
    summary_release(&f->summary);
    run_rows_release(&f->rows);
}

/* What a small run has: two strategies, two threads, a failure, figures of every kind. */
static void small_run_fill(struct fixture *f) {
    struct record *r = fixture_add(f, "malloc", "create-pointer", "bytes=80 depth=2");
    r->allocator = "glibc";
    r->version = "2.36";
    r->bytes_per_op = 88;
    r->allocs_per_op = 1;
    r = fixture_add(f, "goheap:gogc=200", "create-pointer", "bytes=80 depth=2");
    r->allocator = "goheap";
    r->version = "0.1";
    r->settings = "gogc=200";
    r->threads = 2;
    r->gc_cycles = 190;
    r->gc_pause_ns_max = 18446744073709551614U;
    r->gc_cpu_share = 0.25;
    rows_add_failed(&f->rows, "malloc", "create-pointer", "oom", "out of memory");
}

static void assert_text(struct fixture *f, const struct export_format *format,
                        const char *expected) {
    assert_true(fixture_export_all(f, format));
    char *text = format->text(&f->e);
    assert_string_equal(text, expected);
    g_free(text);
    fixture_release(f);
}

/* ---- Go ---- */

static void go_text_is_as_agreed(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    small_run_fill(&f);
    assert_text(
        &f, go,
        "# run: 20260102T030405Z\n"
        "# strategy: malloc = glibc 2.36\n"
        "# strategy: goheap:gogc=200 = goheap 0.1 gogc=200\n"
        "# not exported: 1 oom\n"
        "goos: linux\n"
        "goarch: amd64\n"
        "pkg: heapmark\n"
        "cpu: AMD EPYC\n"
        "Unit ns/op better=lower\n"
        "Unit cpu-ns/op better=lower\n"
        "Unit B/op better=lower assume=exact\n"
        "Unit allocs/op better=lower assume=exact\n"
        "Unit gc-cycles better=lower\n"
        "Unit max-STW-ns better=lower\n"
        "Unit gc-cpu-share better=lower\n"
        "BenchmarkCreatePointer/bytes=80/depth=2/strategy=malloc\t1000\t7.5 ns/op\t"
        "0.1 cpu-ns/op\t88 B/op\t1 allocs/op\n"
        "BenchmarkCreatePointer/bytes=80/depth=2/strategy=goheap:gogc=200-2\t1000\t7.5 ns/op\t"
        "0.1 cpu-ns/op\t190 gc-cycles\t1.8446744073709552e+19 max-STW-ns\t0.25 gc-cpu-share\n");
}

/* Every column that is measured has a unit, but for those that only lead to others. */
static void go_text_has_every_measured_column(void **state) {
    static const char *const without[] = {"wall_ns", "cpu_ns", "rss_start_bytes", NULL};
    struct fixture f;
    unsigned expected = 0, found = 0;
    (void)state;
    fixture_init(&f);
    struct record *r = fixture_add(&f, "malloc", "empty", "");
    for (size_t i = 0; i < record_type.field_count; i++) {
        const struct field *field = &record_type.fields[i];
        char *member = (char *)r + field->offset;
        if (field->kind == FIELD_TEXT || strcmp(field->group, "identity") == 0)
            continue;
        if (field->kind == FIELD_COUNT)
            memcpy(member, &(uint64_t){3}, sizeof(uint64_t));
        else
            memcpy(member, &(double){3}, sizeof(double));
        expected += !g_strv_contains(without, field->name);
    }
    assert_true(fixture_export_all(&f, go));
    char *text = go->text(&f.e);
    for (const char *p = strstr(text, "\nBenchmark"); (p = strstr(p, "\t3 ")) != NULL; p++)
        found++;
    assert_int_equal(found, expected);
    g_free(text);
    fixture_release(&f);
}

static void assert_name(const char *strategy, const char *workload, uint64_t threads,
                        const char *expected) {
    struct fixture f;
    fixture_init(&f);
    fixture_add(&f, strategy, workload, "")->threads = threads;
    assert_true(fixture_export_all(&f, go));
    char *text = go->text(&f.e);
    char *line = strstr(text, "\nBenchmark") + 1;
    *strchr(line, '\t') = '\0';
    assert_string_equal(line, expected);
    g_free(text);
    fixture_release(&f);
}

static void names_stay_different_and_are_one_word(void **state) {
    (void)state;
    assert_name("malloc", "stack-it-2", 1, "BenchmarkStackIt2/strategy=malloc");
    assert_name("a b", "w", 1, "BenchmarkW/strategy=a%20b");
    assert_name("a%20b", "w", 1, "BenchmarkW/strategy=a%2520b");
    assert_name("mine=./a/b", "w", 1, "BenchmarkW/strategy=mine=.%2Fa%2Fb");
    assert_name("größe\xc2\xa0x\n", "w", 1, "BenchmarkW/strategy=größe%C2%A0x%0A");
    assert_name("\xff", "w", 1, "BenchmarkW/strategy=\xef\xbf\xbd");
}

static void a_name_that_ends_like_threads_says_that_it_has_one(void **state) {
    (void)state;
    assert_name("mine-2", "w", 1, "BenchmarkW/strategy=mine-2-1");
    assert_name("mine-2", "w", 4, "BenchmarkW/strategy=mine-2-4");
    assert_name("mine2", "w", 1, "BenchmarkW/strategy=mine2");
    assert_name("mine-", "w", 1, "BenchmarkW/strategy=mine-");
}

static void a_comment_stays_in_its_line(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_add(&f, "x", "w", "")->settings = "A=1\nUnit bad";
    assert_true(fixture_export_all(&f, go));
    char *text = go->text(&f.e);
    assert_non_null(strstr(text, "# strategy: x = ?  A=1 Unit bad\n"));
    g_free(text);
    fixture_release(&f);
}

/* ---- Google Benchmark ---- */

static void google_text_is_as_agreed(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    small_run_fill(&f);
    assert_text(&f, google,
                "{\n"
                "  \"context\": {\n"
                "    \"date\": \"2026-01-02T03:04:05+00:00\",\n"
                "    \"executable\": \"heapmark\",\n"
                "    \"num_cpus\": 2,\n"
                "    \"cpu_scaling_enabled\": true,\n"
                "    \"caches\": [\n"
                "      {\n"
                "        \"type\": \"Data\",\n"
                "        \"level\": 1,\n"
                "        \"size\": 49152\n"
                "      },\n"
                "      {\n"
                "        \"type\": \"Unified\",\n"
                "        \"level\": 2,\n"
                "        \"size\": 1048576\n"
                "      }\n"
                "    ],\n"
                "    \"load_avg\": [\n"
                "      1.34,\n"
                "      1.28,\n"
                "      0\n"
                "    ],\n"
                "    \"library_build_type\": \"release\",\n"
                "    \"cpu\": \"AMD EPYC\",\n"
                "    \"kernel\": \"Linux 6.1.0-x x86_64\",\n"
                "    \"heapmark\": \"0.1\",\n"
                "    \"run\": \"20260102T030405Z\",\n"
                "    \"not_exported\": \"1 oom\"\n"
                "  },\n"
                "  \"benchmarks\": [\n"
                "    {\n"
                "      \"name\": \"create-pointer/bytes:80/depth:2/strategy:malloc\",\n"
                "      \"run_name\": \"create-pointer/bytes:80/depth:2/strategy:malloc\",\n"
                "      \"family_index\": 0,\n"
                "      \"per_family_instance_index\": 0,\n"
                "      \"run_type\": \"iteration\",\n"
                "      \"repetitions\": 1,\n"
                "      \"repetition_index\": 0,\n"
                "      \"threads\": 1,\n"
                "      \"iterations\": 1000,\n"
                "      \"real_time\": 7.5,\n"
                "      \"cpu_time\": 0.1,\n"
                "      \"time_unit\": \"ns\",\n"
                "      \"label\": \"glibc 2.36\",\n"
                "      \"bytes_per_op\": 88,\n"
                "      \"allocs_per_op\": 1\n"
                "    },\n"
                "    {\n"
                "      \"name\": \"create-pointer/bytes:80/depth:2/strategy:goheap:gogc=200/"
                "threads:2\",\n"
                "      \"run_name\": \"create-pointer/bytes:80/depth:2/strategy:goheap:gogc=200/"
                "threads:2\",\n"
                "      \"family_index\": 1,\n"
                "      \"per_family_instance_index\": 0,\n"
                "      \"run_type\": \"iteration\",\n"
                "      \"repetitions\": 1,\n"
                "      \"repetition_index\": 0,\n"
                "      \"threads\": 2,\n"
                "      \"iterations\": 1000,\n"
                "      \"real_time\": 7.5,\n"
                "      \"cpu_time\": 0.1,\n"
                "      \"time_unit\": \"ns\",\n"
                "      \"label\": \"goheap 0.1\",\n"
                "      \"gc_cycles\": 190,\n"
                "      \"gc_pause_ns_max\": 18446744073709551614,\n"
                "      \"gc_cpu_share\": 0.25\n"
                "    }\n"
                "  ]\n"
                "}\n");
}

static void instances_of_a_family_differ_in_parameters_and_threads(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_add(&f, "x", "w", "bytes=8");
    fixture_add(&f, "x", "w", "bytes=8")->threads = 2;
    fixture_add(&f, "x", "w", "bytes=16");
    fixture_add(&f, "x", "v", "");
    assert_true(fixture_export_all(&f, google));
    char *text = google->text(&f.e);
    static const char *const in_order[] = {
        "\"name\": \"v/",
        "\"family_index\": 0,\n      \"per_family_instance_index\": 0",
        "\"name\": \"w/bytes:8/strategy:x\"",
        "\"family_index\": 1,\n      \"per_family_instance_index\": 0",
        "\"name\": \"w/bytes:8/strategy:x/threads:2\"",
        "\"family_index\": 1,\n      \"per_family_instance_index\": 1",
        "\"name\": \"w/bytes:16/strategy:x\"",
        "\"family_index\": 1,\n      \"per_family_instance_index\": 2"};
    const char *p = text;
    for (size_t i = 0; i < G_N_ELEMENTS(in_order); i++) {
        p = strstr(p, in_order[i]);
        assert_non_null(p);
    }
    g_free(text);
    fixture_release(&f);
}

/* YAML contains JSON, so libyaml judges the grammar; it also gives the unescaped texts back. */
static char *yaml_texts(const char *json) {
    yaml_parser_t parser;
    yaml_event_t event;
    GString *texts = g_string_new(NULL);
    bool ended = false;
    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)json, strlen(json));
    while (!ended) {
        assert_true(yaml_parser_parse(&parser, &event));
        ended = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_SCALAR_EVENT)
            g_string_append_printf(texts, "%s|", (const char *)event.data.scalar.value);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return g_string_free(texts, FALSE);
}

static void json_texts_are_escaped(void **state) {
    struct json_writer w = {.out = g_string_new(NULL)};
    (void)state;
    json_open(&w, NULL, '{');
    json_text(&w, "a\"b", "\"q\" \\ \t\n\x01\x1f ä \xff");
    json_open(&w, "none", '[');
    json_close(&w, ']');
    json_close(&w, '}');
    assert_string_equal(
        w.out->str,
        "{\n  \"a\\\"b\": \"\\\"q\\\" \\\\ \\u0009\\u000a\\u0001\\u001f ä \xef\xbf\xbd\","
        "\n  \"none\": []\n}\n");
    char *texts = yaml_texts(w.out->str);
    assert_string_equal(texts, "a\"b|\"q\" \\ \t\n\x01\x1f ä \xef\xbf\xbd|none|");
    g_free(texts);
    g_string_free(w.out, TRUE);
}

static void json_numbers_that_are_none_are_left_out(void **state) {
    struct json_writer w = {.out = g_string_new(NULL)};
    (void)state;
    json_open(&w, NULL, '{');
    json_real(&w, "a", (double)NAN);
    json_real(&w, "b", (double)INFINITY);
    json_count(&w, "c", COUNT_EMPTY);
    json_real(&w, "d", 1e300);
    json_count(&w, "e", COUNT_EMPTY - 1);
    json_real(&w, "f", -0.1);
    json_bool(&w, "g", false);
    json_close(&w, '}');
    assert_string_equal(w.out->str, "{\n  \"d\": 1e+300,\n  \"e\": 18446744073709551614,\n"
                                    "  \"f\": -0.1,\n  \"g\": false\n}\n");
    g_string_free(w.out, TRUE);
}

static void hostile_names_keep_the_json_whole(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct record *r = fixture_add(&f, "a\"b\\c\x07", "w", "");
    r->allocator = "line\nbreak\"";
    r->run = "20261399T999999Z";
    assert_true(fixture_export_all(&f, google));
    char *text = google->text(&f.e);
    char *texts = yaml_texts(text);
    assert_non_null(strstr(texts, "|w/strategy:a\"b\\c%07|"));
    assert_non_null(strstr(texts, "|line\nbreak\"|"));
    assert_null(strstr(texts, "|date|"));
    g_free(texts);
    g_free(text);
    fixture_release(&f);
}

/* ---- what is chosen ---- */

/* The strategies and workloads of the rows, in order. */
static void assert_rows(const struct export *e, const char *expected) {
    GString *found = g_string_new(NULL);
    for (guint i = 0; i < e->rows->len; i++) {
        const struct export_row *row = &g_array_index(e->rows, struct export_row, i);
        g_string_append_printf(found, "%s.%s.%u/%u ", row->cell->strategy, row->cell->workload,
                               row->repetition_index, row->repetitions);
    }
    assert_string_equal(found->str, expected);
    g_string_free(found, TRUE);
}

static void choice_fill(struct fixture *f) {
    fixture_init(f);
    fixture_add(f, "one", "stack-it", "")->repetition = 2;
    fixture_add(f, "two", "stack-it-2", "");
    fixture_add(f, "one", "stack-it-2", "");
    fixture_add(f, "two", "stack-it", "");
    fixture_add(f, "one", "stack-it", "");
    for (guint i = 0; i < f->rows.records->len; i++)
        g_array_index(f->rows.records, struct record, i).group = "stack-it";
}

static void assert_choice(const char *workloads, const char *strategies, const char *expected) {
    const struct export_request request = {go, workloads, strategies};
    struct fixture f;
    choice_fill(&f);
    assert_true(fixture_export(&f, &request));
    assert_rows(&f.e, expected);
    fixture_release(&f);
}

static void rows_come_by_strategy_then_work_then_repetition(void **state) {
    (void)state;
    assert_choice(NULL, NULL,
                  "one.stack-it.0/2 one.stack-it.1/2 one.stack-it-2.0/1 two.stack-it.0/1 "
                  "two.stack-it-2.0/1 ");
}

static void a_name_wins_over_a_group_and_a_glob_may_stand(void **state) {
    (void)state;
    assert_choice("stack-it", "two", "two.stack-it.0/1 ");
    assert_choice("*-2,stack-it", "t*", "two.stack-it.0/1 two.stack-it-2.0/1 ");
    assert_choice("stack-it-2", "{two,one}", "one.stack-it-2.0/1 two.stack-it-2.0/1 ");
}

static void a_group_means_its_workloads(void **state) {
    const struct export_request request = {google, "g", NULL};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_add(&f, "one", "a", "");
    fixture_add(&f, "one", "b", "")->group = "other";
    assert_true(fixture_export(&f, &request));
    assert_rows(&f.e, "one.a.0/1 ");
    fixture_release(&f);
}

static void assert_refused(const char *workloads, const char *strategies, int status,
                           const char *expected) {
    const struct export_request request = {go, workloads, strategies};
    struct fixture f;
    choice_fill(&f);
    assert_false(fixture_export(&f, &request));
    assert_int_equal(f.err.exit_status, status);
    assert_string_equal(f.err.text, expected);
    fixture_release(&f);
}

static void a_name_that_the_run_does_not_have_gets_the_nearest(void **state) {
    (void)state;
    assert_refused("stack-iz", NULL, EXIT_USAGE,
                   "the run has no workload \"stack-iz\"; did you mean stack-it?");
    assert_refused(NULL, "one,tvo", EXIT_USAGE,
                   "the run has no strategy \"tvo\"; did you mean two?");
    assert_refused("zzzzzzzz*", NULL, EXIT_USAGE, "the run has no workload \"zzzzzzzz*\"");
}

static void a_selection_without_entry_is_refused_with_its_statuses(void **state) {
    const struct export_request request = {.format = go, .workloads = "b"};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_add(&f, "one", "a", "");
    rows_add_failed(&f.rows, "one", "b", "skipped", "needs threads");
    rows_add_failed(&f.rows, "two", "b", "crashed", "signal 11");
    assert_false(fixture_export(&f, &request));
    assert_int_equal(f.err.exit_status, EXIT_CANNOT);
    assert_string_equal(f.err.text, "nothing to export: the selection has no ok record with its "
                                    "times (1 skipped, 1 crashed)");
    fixture_release(&f);
}

/* compare.py divides by both times of every entry it reads. */
static void a_record_without_cpu_time_is_left_out_of_json_alone(void **state) {
    struct fixture f;
    (void)state;
    for (int i = 0; i < 2; i++) {
        fixture_init(&f);
        fixture_add(&f, "one", "a", "");
        fixture_add(&f, "one", "b", "")->cpu_ns_per_op = (double)NAN;
        assert_true(fixture_export_all(&f, &export_formats[i]));
        assert_int_equal(f.e.rows->len, i == 0 ? 2 : 1);
        if (i == 0)
            assert_null(f.e.left_out);
        else
            assert_string_equal(f.e.left_out, "1 without times");
        fixture_release(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(go_text_is_as_agreed),
        cmocka_unit_test(go_text_has_every_measured_column),
        cmocka_unit_test(names_stay_different_and_are_one_word),
        cmocka_unit_test(a_name_that_ends_like_threads_says_that_it_has_one),
        cmocka_unit_test(a_comment_stays_in_its_line),
        cmocka_unit_test(google_text_is_as_agreed),
        cmocka_unit_test(instances_of_a_family_differ_in_parameters_and_threads),
        cmocka_unit_test(json_texts_are_escaped),
        cmocka_unit_test(json_numbers_that_are_none_are_left_out),
        cmocka_unit_test(hostile_names_keep_the_json_whole),
        cmocka_unit_test(rows_come_by_strategy_then_work_then_repetition),
        cmocka_unit_test(a_name_wins_over_a_group_and_a_glob_may_stand),
        cmocka_unit_test(a_group_means_its_workloads),
        cmocka_unit_test(a_name_that_the_run_does_not_have_gets_the_nearest),
        cmocka_unit_test(a_selection_without_entry_is_refused_with_its_statuses),
        cmocka_unit_test(a_record_without_cpu_time_is_left_out_of_json_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
