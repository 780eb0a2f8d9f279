/* What cell programs say of themselves: taken whole, or refused with the line. */
#include "harness/plan/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/plan_fixture.h"

#define HEAD "heapmark-describe 1\nbinding x\nsummary s\nlink shared\n"

static void every_line_of_a_description_is_kept(void **state) {
    (void)state;
    struct catalogue c;
    fixture_catalogue_init(&c);
    assert_int_equal(c.bindings->len, 3);
    const struct binding_info *goheap = catalogue_binding_find(&c, "goheap");
    assert_string_equal(goheap->summary, "Go's heap");
    assert_string_equal(goheap->link, "shared");
    assert_string_equal(goheap->program, "/cells/cell-goheap");
    assert_int_equal(goheap->offers, TRAIT_RECLAIMS | TRAIT_THREADS | TRAIT_COLLECTS);
    const struct setting_info *gogc = goheap->settings->pdata[0];
    assert_string_equal(gogc->name, "gogc");
    assert_string_equal(gogc->values, "1..100000|off");
    assert_string_equal(gogc->initial, "100");
    const struct workload_info *create = catalogue_workload_find(&c, "create-copy");
    assert_string_equal(create->group, "create");
    assert_string_equal(create->article, "CreateCopy");
    assert_int_equal(create->traits, TRAIT_SLICEABLE);
    const struct parameter_info *bytes = create->parameters->pdata[0];
    assert_int_equal(bytes->initial, 80);
    assert_int_equal(bytes->choices->len, 11);
    assert_int_equal(catalogue_workload_find(&c, "binary-trees")->needs, TRAIT_RECLAIMS);
    assert_int_equal(catalogue_binding_find(&c, "bump")->offers, 0);
    assert_null(catalogue_binding_find(&c, "boehm"));
    assert_null(catalogue_workload_find(&c, "create"));
    catalogue_release(&c);
}

static void a_workload_is_there_once_however_many_have_it(void **state) {
    (void)state;
    struct catalogue c;
    fixture_catalogue_init(&c);
    assert_int_equal(c.workloads->len, 15);
    const struct binding_info *bump = catalogue_binding_find(&c, "bump");
    assert_int_equal(bump->workloads->len, 15);
    assert_string_equal(bump->workloads->pdata[0], "empty");
    catalogue_release(&c);
}

static void a_variant_without_its_binding_is_refused(void **state) {
    (void)state;
    struct catalogue c;
    struct error err;
    fixture_catalogue_init(&c);
    assert_false(catalogue_add(&c, "/cells/cell-x", HEAD "offers \nvariant a=b\nend\n", &err));
    assert_string_equal(err.text, "/cells/cell-x: no cell program of the binding x has the setting "
                                  "a; install all of heapmark again");
    assert_false(catalogue_add(&c, "/cells/cell-x", HEAD "offers \nvariant a\nend\n", &err));
    assert_string_equal(err.text, "/cells/cell-x --describe, line 6: a variant is NAME=VALUE");
    assert_int_equal(c.bindings->len, 3);
    catalogue_release(&c);
}

#define WORKLOAD_TEXT(name) "workload " name "\tg\t\ts\ts\t\t\n"

static void workloads_keep_their_order_when_programs_lack_some(void **state) {
    (void)state;
    struct catalogue c;
    struct error err;
    catalogue_init(&c);
    assert_true(catalogue_add(
        &c, "p", HEAD WORKLOAD_TEXT("a") WORKLOAD_TEXT("c") WORKLOAD_TEXT("e") "end\n", &err));
    assert_true(
        catalogue_add(&c, "q",
                      "heapmark-describe 1\nbinding y\nsummary s\nlink shared\n" WORKLOAD_TEXT("b")
                          WORKLOAD_TEXT("c") WORKLOAD_TEXT("d") WORKLOAD_TEXT("e") "end\n",
                      &err));
    GString *order = g_string_new(NULL);
    for (guint i = 0; i < c.workloads->len; i++)
        g_string_append(order, ((const struct workload_info *)c.workloads->pdata[i])->name);
    assert_string_equal(order->str, "bacde");
    g_string_free(order, TRUE);
    catalogue_release(&c);
}

/* Refuses `described` and leaves the catalogue as it was. */
static void assert_refused(const char *described, const char *sentence) {
    struct catalogue c;
    struct error err;
    fixture_catalogue_init(&c);
    assert_false(catalogue_add(&c, "cell-x", described, &err));
    assert_int_equal(err.exit_status, EXIT_CANNOT);
    assert_string_equal(err.text, sentence);
    assert_int_equal(c.bindings->len, 3);
    assert_int_equal(c.workloads->len, 15);
    catalogue_release(&c);
}

static void an_answer_of_another_version_is_refused(void **state) {
    (void)state;
    const char *sentence = "cell-x --describe, line 1: the answer is not of this version; install "
                           "all of heapmark again";
    assert_refused("", sentence);
    assert_refused("heapmark-describe 2\nend\n", sentence);
}

static void damage_is_refused_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *described, *sentence;
    } cases[] = {
        {HEAD, "line 5: the answer stops before its end"},
        {"heapmark-describe 1\nend\n", "line 2: binding, summary or link is missing"},
        {HEAD "end\nmore\n", "line 5: text after the end"},
        {HEAD "colour red\nend\n", "line 5: unknown key \"colour\""},
        {HEAD "binding y\nend\n", "line 5: a second binding"},
        {HEAD "offers speed\nend\n", "line 5: an unknown trait"},
        {HEAD "setting a\tb\nend\n", "line 5: the wrong number of fields"},
        {HEAD "setting a b\tv\ti\ts\nend\n", "line 5: a setting's name is not one"},
        {HEAD "workload w\n", "line 5: the wrong number of fields"},
        {HEAD "workload w.x\tg\t\ts\ts\t\t\nend\n",
         "line 5: the name of a workload or group is not one"},
        {HEAD WORKLOAD_TEXT("w") WORKLOAD_TEXT("w") "end\n", "line 6: the workload comes twice"},
        {HEAD "parameter p\ts\t1\t1\t1\t\nend\n", "line 5: a parameter before any workload"},
        {HEAD WORKLOAD_TEXT("w") "parameter p\ts\t9\t1\t8\t\nend\n",
         "line 6: least, initial and most are not numbers in order"},
        {HEAD WORKLOAD_TEXT("w") "parameter p\ts\t1\t1\t8\t1,9\nend\n",
         "line 6: a choice is not a number in range"},
        {HEAD "link soft\nend\n", "line 5: a second link"},
        {"heapmark-describe 1\nlink soft\nend\n", "line 2: link is not shared, static or inline"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *sentence = g_strconcat("cell-x --describe, ", cases[i].sentence, NULL);
        assert_refused(cases[i].described, sentence);
        g_free(sentence);
    }
}

static void programs_that_disagree_are_refused(void **state) {
    (void)state;
    assert_refused(HEAD "workload tiny\tsizes\t\ts\ts\t\tsliceable\n"
                        "parameter bytes\tsize\t9\t1\t15\t\nend\n",
                   "cell-x --describe, line 5: tiny is not the tiny of the other cell programs; "
                   "install all of heapmark again");
    char *again = fixture_describe("bump");
    assert_refused(again, "cell-x: the binding bump is described by another program too");
    g_free(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_a_description_is_kept),
        cmocka_unit_test(a_workload_is_there_once_however_many_have_it),
        cmocka_unit_test(a_variant_without_its_binding_is_refused),
        cmocka_unit_test(workloads_keep_their_order_when_programs_lack_some),
        cmocka_unit_test(an_answer_of_another_version_is_refused),
        cmocka_unit_test(damage_is_refused_with_its_line),
        cmocka_unit_test(programs_that_disagree_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
