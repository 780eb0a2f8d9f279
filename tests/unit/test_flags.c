/* Flags: what is parsed, what is refused, what the help looks like. */
#include "harness/base/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct flag flags[] = {
    {"ops", "N", NULL, "operations"},
    {"effort", "quick|full", "quick", "how much work;\nfull takes longer"},
    {"resume", NULL, NULL, "go on with a run"},
    {NULL, NULL, NULL, NULL},
};
static const struct command command = {
    .name = "try",
    .usage = "[options]",
    .summary = "Tries things.",
    .flags = flags,
    .examples = {"heapmark try", "heapmark try --ops 3"},
};

/* Writes what it is told as "name=value;" and refuses the value "bad". */
static bool log_setter(void *context, const char *name, const char *value, struct error *err) {
    if (value != NULL && strcmp(value, "bad") == 0)
        return error_set(err, EXIT_USAGE, "bad is refused");
    g_string_append_printf(context, "%s=%s;", name, value == NULL ? "(none)" : value);
    return true;
}

struct parsed {
    bool ok, help;
    GString *log;
    GPtrArray *operands;
    struct error err;
};

static struct parsed parse(const char *line, bool with_operands) {
    struct parsed p = {.log = g_string_new(NULL),
                       .operands = g_ptr_array_new_with_free_func(g_free)};
    char **argv = g_strsplit(line, " ", -1);
    int argc = line[0] == '\0' ? 0 : (int)g_strv_length(argv);
    GPtrArray *borrowed = g_ptr_array_new();
    p.ok = flags_parse(&command, argc, argv, log_setter, p.log, with_operands ? borrowed : NULL,
                       &p.help, &p.err);
    for (guint i = 0; i < borrowed->len; i++)
        g_ptr_array_add(p.operands, g_strdup(borrowed->pdata[i]));
    g_ptr_array_free(borrowed, TRUE);
    g_strfreev(argv);
    return p;
}

static void parsed_release(struct parsed *p) {
    g_string_free(p->log, TRUE);
    g_ptr_array_free(p->operands, TRUE);
}

static void assert_sets(const char *line, const char *expected) {
    struct parsed p = parse(line, false);
    assert_true(p.ok);
    assert_false(p.help);
    assert_string_equal(p.log->str, expected);
    parsed_release(&p);
}

static void assert_refused(const char *line, const char *sentence) {
    struct parsed p = parse(line, false);
    assert_false(p.ok);
    assert_int_equal(p.err.exit_status, EXIT_USAGE);
    assert_string_equal(p.err.text, sentence);
    parsed_release(&p);
}

static void values_come_after_a_blank_or_an_equals_sign(void **state) {
    (void)state;
    assert_sets("", "");
    assert_sets("--ops 3 --effort=full --resume", "ops=3;effort=full;resume=(none);");
    assert_sets("--ops=--3 --ops= --ops -", "ops=--3;ops=;ops=-;");
    assert_sets("--ops=a=b", "ops=a=b;");
}

static void operands_are_taken_where_allowed(void **state) {
    (void)state;
    struct parsed p = parse("one --ops 3 - -- --two", true);
    assert_true(p.ok);
    assert_int_equal(p.operands->len, 3);
    assert_string_equal(p.operands->pdata[0], "one");
    assert_string_equal(p.operands->pdata[1], "-");
    assert_string_equal(p.operands->pdata[2], "--two");
    parsed_release(&p);
}

static void help_stops_parsing(void **state) {
    (void)state;
    struct parsed p = parse("--ops 3 --help --nonsense", false);
    assert_true(p.ok);
    assert_true(p.help);
    assert_string_equal(p.log->str, "ops=3;");
    parsed_release(&p);
}

static void bad_flags_are_refused_in_a_sentence(void **state) {
    (void)state;
    assert_refused("--opps 3", "try has no flag --opps; did you mean --ops?");
    assert_refused("--zzzzz", "try has no flag --zzzzz; heapmark try --help lists them");
    assert_refused("--ops", "--ops needs a value: --ops N");
    assert_refused("--ops --resume", "--ops needs a value: --ops N");
    assert_refused("--resume=1", "--resume takes no value");
    assert_refused("--help=1", "--help takes no value");
    assert_refused("-o", "-o: flags begin with two dashes; heapmark try --help lists them");
    assert_refused("word", "try takes flags only, and \"word\" is none");
    assert_refused("--ops bad", "bad is refused");
}

static void help_has_usage_sentence_columns_and_examples(void **state) {
    (void)state;
    char *help = command_help(&command);
    assert_string_equal(help, "usage: heapmark try [options]\n"
                              "\n"
                              "Tries things.\n"
                              "\n"
                              "options (defaults in brackets):\n"
                              "  --ops N              operations\n"
                              "  --effort quick|full  how much work;\n"
                              "                       full takes longer (quick)\n"
                              "  --resume             go on with a run\n"
                              "  --help               print this text and do nothing\n"
                              "\n"
                              "examples:\n"
                              "  heapmark try\n"
                              "  heapmark try --ops 3\n");
    g_free(help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_after_a_blank_or_an_equals_sign),
        cmocka_unit_test(operands_are_taken_where_allowed),
        cmocka_unit_test(help_stops_parsing),
        cmocka_unit_test(bad_flags_are_refused_in_a_sentence),
        cmocka_unit_test(help_has_usage_sentence_columns_and_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
