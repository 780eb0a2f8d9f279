/* Strategies as people write them. */
#include "harness/plan/strategy.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/plan/elf_library.h"
#include "harness/plan/library_find.h"
#include "tests/unit/plan_fixture.h"

/* Strategies of a list, or the refusal. */
struct parsed {
    bool ok;
    struct catalogue catalogue;
    GPtrArray *strategies;
    GStringChunk *text;
    struct error err;
};

static struct parsed parse(const char *list) {
    struct parsed p = {.strategies = strategies_new(), .text = g_string_chunk_new(64)};
    fixture_catalogue_init(&p.catalogue);
    p.ok = strategies_parse(p.strategies, list, &p.catalogue, p.text, &p.err);
    return p;
}

static void parsed_release(struct parsed *p) {
    g_ptr_array_free(p->strategies, TRUE);
    g_string_chunk_free(p->text);
    catalogue_release(&p->catalogue);
}

/* The strategies as "name|spec|binding|settings;" each. */
static void assert_strategies(const char *list, const char *expected) {
    struct parsed p = parse(list);
    if (!p.ok)
        fail_msg("%s", p.err.text);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < p.strategies->len; i++) {
        const struct strategy *s = p.strategies->pdata[i];
        char *settings = strategy_settings_text(s);
        g_string_append_printf(out, "%s|%s|%s|%s;", s->name, s->spec, s->binding_name, settings);
        g_free(settings);
    }
    assert_string_equal(out->str, expected);
    g_string_free(out, TRUE);
    parsed_release(&p);
}

static void a_setting_that_is_built_in_selects_the_variants_program(void **state) {
    (void)state;
    static const char variant[] = "heapmark-describe 1\nbinding malloc\nsummary s\nlink shared\n"
                                  "offers reclaims threads\nvariant zero=calloc\nend\n";
    struct parsed p = {.strategies = strategies_new(), .text = g_string_chunk_new(64)};
    fixture_catalogue_init(&p.catalogue);
    assert_true(catalogue_add(&p.catalogue, "/cells/cell-malloc-calloc", variant, &p.err));
    assert_true(strategies_parse(p.strategies, "malloc,malloc:zero=raw,malloc:zero=calloc",
                                 &p.catalogue, p.text, &p.err));
    static const char *const programs[] = {"/cells/cell-malloc", "/cells/cell-malloc",
                                           "/cells/cell-malloc-calloc"};
    assert_int_equal(p.strategies->len, G_N_ELEMENTS(programs));
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
        assert_string_equal(((struct strategy *)p.strategies->pdata[i])->program, programs[i]);
    parsed_release(&p);
}

/* A catalogue with Go, whose experiments are programs of their own; two of three are here. */
static struct parsed parse_with_go(const char *list) {
    static const char plain[] = "heapmark-describe 1\nbinding go\nsummary s\nlink static\n"
                                "offers reclaims threads collects\n"
                                "setting experiment\tdefault|a|b\tdefault\tas it is built\n"
                                "setting procs\t1..1024\t1\tGOMAXPROCS\nend\n";
    static const char variant[] = "heapmark-describe 1\nbinding go\nsummary s\nlink static\n"
                                  "offers reclaims\nvariant experiment=%s\nend\n";
    static const char *const built_in[] = {"a", "b"};
    struct parsed p = {.strategies = strategies_new(), .text = g_string_chunk_new(64)};
    fixture_catalogue_init(&p.catalogue);
    assert_true(catalogue_add(&p.catalogue, "/cells/cell-go", plain, &p.err));
    for (size_t i = 0; i < G_N_ELEMENTS(built_in); i++) {
        char *program = g_strconcat("/cells/cell-go-", built_in[i], NULL);
        char *described = g_strdup_printf(variant, built_in[i]);
        assert_true(catalogue_add(&p.catalogue, program, described, &p.err));
        g_free(described);
        g_free(program);
    }
    p.ok = strategies_parse(p.strategies, list, &p.catalogue, p.text, &p.err);
    return p;
}

static void each_value_that_is_built_in_has_its_program(void **state) {
    (void)state;
    struct parsed p = parse_with_go("go,go:experiment=default,go:experiment=a:procs=2,"
                                    "go:procs=2:experiment=b");
    static const char *const programs[] = {"/cells/cell-go", "/cells/cell-go", "/cells/cell-go-a",
                                           "/cells/cell-go-b"};
    assert_true(p.ok);
    assert_int_equal(p.strategies->len, G_N_ELEMENTS(programs));
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        const struct strategy *s = p.strategies->pdata[i];
        assert_string_equal(s->program, programs[i]);
        assert_null(s->unavailable);
    }
    parsed_release(&p);
}

static void assert_unavailable(const struct parsed *p, guint index, const char *reason) {
    const struct strategy *s = p->strategies->pdata[index];
    assert_true(p->ok);
    if (reason == NULL)
        assert_null(s->unavailable);
    else
        assert_string_equal(s->unavailable, reason);
}

/* Not run by the plain program, whose numbers would then be told of another. */
static void a_value_whose_program_is_not_here_is_unavailable(void **state) {
    (void)state;
    struct parsed p = parse_with_go("go:experiment=c,goheap:gogc=50");
    assert_unavailable(&p, 0,
                       "no cell program of go with experiment=c is here; build heapmark again "
                       "with a Go toolchain that knows it");
    assert_unavailable(&p, 1, NULL);
    parsed_release(&p);
    /* Built with a toolchain that has no experiments. */
    p = (struct parsed){.strategies = strategies_new(), .text = g_string_chunk_new(64)};
    fixture_catalogue_init(&p.catalogue);
    assert_true(catalogue_add(&p.catalogue, "/cells/cell-go",
                              "heapmark-describe 1\nbinding go\nsummary s\nlink static\n"
                              "offers reclaims\nend\n",
                              &p.err));
    p.ok = strategies_parse(p.strategies, "go:experiment=a", &p.catalogue, p.text, &p.err);
    assert_unavailable(&p, 0,
                       "no cell program of go with experiment=a is here; build heapmark again "
                       "with a Go toolchain that knows it");
    parsed_release(&p);
    /* Not even one of the setting's programs is here. */
    p = parse("malloc:zero=calloc,malloc:zero=raw");
    assert_unavailable(&p, 0,
                       "no cell program of malloc with zero=calloc is here; install all of "
                       "heapmark");
    assert_unavailable(&p, 1, NULL);
    parsed_release(&p);
}

static void assert_refused(const char *list, const char *sentence) {
    struct parsed p = parse(list);
    assert_false(p.ok);
    assert_int_equal(p.err.exit_status, EXIT_USAGE);
    assert_string_equal(p.err.text, sentence);
    parsed_release(&p);
}

static void a_name_is_a_strategy(void **state) {
    (void)state;
    assert_strategies("malloc, goheap,bump",
                      "malloc|malloc|malloc|;goheap|goheap|goheap|;bump|bump|bump|;");
}

static void settings_follow_colons(void **state) {
    (void)state;
    assert_strategies("goheap:gogc=200:gc=stw,malloc:zero=calloc",
                      "goheap:gogc=200:gc=stw|goheap:gogc=200:gc=stw|goheap|gogc=200 gc=stw;"
                      "malloc:zero=calloc|malloc:zero=calloc|malloc|zero=calloc;");
    assert_strategies("goheap:gogc=off", "goheap:gogc=off|goheap:gogc=off|goheap|gogc=off;");
}

static void capitals_are_environment_and_quotes_keep_text_whole(void **state) {
    (void)state;
    struct parsed p = parse("malloc:MALLOC_CONF=\"dirty_decay_ms:0,narenas:1\":X_1=\"a b\"");
    assert_true(p.ok);
    assert_int_equal(p.strategies->len, 1);
    const struct strategy *s = p.strategies->pdata[0];
    assert_int_equal(s->settings->len, 0);
    assert_int_equal(s->environment->len, 2);
    const struct setting_value *conf = &g_array_index(s->environment, struct setting_value, 0);
    assert_string_equal(conf->name, "MALLOC_CONF");
    assert_string_equal(conf->value, "dirty_decay_ms:0,narenas:1");
    char *text = strategy_settings_text(s);
    assert_string_equal(text, "MALLOC_CONF=dirty_decay_ms:0,narenas:1 X_1=\"a b\"");
    g_free(text);
    parsed_release(&p);
}

static void an_alias_names_a_strategy(void **state) {
    (void)state;
    assert_strategies("tight = goheap:gogc=50", "tight|goheap:gogc=50|goheap|gogc=50;");
}

static void braces_expand_to_one_strategy_each(void **state) {
    (void)state;
    assert_strategies("goheap:gogc={50,100}", "goheap:gogc=50|goheap:gogc=50|goheap|gogc=50;"
                                              "goheap:gogc=100|goheap:gogc=100|goheap|gogc=100;");
    assert_strategies("{malloc,bump}", "malloc|malloc|malloc|;bump|bump|bump|;");
    assert_strategies("g{1,2}=goheap:gogc=7", "g1|goheap:gogc=7|goheap|gogc=7;"
                                              "g2|goheap:gogc=7|goheap|gogc=7;");
    assert_strategies("goheap:gogc={1{0,1},5}", "goheap:gogc=10|goheap:gogc=10|goheap|gogc=10;"
                                                "goheap:gogc=11|goheap:gogc=11|goheap|gogc=11;"
                                                "goheap:gogc=5|goheap:gogc=5|goheap|gogc=5;");
}

static void braces_in_quotes_are_text(void **state) {
    (void)state;
    assert_strategies("malloc:A=\"{a,b}\"",
                      "malloc:A=\"{a,b}\"|malloc:A=\"{a,b}\"|malloc|A={a,b};");
}

static void unknown_names_are_refused_with_the_nearest(void **state) {
    (void)state;
    assert_refused("gohaep", "unknown strategy gohaep; did you mean goheap?");
    assert_refused("jemaloc", "unknown strategy jemaloc; did you mean jemalloc?");
    assert_refused("valgrind", "unknown strategy valgrind; heapmark list shows them");
    assert_refused("libmine.so", "unknown strategy libmine.so; a library is named by a path with a "
                                 "\"/\": ./libmine.so");
    assert_refused("goheap:gogd=1", "goheap has no setting gogd; did you mean gogc?");
    assert_refused("bump:colour=red", "bump has no setting colour");
}

static void values_out_of_range_are_refused_with_the_range(void **state) {
    (void)state;
    assert_refused("goheap:gogc=0", "goheap: gogc is 1..100000|off, not \"0\"");
    assert_refused("goheap:gogc=100001", "goheap: gogc is 1..100000|off, not \"100001\"");
    assert_refused("goheap:gogc=on", "goheap: gogc is 1..100000|off, not \"on\"");
    assert_refused("goheap:gc=", "goheap: gc is concurrent|stw|off, not \"\"");
}

static void what_is_not_the_grammar_is_refused(void **state) {
    (void)state;
    assert_refused("", "a strategy without a name in \"\"");
    assert_refused("malloc,,bump", "a strategy without a name in \"\"");
    assert_refused("=malloc", "=malloc: an alias is letters, digits and any of - _ . + before the "
                              "\"=\"");
    assert_refused("goheap:gogc", "goheap:gogc: \"gogc\" is not setting=value (double-quote a "
                                  "value with \":\" or \",\" in it)");
    assert_refused("malloc:A=\"x", "malloc:A=\"x: a quote is opened and never closed");
    assert_refused("goheap:gogc={1,2", "goheap:gogc={1,2: a \"{\" is opened and never closed");
    assert_refused("goheap}", "goheap}: a \"}\" without its \"{\"");
    assert_refused("goheap:gogc=1:gogc=2", "goheap:gogc=1:gogc=2: gogc is set twice");
    assert_refused("malloc:LD_PRELOAD=x",
                   "malloc:LD_PRELOAD=x: LD_PRELOAD is heapmark's to set; name the library by its "
                   "path instead: alias=./lib.so");
    assert_refused("malloc\n", "the list of strategies has a control character");
    assert_refused("\xff", "the list of strategies is not UTF-8");
}

static void two_strategies_of_one_name_are_refused(void **state) {
    (void)state;
    assert_refused("malloc,malloc", "the strategy malloc is listed twice");
    assert_refused("m=malloc,m=goheap",
                   "two strategies are called m; give each an alias of its own");
    assert_refused("m=goheap:gogc={1,2}",
                   "two strategies are called m; give each an alias of its own");
}

static void endless_expansions_are_refused(void **state) {
    (void)state;
    assert_refused("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
                   "the braces make more than 1000 strategies");
}

static void a_binding_that_is_not_here_is_unavailable(void **state) {
    (void)state;
    struct parsed p = parse("boehm:anything=1");
    assert_true(p.ok);
    const struct strategy *s = p.strategies->pdata[0];
    assert_null(s->binding);
    assert_string_equal(s->binding_name, "boehm");
    assert_string_equal(s->unavailable,
                        "cell-boehm is not here; install libgc-dev and build heapmark again");
    parsed_release(&p);
    p = parse("go:gogc=200");
    assert_unavailable(
        &p, 0, "cell-go is not here; install Go (package golang-go) and build heapmark again");
    parsed_release(&p);
}

static void a_library_by_path_is_preloaded_whole(void **state) {
    (void)state;
    struct parsed p = parse("mine=" LIBRARY_WITH_MALLOC ":zero=calloc");
    if (!p.ok)
        fail_msg("%s", p.err.text);
    const struct strategy *s = p.strategies->pdata[0];
    char *absolute = realpath(LIBRARY_WITH_MALLOC, NULL);
    assert_string_equal(s->name, "mine");
    assert_string_equal(s->binding_name, "malloc");
    assert_null(s->allocator);
    assert_string_equal(s->preload, absolute);
    assert_int_equal(s->settings->len, 1);
    free(absolute);
    parsed_release(&p);
}

static void a_library_that_cannot_be_preloaded_is_refused(void **state) {
    (void)state;
    assert_refused("mine=./nothing.so", "the library ./nothing.so is not there");
    assert_refused("mine=/tmp", "the library /tmp is not a file");
    assert_refused("mine=/etc/passwd", "the library /etc/passwd is not an ELF file");
    assert_refused("mine=" LIBRARY_WITHOUT_MALLOC,
                   "the library " LIBRARY_WITHOUT_MALLOC " exports no malloc");
}

static void both_kinds_of_symbol_hash_are_read(void **state) {
    (void)state;
    assert_null(elf_file_exports_check(LIBRARY_WITH_MALLOC, "malloc"));
    assert_null(elf_file_exports_check(LIBRARY_WITH_MALLOC_SYSV, "malloc"));
    /* A System V table has the symbols that a library only uses, too. */
    assert_string_equal(elf_file_exports_check(LIBRARY_WITHOUT_MALLOC_SYSV, "malloc"),
                        "exports no malloc");
    assert_string_equal(elf_file_exports_check(LIBRARY_WITH_MALLOC, "mallo"),
                        "does not export the symbol");
    assert_string_equal(elf_file_exports_check(LIBRARY_WITH_MALLOC_SYSV, "mallocs"),
                        "does not export the symbol");
}

static void a_library_for_another_machine_is_refused(void **state) {
    (void)state;
    char *bytes;
    gsize length;
    assert_true(g_file_get_contents(LIBRARY_WITH_MALLOC, &bytes, &length, NULL));
    unsigned char *elf = (unsigned char *)bytes;
    elf[18] = (unsigned char)(elf[18] + 1); /* e_machine */
    assert_string_equal(elf_exports_check(elf, length, "malloc"), "is for another machine");
    elf[18] = (unsigned char)(elf[18] - 1);
    elf[16] = 2; /* e_type: an executable */
    assert_string_equal(elf_exports_check(elf, length, "malloc"), "is not a shared library");
    elf[16] = 3;
    assert_null(elf_exports_check(elf, length, "malloc"));
    assert_string_equal(elf_exports_check(elf, 63, "malloc"), "is not an ELF file");
    assert_string_equal(elf_exports_check(elf, 64, "malloc"),
                        "has no dynamic symbols, so nothing can be preloaded from it");
    g_free(bytes);
}

/* A directory with one file in it, first in LD_LIBRARY_PATH. */
static char *library_directory(const char *file, const char *bytes, gssize length) {
    char *dir = g_dir_make_tmp("heapmark-libs-XXXXXX", NULL);
    char *path = g_build_filename(dir, file, NULL);
    assert_true(g_file_set_contents(path, bytes, length, NULL));
    g_setenv("LD_LIBRARY_PATH", dir, TRUE);
    g_free(path);
    return dir;
}

static void library_directory_remove(char *dir, const char *file) {
    char *path = g_build_filename(dir, file, NULL);
    g_unlink(path);
    g_rmdir(dir);
    g_unsetenv("LD_LIBRARY_PATH");
    g_free(path);
    g_free(dir);
}

static void a_known_library_is_found_in_the_loaders_directories(void **state) {
    (void)state;
    char *bytes;
    gsize length;
    assert_true(g_file_get_contents(LIBRARY_WITH_MALLOC, &bytes, &length, NULL));
    char *dir = library_directory("libjemalloc.so.2", bytes, (gssize)length);
    struct parsed p = parse("jemalloc");
    const struct strategy *s = p.strategies->pdata[0];
    assert_string_equal(s->allocator, "jemalloc");
    assert_null(s->unavailable);
    assert_true(g_str_has_prefix(s->preload, dir));
    parsed_release(&p);
    library_directory_remove(dir, "libjemalloc.so.2");
    g_free(bytes);
}

static void a_broken_known_library_is_unavailable(void **state) {
    (void)state;
    char *dir = library_directory("libjemalloc.so.2", "junk", -1);
    struct parsed p = parse("jemalloc");
    assert_true(p.ok);
    const struct strategy *s = p.strategies->pdata[0];
    char *expected = g_strdup_printf("%s/libjemalloc.so.2 is not an ELF file; install the package "
                                     "libjemalloc2 again",
                                     dir);
    assert_string_equal(s->unavailable, expected);
    assert_null(s->preload);
    g_free(expected);
    parsed_release(&p);
    library_directory_remove(dir, "libjemalloc.so.2");
}

static void a_library_that_is_nowhere_is_not_found(void **state) {
    (void)state;
    assert_null(library_find("libheapmark-no-such.so.9"));
    char *libc = library_find("libc.so.6");
    assert_non_null(libc);
    assert_null(elf_file_exports_check(libc, "malloc"));
    g_free(libc);
}

int main(void) {
    g_unsetenv("LD_LIBRARY_PATH");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_a_strategy),
        cmocka_unit_test(settings_follow_colons),
        cmocka_unit_test(a_setting_that_is_built_in_selects_the_variants_program),
        cmocka_unit_test(each_value_that_is_built_in_has_its_program),
        cmocka_unit_test(a_value_whose_program_is_not_here_is_unavailable),
        cmocka_unit_test(capitals_are_environment_and_quotes_keep_text_whole),
        cmocka_unit_test(an_alias_names_a_strategy),
        cmocka_unit_test(braces_expand_to_one_strategy_each),
        cmocka_unit_test(braces_in_quotes_are_text),
        cmocka_unit_test(unknown_names_are_refused_with_the_nearest),
        cmocka_unit_test(values_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(what_is_not_the_grammar_is_refused),
        cmocka_unit_test(two_strategies_of_one_name_are_refused),
        cmocka_unit_test(endless_expansions_are_refused),
        cmocka_unit_test(a_binding_that_is_not_here_is_unavailable),
        cmocka_unit_test(a_library_by_path_is_preloaded_whole),
        cmocka_unit_test(a_library_that_cannot_be_preloaded_is_refused),
        cmocka_unit_test(both_kinds_of_symbol_hash_are_read),
        cmocka_unit_test(a_library_for_another_machine_is_refused),
        cmocka_unit_test(a_known_library_is_found_in_the_loaders_directories),
        cmocka_unit_test(a_broken_known_library_is_unavailable),
        cmocka_unit_test(a_library_that_is_nowhere_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
