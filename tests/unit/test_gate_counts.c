/* The exact tier on a program that reports what it is told to. */
#include "harness/run/gate_counts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ALL_BUT_INSTRUCTIONS = GATE_COUNT_ALL & ~GATE_COUNT_INSTRUCTIONS };

/* Two cells of one strategy each, built by hand; the workload's name is what the program does. */
struct fixture {
    struct config config;
    struct binding_info binding;
    struct strategy strategies[2];
    struct workload_info workloads[2];
    struct cell cells[2];
    struct gate_pair pair;
    struct gate_counts_request request;
    struct gate_measure_options options;
    struct gate_rows rows;
    struct error err;
    volatile int interrupted;
    char link_dir[64];
};

static void side_init(struct fixture *f, size_t i, const char *behaviour) {
    f->strategies[i] =
        (struct strategy){.name = "mine",
                          .binding = &f->binding,
                          .binding_name = "malloc",
                          .program = FAKE_CELL,
                          .settings = g_array_new(FALSE, FALSE, sizeof(struct setting_value)),
                          .environment = g_array_new(FALSE, FALSE, sizeof(struct setting_value))};
    f->workloads[i] = (struct workload_info){
        .name = behaviour, .traits = TRAIT_SLICEABLE, .parameters = g_ptr_array_new()};
    f->cells[i] =
        (struct cell){.strategy = &f->strategies[i], .workload = &f->workloads[i], .threads = 1};
}

static void fixture_init(struct fixture *f, const char *base, const char *candidate) {
    struct gate_cell_row row;
    memset(f, 0, sizeof *f);
    config_init(&f->config);
    f->config.memory_bytes = 1 << 30;
    f->binding =
        (struct binding_info){.name = "malloc", .program = FAKE_CELL, .offers = TRAIT_TOTALS};
    side_init(f, 0, base);
    side_init(f, 1, candidate);
    f->pair =
        (struct gate_pair){.number = 1, .base.cell = &f->cells[0], .candidate.cell = &f->cells[1]};
    strcpy(f->link_dir, "/tmp/heapmark-test-XXXXXX");
    assert_non_null(mkdtemp(f->link_dir));
    f->request = (struct gate_counts_request){.metrics = ALL_BUT_INSTRUCTIONS, .repeats = 2};
    f->options = (struct gate_measure_options){
        .config = &f->config, .link_dir = f->link_dir, .interrupted = &f->interrupted};
    gate_rows_init(&f->rows);
    row_clear(&gate_cell_type, &row);
    row.cell = 1;
    g_array_append_val(f->rows.cells, row);
}

static void fixture_release(struct fixture *f) {
    char *links[] = {g_strdup_printf("%s/heapmark-counted-0", f->link_dir),
                     g_strdup_printf("%s/heapmark-counted-1", f->link_dir)};
    for (size_t i = 0; i < 2; i++) {
        unlink(links[i]);
        g_free(links[i]);
        g_ptr_array_free(f->workloads[i].parameters, TRUE);
        g_array_free(f->strategies[i].settings, TRUE);
        g_array_free(f->strategies[i].environment, TRUE);
    }
    assert_int_equal(rmdir(f->link_dir), 0); /* nothing else is left there */
    gate_rows_release(&f->rows);
    config_release(&f->config);
}

static void measure(struct fixture *f) {
    if (!gate_counts_measure(&f->pair, &f->request, &f->options, &f->rows, &f->err))
        fail_msg("%s", f->err.text);
}

static const struct gate_cell_row *cell_row(const struct fixture *f) {
    return &g_array_index(f->rows.cells, struct gate_cell_row, 0);
}

/* The only row of a metric's repeat; NULL: there is none. */
static const struct gate_count_row *count_row(const struct fixture *f, const char *metric,
                                              unsigned repeat) {
    const struct gate_count_row *found = NULL;
    for (guint i = 0; i < f->rows.counts->len; i++) {
        const struct gate_count_row *r = &g_array_index(f->rows.counts, struct gate_count_row, i);
        if (strcmp(r->metric, metric) != 0 || r->repeat != repeat)
            continue;
        assert_null(found);
        found = r;
    }
    return found;
}

static void assert_count(const struct fixture *f, const char *metric, uint64_t operations,
                         double count) {
    for (unsigned repeat = 1; repeat <= 2; repeat++) {
        const struct gate_count_row *r = count_row(f, metric, repeat);
        assert_non_null(r);
        assert_int_equal(r->cell, 1);
        assert_int_equal(r->operations, operations);
        assert_true(r->base == count);
        assert_true(r->candidate == count);
        assert_null(r->reason);
    }
    assert_null(count_row(f, metric, 3));
}

static void assert_absent(const struct fixture *f, const char *metric, const char *reason) {
    const struct gate_count_row *r = count_row(f, metric, 1);
    assert_non_null(r);
    assert_true(isnan(r->base) && isnan(r->candidate));
    assert_string_equal(r->reason, reason);
    assert_null(count_row(f, metric, 2));
}

static void totals_are_rows_of_whole_numbers_per_repeat(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "totals");
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "ok");
    assert_count(&f, "allocs", 500, 1500);
    assert_count(&f, "bytes", 500, 48000);
    assert_count(&f, "requested_bytes", 500, 40000);
    assert_count(&f, "retained_bytes", 500, 0);
    assert_count(&f, "minor_faults", 1000, 3);
    assert_string_equal(cell_row(&f)->base_checksum, "0123456789abcdef");
    assert_string_equal(cell_row(&f)->candidate_allocator, "fake 1");
    assert_int_equal(cell_row(&f)->base_operations, 1000);
    fixture_release(&f);
}

static void what_a_cell_program_does_not_tell_is_absent_with_the_reason(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "ok", "ok");
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "ok");
    assert_absent(&f, "allocs",
                  "its cell program reports no totals: its runtime allocates for itself, too");
    assert_absent(&f, "minor_faults", "the allocator cannot tell it");
    fixture_release(&f);
}

static void a_side_that_fails_is_the_cells_status_and_has_no_counts(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "crash");
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "crashed");
    assert_string_equal(cell_row(&f)->reason,
                        "candidate: SIGSEGV; it said: first line / it hurts here");
    assert_int_equal(f.rows.counts->len, 0);
    fixture_release(&f);
}

static void sides_that_did_different_work_are_wrong(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "other-work");
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "wrong");
    assert_string_equal(cell_row(&f)->reason,
                        "the sides did different work: checksum 0123456789abcdef of the base, "
                        "fedcba9876543210 of the candidate");
    assert_int_equal(f.rows.counts->len, 0);
    fixture_release(&f);
}

static void a_cell_that_cannot_run_is_not_started(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "totals");
    f.cells[1].skipped = "it needs what nobody offers";
    f.strategies[0].program = f.strategies[1].program = "/nowhere/cell";
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "skipped");
    assert_string_equal(cell_row(&f)->reason, "candidate: it needs what nobody offers");
    fixture_release(&f);
}

static void a_cell_that_failed_before_is_left_alone(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "totals");
    g_array_index(f.rows.cells, struct gate_cell_row, 0).status = "timeout";
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "timeout");
    assert_int_equal(f.rows.counts->len, 0);
    fixture_release(&f);
}

static void without_a_base_the_candidate_is_counted_alone(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "totals");
    f.pair.base.cell = NULL;
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "ok");
    assert_null(cell_row(&f)->base_checksum);
    assert_true(isnan(count_row(&f, "allocs", 1)->base));
    assert_true(count_row(&f, "allocs", 2)->candidate == 1500);
    assert_null(count_row(&f, "allocs", 2)->reason);
    fixture_release(&f);
}

static void instructions_of_what_has_threads_of_its_own_are_absent(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "totals", "totals");
    f.request.metrics = GATE_COUNT_INSTRUCTIONS;
    f.cells[0].threads = f.cells[1].threads = 2;
    measure(&f);
    assert_absent(&f, "instructions",
                  "instructions are counted of one thread: which of several does what is the "
                  "scheduler's choice");
    assert_int_equal(f.rows.counts->len, 1);
    fixture_release(&f);
    fixture_init(&f, "totals", "totals");
    f.request.metrics = GATE_COUNT_INSTRUCTIONS;
    f.strategies[0].binding_name = "goheap";
    measure(&f);
    assert_absent(&f, "instructions",
                  "goheap's own thread works when the clock says so: give it gc=stw:worker=off to "
                  "count instructions");
    fixture_release(&f);
}

static void an_interruption_ends_it(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "hang", "hang");
    f.interrupted = 1;
    assert_false(gate_counts_measure(&f.pair, &f.request, &f.options, &f.rows, &f.err));
    assert_int_equal(f.err.exit_status, EXIT_INTERRUPTED);
    fixture_release(&f);
}

static void a_command_is_counted_as_a_whole_and_its_exit_status_is_its_word(void **state) {
    (void)state;
    struct fixture f;
    char *good[] = {(char *)(gpointer) "true", NULL}, *bad[] = {(char *)(gpointer) "false", NULL};
    fixture_init(&f, "totals", "totals");
    f.pair.base = f.pair.candidate = (struct gate_side){.command = good};
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "ok");
    assert_null(count_row(&f, "allocs", 1));
    assert_non_null(count_row(&f, "minor_faults", 2));
    fixture_release(&f);
    fixture_init(&f, "totals", "totals");
    f.pair.base = (struct gate_side){.command = good};
    f.pair.candidate = (struct gate_side){.command = bad};
    measure(&f);
    assert_string_equal(cell_row(&f)->status, "crashed");
    assert_string_equal(cell_row(&f)->reason, "candidate: exit status 1");
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_rows_of_whole_numbers_per_repeat),
        cmocka_unit_test(what_a_cell_program_does_not_tell_is_absent_with_the_reason),
        cmocka_unit_test(a_side_that_fails_is_the_cells_status_and_has_no_counts),
        cmocka_unit_test(sides_that_did_different_work_are_wrong),
        cmocka_unit_test(a_cell_that_cannot_run_is_not_started),
        cmocka_unit_test(a_cell_that_failed_before_is_left_alone),
        cmocka_unit_test(without_a_base_the_candidate_is_counted_alone),
        cmocka_unit_test(instructions_of_what_has_threads_of_its_own_are_absent),
        cmocka_unit_test(an_interruption_ends_it),
        cmocka_unit_test(a_command_is_counted_as_a_whole_and_its_exit_status_is_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
