/* Exports of a run, to the byte: what other tools read is a contract. */
#include "harness/present/export.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <yaml.h>

#include <cmocka.h>

#include "harness/present/json_write.h"
#include "tests/unit/export_fixture.h"

static const struct export_format *const go = &export_formats[0];
static const struct export_format *const google = &export_formats[1];

/* What a small run has: two strategies, two threads, a failure, figures of every kind. */
static void small_run_fill(struct export_fixture *f) {
    struct record *r = export_fixture_add(f, "malloc", "create-pointer", "bytes=80 depth=2");
    r->allocator = "glibc";
    r->version = "2.36";
    r->bytes_per_op = 88;
    r->allocs_per_op = 1;
    r = export_fixture_add(f, "goheap:gogc=200", "create-pointer", "bytes=80 depth=2");
    r->allocator = "goheap";
    r->version = "0.1";
    r->settings = "gogc=200";
    r->threads = 2;
    r->gc_cycles = 190;
    r->gc_pause_ns_max = 18446744073709551614U;
    r->gc_cpu_share = 0.25;
    rows_add_failed(&f->rows, "malloc", "create-pointer", "oom", "out of memory");
}

static void assert_text(struct export_fixture *f, const struct export_format *format,
                        const char *expected) {
    assert_true(export_fixture_export_all(f, format));
    char *text = format->text(&f->e);
    assert_string_equal(text, expected);
    g_free(text);
    export_fixture_release(f);
}

/* ---- Go ---- */

static void go_text_is_as_agreed(void **state) {
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
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
        "Unit B/op better=lower\n"
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
    struct export_fixture f;
    unsigned expected = 0, found = 0;
    (void)state;
    export_fixture_init(&f);
    struct record *r = export_fixture_add(&f, "malloc", "empty", "");
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
    assert_true(export_fixture_export_all(&f, go));
    char *text = go->text(&f.e);
    for (const char *p = strstr(text, "\nBenchmark"); (p = strstr(p, "\t3 ")) != NULL; p++)
        found++;
    assert_int_equal(found, expected);
    g_free(text);
    export_fixture_release(&f);
}

static void assert_name(const char *strategy, const char *workload, uint64_t threads,
                        const char *expected) {
    struct export_fixture f;
    export_fixture_init(&f);
    export_fixture_add(&f, strategy, workload, "")->threads = threads;
    assert_true(export_fixture_export_all(&f, go));
    char *text = go->text(&f.e);
    char *line = strstr(text, "\nBenchmark") + 1;
    *strchr(line, '\t') = '\0';
    assert_string_equal(line, expected);
    g_free(text);
    export_fixture_release(&f);
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
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    export_fixture_add(&f, "x", "w", "")->settings = "A=1\nUnit bad";
    assert_true(export_fixture_export_all(&f, go));
    char *text = go->text(&f.e);
    assert_non_null(strstr(text, "# strategy: x = ?  A=1 Unit bad\n"));
    g_free(text);
    export_fixture_release(&f);
}

/* ---- Google Benchmark ---- */

static const char google_text[] =
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
    "}\n";

static void google_text_is_as_agreed(void **state) {
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    small_run_fill(&f);
    assert_text(&f, google, google_text);
}

static void instances_of_a_family_differ_in_parameters_and_threads(void **state) {
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    export_fixture_add(&f, "x", "w", "bytes=8");
    export_fixture_add(&f, "x", "w", "bytes=8")->threads = 2;
    export_fixture_add(&f, "x", "w", "bytes=16");
    export_fixture_add(&f, "x", "v", "");
    assert_true(export_fixture_export_all(&f, google));
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
    export_fixture_release(&f);
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
    struct export_fixture f;
    (void)state;
    export_fixture_init(&f);
    struct record *r = export_fixture_add(&f, "a\"b\\c\x07", "w", "");
    r->allocator = "line\nbreak\"";
    r->run = "20261399T999999Z";
    assert_true(export_fixture_export_all(&f, google));
    char *text = google->text(&f.e);
    char *texts = yaml_texts(text);
    assert_non_null(strstr(texts, "|w/strategy:a\"b\\c%07|"));
    assert_non_null(strstr(texts, "|line\nbreak\"|"));
    assert_null(strstr(texts, "|date|"));
    g_free(texts);
    g_free(text);
    export_fixture_release(&f);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
