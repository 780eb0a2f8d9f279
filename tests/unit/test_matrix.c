/* The matrix, cell by cell. */
#include "harness/plan/matrix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/plan_fixture.h"

/* A config made of "name=value" words, and its matrix. */
struct built {
    bool ok;
    struct catalogue catalogue;
    struct config config;
    struct matrix matrix;
    struct error err;
};

static struct built *build(const char *strategies, const char *workloads, const char *const *more) {
    struct built *b = g_new0(struct built, 1);
    fixture_catalogue_init(&b->catalogue);
    config_init(&b->config);
    assert_true(config_set(&b->config, "strategies", strategies, &b->err));
    assert_true(config_set(&b->config, "workloads", workloads, &b->err));
    for (; more != NULL && *more != NULL; more += 2) {
        if (!config_set(&b->config, more[0], more[1], &b->err))
            fail_msg("%s", b->err.text);
    }
    b->ok = matrix_build(&b->matrix, &b->config, &b->catalogue, &b->err);
    return b;
}

static void built_free(struct built *b) {
    if (b->ok)
        matrix_release(&b->matrix);
    config_release(&b->config);
    catalogue_release(&b->catalogue);
    g_free(b);
}

/* Cells as "workload[ parameters] xTHREADS strategy[ (why not)]\n". */
static char *cells_text(const struct matrix *m) {
    GString *out = g_string_new(NULL);
    GStringChunk *text = g_string_chunk_new(64);
    for (guint i = 0; i < m->cells->len; i++) {
        const struct cell *c = &g_array_index(m->cells, struct cell, i);
        const char *parameters = cell_parameters_text(c, text);
        g_string_append_printf(out, "%s%s%s x%u %s", c->workload->name,
                               *parameters == '\0' ? "" : " ", parameters, c->threads,
                               c->strategy->name);
        if (c->skipped != NULL)
            g_string_append_printf(out, " (%s)", c->skipped);
        if (c->unavailable != NULL)
            g_string_append_printf(out, " [%s]", c->unavailable);
        g_string_append_c(out, '\n');
    }
    g_string_chunk_free(text);
    return g_string_free(out, FALSE);
}

#define MORE(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_cells(const char *strategies, const char *workloads, const char *const *more,
                         const char *expected) {
    struct built *b = build(strategies, workloads, more);
    if (!b->ok)
        fail_msg("%s", b->err.text);
    char *cells = cells_text(&b->matrix);
    assert_string_equal(cells, expected);
    g_free(cells);
    built_free(b);
}

static void assert_refused(const char *workloads, const char *const *more, const char *sentence) {
    struct built *b = build("malloc", workloads, more);
    assert_false(b->ok);
    assert_int_equal(b->err.exit_status, EXIT_USAGE);
    assert_string_equal(b->err.text, sentence);
    built_free(b);
}

static void cells_come_by_workload_then_strategy(void **state) {
    (void)state;
    assert_cells("goheap,malloc", "churn-pointer,empty", NULL,
                 "empty x1 goheap\n"
                 "empty x1 malloc\n"
                 "churn-pointer x1 goheap\n"
                 "churn-pointer x1 malloc\n");
}

static void parameters_and_threads_multiply_in_order(void **state) {
    (void)state;
    assert_cells("malloc", "small", MORE("param", "bytes=32,16", "threads", "2,1"),
                 "small bytes=16 x1 malloc\n"
                 "small bytes=16 x2 malloc\n"
                 "small bytes=32 x1 malloc\n"
                 "small bytes=32 x2 malloc\n");
}

static void groups_globs_and_names_select(void **state) {
    (void)state;
    assert_cells("malloc", "churn", NULL, "churn-copy x1 malloc\nchurn-pointer x1 malloc\n");
    assert_cells("malloc", "*-copy", NULL,
                 "create-copy bytes=80 x1 malloc\nchurn-copy x1 malloc\n");
    assert_cells("malloc", "churn-[c]opy", NULL, "churn-copy x1 malloc\n");
}

static void an_exact_name_wins_over_a_group(void **state) {
    (void)state;
    assert_cells("malloc", "stack-it", NULL, "stack-it x1 malloc\n");
    assert_cells("malloc", "create,stack-it", MORE("threads", "1", "threads", "stack-it=2"),
                 "stack-it x2 malloc\n"
                 "create-copy bytes=80 x1 malloc\n"
                 "create-pointer bytes=80 x1 malloc\n");
}

static void equal_cells_count_once(void **state) {
    (void)state;
    assert_cells("malloc", "empty,empty,emp*", MORE("threads", "1,1"), "empty x1 malloc\n");
}

static void the_closest_value_counts(void **state) {
    (void)state;
    const char *expected = "create-copy bytes=8 x1 malloc\n"
                           "create-pointer bytes=16 x1 malloc\n"
                           "small bytes=32 x1 malloc\n";
    assert_cells(
        "malloc", "create,small",
        MORE("param", "create-copy.bytes=8", "param", "create.bytes=16", "param", "bytes=32"),
        expected);
    assert_cells(
        "malloc", "create,small",
        MORE("param", "bytes=32", "param", "create-*.bytes=16", "param", "create-copy.bytes=8"),
        expected);
}

static void a_star_is_every_choice(void **state) {
    (void)state;
    struct built *b = build("malloc", "create-copy", MORE("param", "create-copy.bytes=*"));
    assert_true(b->ok);
    assert_int_equal(b->matrix.cells->len, 11);
    assert_int_equal(g_array_index(b->matrix.cells, struct cell, 10).parameters[0], 4096);
    built_free(b);
}

static void a_pair_that_makes_no_sense_is_skipped_with_the_reason(void **state) {
    (void)state;
    assert_cells("bump,malloc", "binary-trees,empty", MORE("threads", "empty=2"),
                 "empty x2 bump (bump does not offer threads, which 2 threads need)\n"
                 "empty x2 malloc\n"
                 "binary-trees depth=16 x1 bump (bump does not offer reclaims, which binary-trees "
                 "needs)\n"
                 "binary-trees depth=16 x1 malloc\n");
}

static void a_workload_that_a_program_lacks_is_skipped(void **state) {
    (void)state;
    struct catalogue c;
    struct config config;
    struct matrix m;
    struct error err;
    fixture_catalogue_init(&c);
    config_init(&config);
    assert_true(catalogue_add(&c, "p",
                              "heapmark-describe 1\nbinding pool\nsummary s\nlink inline\n"
                              "offers \nend\n",
                              &err));
    assert_true(config_set(&config, "strategies", "pool", &err));
    assert_true(config_set(&config, "workloads", "empty", &err));
    assert_true(matrix_build(&m, &config, &c, &err));
    char *cells = cells_text(&m);
    assert_string_equal(cells, "empty x1 pool (pool has no workload empty)\n");
    g_free(cells);
    matrix_release(&m);
    config_release(&config);
    catalogue_release(&c);
}

static void a_strategy_that_cannot_run_here_is_a_cell_too(void **state) {
    (void)state;
    assert_cells("boehm", "empty", NULL,
                 "empty x1 boehm [cell-boehm is not here; install libgc-dev and build heapmark "
                 "again]\n");
}

static void unknown_workloads_are_refused_with_the_nearest(void **state) {
    (void)state;
    assert_refused("create-cpy", NULL, "unknown workload create-cpy; did you mean create-copy?");
    assert_refused("quik", NULL, "unknown workload quik; did you mean quick?");
    assert_refused("zzzzzzzz", NULL, "unknown workload zzzzzzzz; heapmark list shows them");
    assert_refused("zz*", NULL, "no workload matches zz*");
    assert_refused("empty,,tiny", NULL, "the list of workloads has an empty name");
}

static void unknown_parameters_are_refused_with_the_nearest(void **state) {
    (void)state;
    assert_refused("small", MORE("param", "small.byte=16"),
                   "small has no parameter byte; did you mean bytes?");
    assert_refused("small,empty", MORE("param", "byte=16"),
                   "byte=16: no selected workload has a parameter byte; did you mean bytes?");
    assert_refused("small", MORE("param", "smal.bytes=16"),
                   "unknown workload smal; did you mean small?");
}

static void values_for_what_is_not_selected_are_refused(void **state) {
    (void)state;
    assert_refused("small", MORE("param", "large.bytes=65536"),
                   "large.bytes=65536: large is not among the selected workloads");
    assert_refused("small", MORE("threads", "large=2"),
                   "large=2: large is not among the selected workloads");
    assert_refused("small", MORE("threads", "larg=2"),
                   "unknown workload larg; did you mean large?");
}

static void values_out_of_range_are_refused_with_the_range(void **state) {
    (void)state;
    assert_refused("small", MORE("param", "bytes=8"), "small.bytes is 16 to 32768, not 8");
    assert_refused("create-copy", MORE("param", "bytes=9"),
                   "create-copy.bytes is one of 8, 16, 32, 64, 80, 128, 256, 512, 1024, 2048, "
                   "4096, not 9");
    assert_refused("small", MORE("param", "bytes=*"),
                   "bytes=*: small.bytes is any number from 16 to 32768, so \"*\" is no list of "
                   "values");
}

static void a_matrix_without_end_is_refused(void **state) {
    (void)state;
    GString *bytes = g_string_new("bytes=16");
    GString *threads = g_string_new("1");
    for (unsigned i = 1; i < 200; i++) {
        g_string_append_printf(bytes, ",%u", 16 + i);
        g_string_append_printf(threads, ",%u", 1 + i);
    }
    assert_refused("small", MORE("param", bytes->str, "threads", threads->str),
                   "the workloads, parameters and threads make more than 10000 cells");
    g_string_free(bytes, TRUE);
    g_string_free(threads, TRUE);
}

static void quick_is_a_size_sweep_threads_and_the_workloads_that_tell(void **state) {
    (void)state;
    assert_cells("malloc", "quick", NULL,
                 "empty x1 malloc\n"
                 "stack-it x1 malloc\n"
                 "stack-it-2 x1 malloc\n"
                 "create-copy bytes=80 x1 malloc\n"
                 "create-copy bytes=512 x1 malloc\n"
                 "create-copy bytes=4096 x1 malloc\n"
                 "create-pointer bytes=80 x1 malloc\n"
                 "create-pointer bytes=512 x1 malloc\n"
                 "create-pointer bytes=4096 x1 malloc\n"
                 "churn-copy x1 malloc\n"
                 "churn-pointer x1 malloc\n"
                 "slice-store-pointer x1 malloc\n"
                 "interface-call-boxed x1 malloc\n"
                 "tiny bytes=8 x1 malloc\n"
                 "small bytes=16 x1 malloc\n"
                 "small bytes=64 x1 malloc\n"
                 "small bytes=64 x2 malloc\n"
                 "small bytes=512 x1 malloc\n"
                 "small bytes=4096 x1 malloc\n"
                 "small bytes=32768 x1 malloc\n"
                 "large bytes=65536 x1 malloc\n"
                 "large bytes=65536 x2 malloc\n"
                 "large bytes=1048576 x1 malloc\n"
                 "scan-pointers x1 malloc\n"
                 "binary-trees depth=16 x1 malloc\n");
}

static void quick_starts_at_most_625_processes(void **state) {
    (void)state;
    struct built *b = build("malloc,a=malloc,b=malloc,c=malloc,d=malloc", "quick", NULL);
    assert_true(b->ok);
    assert_true(b->matrix.cells->len * b->config.repetitions <= 625);
    built_free(b);
}

static void what_the_user_gives_comes_before_a_lists_values(void **state) {
    (void)state;
    assert_cells(
        "malloc", "size-sweep,thread-scaling",
        MORE("param", "small.bytes=128", "param", "large.bytes=65536", "threads", "small=3"),
        "tiny bytes=8 x1 malloc\n"
        "small bytes=128 x3 malloc\n"
        "large bytes=65536 x1 malloc\n"
        "large bytes=65536 x2 malloc\n");
}

static void every_named_list_resolves(void **state) {
    (void)state;
    for (const struct workload_list *l = workload_lists; l->name != NULL; l++) {
        struct built *b = build("malloc", l->name, NULL);
        if (!b->ok)
            fail_msg("%s: %s", l->name, b->err.text);
        assert_true(b->matrix.cells->len > 0);
        assert_null(catalogue_workload_find(&b->catalogue, l->name));
        built_free(b);
    }
}

static void reference_has_threads_and_deep_trees(void **state) {
    (void)state;
    struct built *b = build("malloc", "reference", NULL);
    assert_true(b->ok);
    char *cells = cells_text(&b->matrix);
    assert_non_null(strstr(cells, "binary-trees depth=18 x1 malloc\nbinary-trees depth=18 x2"));
    assert_non_null(strstr(cells, "churn-pointer x1 malloc\nchurn-pointer x2 malloc\n"));
    assert_non_null(strstr(cells, "create-pointer bytes=2048 x1 malloc\n"));
    assert_null(strstr(cells, "depth=16"));
    g_free(cells);
    built_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_come_by_workload_then_strategy),
        cmocka_unit_test(parameters_and_threads_multiply_in_order),
        cmocka_unit_test(groups_globs_and_names_select),
        cmocka_unit_test(an_exact_name_wins_over_a_group),
        cmocka_unit_test(equal_cells_count_once),
        cmocka_unit_test(the_closest_value_counts),
        cmocka_unit_test(a_star_is_every_choice),
        cmocka_unit_test(a_pair_that_makes_no_sense_is_skipped_with_the_reason),
        cmocka_unit_test(a_workload_that_a_program_lacks_is_skipped),
        cmocka_unit_test(a_strategy_that_cannot_run_here_is_a_cell_too),
        cmocka_unit_test(unknown_workloads_are_refused_with_the_nearest),
        cmocka_unit_test(unknown_parameters_are_refused_with_the_nearest),
        cmocka_unit_test(values_for_what_is_not_selected_are_refused),
        cmocka_unit_test(values_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(a_matrix_without_end_is_refused),
        cmocka_unit_test(quick_is_a_size_sweep_threads_and_the_workloads_that_tell),
        cmocka_unit_test(quick_starts_at_most_625_processes),
        cmocka_unit_test(what_the_user_gives_comes_before_a_lists_values),
        cmocka_unit_test(every_named_list_resolves),
        cmocka_unit_test(reference_has_threads_and_deep_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
