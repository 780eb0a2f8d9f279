/* The gate's measurement of time against a program that says what its script says. */
#include "harness/run/gate_time.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* How long a side is waited for that never answers; the others have the config's minute. */
enum { HANG_S = 3 };

/* One cell of two sides, built by hand; the workload's name is how the faulty side behaves. */
struct fixture {
    struct config config;
    struct binding_info binding;
    struct workload_info workload;
    struct strategy strategies[2];
    struct cell cells[2];
    struct gate_pair pair;
    struct gate_measure_options options;
    struct gate_rows rows;
    struct error err;
    volatile int interrupted;
    char link_dir[64], lock[96];
};

static void variable_add(struct strategy *s, const char *name, const char *value) {
    struct setting_value variable = {name, value};
    g_array_append_val(s->environment, variable);
}

static void strategy_init(struct fixture *f, int side, const char *ns) {
    struct strategy *s = &f->strategies[side];
    *s = (struct strategy){.name = side == 0 ? "old" : "new",
                           .binding = &f->binding,
                           .binding_name = "malloc",
                           .program = GATE_FAKE_CELL,
                           .settings = g_array_new(FALSE, FALSE, sizeof(struct setting_value)),
                           .environment = g_array_new(FALSE, FALSE, sizeof(struct setting_value))};
    variable_add(s, "FAKE_NS", ns);
    f->cells[side] = (struct cell){.strategy = s, .workload = &f->workload, .threads = 1};
}

static void fixture_init(struct fixture *f, const char *behaviour) {
    memset(f, 0, sizeof *f);
    config_init(&f->config);
    f->config.memory_bytes = 1 << 30;
    f->binding = (struct binding_info){
        .name = "malloc", .program = GATE_FAKE_CELL, .offers = TRAIT_HELD | TRAIT_RECLAIMS};
    f->workload = (struct workload_info){.name = behaviour,
                                         .group = "fake",
                                         .traits = TRAIT_SLICEABLE,
                                         .parameters = g_ptr_array_new()};
    strategy_init(f, 0, "10");
    strategy_init(f, 1, "12");
    strcpy(f->link_dir, "/tmp/heapmark-test-XXXXXX");
    assert_non_null(mkdtemp(f->link_dir));
    g_snprintf(f->lock, sizeof f->lock, "%s/lock", f->link_dir);
    f->pair =
        (struct gate_pair){.number = 1, .base.cell = &f->cells[0], .candidate.cell = &f->cells[1]};
    f->options = (struct gate_measure_options){
        .config = &f->config, .link_dir = f->link_dir, .interrupted = &f->interrupted, .seed = 5};
    gate_rows_init(&f->rows);
    struct gate_cell_row row;
    row_clear(&gate_cell_type, &row);
    row.cell = 1;
    g_array_append_val(f->rows.cells, row);
}

static void links_remove(const char *link_dir) {
    GDir *links = g_dir_open(link_dir, 0, NULL);
    for (const char *name; (name = g_dir_read_name(links)) != NULL;) {
        char *path = g_build_filename(link_dir, name, NULL);
        assert_int_equal(unlink(path), 0); /* plain files all */
        g_free(path);
    }
    g_dir_close(links);
    rmdir(link_dir);
}

/* Whatever happened, no process is left. */
static void fixture_release(struct fixture *f) {
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    gate_rows_release(&f->rows);
    for (int side = 0; side < 2; side++) {
        g_array_free(f->strategies[side].settings, TRUE);
        g_array_free(f->strategies[side].environment, TRUE);
    }
    g_ptr_array_free(f->workload.parameters, TRUE);
    config_release(&f->config);
    links_remove(f->link_dir);
}

static const struct gate_cell_row *fixture_row(struct fixture *f) {
    return gate_pair_row(&f->pair, &f->rows);
}

static void prepare(struct fixture *f) {
    assert_true(gate_time_prepare(&f->pair, &f->options, &f->rows, &f->err));
}

static void measure(struct fixture *f, uint64_t block, bool is_aa) {
    struct gate_block_request request = {.block = block, .stage = "measure", .is_aa = is_aa};
    assert_true(gate_time_block(&f->pair, &request, &f->options, &f->rows, &f->err));
}

static const struct gate_block_row *block_row(struct fixture *f, guint index) {
    assert_true(index < f->rows.blocks->len);
    return &g_array_index(f->rows.blocks, struct gate_block_row, index);
}

static void assert_near(double value, double expected) {
    assert_true(fabs(value - expected) < 1e-9);
}

/* ---- slices ---- */

static void slices_are_as_long_as_the_base_needs_and_both_sides_do_the_same(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    prepare(&f);
    const struct gate_cell_row *row = fixture_row(&f);
    assert_string_equal(row->status, "ok");
    assert_null(row->reason);
    assert_string_equal(row->method, "slices");
    assert_int_equal(f.pair.operations, 230000); /* 2 ms are 200,000, and a tenth more */
    assert_int_equal(row->base_operations, 230000);
    assert_int_equal(row->candidate_operations, 230000);
    assert_string_equal(row->base_checksum, row->candidate_checksum);
    fixture_release(&f);
}

static void a_collector_s_slices_have_ten_collections(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "collects");
    variable_add(&f.strategies[0], "FAKE_FAULTY", "1");
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "ok");
    assert_in_range(f.pair.operations, 1000000, 1200000); /* one is every 100,000 operations */
    fixture_release(&f);
}

static void a_block_is_one_number_the_log_ratio_of_its_slices(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    variable_add(&f.strategies[0], "FAKE_LOCK", f.lock);
    variable_add(&f.strategies[1], "FAKE_LOCK", f.lock);
    prepare(&f);
    measure(&f, 1, false);
    measure(&f, 2, true);
    assert_string_equal(fixture_row(&f)->status, "ok"); /* the lock: only one ran at a time */
    assert_int_equal(f.rows.blocks->len, 2);
    const struct gate_block_row *ab = block_row(&f, 0), *aa = block_row(&f, 1);
    assert_int_equal(ab->cell, 1);
    assert_int_equal(ab->block, 1);
    assert_string_equal(ab->metric, "wall_ns");
    assert_string_equal(ab->stage, "measure");
    assert_string_equal(ab->pair, "ab");
    assert_null(ab->reason);
    assert_int_equal(ab->slices, 14); /* seven rounds fill 80 ms */
    assert_near(ab->base, 2300000);
    assert_near(ab->candidate, 2760000);
    assert_near(ab->log_ratio, log(1.2));
    assert_string_equal(aa->pair, "aa");
    assert_near(aa->log_ratio, 0);
    fixture_release(&f);
}

static void either_side_begins_as_chance_decides_and_the_seed_repeats_it(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.config.ops = 1000;
    prepare(&f);
    unsigned base_first = 0;
    for (uint64_t block = 1; block <= 32; block++)
        measure(&f, (block - 1) % 16 + 1, false);
    for (guint i = 0; i < 16; i++) {
        base_first += strcmp(block_row(&f, i)->first, "base") == 0;
        assert_string_equal(block_row(&f, i)->first, block_row(&f, i + 16)->first);
    }
    assert_in_range(base_first, 3, 13);
    fixture_release(&f);
}

/* argv and open descriptors must not tell which side it is: they move the stack, or worse. */
static void both_sides_are_started_alike(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.config.ops = 1000;
    prepare(&f);
    const struct gate_cell_row *row = fixture_row(&f);
    assert_non_null(strstr(row->base_allocator, "fake fds=3 --workload=steady"));
    assert_string_equal(row->base_allocator, row->candidate_allocator);
    fixture_release(&f);
}

static void a_slice_that_another_program_disturbed_makes_the_block_void(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "robbed");
    f.config.ops = 1000;
    variable_add(&f.strategies[1], "FAKE_FAULTY", "1");
    prepare(&f);
    measure(&f, 1, false);
    assert_string_equal(fixture_row(&f)->status, "ok");
    const struct gate_block_row *row = block_row(&f, 0);
    assert_true(isnan(row->log_ratio));
    assert_string_equal(row->reason,
                        "14 of 14 pairs of slices were disturbed: another program took "
                        "the CPU, or memory");
    fixture_release(&f);
}

static void the_copy_of_the_base_has_a_path_of_the_same_length(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "tells-exe");
    f.config.ops = 1000;
    prepare(&f); /* its two slices are before the third, which tells */
    variable_add(&f.strategies[0], "FAKE_FAULTY", "1");
    measure(&f, 1, true);
    const char *reason = fixture_row(&f)->reason;
    assert_string_equal(fixture_row(&f)->status, "crashed");
    assert_int_equal(f.rows.blocks->len, 0);
    char *copy = g_strdup_printf("exe %s/gate-", f.link_dir);
    bool is_copy = g_str_has_prefix(reason, "copy of the base: ");
    assert_true(is_copy == (strstr(reason, copy) != NULL));
    assert_true(is_copy || strstr(reason, GATE_FAKE_CELL) != NULL);
    assert_non_null(strstr(reason, "libraries /tmp/heapmark-test-"));
    g_free(copy);
    fixture_release(&f);
}

/* ---- where memory lies ---- */

enum { LAYOUT_BLOCKS = 3 };

/* What each process of a block told of its layout, in a file that the block leaves behind. */
static void layout_of_block(struct fixture *f, uint64_t block, bool by_processes, char **told) {
    char *name = g_strdup_printf("%s/layout", f->link_dir);
    for (int side = 0; side < 2; side++)
        variable_add(&f->strategies[side], "FAKE_LAYOUT", name);
    struct gate_block_request request = {.block = block, .stage = "measure"};
    bool ok = by_processes ? gate_memory_block(&f->pair, &request, &f->options, &f->rows, &f->err)
                           : gate_time_block(&f->pair, &request, &f->options, &f->rows, &f->err);
    assert_true(ok);
    assert_string_equal(fixture_row(f)->status, "ok");
    assert_true(g_file_get_contents(name, told, NULL, NULL));
    assert_int_equal(unlink(name), 0);
    for (int side = 0; side < 2; side++)
        g_array_set_size(f->strategies[side].environment, 1); /* name is freed */
    g_free(name);
}

/* A container's filter may forbid it; then the gate measures with random addresses. */
static bool addresses_can_be_fixed(void) {
    int before = personality(0xffffffffUL);
    bool can = before != -1 && personality((unsigned long)before | ADDR_NO_RANDOMIZE) != -1;
    if (can)
        personality((unsigned long)before);
    return can;
}

/* The one line that all processes of the block told. */
static void assert_told_alike(char *told, unsigned processes) {
    char **lines = g_strsplit(told, "\n", -1);
    assert_int_equal(g_strv_length(lines), processes + 1); /* the last one ends with a newline */
    for (unsigned i = 1; i < processes; i++)
        assert_string_equal(lines[i], lines[0]);
    g_strfreev(lines);
    *strchr(told, '\n') = '\0';
}

static void assert_layouts(bool by_processes) {
    struct fixture f;
    char *told[LAYOUT_BLOCKS] = {NULL};
    fixture_init(&f, "steady");
    prepare(&f);
    for (int i = 0; i < LAYOUT_BLOCKS; i++) {
        layout_of_block(&f, (uint64_t)i + 1, by_processes, &told[i]);
        assert_told_alike(told[i], by_processes ? 4 : 2);
        assert_true(i == 0 || strcmp(told[i], told[i - 1]) != 0);
        assert_true(g_str_has_prefix(told[i], "random=0 ") || !addresses_can_be_fixed());
    }
    for (int i = 0; i < LAYOUT_BLOCKS; i++)
        g_free(told[i]);
    fixture_release(&f);
}

static void both_sides_of_a_block_have_one_layout_and_each_block_another(void **state) {
    (void)state;
    assert_layouts(false);
    assert_layouts(true);
}

/* ---- what can go wrong ---- */

static void assert_failure(const char *behaviour, const char *status, const char *reason) {
    struct fixture f;
    fixture_init(&f, behaviour);
    f.config.ops = 1000;
    prepare(&f); /* well so far */
    assert_string_equal(fixture_row(&f)->status, "ok");
    if (strcmp(status, "timeout") == 0)
        f.config.timeout_s = HANG_S;
    variable_add(&f.strategies[1], "FAKE_FAULTY", "1");
    measure(&f, 1, false);
    assert_string_equal(fixture_row(&f)->status, status);
    assert_string_equal(fixture_row(&f)->reason, reason);
    assert_int_equal(f.rows.blocks->len, 0);
    measure(&f, 2, false); /* the cell is left alone from then on */
    assert_int_equal(f.rows.blocks->len, 0);
    fixture_release(&f);
}

static void a_side_that_ends_in_a_block_is_the_status_of_its_cell(void **state) {
    (void)state;
    assert_failure("crash", "crashed", "candidate: SIGSEGV; it said: it hurts here");
    assert_failure("exit", "crashed", "candidate: exit status 0 without the end of a report");
    assert_failure("oom", "oom", "candidate: an allocation of 80 bytes failed");
    assert_failure("not-loaded", "wrong", "candidate: malloc is answered by libc");
    assert_failure("hang", "timeout", "candidate: no end after 3 s (--timeout)");
}

static void an_answer_that_is_none_is_quoted(void **state) {
    (void)state;
    assert_failure("garbage", "crashed",
                   "candidate: its answer was 'slice of bread' (exit status 0)");
    assert_failure("no-newline", "crashed",
                   "candidate: a line of its report has no end (exit status 0)");
}

static void another_checksum_is_wrong(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "wrong-sum");
    variable_add(&f.strategies[1], "FAKE_FAULTY", "1");
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "wrong");
    assert_string_equal(fixture_row(&f)->reason,
                        "candidate: checksum d141f1aaf7d7f331 differs from d141f1aaf7d7f330 of the "
                        "base for the same work");
    fixture_release(&f);
}

static void a_program_that_is_not_there_is_unavailable(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.strategies[0].program = "/nonexistent/cell-fake";
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "unavailable");
    assert_non_null(strstr(fixture_row(&f)->reason, "base: its cell program cannot be started"));
    fixture_release(&f);
}

static void a_skipped_cell_keeps_its_reason_and_starts_nothing(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.strategies[1].program = "/nonexistent/cell-fake";
    f.cells[1].skipped = "bump does not reclaim";
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "skipped");
    assert_string_equal(fixture_row(&f)->reason, "candidate: bump does not reclaim");
    fixture_release(&f);
}

static void an_interruption_ends_the_gate(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.config.ops = 1000;
    prepare(&f);
    f.interrupted = 1;
    struct gate_block_request request = {.block = 1, .stage = "measure"};
    assert_false(gate_time_block(&f.pair, &request, &f.options, &f.rows, &f.err));
    assert_int_equal(f.err.exit_status, EXIT_INTERRUPTED);
    f.pair.method = GATE_METHOD_PROCESSES;
    assert_false(gate_time_block(&f.pair, &request, &f.options, &f.rows, &f.err));
    assert_int_equal(f.err.exit_status, EXIT_INTERRUPTED);
    assert_string_equal(fixture_row(&f)->status, "ok");
    fixture_release(&f);
}

/* ---- whole processes ---- */

static void an_allocator_whose_own_threads_work_is_measured_by_processes(void **state) {
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct fixture f;
        fixture_init(&f, "helped");
        variable_add(&f.strategies[side], "FAKE_FAULTY", "1");
        prepare(&f);
        assert_string_equal(fixture_row(&f)->status, "ok");
        assert_string_equal(fixture_row(&f)->method, "processes");
        fixture_release(&f);
    }
}

static void what_slices_do_not_fit_is_measured_by_processes(void **state) {
    (void)state;
    for (int reason = 0; reason < 4; reason++) {
        struct fixture f;
        fixture_init(&f, "steady");
        f.cells[0].threads = f.cells[1].threads = reason == 0 ? 2 : 1;
        f.workload.traits = reason == 1 ? 0 : TRAIT_SLICEABLE;
        f.workload.needs = reason == 2 ? TRAIT_THREADS : 0;
        f.binding.offers &= reason == 3 ? ~(uint32_t)TRAIT_HELD : ~0u;
        prepare(&f);
        assert_string_equal(fixture_row(&f)->status, "ok");
        assert_string_equal(fixture_row(&f)->method, "processes");
        fixture_release(&f);
    }
}

static void a_block_of_processes_has_time_memory_and_pauses(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.workload.traits = 0;
    f.config.ops = 1000;
    prepare(&f);
    measure(&f, 1, false);
    static const char *const metrics[] = {"wall_ns", "rss_peak_bytes", "gc_pause_ns_max",
                                          "gc_pause_ns_p99"};
    static const double bases[] = {10000, 20000, 70, 70};
    assert_int_equal(f.rows.blocks->len, G_N_ELEMENTS(metrics));
    for (guint i = 0; i < G_N_ELEMENTS(metrics); i++) {
        const struct gate_block_row *row = block_row(&f, i);
        assert_string_equal(row->metric, metrics[i]);
        assert_int_equal(row->slices, 2);
        assert_near(row->base, bases[i]);
        assert_near(row->log_ratio, log(1.2));
    }
    fixture_release(&f);
}

static void memory_of_a_pair_by_slices_comes_from_processes_without_their_time(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "steady");
    f.config.ops = 1000;
    prepare(&f);
    struct gate_block_request request = {.block = 1, .stage = "measure"};
    assert_true(gate_memory_block(&f.pair, &request, &f.options, &f.rows, &f.err));
    assert_int_equal(f.rows.blocks->len, 3);
    assert_string_equal(block_row(&f, 0)->metric, "rss_peak_bytes");
    assert_near(block_row(&f, 0)->base, 46e6); /* the work of ten slices */
    f.pair.method = GATE_METHOD_PROCESSES;
    assert_true(gate_memory_block(&f.pair, &request, &f.options, &f.rows, &f.err));
    assert_int_equal(f.rows.blocks->len, 3);
    fixture_release(&f);
}

static void a_process_that_crashes_in_a_block_is_the_status_of_its_cell(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "crash");
    f.workload.traits = 0;
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "ok");
    variable_add(&f.strategies[1], "FAKE_FAULTY", "1");
    measure(&f, 1, false);
    assert_string_equal(fixture_row(&f)->status, "crashed");
    assert_string_equal(fixture_row(&f)->reason, "candidate: SIGABRT");
    assert_int_equal(f.rows.blocks->len, 0);
    fixture_release(&f);
}

/* ---- commands ---- */

static void commands_init(struct fixture *f, char *const *base, char *const *candidate) {
    fixture_init(f, "steady");
    f->pair.base = (struct gate_side){.command = base};
    f->pair.candidate = (struct gate_side){.command = candidate};
}

static void commands_are_timed_as_they_are(void **state) {
    (void)state;
    char *command[] = {(char *)"sh", (char *)"-c", (char *)"echo out; echo err >&2; cat", NULL};
    struct fixture f;
    commands_init(&f, command, command);
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "ok");
    assert_string_equal(fixture_row(&f)->method, "processes");
    measure(&f, 1, false);
    measure(&f, 2, true);
    const struct gate_block_row *row = block_row(&f, 0);
    assert_string_equal(row->metric, "wall_ns");
    assert_int_equal(row->slices, 2);
    assert_true(row->base > 0 && row->candidate > 0 && isfinite(row->log_ratio));
    fixture_release(&f);
}

static void assert_command(const char *script, const char *status, const char *reason) {
    char *good[] = {(char *)"true", NULL};
    char *bad[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    struct fixture f;
    commands_init(&f, good, bad);
    if (strcmp(status, "timeout") == 0)
        f.config.timeout_s = HANG_S;
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, status);
    assert_string_equal(fixture_row(&f)->reason, reason);
    fixture_release(&f);
}

static void a_command_that_fails_has_its_last_words_in_the_reason(void **state) {
    (void)state;
    assert_command("echo one; echo two >&2; exit 3", "crashed",
                   "candidate: exit status 3; it said: two");
    assert_command("echo only this; exit 1", "crashed",
                   "candidate: exit status 1; it said: only this");
    assert_command("kill -SEGV $$", "crashed", "candidate: SIGSEGV");
    assert_command("sleep 60", "timeout", "candidate: no end after 3 s (--timeout)");
    /* What it leaves behind does not hold the gate up. */
    assert_command("sleep 60 & exit 4", "crashed", "candidate: exit status 4");
    /* Faster than anybody reads, on both pipes. */
    assert_command("yes >&2 & yes", "timeout",
                   "candidate: no end after 3 s (--timeout); it said: y / y / y");
}

static void a_command_that_is_not_there_is_named(void **state) {
    (void)state;
    char *good[] = {(char *)"true", NULL}, *missing[] = {(char *)"no-such-program", NULL};
    struct fixture f;
    commands_init(&f, missing, good);
    prepare(&f);
    assert_string_equal(fixture_row(&f)->status, "unavailable");
    assert_string_equal(fixture_row(&f)->reason,
                        "base: no program 'no-such-program' is found in PATH");
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_as_long_as_the_base_needs_and_both_sides_do_the_same),
        cmocka_unit_test(a_collector_s_slices_have_ten_collections),
        cmocka_unit_test(a_block_is_one_number_the_log_ratio_of_its_slices),
        cmocka_unit_test(either_side_begins_as_chance_decides_and_the_seed_repeats_it),
        cmocka_unit_test(both_sides_are_started_alike),
        cmocka_unit_test(a_slice_that_another_program_disturbed_makes_the_block_void),
        cmocka_unit_test(the_copy_of_the_base_has_a_path_of_the_same_length),
        cmocka_unit_test(a_side_that_ends_in_a_block_is_the_status_of_its_cell),
        cmocka_unit_test(an_answer_that_is_none_is_quoted),
        cmocka_unit_test(another_checksum_is_wrong),
        cmocka_unit_test(a_program_that_is_not_there_is_unavailable),
        cmocka_unit_test(a_skipped_cell_keeps_its_reason_and_starts_nothing),
        cmocka_unit_test(an_interruption_ends_the_gate),
        cmocka_unit_test(an_allocator_whose_own_threads_work_is_measured_by_processes),
        cmocka_unit_test(what_slices_do_not_fit_is_measured_by_processes),
        cmocka_unit_test(a_block_of_processes_has_time_memory_and_pauses),
        cmocka_unit_test(memory_of_a_pair_by_slices_comes_from_processes_without_their_time),
        cmocka_unit_test(a_process_that_crashes_in_a_block_is_the_status_of_its_cell),
        cmocka_unit_test(both_sides_of_a_block_have_one_layout_and_each_block_another),
        cmocka_unit_test(commands_are_timed_as_they_are),
        cmocka_unit_test(a_command_that_fails_has_its_last_words_in_the_reason),
        cmocka_unit_test(a_command_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
