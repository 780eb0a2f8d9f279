/* Configs: what flags and files set, and what they are refused for. */
#include "harness/plan/config.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "harness/plan/config_file.h"

static int config_setup(void **state) {
    struct config *c = g_new0(struct config, 1);
    config_init(c);
    *state = c;
    return 0;
}

static int config_teardown(void **state) {
    config_release(*state);
    g_free(*state);
    return 0;
}

static void set(struct config *c, const char *name, const char *value) {
    struct error err;
    if (!config_set(c, name, value, &err))
        fail_msg("%s", err.text);
}

static void assert_set_refused(struct config *c, const char *name, const char *value,
                               const char *sentence) {
    struct error err;
    char *before = config_text(c);
    assert_false(config_set(c, name, value, &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_string_equal(err.text, sentence);
    char *after = config_text(c);
    assert_string_equal(after, before);
    g_free(before);
    g_free(after);
}

static void read_text(struct config *c, const char *text) {
    struct error err;
    if (!config_text_read(c, "f.yaml", text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void assert_read_refused(const char *text, const char *sentence) {
    struct config c;
    struct error err;
    config_init(&c);
    assert_false(config_text_read(&c, "f.yaml", text, strlen(text), &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_string_equal(err.text, sentence);
    config_release(&c);
}

static void the_defaults_are_quick(void **state) {
    const struct config *c = *state;
    assert_string_equal(c->workloads, "quick");
    assert_string_equal(c->strategies, "malloc,jemalloc,mimalloc,goheap,go");
    assert_int_equal(c->effort, EFFORT_QUICK);
    assert_int_equal(c->repetitions, 5);
    assert_int_equal(c->timeout_s, 60);
    assert_int_equal(c->ops, 0);
    assert_int_equal(c->seed, 1);
    assert_int_equal(c->memory_bytes, 0);
    assert_int_equal(c->threads->len, 0);
    assert_null(c->cpus);
    assert_null(c->counters);
}

static void every_setting_is_set_by_its_name(void **state) {
    struct config *c = *state;
    set(c, "workloads", "create,churn-*");
    set(c, "strategies", "goheap:gogc={50,100}");
    set(c, "threads", "1,2");
    set(c, "cpus", "0,2-3");
    set(c, "param", "create-copy.bytes=8,80");
    set(c, "effort", "full");
    set(c, "repetitions", "3");
    set(c, "ops", "1000");
    set(c, "seed", "0");
    set(c, "timeout", "5");
    set(c, "memory-limit", "2G");
    set(c, "counters", "cycles,page-faults");
    assert_string_equal(c->workloads, "create,churn-*");
    assert_string_equal(c->strategies, "goheap:gogc={50,100}");
    assert_string_equal(c->threads->pdata[0], "1,2");
    assert_string_equal(c->cpus, "0,2-3");
    assert_string_equal(c->parameters->pdata[0], "create-copy.bytes=8,80");
    assert_int_equal(c->effort, EFFORT_FULL);
    assert_int_equal(c->repetitions, 3);
    assert_int_equal(c->ops, 1000);
    assert_int_equal(c->seed, 0);
    assert_int_equal(c->timeout_s, 5);
    assert_true(c->memory_bytes == UINT64_C(2) << 30);
    assert_string_equal(c->counters, "cycles,page-faults");
}

static void sizes_take_suffixes(void **state) {
    struct config *c = *state;
    set(c, "memory-limit", "1048576");
    assert_int_equal(c->memory_bytes, 1048576);
    set(c, "memory-limit", "2048K");
    assert_int_equal(c->memory_bytes, 2097152);
    set(c, "memory-limit", "3M");
    assert_int_equal(c->memory_bytes, 3145728);
}

static void threads_and_parameters_add_up_and_the_later_of_one_target_counts(void **state) {
    struct config *c = *state;
    set(c, "threads", "1");
    set(c, "threads", "small=2");
    set(c, "threads", "4");
    set(c, "param", "bytes=8");
    set(c, "param", "small.bytes=16");
    set(c, "param", "small.bytes=32");
    assert_int_equal(c->threads->len, 2);
    assert_string_equal(c->threads->pdata[0], "small=2");
    assert_string_equal(c->threads->pdata[1], "4");
    assert_int_equal(c->parameters->len, 2);
    assert_string_equal(c->parameters->pdata[1], "small.bytes=32");
}

static void unknown_settings_are_refused_with_the_nearest(void **state) {
    assert_set_refused(*state, "repetition", "3",
                       "there is no setting repetition; did you mean repetitions?");
    assert_set_refused(*state, "zzzzzz", "3", "there is no setting zzzzzz");
    assert_set_refused(*state, "out", "dir", "out belongs on the command line: --out");
}

static void values_of_the_wrong_kind_are_refused(void **state) {
    static const struct {
        const char *name, *value, *sentence;
    } cases[] = {
        {"workloads", "", "workloads is empty"},
        {"strategies", "\xff", "strategies is not UTF-8"},
        {"effort", "fast", "effort is quick or full, not \"fast\""},
        {"repetitions", "0", "repetitions is a whole number from 1 to 10000, not \"0\""},
        {"ops", "-1", "ops is a whole number from 1, not \"-1\""},
        {"seed", "1.5", "seed is a whole number below 2^64 - 1, not \"1.5\""},
        {"timeout", "90000", "timeout is a whole number of seconds from 1 to 86400, not \"90000\""},
        {"memory-limit", "1", "memory-limit is at least 1M bytes (K, M, G may follow), not \"1\""},
        {"memory-limit", "99999999999999G",
         "memory-limit is at least 1M bytes (K, M, G may follow), not \"99999999999999G\""},
        {"cpus", "3-1", "cpus is a list of CPU numbers and ranges such as 0,2-3, not \"3-1\""},
        {"cpus", "", "cpus is a list of CPU numbers and ranges such as 0,2-3, not \"\""},
        {"threads", "0", "0: threads are whole numbers from 1 to 1024, as [WORKLOAD=]N[,N...]"},
        {"threads", "=2", "=2: no workload before the \"=\""},
        {"param", "bytes", "bytes: a parameter is [WORKLOAD.]NAME=V[,V...]"},
        {"param", ".bytes=1", ".bytes=1: a parameter is [WORKLOAD.]NAME=V[,V...]"},
        {"param", "bytes=x",
         "bytes=x: values are whole numbers separated by commas, or \"*\" for all"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_set_refused(*state, cases[i].name, cases[i].value, cases[i].sentence);
}

static void a_file_has_the_flags_names(void **state) {
    struct config *c = *state;
    read_text(c, "# a comment\n"
                 "workloads: [create, 'churn-*']\n"
                 "strategies:\n"
                 "  - malloc\n"
                 "  - 'jemalloc:MALLOC_CONF=\"a:1,b:2\"'\n"
                 "ops: 1000\n"
                 "threads: [1, 2, small=4]\n"
                 "param:\n"
                 "  - create-copy.bytes=8,80\n"
                 "  - depth=4\n"
                 "cpus: [0, 1]\n");
    assert_string_equal(c->workloads, "create,churn-*");
    assert_string_equal(c->strategies, "malloc,jemalloc:MALLOC_CONF=\"a:1,b:2\"");
    assert_int_equal(c->ops, 1000);
    assert_int_equal(c->threads->len, 2);
    assert_string_equal(c->threads->pdata[0], "1,2");
    assert_string_equal(c->threads->pdata[1], "small=4");
    assert_int_equal(c->parameters->len, 2);
    assert_string_equal(c->cpus, "0,1");
}

static void an_empty_file_changes_nothing(void **state) {
    char *before = config_text(*state);
    read_text(*state, "");
    read_text(*state, "# nothing\n");
    char *after = config_text(*state);
    assert_string_equal(after, before);
    g_free(before);
    g_free(after);
}

static void files_are_refused_with_line_and_column(void **state) {
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"ops: 1\nopss: 2\n", "f.yaml:2:1: there is no setting opss; did you mean ops?"},
        {"ops: 1\neffort: fast\n", "f.yaml:2:9: effort is quick or full, not \"fast\""},
        {"ops: [1, 2]\n", "f.yaml:1:1: ops takes one value"},
        {"ops:\n", "f.yaml:1:5: ops is a whole number from 1, not \"\""},
        {"ops: 1\nops: 2\n", "f.yaml:2:1: the key is there already"},
        {"param: {bytes: 1}\n", "f.yaml:1:8: a value is plain text or a list of it"},
        {"param: [[1]]\n", "f.yaml:1:9: a list holds plain values only"},
        {"param: [bytes=1, depth]\n",
         "f.yaml:1:18: depth: a parameter is [WORKLOAD.]NAME=V[,V...]"},
        {"workloads: []\n", "f.yaml:1:1: the list is empty"},
        {"- ops\n", "f.yaml:1:1: a config is one mapping, with lines such as \"ops: 1000\""},
        {"ops\n", "f.yaml:1:1: a config is one mapping, with lines such as \"ops: 1000\""},
        {"? [a]\n: 1\n", "f.yaml:1:3: a key is plain text"},
        {"ops: 1\n---\nops: 2\n", "f.yaml:2:1: a second document"},
        {"ops: *a\n", "f.yaml:1:6: a value is plain text or a list of it"},
        {"ops: \"a\\0b\"\n", "f.yaml:1:6: a zero character"},
        {"ops: [1\n", "f.yaml:2:1: did not find expected ',' or ']'"},
        {"ops: 1\n\tx\n", "f.yaml:2:1: found a tab character that violates indentation"},
        {"ops: \xff\n", "f.yaml:1:1: byte 5: invalid leading UTF-8 octet"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_read_refused(cases[i].text, cases[i].sentence);
}

static void a_file_that_cannot_be_read_is_refused(void **state) {
    struct error err;
    assert_false(config_read(*state, "/nowhere/c.yaml", &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_non_null(strstr(err.text, "/nowhere/c.yaml"));
    assert_false(config_read(*state, "/tmp", &err));
}

static void the_text_of_a_config_gives_it_again(void **state) {
    struct config *c = *state, again;
    set(c, "workloads", "a, \"b\" \\ 'c' # d: e");
    set(c, "strategies", "jemalloc:X=\"\tü\x7f\xc2\x85\xe2\x80\xa8\"");
    set(c, "threads", "small=1,2");
    set(c, "threads", "4");
    set(c, "param", "*.bytes=*");
    set(c, "param", "depth=4,5");
    set(c, "cpus", "0-1");
    set(c, "effort", "full");
    set(c, "ops", "18446744073709551");
    set(c, "seed", "18446744073709551614");
    set(c, "memory-limit", "5M");
    set(c, "counters", "cycles");
    char *text = config_text(c);
    config_init(&again);
    read_text(&again, text);
    char *second = config_text(&again);
    assert_string_equal(second, text);
    assert_string_equal(again.workloads, c->workloads);
    assert_string_equal(again.strategies, c->strategies);
    assert_int_equal(again.threads->len, 2);
    assert_true(again.seed == c->seed);
    g_free(second);
    g_free(text);
    config_release(&again);
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, config_setup, config_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(the_defaults_are_quick),
        CONFIG_TEST(every_setting_is_set_by_its_name),
        CONFIG_TEST(sizes_take_suffixes),
        CONFIG_TEST(threads_and_parameters_add_up_and_the_later_of_one_target_counts),
        CONFIG_TEST(unknown_settings_are_refused_with_the_nearest),
        CONFIG_TEST(values_of_the_wrong_kind_are_refused),
        CONFIG_TEST(a_file_has_the_flags_names),
        CONFIG_TEST(an_empty_file_changes_nothing),
        CONFIG_TEST(files_are_refused_with_line_and_column),
        CONFIG_TEST(a_file_that_cannot_be_read_is_refused),
        CONFIG_TEST(the_text_of_a_config_gives_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
