/*
 * Each mutant is a healthy gate with one thing broken, as a crash, a bug or a damaged file would
 * break it. None may be green, and the finding must name what is wrong.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/error.h"
#include "tests/unit/gate_fixture.h"

static struct gate_cell_row *cell_at(struct gate_fixture *f, guint i) {
    return &g_array_index(f->rows.cells, struct gate_cell_row, i);
}

static struct gate_block_row *block_at(struct gate_fixture *f, guint i) {
    return &g_array_index(f->rows.blocks, struct gate_block_row, i);
}

static struct gate_count_row *count_at(struct gate_fixture *f, guint i) {
    return &g_array_index(f->rows.counts, struct gate_count_row, i);
}

/* The blocks of the first cell's time are the first 24, its A/A blocks the next 6. */
enum { TIMES = 24, CALIBRATIONS = 6 };

static void mutate_cell_not_ok(struct gate_fixture *f) {
    cell_at(f, 0)->status = "crashed";
    cell_at(f, 0)->reason = "the candidate died of signal 11 in block 3";
}

static void mutate_cell_without_status(struct gate_fixture *f) {
    cell_at(f, 0)->status = NULL;
}

static void mutate_library_not_loaded(struct gate_fixture *f) {
    cell_at(f, 0)->status = "wrong";
    cell_at(f, 0)->reason = "malloc is of libc.so.6, not of libmine.so";
}

static void mutate_cell_without_rows(struct gate_fixture *f) {
    gate_fixture_cell(f, 9, "forgotten");
    cell_at(f, 3)->method = NULL;
}

static void mutate_cell_without_times(struct gate_fixture *f) {
    g_array_remove_range(f->rows.blocks, 0, TIMES + CALIBRATIONS);
}

static void mutate_no_cells(struct gate_fixture *f) {
    g_array_set_size(f->rows.cells, 0);
}

static void mutate_no_rows_at_all(struct gate_fixture *f) {
    g_array_set_size(f->rows.cells, 0);
    g_array_set_size(f->rows.blocks, 0);
    g_array_set_size(f->rows.counts, 0);
}

static void mutate_blocks_truncated(struct gate_fixture *f) {
    g_array_set_size(f->rows.blocks, 5);
}

static void mutate_one_sample(struct gate_fixture *f) {
    g_array_remove_range(f->rows.blocks, 1, TIMES - 1);
}

static void mutate_cell_twice(struct gate_fixture *f) {
    struct gate_cell_row copy = *cell_at(f, 0);
    g_array_append_val(f->rows.cells, copy);
}

static void mutate_cell_under_two_numbers(struct gate_fixture *f) {
    struct gate_cell_row copy = *cell_at(f, 0);
    copy.cell = 7;
    g_array_append_val(f->rows.cells, copy);
}

static void mutate_checksums_differ(struct gate_fixture *f) {
    cell_at(f, 0)->candidate_checksum = "00000000deadbeee";
}

static void mutate_checksum_of_one_side(struct gate_fixture *f) {
    cell_at(f, 0)->candidate_checksum = NULL;
}

static void mutate_no_checksums(struct gate_fixture *f) {
    cell_at(f, 0)->base_checksum = NULL;
    cell_at(f, 0)->candidate_checksum = NULL;
}

static void mutate_operations_differ(struct gate_fixture *f) {
    cell_at(f, 0)->candidate_operations--;
}

static void mutate_zero_operations(struct gate_fixture *f) {
    cell_at(f, 0)->base_operations = 0;
    cell_at(f, 0)->candidate_operations = 0;
}

static void mutate_unknown_operations(struct gate_fixture *f) {
    cell_at(f, 0)->candidate_operations = COUNT_EMPTY;
}

static void mutate_ratio_nan(struct gate_fixture *f) {
    block_at(f, 5)->log_ratio = NAN;
}

static void mutate_ratio_infinite(struct gate_fixture *f) {
    block_at(f, 5)->log_ratio = INFINITY;
}

static void mutate_ratio_and_reason(struct gate_fixture *f) {
    block_at(f, 5)->reason = "preempted";
}

static void mutate_time_of_one_side(struct gate_fixture *f) {
    block_at(f, 5)->candidate = NAN;
}

static void mutate_time_zero(struct gate_fixture *f) {
    block_at(f, 5)->candidate = 0;
}

static void mutate_block_twice(struct gate_fixture *f) {
    struct gate_block_row copy = *block_at(f, 5);
    g_array_append_val(f->rows.blocks, copy);
}

static void mutate_block_without_number(struct gate_fixture *f) {
    block_at(f, 5)->block = COUNT_EMPTY;
}

static void mutate_block_of_no_stage(struct gate_fixture *f) {
    block_at(f, 5)->stage = "meassure";
}

static void mutate_block_of_no_pair(struct gate_fixture *f) {
    block_at(f, 5)->pair = NULL;
}

static void mutate_block_without_slices(struct gate_fixture *f) {
    block_at(f, 5)->slices = 0;
}

static void mutate_few_blocks_void(struct gate_fixture *f) {
    g_array_set_size(f->rows.blocks, 5);
    for (guint i = 0; i < 5; i++) {
        block_at(f, i)->log_ratio = NAN;
        block_at(f, i)->reason = "preempted";
    }
}

static void mutate_constant_base(struct gate_fixture *f) {
    for (guint i = 0; i < TIMES; i++) {
        block_at(f, i)->base = 1e6;
    }
}

static void mutate_constant_ratio(struct gate_fixture *f) {
    for (guint i = 0; i < TIMES; i++) {
        block_at(f, i)->log_ratio = 0;
    }
}

static void mutate_unit_changed(struct gate_fixture *f) {
    for (guint i = 0; i < TIMES; i++) {
        block_at(f, i)->candidate /= 1000;
    }
}

static void mutate_sides_swapped(struct gate_fixture *f) {
    for (guint i = 0; i < TIMES; i++) {
        struct gate_block_row *row = block_at(f, i);
        row->log_ratio -= 0.1;
        row->candidate = row->base * exp(-row->log_ratio);
    }
}

static void mutate_unknown_metric(struct gate_fixture *f) {
    block_at(f, 5)->metric = "wall_ms";
}

static void mutate_metric_without_name(struct gate_fixture *f) {
    block_at(f, 5)->metric = NULL;
}

static void mutate_metric_in_the_wrong_file(struct gate_fixture *f) {
    count_at(f, 0)->metric = "wall_ns";
}

static void mutate_stranger(struct gate_fixture *f) {
    block_at(f, 5)->cell = 77;
}

/* The counts of the first cell: allocs 0-2, bytes 3-5, madvise_calls 6-8, instructions 9-11. */
static void mutate_counter_collapsed(struct gate_fixture *f) {
    for (guint i = 0; i < 3; i++) {
        count_at(f, i)->candidate = 49999;
    }
}

static void mutate_counter_of_unchecked_work_collapsed(struct gate_fixture *f) {
    struct gate_cell_row *cell = cell_at(f, 0);
    cell->base_checksum = cell->candidate_checksum = NULL;
    cell->base_allocator = cell->candidate_allocator = NULL;
    for (guint i = 9; i < 12; i++) {
        count_at(f, i)->candidate = 1e6;
    }
}

static void mutate_counter_zero(struct gate_fixture *f) {
    for (guint i = 9; i < 12; i++) {
        count_at(f, i)->candidate = 0;
    }
}

static void mutate_count_of_one_side(struct gate_fixture *f) {
    count_at(f, 1)->candidate = NAN;
    count_at(f, 1)->reason = "the candidate has no such counter";
}

static void mutate_count_nan(struct gate_fixture *f) {
    count_at(f, 1)->base = count_at(f, 1)->candidate = NAN;
}

static void mutate_count_negative(struct gate_fixture *f) {
    count_at(f, 1)->candidate = -1;
}

static void mutate_repeat_twice(struct gate_fixture *f) {
    count_at(f, 1)->repeat = 1;
}

static void mutate_count_of_no_operations(struct gate_fixture *f) {
    for (guint i = 0; i < 3; i++) {
        count_at(f, i)->operations = 0;
    }
}

static void mutate_count_of_other_operations(struct gate_fixture *f) {
    count_at(f, 2)->operations = 5;
}

static const struct {
    void (*mutate)(struct gate_fixture *f);
    uint64_t cell;
    const char *metric; /* NULL: the cell as a whole */
    const char *words;  /* in the reason */
} mutants[] = {
    {mutate_cell_not_ok, 1, NULL, "signal 11"},
    {mutate_cell_without_status, 1, NULL, "never measured"},
    {mutate_library_not_loaded, 1, NULL, "not of libmine.so"},
    {mutate_cell_without_rows, 9, NULL, "nothing was measured"},
    {mutate_cell_without_times, 1, "wall_ns", "no block is there"},
    {mutate_no_cells, 1, NULL, "not in cells.csv"},
    {mutate_blocks_truncated, 3, "wall_ns", "no block is there"},
    {mutate_one_sample, 1, "wall_ns", "1 block cannot make an interval"},
    {mutate_cell_under_two_numbers, 7, NULL, "stands twice"},
    {mutate_checksums_differ, 1, NULL, "deadbeee"},
    {mutate_checksum_of_one_side, 1, NULL, "the candidate gave no checksum"},
    {mutate_no_checksums, 1, NULL, "gave no checksum"},
    {mutate_operations_differ, 1, NULL, "not the same work"},
    {mutate_zero_operations, 1, NULL, "did no operation"},
    {mutate_unknown_operations, 1, NULL, "how many operations the candidate"},
    {mutate_ratio_nan, 1, "wall_ns", "block 6 has neither a ratio nor a reason"},
    {mutate_ratio_infinite, 1, "wall_ns", "infinite"},
    {mutate_ratio_and_reason, 1, "wall_ns", "block 6 has a ratio and a reason"},
    {mutate_time_of_one_side, 1, "wall_ns", "no value of the candidate"},
    {mutate_time_zero, 1, "wall_ns", "not positive"},
    {mutate_block_twice, 1, "wall_ns", "block 6 stands twice"},
    {mutate_block_without_number, 1, "wall_ns", "no number"},
    {mutate_block_of_no_stage, 1, "wall_ns", "no stage"},
    {mutate_block_of_no_pair, 1, "wall_ns", "no pair"},
    {mutate_block_without_slices, 1, "wall_ns", "no slices"},
    {mutate_few_blocks_void, 1, "wall_ns", "0 blocks cannot make an interval"},
    {mutate_constant_base, 1, "wall_ns", "the base's value is the same"},
    {mutate_constant_ratio, 1, "wall_ns", "the ratio is the same"},
    {mutate_unit_changed, 1, "wall_ns", "unit"},
    {mutate_sides_swapped, 1, "wall_ns", "swapped"},
    {mutate_unknown_metric, 1, "wall_ms", "no metric that this gate knows"},
    {mutate_metric_without_name, 1, NULL, "no metric that this gate knows"},
    {mutate_stranger, 77, NULL, "not in cells.csv"},
    {mutate_counter_collapsed, 1, "allocs", "broken counter"},
    {mutate_counter_of_unchecked_work_collapsed, 1, "instructions", "broken counter"},
    {mutate_counter_zero, 1, "instructions", "never 0"},
    {mutate_count_of_one_side, 1, "allocs", "count of the base only: the candidate has no such"},
    {mutate_count_nan, 1, "allocs", "repeat 2 has no count"},
    {mutate_count_negative, 1, "allocs", "negative"},
    {mutate_repeat_twice, 1, "allocs", "repeat 1 stands twice"},
    {mutate_count_of_no_operations, 1, "allocs", "zero operations"},
    {mutate_count_of_other_operations, 1, "allocs", "different numbers of operations"},
};

static void every_mutant_is_invalid_and_says_why(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++) {
        struct gate_fixture f;
        gate_fixture_healthy(&f);
        mutants[i].mutate(&f);
        struct gate_findings findings;
        gate_decide(&findings, &f.rows, &gate_rule_initial);
        const struct gate_finding *found =
            gate_fixture_finding(&findings, mutants[i].cell, mutants[i].metric);
        print_message("%2zu %s: %s\n", i + 1, found->metric == NULL ? "cell" : found->metric,
                      found->reason);
        assert_int_equal(findings.verdict, GATE_INVALID);
        assert_int_equal(gate_exit_status(findings.verdict), EXIT_CANNOT);
        assert_int_equal(found->verdict, GATE_INVALID);
        assert_non_null(strstr(found->reason, mutants[i].words));
        gate_findings_release(&findings);
        gate_fixture_release(&f);
    }
}

/* These leave several findings of one kind, so they are told apart from the table. */
static void assert_invalid(void (*mutate)(struct gate_fixture *f), unsigned invalid) {
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    mutate(&f);
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_INVALID);
    assert_int_equal(findings.counts[GATE_INVALID], invalid);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void a_number_used_twice_makes_both_cells_invalid(void **state) {
    (void)state;
    assert_invalid(mutate_cell_twice, 2);
}

static void a_time_among_the_counts_is_invalid(void **state) {
    (void)state;
    assert_invalid(mutate_metric_in_the_wrong_file, 1);
}

static void a_gate_without_anything_is_invalid(void **state) {
    (void)state;
    assert_invalid(mutate_no_rows_at_all, 0);
}

static void peak_memory_may_be_the_same_in_all_blocks(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    for (guint i = 0; i < f.rows.blocks->len; i++) {
        struct gate_block_row *row = block_at(&f, i);
        if (strcmp(row->metric, "rss_peak_bytes") == 0) {
            row->log_ratio = 0;
            row->base = row->candidate = 4096 * 100;
        }
    }
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_PASS);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

static void a_pair_of_commands_needs_no_checksum(void **state) {
    (void)state;
    struct gate_fixture f;
    gate_fixture_healthy(&f);
    struct gate_cell_row *cell = cell_at(&f, 0);
    cell->base_checksum = cell->candidate_checksum = NULL;
    cell->base_allocator = cell->candidate_allocator = NULL;
    cell->base_operations = cell->candidate_operations = COUNT_EMPTY;
    struct gate_findings findings;
    gate_decide(&findings, &f.rows, &gate_rule_initial);
    assert_int_equal(findings.verdict, GATE_PASS);
    gate_findings_release(&findings);
    gate_fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mutant_is_invalid_and_says_why),
        cmocka_unit_test(a_number_used_twice_makes_both_cells_invalid),
        cmocka_unit_test(a_time_among_the_counts_is_invalid),
        cmocka_unit_test(a_gate_without_anything_is_invalid),
        cmocka_unit_test(peak_memory_may_be_the_same_in_all_blocks),
        cmocka_unit_test(a_pair_of_commands_needs_no_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
