/* The schedule on the scripted executor, exact to the row. */
#include "harness/run/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/run/order.h"

enum { STRATEGIES = 3, WORKLOADS = 2 };

struct fixture {
    struct config config;
    struct strategy strategies[STRATEGIES];
    struct workload_info workloads[WORKLOADS];
    struct matrix matrix;
    struct executor *executor;
    struct store *store;
    struct run_rows rows;
    struct error err;
    char dir[64], run_dir[80];
    GString *played;  /* "STRATEGY/WORKLOAD#REPETITION " of each execution */
    GString *heard;   /* what the listener was told */
    int interrupt_at; /* this execution (from 1) is an interruption; 0: none */
    int executions;
    const char *odd_strategy; /* its checksums differ from the others'; NULL: none */
    bool all_are_odd;         /* every strategy's checksums differ from what they were */
};

static void fixture_play(void *context, const struct cell *cell, unsigned repetition,
                         struct observation *out) {
    struct fixture *f = context;
    struct record *r = &out->record;
    bool is_odd = f->all_are_odd || g_strcmp0(cell->strategy->name, f->odd_strategy) == 0;
    g_string_append_printf(f->played, "%s/%s#%u ", cell->strategy->name, cell->workload->name,
                           repetition);
    r->status = "ok";
    r->ops = 100;
    r->wall_ns = 1000 + (uint64_t)f->played->len;
    r->seed = 1;
    r->checksum = is_odd ? "00000000000000ff" : "0000000000000001";
}

/* The scripted executor, and before it an interruption at a chosen moment. */
struct interruptible {
    struct executor base;
    struct executor *scripted;
    struct fixture *fixture;
};

static bool fixture_execute(struct executor *self, const struct cell *cell, unsigned repetition,
                            struct observation *out, struct error *err) {
    struct interruptible *i = (struct interruptible *)self;
    if (++i->fixture->executions == i->fixture->interrupt_at)
        return error_set(err, EXIT_INTERRUPTED, "interrupted");
    return i->scripted->execute(i->scripted, cell, repetition, out, err);
}

static void fixture_release_executor(struct executor *self) {
    struct interruptible *i = (struct interruptible *)self;
    i->scripted->release(i->scripted);
    g_free(i);
}

static void fixture_init(struct fixture *f) {
    static const char *const strategies[STRATEGIES] = {"a", "b", "c"};
    static const char *const workloads[WORKLOADS] = {"make", "use"};
    memset(f, 0, sizeof *f);
    config_init(&f->config);
    f->config.repetitions = 3;
    f->config.seed = 7;
    f->matrix.cells = g_array_new(FALSE, TRUE, sizeof(struct cell));
    for (int w = 0; w < WORKLOADS; w++)
        f->workloads[w] = (struct workload_info){
            .name = workloads[w], .group = "g", .parameters = g_ptr_array_new()};
    for (int s = 0; s < STRATEGIES; s++)
        f->strategies[s] = (struct strategy){
            .name = strategies[s],
            .binding_name = "malloc",
            .settings = g_array_new(FALSE, FALSE, sizeof(struct setting_value)),
            .environment = g_array_new(FALSE, FALSE, sizeof(struct setting_value))};
    for (int w = 0; w < WORKLOADS; w++) {
        for (int s = 0; s < STRATEGIES; s++) {
            struct cell cell = {
                .strategy = &f->strategies[s], .workload = &f->workloads[w], .threads = 1};
            g_array_append_val(f->matrix.cells, cell);
        }
    }
    struct interruptible *i = g_new0(struct interruptible, 1);
    i->base.execute = fixture_execute;
    i->base.release = fixture_release_executor;
    i->scripted = executor_scripted_new(fixture_play, f);
    i->fixture = f;
    f->executor = &i->base;
    f->played = g_string_new(NULL);
    f->heard = g_string_new(NULL);
    strcpy(f->dir, "/tmp/heapmark-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    g_snprintf(f->run_dir, sizeof f->run_dir, "%s/run", f->dir);
}

static void fixture_release(struct fixture *f) {
    f->executor->release(f->executor);
    g_array_free(f->matrix.cells, TRUE);
    for (int w = 0; w < WORKLOADS; w++)
        g_ptr_array_free(f->workloads[w].parameters, TRUE);
    for (int s = 0; s < STRATEGIES; s++) {
        g_array_free(f->strategies[s].settings, TRUE);
        g_array_free(f->strategies[s].environment, TRUE);
    }
    config_release(&f->config);
    g_string_free(f->played, TRUE);
    g_string_free(f->heard, TRUE);
    char *command = g_strdup_printf("rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    g_free(command);
}

static void fixture_hear_starting(void *context, const struct cell *cell, unsigned repetition,
                                  size_t done, size_t total) {
    struct fixture *f = context;
    (void)cell, (void)repetition;
    g_string_append_printf(f->heard, "%zu/%zu ", done, total);
}

static void fixture_hear_finished(void *context, const struct record *record, size_t done,
                                  size_t total) {
    struct fixture *f = context;
    g_string_append_printf(f->heard, "%s:%zu/%zu ", record->status, done, total);
}

/* Runs what is missing of the run directory and reads it back. */
static bool fixture_run(struct fixture *f, bool resume) {
    struct run_rows existing = {0};
    char *notice = NULL;
    f->store = resume ? store_resume(f->run_dir, &notice, &f->err)
                      : store_create(f->run_dir, NULL, &f->err);
    assert_non_null(f->store);
    assert_null(notice);
    if (resume)
        assert_true(run_rows_read(&existing, f->run_dir, &f->err));
    struct rounds rounds = {
        .matrix = &f->matrix,
        .config = &f->config,
        .existing = resume ? existing.records : NULL,
        .executor = f->executor,
        .store = f->store,
        .listener = {.context = f,
                     .starting = fixture_hear_starting,
                     .finished = fixture_hear_finished},
    };
    bool ok = rounds_run(&rounds, &f->err);
    store_free(f->store);
    if (resume)
        run_rows_release(&existing);
    struct error err;
    assert_true(run_rows_read(&f->rows, f->run_dir, &err));
    return ok;
}

static const struct record *row(const struct fixture *f, guint index) {
    return &g_array_index(f->rows.records, struct record, index);
}

/* How many records a repetition of a cell has. */
static int rows_of(const struct fixture *f, const char *strategy, const char *workload,
                   uint64_t repetition) {
    int count = 0;
    for (guint i = 0; i < f->rows.records->len; i++) {
        const struct record *r = row(f, i);
        count += strcmp(r->strategy, strategy) == 0 && strcmp(r->workload, workload) == 0 &&
                 r->repetition == repetition;
    }
    return count;
}

static void assert_each_repetition_is_there_once(const struct fixture *f) {
    assert_int_equal(f->rows.records->len, STRATEGIES * WORKLOADS * 3);
    for (int s = 0; s < STRATEGIES; s++) {
        for (int w = 0; w < WORKLOADS; w++) {
            for (uint64_t repetition = 1; repetition <= 3; repetition++)
                assert_int_equal(
                    rows_of(f, f->strategies[s].name, f->workloads[w].name, repetition), 1);
        }
    }
}

static void a_shuffle_holds_every_index_once_and_repeats(void **state) {
    (void)state;
    size_t first[50], again[50], other[50];
    bool seen[50] = {false};
    order_shuffle(first, 50, 7, 1);
    order_shuffle(again, 50, 7, 1);
    order_shuffle(other, 50, 7, 2);
    for (size_t i = 0; i < 50; i++) {
        assert_false(seen[first[i]]);
        seen[first[i]] = true;
    }
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    order_shuffle(other, 50, 8, 1);
    assert_memory_not_equal(first, other, sizeof first);
    order_shuffle(other, 0, 8, 1);
}

static void a_round_is_every_cell_once(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_true(fixture_run(&f, false));
    assert_each_repetition_is_there_once(&f);
    for (guint i = 0; i < f.rows.records->len; i++) {
        assert_int_equal(row(&f, i)->record, i + 1);
        assert_int_equal(row(&f, i)->repetition, i / (STRATEGIES * WORKLOADS) + 1);
        assert_string_equal(row(&f, i)->run, "run");
        assert_string_equal(row(&f, i)->status, "ok");
    }
    run_rows_release(&f.rows);
    fixture_release(&f);
}

static void the_same_seed_plays_the_same_order(void **state) {
    (void)state;
    struct fixture f, g;
    fixture_init(&f);
    fixture_init(&g);
    assert_true(fixture_run(&f, false));
    assert_true(fixture_run(&g, false));
    assert_string_equal(f.played->str, g.played->str);
    run_rows_release(&g.rows);
    fixture_release(&g);
    fixture_init(&g);
    g.config.seed = 8;
    assert_true(fixture_run(&g, false));
    assert_string_not_equal(f.played->str, g.played->str);
    run_rows_release(&f.rows);
    run_rows_release(&g.rows);
    fixture_release(&g);
    fixture_release(&f);
}

static void a_skipped_pair_is_recorded_once_with_its_reason(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct cell *cells = (struct cell *)(void *)f.matrix.cells->data;
    cells[0].skipped = "make needs reclaims, which a does not offer";
    cells[4].unavailable = "libb.so is not installed";
    assert_true(fixture_run(&f, false));
    assert_int_equal(f.rows.records->len, 4 * 3 + 2);
    assert_null(strstr(f.played->str, "a/make"));
    assert_null(strstr(f.played->str, "b/use"));
    int skipped = 0, unavailable = 0;
    for (guint i = 0; i < f.rows.records->len; i++) {
        const struct record *r = row(&f, i);
        if (strcmp(r->status, "skipped") == 0) {
            skipped++;
            assert_string_equal(r->strategy, "a");
            assert_string_equal(r->workload, "make");
            assert_int_equal(r->repetition, 1);
            assert_string_equal(r->reason, "make needs reclaims, which a does not offer");
        } else if (strcmp(r->status, "unavailable") == 0) {
            unavailable++;
            assert_string_equal(r->reason, "libb.so is not installed");
        }
    }
    assert_int_equal(skipped, 1);
    assert_int_equal(unavailable, 1);
    run_rows_release(&f.rows);
    fixture_release(&f);
}

static void the_listener_is_told_before_and_after_each(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.config.repetitions = 1;
    ((struct cell *)(void *)f.matrix.cells->data)[1].skipped = "no";
    g_array_set_size(f.matrix.cells, 2);
    assert_true(fixture_run(&f, false));
    bool ok_first = strcmp(f.heard->str, "0/2 ok:1/2 1/2 skipped:2/2 ") == 0;
    bool skipped_first = strcmp(f.heard->str, "0/2 skipped:1/2 1/2 ok:2/2 ") == 0;
    assert_true(ok_first || skipped_first);
    run_rows_release(&f.rows);
    fixture_release(&f);
}

static void a_checksum_that_differs_is_wrong_and_says_from_whom(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.odd_strategy = "b";
    assert_true(fixture_run(&f, false));
    int wrong = 0;
    for (guint i = 0; i < f.rows.records->len; i++)
        wrong += strcmp(row(&f, i)->status, "wrong") == 0;
    const struct record *last = row(&f, 0);
    for (guint i = 0; i < f.rows.records->len; i++) {
        if (strcmp(row(&f, i)->status, "wrong") == 0)
            last = row(&f, i);
    }
    /* Whoever came first in a workload is believed: b's three, or the six of the others. */
    assert_true(wrong == 6 || wrong == 9 || wrong == 12);
    bool is_b = strcmp(last->strategy, "b") == 0;
    assert_non_null(strstr(last->reason, is_b ? "checksum 00000000000000ff differs from "
                                                "0000000000000001 of "
                                              : "checksum 0000000000000001 differs from "
                                                "00000000000000ff of b for the same work"));
    run_rows_release(&f.rows);
    fixture_release(&f);
}

static void a_resumed_run_compares_with_the_rows_it_holds(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.config.repetitions = 1;
    assert_true(fixture_run(&f, false));
    run_rows_release(&f.rows);
    f.config.repetitions = 2;
    f.all_are_odd = true; /* among themselves the new rows agree */
    assert_true(fixture_run(&f, true));
    assert_int_equal(f.rows.records->len, 12);
    for (guint i = 0; i < 12; i++)
        assert_string_equal(row(&f, i)->status, i < 6 ? "ok" : "wrong");
    run_rows_release(&f.rows);
    fixture_release(&f);
}

/* Interrupted before each repetition there is, and resumed: nothing is lost, nothing is doubled. */
static void a_run_resumed_after_any_interruption_is_whole(void **state) {
    (void)state;
    for (int at = 1; at <= STRATEGIES * WORKLOADS * 3; at++) {
        struct fixture f;
        fixture_init(&f);
        f.interrupt_at = at;
        assert_false(fixture_run(&f, false));
        assert_int_equal(f.err.exit_status, EXIT_INTERRUPTED);
        assert_int_equal(f.rows.records->len, at - 1);
        run_rows_release(&f.rows);
        f.interrupt_at = 0;
        assert_true(fixture_run(&f, true));
        assert_each_repetition_is_there_once(&f);
        run_rows_release(&f.rows);
        fixture_release(&f);
    }
}

static void a_resume_of_a_whole_run_does_nothing(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    ((struct cell *)(void *)f.matrix.cells->data)[1].skipped = "no";
    assert_true(fixture_run(&f, false));
    guint rows = f.rows.records->len;
    run_rows_release(&f.rows);
    g_string_truncate(f.played, 0);
    g_string_truncate(f.heard, 0);
    assert_true(fixture_run(&f, true));
    assert_int_equal(f.rows.records->len, rows);
    assert_string_equal(f.played->str, "");
    assert_string_equal(f.heard->str, "");
    run_rows_release(&f.rows);
    fixture_release(&f);
}

/* Its library was installed meanwhile: what was recorded stays, the rest is measured. */
static void a_strategy_that_came_back_is_completed_without_doubles(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct cell *cells = (struct cell *)(void *)f.matrix.cells->data;
    cells[0].unavailable = "not installed";
    assert_true(fixture_run(&f, false));
    assert_int_equal(f.rows.records->len, 5 * 3 + 1);
    run_rows_release(&f.rows);
    cells[0].unavailable = NULL;
    assert_true(fixture_run(&f, true));
    assert_each_repetition_is_there_once(&f);
    run_rows_release(&f.rows);
    fixture_release(&f);
}

/* Its library was removed meanwhile: said once, beside what was measured. */
static void a_strategy_that_went_away_is_recorded_once(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.config.repetitions = 1;
    assert_true(fixture_run(&f, false));
    run_rows_release(&f.rows);
    f.config.repetitions = 3;
    ((struct cell *)(void *)f.matrix.cells->data)[0].unavailable = "removed";
    assert_true(fixture_run(&f, true));
    assert_int_equal(f.rows.records->len, 5 * 3 + 2);
    assert_int_equal(rows_of(&f, "a", "make", 1), 1);
    assert_int_equal(rows_of(&f, "a", "make", 2), 1);
    assert_int_equal(rows_of(&f, "a", "make", 3), 0);
    run_rows_release(&f.rows);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shuffle_holds_every_index_once_and_repeats),
        cmocka_unit_test(a_round_is_every_cell_once),
        cmocka_unit_test(the_same_seed_plays_the_same_order),
        cmocka_unit_test(a_skipped_pair_is_recorded_once_with_its_reason),
        cmocka_unit_test(the_listener_is_told_before_and_after_each),
        cmocka_unit_test(a_checksum_that_differs_is_wrong_and_says_from_whom),
        cmocka_unit_test(a_resumed_run_compares_with_the_rows_it_holds),
        cmocka_unit_test(a_run_resumed_after_any_interruption_is_whole),
        cmocka_unit_test(a_resume_of_a_whole_run_does_nothing),
        cmocka_unit_test(a_strategy_that_came_back_is_completed_without_doubles),
        cmocka_unit_test(a_strategy_that_went_away_is_recorded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
