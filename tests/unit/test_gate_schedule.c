/* The gate's order of measurements, on a scripted meter: to the block. */
#include "harness/run/gate_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gate_rows_fixture.h"

enum { CELLS = 3 };

/* What the meter was asked, and what it answers. */
struct script {
    GString *seen;            /* "t1 m1 " ...: time, memory, prepare, counts of a cell; A for A/A */
    uint64_t clock_ns;        /* now */
    uint64_t block_ns;        /* a block's time */
    uint64_t failing_cell;    /* its third block fails; 0: none */
    volatile int interrupted; /* set after so many blocks */
    unsigned interrupt_after, blocks;
    const char *time_metric; /* NULL: "t" */
};
static struct script script;

static void note(const char *what, const struct gate_pair *pair, bool is_aa) {
    g_string_append_printf(script.seen, "%s%s%u ", what, is_aa ? "A" : "", (unsigned)pair->number);
}

static struct gate_cell_row *row_of(const struct gate_pair *pair, struct gate_rows *rows) {
    return &g_array_index(rows->cells, struct gate_cell_row, pair->number - 1);
}

static bool meter_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                          struct gate_rows *rows, struct error *err) {
    (void)options;
    (void)err;
    note("p", pair, false);
    row_of(pair, rows)->status = pair->number == 99 ? "crashed" : "ok";
    return true;
}

static bool meter_counts(const struct gate_pair *pair, const struct gate_counts_request *request,
                         const struct gate_measure_options *options, struct gate_rows *rows,
                         struct error *err) {
    (void)options;
    (void)err;
    (void)rows;
    assert_int_equal(request->repeats, 2);
    note("c", pair, false);
    return true;
}

static bool meter_block(const char *what, const struct gate_pair *pair,
                        const struct gate_block_request *request, struct gate_rows *rows) {
    note(what, pair, request->is_aa);
    script.clock_ns += script.block_ns;
    if (++script.blocks == script.interrupt_after)
        script.interrupted = 1;
    if (pair->number == script.failing_cell && request->block == 3) {
        row_of(pair, rows)->status = "crashed";
        return true;
    }
    bool is_named = script.time_metric != NULL && strcmp(what, "t") == 0;
    struct gate_block_row *b =
        gate_block_add(rows, pair->number, is_named ? script.time_metric : what, 0.01);
    b->block = request->block;
    b->stage = request->stage;
    b->pair = request->is_aa ? "aa" : "ab";
    return true;
}

static bool meter_time(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_measure_options *options, struct gate_rows *rows,
                       struct error *err) {
    (void)options;
    (void)err;
    return meter_block("t", pair, request, rows);
}

static bool meter_memory(const struct gate_pair *pair, const struct gate_block_request *request,
                         const struct gate_measure_options *options, struct gate_rows *rows,
                         struct error *err) {
    (void)options;
    (void)err;
    return meter_block("m", pair, request, rows);
}

static uint64_t meter_now(void) {
    return script.clock_ns;
}

static const struct gate_meter meter = {meter_prepare, meter_counts, meter_time, meter_memory,
                                        meter_now};

struct fixture {
    struct gate_rows rows;
    struct gate_measure_options options;
    struct gate_schedule schedule;
};

static void fixture_init(struct fixture *f) {
    script = (struct script){.seen = g_string_new(NULL), .block_ns = 10};
    *f = (struct fixture){.options = {.interrupted = &script.interrupted, .seed = 7}};
    gate_rows_init(&f->rows);
    f->schedule =
        (struct gate_schedule){.pairs = g_array_new(FALSE, FALSE, sizeof(struct gate_pair)),
                               .rows = &f->rows,
                               .options = &f->options,
                               .meter = &meter};
    for (uint64_t i = 1; i <= CELLS; i++) {
        struct gate_pair pair = {.number = i};
        gate_cell_add(&f->rows, "w", NULL);
        g_array_append_val(f->schedule.pairs, pair);
    }
    gate_schedule_init(&f->schedule);
}

static void fixture_release(struct fixture *f) {
    gate_schedule_release(&f->schedule);
    g_array_free(f->schedule.pairs, TRUE);
    gate_rows_release(&f->rows);
    g_string_free(script.seen, TRUE);
}

static unsigned times(const char *word) {
    unsigned count = 0;
    for (const char *at = script.seen->str; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

static const struct gate_rounds plain = {.stage = "measure",
                                         .is_time = true,
                                         .has_aa = true,
                                         .least = 4,
                                         .most = 8,
                                         .budget_ns = UINT64_MAX};

static void rounds_run(struct fixture *f, const struct gate_rounds *rounds) {
    struct error err;
    if (!gate_schedule_rounds(&f->schedule, rounds, &err))
        fail_msg("%s", err.text);
}

static void every_cell_gets_the_most_blocks_and_a_fifth_more_as_aa(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    rounds_run(&f, &plain);
    for (unsigned cell = 1; cell <= CELLS; cell++) {
        char ab[8], aa[8];
        g_snprintf(ab, sizeof ab, "t%u ", cell);
        g_snprintf(aa, sizeof aa, "tA%u ", cell);
        assert_int_equal(times(ab), 8);
        assert_int_equal(times(aa), 1);
    }
    fixture_release(&f);
}

static void a_round_is_every_cell_once_in_an_order_of_its_own(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    rounds_run(&f, &plain);
    bool differs = false;
    char **words = g_strsplit(script.seen->str, " ", -1);
    for (guint round = 0; round < 9; round++) {
        unsigned sum = 0;
        for (guint i = 0; i < CELLS; i++) {
            const char *word = words[round * CELLS + i];
            sum += 1u << (word[strlen(word) - 1] - '0');
            differs |= word[strlen(word) - 1] != words[i][strlen(words[i]) - 1];
        }
        assert_int_equal(sum, 2 + 4 + 8);
    }
    assert_true(differs);
    g_strfreev(words);
    fixture_release(&f);
}

static void the_same_seed_gives_the_same_order(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    rounds_run(&f, &plain);
    char *first = g_strdup(script.seen->str);
    fixture_release(&f);
    fixture_init(&f);
    rounds_run(&f, &plain);
    assert_string_equal(script.seen->str, first);
    fixture_release(&f);
    fixture_init(&f);
    f.options.seed = 8;
    rounds_run(&f, &plain);
    assert_string_not_equal(script.seen->str, first);
    g_free(first);
    fixture_release(&f);
}

static void the_budget_ends_rounds_but_not_below_the_least(void **state) {
    (void)state;
    struct fixture f;
    struct gate_rounds rounds = plain;
    rounds.most = 1000;
    rounds.budget_ns = 20 * CELLS * 10; /* twenty rounds */
    fixture_init(&f);
    rounds_run(&f, &rounds);
    assert_int_equal(script.blocks, 20 * CELLS);
    fixture_release(&f);
    rounds.budget_ns = 0;
    fixture_init(&f);
    rounds_run(&f, &rounds);
    assert_int_equal(script.blocks, 4 * CELLS);
    fixture_release(&f);
}

static void memory_has_blocks_of_its_own_where_time_is_by_slices(void **state) {
    (void)state;
    struct fixture f;
    struct gate_rounds rounds = plain;
    rounds.is_memory = true;
    rounds.memory_most = 5;
    fixture_init(&f);
    g_array_index(f.schedule.pairs, struct gate_pair, 1).method = GATE_METHOD_PROCESSES;
    rounds_run(&f, &rounds);
    assert_int_equal(times("m1 ") + times("mA1 "), 6); /* five, and an A/A block among six */
    assert_int_equal(times("m2 ") + times("mA2 "), 0); /* processes measure all at once */
    assert_int_equal(times("t2 ") + times("tA2 "), 9);
    fixture_release(&f);
}

static void numbers_go_on_over_stages_and_confirmation_is_of_its_cells_alone(void **state) {
    (void)state;
    struct fixture f;
    const uint64_t wanted = 2;
    struct gate_rounds confirm = plain;
    confirm.stage = "confirm";
    confirm.has_aa = false;
    confirm.only = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_array_append_val((GArray *)(uintptr_t)confirm.only, wanted);
    fixture_init(&f);
    rounds_run(&f, &plain);
    guint before = f.rows.blocks->len;
    rounds_run(&f, &confirm);
    assert_int_equal(f.rows.blocks->len, before + 8);
    for (guint i = before; i < f.rows.blocks->len; i++) {
        const struct gate_block_row *b = &g_array_index(f.rows.blocks, struct gate_block_row, i);
        assert_int_equal(b->cell, 2);
        assert_int_equal(b->block, 10 + i - before);
        assert_string_equal(b->stage, "confirm");
    }
    g_array_free((GArray *)(uintptr_t)confirm.only, TRUE);
    fixture_release(&f);
}

static void a_cell_that_fails_is_left_alone_and_the_others_go_on(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    script.failing_cell = 3;
    rounds_run(&f, &plain);
    assert_int_equal(times("t3 ") + times("tA3 "), 3);
    assert_int_equal(times("t1 ") + times("tA1 "), 9);
    assert_int_equal(gate_schedule_live(&f.schedule), 2);
    fixture_release(&f);
}

static void an_interrupted_gate_keeps_what_it_has(void **state) {
    (void)state;
    struct fixture f;
    struct error err;
    fixture_init(&f);
    script.interrupt_after = 7;
    assert_false(gate_schedule_rounds(&f.schedule, &plain, &err));
    assert_int_equal(err.exit_status, EXIT_INTERRUPTED);
    assert_int_equal(f.rows.blocks->len, 7);
    fixture_release(&f);
}

static bool keep_count(void *context, struct error *err) {
    (void)err;
    ++*(unsigned *)context;
    return true;
}

static bool keep_fails(void *context, struct error *err) {
    (void)context;
    return error_set(err, EXIT_CANNOT, "the disk is full");
}

static void every_measurement_is_kept_before_the_next(void **state) {
    (void)state;
    struct fixture f;
    struct error err;
    unsigned kept = 0;
    fixture_init(&f);
    f.schedule.listener.context = &kept;
    f.schedule.listener.keep = keep_count;
    rounds_run(&f, &plain);
    assert_int_equal(kept, script.blocks);
    f.schedule.listener.keep = keep_fails;
    assert_false(gate_schedule_rounds(&f.schedule, &plain, &err));
    assert_string_equal(err.text, "the disk is full");
    fixture_release(&f);
}

static void validity_comes_before_counts_and_only_valid_cells_are_counted(void **state) {
    (void)state;
    struct fixture f;
    struct error err;
    const struct gate_counts_request request = {GATE_COUNT_ALL, 2, 2};
    fixture_init(&f);
    assert_true(gate_schedule_prepare(&f.schedule, &err));
    g_array_index(f.rows.cells, struct gate_cell_row, 1).status = "wrong";
    assert_true(gate_schedule_counts(&f.schedule, &request, &err));
    assert_string_equal(script.seen->str, "p1 p2 p3 c1 c3 ");
    fixture_release(&f);
}

/* By process, one block measures all; here its one row is of time. */
static void what_was_not_asked_for_is_not_kept(void **state) {
    (void)state;
    struct fixture f;
    struct error err;
    fixture_init(&f);
    script.time_metric = "wall_ns";
    g_array_index(f.schedule.pairs, struct gate_pair, 0).method = GATE_METHOD_PROCESSES;
    struct gate_rounds rounds = {
        .stage = "measure", .is_memory = true, .least = 1, .most = 1, .memory_most = 1};
    assert_true(gate_schedule_prepare(&f.schedule, &err));
    assert_true(gate_schedule_rounds(&f.schedule, &rounds, &err));
    assert_int_equal(f.rows.blocks->len, CELLS - 1); /* memory of the pairs by slices */
    rounds.is_time = true;
    rounds.is_memory = false;
    assert_true(gate_schedule_rounds(&f.schedule, &rounds, &err));
    assert_int_equal(f.rows.blocks->len, 2 * CELLS - 1);
    fixture_release(&f);
}

static void what_is_only_counted_takes_part_in_no_round(void **state) {
    (void)state;
    struct fixture f;
    struct error err;
    fixture_init(&f);
    g_array_index(f.schedule.pairs, struct gate_pair, 1).is_counted_only = true;
    const struct gate_counts_request request = {GATE_COUNT_ALL, 2, 2};
    const struct gate_rounds rounds = {.stage = "measure", .is_time = true, .least = 1, .most = 1};
    assert_true(gate_schedule_prepare(&f.schedule, &err));
    assert_string_equal(script.seen->str, "p1 p3 ");
    g_string_truncate(script.seen, 0);
    assert_true(gate_schedule_counts(&f.schedule, &request, &err));
    assert_string_equal(script.seen->str, "c1 c2 c3 ");
    g_string_truncate(script.seen, 0);
    assert_true(gate_schedule_rounds(&f.schedule, &rounds, &err));
    assert_null(strstr(script.seen->str, "t2"));
    assert_non_null(strstr(script.seen->str, "t1"));
    assert_non_null(strstr(script.seen->str, "t3"));
    fixture_release(&f);
}

/* Three cells and 16 blocks each: 16 rounds. */
static void a_budget_far_below_the_least_is_refused_after_one_round(void **state) {
    (void)state;
    const uint64_t second = UINT64_C(1000000000);
    const struct gate_rounds rounds = {.stage = "measure",
                                       .is_time = true,
                                       .least = 16,
                                       .most = 100,
                                       .budget_ns = 15 * second,
                                       .whole_ns = 20 * second};
    struct fixture f;
    struct error err;
    fixture_init(&f);
    script.block_ns = 3 * second;
    assert_true(gate_schedule_prepare(&f.schedule, &err));
    assert_false(gate_schedule_rounds(&f.schedule, &rounds, &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_string_equal(err.text, "--budget 20 holds 0 of the 3 cells that are timed: the least "
                                  "that a verdict needs takes about 144 s here; give --budget 200, "
                                  "or name fewer cells");
    assert_int_equal(script.blocks, CELLS);
    fixture_release(&f);
    fixture_init(&f);
    script.block_ns = second; /* 48 s: less than half a minute too much */
    assert_true(gate_schedule_prepare(&f.schedule, &err));
    assert_true(gate_schedule_rounds(&f.schedule, &rounds, &err));
    assert_int_equal(script.blocks, 16 * CELLS);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_gets_the_most_blocks_and_a_fifth_more_as_aa),
        cmocka_unit_test(a_round_is_every_cell_once_in_an_order_of_its_own),
        cmocka_unit_test(the_same_seed_gives_the_same_order),
        cmocka_unit_test(the_budget_ends_rounds_but_not_below_the_least),
        cmocka_unit_test(memory_has_blocks_of_its_own_where_time_is_by_slices),
        cmocka_unit_test(numbers_go_on_over_stages_and_confirmation_is_of_its_cells_alone),
        cmocka_unit_test(a_cell_that_fails_is_left_alone_and_the_others_go_on),
        cmocka_unit_test(an_interrupted_gate_keeps_what_it_has),
        cmocka_unit_test(every_measurement_is_kept_before_the_next),
        cmocka_unit_test(validity_comes_before_counts_and_only_valid_cells_are_counted),
        cmocka_unit_test(what_was_not_asked_for_is_not_kept),
        cmocka_unit_test(what_is_only_counted_takes_part_in_no_round),
        cmocka_unit_test(a_budget_far_below_the_least_is_refused_after_one_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
