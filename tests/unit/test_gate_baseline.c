/* Stored baselines: what is written is read again, what cannot be compared is no base. */
#include "harness/store/gate_baseline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADER                                                                                     \
    "heapmark-gate-baseline 1\n"                                                                   \
    "workload,parameters,threads,strategy,metric,operations,least,most,checksum,allocator,"        \
    "conditions\n"

static char *no_conditions(const char *metric) {
    (void)metric;
    return g_strdup("");
}

static char *one_processor(const char *metric) {
    return g_strdup(strcmp(metric, "instructions") == 0 ? "processor 1" : "");
}

static char *another_processor(const char *metric) {
    return g_strdup(strcmp(metric, "instructions") == 0 ? "processor 2" : "");
}

static char *no_valgrind(const char *metric) {
    return strcmp(metric, "instructions") == 0 ? NULL : g_strdup("");
}

/* One cell whose candidate was counted twice. */
static void rows_make(struct gate_rows *rows, double allocs, double instructions) {
    struct gate_cell_row cell;
    gate_rows_init(rows);
    row_clear(&gate_cell_type, &cell);
    cell.cell = 7;
    cell.workload = "create-pointer";
    cell.parameters = "bytes=80";
    cell.threads = 1;
    cell.candidate = "malloc";
    cell.candidate_operations = 1000;
    cell.candidate_checksum = "00ff00ff00ff00ff";
    cell.candidate_allocator = "glibc 2.36";
    cell.status = "ok";
    g_array_append_val(rows->cells, cell);
    for (unsigned i = 1; i <= 2; i++) {
        struct gate_count_row counts[] = {
            {.metric = "allocs", .operations = 1000, .candidate = allocs},
            {.metric = "instructions", .operations = 500, .candidate = instructions + i},
        };
        for (size_t m = 0; m < G_N_ELEMENTS(counts); m++) {
            counts[m].cell = 7;
            counts[m].repeat = i;
            counts[m].base = NAN;
            g_array_append_val(rows->counts, counts[m]);
        }
    }
}

static const struct gate_count_row *count_at(const struct gate_rows *rows, guint i) {
    return &g_array_index(rows->counts, struct gate_count_row, i);
}

static char *baseline_made(double allocs, double instructions) {
    struct gate_rows rows;
    struct gate_baseline b;
    rows_make(&rows, allocs, instructions);
    gate_baseline_init(&b);
    gate_baseline_add(&b, &rows, one_processor);
    char *text = gate_baseline_text(&b);
    gate_baseline_release(&b);
    gate_rows_release(&rows);
    return text;
}

static void assert_refused(const char *text, const char *expected) {
    struct gate_baseline b;
    struct error err = {0};
    gate_baseline_init(&b);
    assert_false(gate_baseline_parse(&b, "counts.txt", text, strlen(text), &err));
    assert_string_equal(err.text, expected);
    assert_int_equal(err.exit_status, EXIT_USAGE);
    gate_baseline_release(&b);
}

static void parse_ok(struct gate_baseline *b, const char *text) {
    struct error err = {0};
    gate_baseline_init(b);
    if (!gate_baseline_parse(b, "counts.txt", text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void a_baseline_is_a_line_per_cell_and_metric(void **state) {
    (void)state;
    char *text = baseline_made(1000, 90000);
    assert_string_equal(text,
                        HEADER "create-pointer,bytes=80,1,malloc,allocs,1000,1000,1000,"
                               "00ff00ff00ff00ff,glibc 2.36,\n"
                               "create-pointer,bytes=80,1,malloc,instructions,500,90001,90002,"
                               "00ff00ff00ff00ff,glibc 2.36,processor 1\n");
    g_free(text);
}

static void what_is_written_reads_as_the_same_in_any_order(void **state) {
    (void)state;
    struct gate_baseline b;
    parse_ok(&b, HEADER "z,,1,malloc,allocs,1,1,1,,,\nb,n=2,1,malloc,bytes,1,8,8,,,\n"
                        "b,n=2,1,malloc,allocs,1,-4,1,,,\nb,,2,malloc,allocs,1,1,1,,,\n"
                        "b,,1,\"a,c\",allocs,1,1,1,,,\n");
    char *text = gate_baseline_text(&b);
    assert_string_equal(text,
                        HEADER "b,,1,\"a,c\",allocs,1,1,1,,,\nb,,2,malloc,allocs,1,1,1,,,\n"
                               "b,n=2,1,malloc,allocs,1,-4,1,,,\n"
                               "b,n=2,1,malloc,bytes,1,8,8,,,\nz,,1,malloc,allocs,1,1,1,,,\n");
    g_free(text);
    gate_baseline_release(&b);
}

static void counts_made_again_replace_the_old_ones(void **state) {
    (void)state;
    struct gate_baseline b;
    struct gate_rows rows;
    char *text = baseline_made(1000, 90000);
    parse_ok(&b, text);
    rows_make(&rows, 1001, 90000);
    gate_baseline_add(&b, &rows, one_processor);
    assert_int_equal(b.rows->len, 2);
    char *again = gate_baseline_text(&b);
    assert_non_null(strstr(again, ",allocs,1000,1001,1001,"));
    g_free(again);
    g_free(text);
    gate_rows_release(&rows);
    gate_baseline_release(&b);
}

/* Applies a baseline of 1000 allocs and 90000 instructions. */
static struct gate_baseline_applied apply(struct gate_rows *rows,
                                          gate_baseline_conditions conditions) {
    struct gate_baseline b;
    struct gate_baseline_applied applied;
    char *text = baseline_made(1000, 90000);
    parse_ok(&b, text);
    gate_baseline_apply(&b, rows, conditions, &applied);
    gate_baseline_release(&b);
    g_free(text);
    return applied;
}

static void stored_counts_become_the_base_and_show_their_range(void **state) {
    (void)state;
    struct gate_rows rows;
    rows_make(&rows, 1001, 90500);
    struct gate_baseline_applied applied = apply(&rows, one_processor);
    assert_int_equal(applied.compared, 2);
    assert_int_equal(applied.incomparable, 0);
    assert_int_equal(applied.unmeasured, 0);
    assert_true(count_at(&rows, 0)->base == 1000);
    assert_true(count_at(&rows, 0)->candidate == 1001);
    assert_true(count_at(&rows, 1)->base == 90001);
    assert_true(count_at(&rows, 3)->base == 90002);
    const struct gate_cell_row *cell = &g_array_index(rows.cells, struct gate_cell_row, 0);
    assert_string_equal(cell->base_checksum, "00ff00ff00ff00ff");
    assert_string_equal(cell->base_allocator, "glibc 2.36");
    assert_int_equal(cell->base_operations, 1000);
    gate_rows_release(&rows);
}

static void instructions_of_another_processor_are_not_compared(void **state) {
    (void)state;
    struct gate_rows rows;
    rows_make(&rows, 1000, 90000);
    struct gate_baseline_applied applied = apply(&rows, another_processor);
    assert_int_equal(applied.compared, 1);
    assert_int_equal(applied.incomparable, 1);
    for (guint i = 1; i < 4; i += 2) {
        assert_true(isnan(count_at(&rows, i)->base) && isnan(count_at(&rows, i)->candidate));
        assert_string_equal(count_at(&rows, i)->reason,
                            "the baseline was counted under other conditions (processor 1; here "
                            "processor 2)");
    }
    gate_rows_release(&rows);
    rows_make(&rows, 1000, 90000);
    applied = apply(&rows, no_valgrind);
    assert_int_equal(applied.incomparable, 1);
    gate_rows_release(&rows);
}

static void other_work_and_unknown_cells_are_not_compared(void **state) {
    (void)state;
    struct gate_rows rows;
    rows_make(&rows, 1000, 90000);
    g_array_index(rows.counts, struct gate_count_row, 0).operations = 999;
    g_array_index(rows.counts, struct gate_count_row, 2).operations = 999;
    struct gate_baseline_applied applied = apply(&rows, one_processor);
    assert_int_equal(applied.compared, 1);
    assert_int_equal(applied.incomparable, 1);
    assert_string_equal(count_at(&rows, 0)->reason,
                        "the baseline counted 1000 operations, this run 999");
    gate_rows_release(&rows);
    rows_make(&rows, 1000, 90000);
    g_array_index(rows.cells, struct gate_cell_row, 0).candidate = "jemalloc";
    applied = apply(&rows, one_processor);
    assert_int_equal(applied.compared, 0);
    assert_int_equal(applied.incomparable, 2);
    assert_int_equal(applied.unmeasured, 2);
    assert_string_equal(applied.unmeasured_first, "create-pointer bytes=80 malloc");
    gate_rows_release(&rows);
}

static void times_are_refused(void **state) {
    (void)state;
    assert_refused(HEADER "a,,1,malloc,wall_ns,1,5,5,,,\n",
                   "counts.txt, line 3: only exact counters are stored: a time of another machine "
                   "or day is no base");
}

static void damage_is_refused_with_its_line(void **state) {
    (void)state;
    assert_refused("",
                   "counts.txt is no baseline of version 1 of this heapmark: write it anew with "
                   "gate --write-baseline");
    assert_refused("heapmark-gate-baseline 2\n",
                   "counts.txt is no baseline of version 1 of this heapmark: write it anew with "
                   "gate --write-baseline");
    assert_refused(HEADER "a,,1,malloc,allocs,1,5,5,,,",
                   "counts.txt: the last line is cut short: take the whole file, or write it anew");
    assert_refused("heapmark-gate-baseline 1\n",
                   "counts.txt: the last line is cut short: take the whole file, or write it anew");
    assert_refused(HEADER "a,,1,malloc,allocs,1,5,5,,,\na,,1,malloc,allocs,1,6,6,,,\n",
                   "counts.txt, line 4: this metric of this cell is there already");
    assert_refused(HEADER "a,,1,malloc,allocs,1,5,4,,,\n",
                   "counts.txt, line 3: least and most must be whole numbers, in this order");
    assert_refused(HEADER "a,,1,malloc,allocs,1,1.5,4,,,\n",
                   "counts.txt, line 3: least and most must be whole numbers, in this order");
    assert_refused(HEADER "a,,1,malloc,allocs,1,5,,,,\n",
                   "counts.txt, line 3: least and most must be whole numbers, in this order");
    assert_refused(HEADER "a,,1,malloc,allocs,0,5,5,,,\n",
                   "counts.txt, line 3: a count belongs to a number of operations above 0");
    assert_refused(HEADER "a,,1,,allocs,1,5,5,,,\n",
                   "counts.txt, line 3: workload, threads, strategy and metric must be there");
}

static void a_cell_that_failed_is_not_stored(void **state) {
    (void)state;
    struct gate_rows rows;
    struct gate_baseline b;
    rows_make(&rows, 1000, 90000);
    gate_baseline_init(&b);
    g_array_index(rows.cells, struct gate_cell_row, 0).status = "crashed";
    gate_baseline_add(&b, &rows, no_conditions);
    assert_int_equal(b.rows->len, 0);
    gate_baseline_release(&b);
    gate_rows_release(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_baseline_is_a_line_per_cell_and_metric),
        cmocka_unit_test(what_is_written_reads_as_the_same_in_any_order),
        cmocka_unit_test(counts_made_again_replace_the_old_ones),
        cmocka_unit_test(stored_counts_become_the_base_and_show_their_range),
        cmocka_unit_test(instructions_of_another_processor_are_not_compared),
        cmocka_unit_test(other_work_and_unknown_cells_are_not_compared),
        cmocka_unit_test(times_are_refused),
        cmocka_unit_test(damage_is_refused_with_its_line),
        cmocka_unit_test(a_cell_that_failed_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
