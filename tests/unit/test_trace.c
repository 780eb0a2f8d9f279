/* heapmark trace, from recordings made by hand to its numbers, to the digit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/analyze/trace_histogram.h"
#include "harness/analyze/trace_stops.h"
#include "harness/analyze/trace_summary.h"
#include "harness/capture/trace_read.h"
#include "harness/present/trace_table.h"
#include "tests/unit/trace_fixture.h"

static void tell(struct told *told, const char *path, bool is_go) {
    struct error err;
    trace_facts_init(&told->facts);
    assert_true(is_go ? go_trace_facts(path, &told->facts, &err)
                      : event_trace_facts(path, &told->facts, &err));
    told_begin(told);
    assert_true(is_go ? go_trace_tell(path, &told->timeline, &err)
                      : event_trace_tell(path, &told->timeline, &err));
    told_end(told);
}

static const struct trace_row *row_of(const struct told *told, const char *name) {
    const struct trace_row *row = told_row(told, name);
    if (row == NULL)
        fail_msg("there is no row %s", name);
    return row;
}

/* A run of 100 ms on one mutator: two stops of 1 and 3 ms, an assist of 6 ms in which the second
   lies, sweeps that say they stand for 10 spans in 2 ms, and a third stop after the run. */
static GString *recording(void) {
    const struct event mutator[] = {
        {EVENT_THREAD_START, T0 - 50 * MS, {0}},
        {EVENT_STOP_BEGIN, T0 + 10 * MS, {EVENT_STOP_SETUP}},
        {EVENT_STOP_END, T0 + 11 * MS, {0}},
        {EVENT_ASSIST_BEGIN, T0 + 20 * MS, {0}},
        {EVENT_STOP_BEGIN, T0 + 21 * MS, {EVENT_STOP_TERMINATION}},
        {EVENT_STOP_END, T0 + 24 * MS, {0}},
        {EVENT_ASSIST_END, T0 + 26 * MS, {4096}},
        {EVENT_SWEEP_BEGIN, T0 + 30 * MS, {0}},
        {EVENT_SWEEP_END, T0 + 30 * MS + 200000, {10, 2 * MS}},
        {EVENT_REFILL, T0 + 40 * MS, {5, 1}},
        {EVENT_HEAP_LIVE, T0 + 41 * MS, {1 << 20}},
        {EVENT_STOP_BEGIN, T0 + 110 * MS, {EVENT_STOP_SETUP}},
        {EVENT_STOP_END, T0 + 112 * MS, {0}},
    };
    GString *stream = stream_new();
    stream_chunk(stream, 1, EVENT_ROLE_MUTATOR, mutator, G_N_ELEMENTS(mutator));
    stream_run(stream, T0, T0 + 100 * MS);
    stream_end(stream, 7);
    return stream;
}

static void tell_bytes(struct told *told, GString *bytes, bool is_go) {
    char *path = fixture_path();
    fixture_write(path, bytes);
    tell(told, path, is_go);
    unlink(path);
    g_free(path);
    g_string_free(bytes, TRUE);
}

static void stops_are_counted_as_the_record_counts_them(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    /* the record counts what the cycle does until its readings: the one after the run included */
    assert_int_equal(told.cell->stop_count, 3);
    assert_int_equal(told.cell->stop_ns, 6 * MS);
    assert_int_equal(row_of(&told, "stop: mark setup")->count, 1);
    assert_int_equal(row_of(&told, "stop: mark termination")->total_ns, 3 * MS);
    assert_int_equal(told.cell->longest_stop_ns, 3 * MS);
    assert_int_equal(told.facts.dropped, 7);
    told_release(&told);
}

static void a_thread_s_time_is_shared_without_counting_twice(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    assert_int_equal(told.cell->threads->len, 1);
    const struct trace_thread *t = &g_array_index(told.cell->threads, struct trace_thread, 0);
    assert_true(fabs(t->stopped - 0.04) < 1e-9);
    assert_true(fabs(t->assist - 0.03) < 1e-9);  /* 6 ms less the stop in it */
    assert_true(fabs(t->sweep - 0.02) < 1e-9);   /* what the sample stands for */
    assert_true(fabs(t->running - 0.91) < 1e-9); /* and nothing is left over */
    assert_true(t->other < 1e-9);
    told_release(&told);
}

static void a_slice_that_stands_for_many_counts_as_many(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    const struct trace_row *sweep = row_of(&told, "sweep");
    assert_int_equal(sweep->count, 10);
    assert_int_equal(sweep->total_ns, 2 * MS);
    assert_true(fabs(sweep->p50_ns - 200000) < 2000);
    told_release(&told);
}

static void a_slice_that_began_before_the_run_counts_from_its_start(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    const struct trace_row *running = row_of(&told, "running");
    /* until 10, 11 to 100 around the assist: the first began 50 ms before, the last ends 10 after
     */
    assert_int_equal(running->count, 2);
    assert_int_equal(running->total_ns, 99 * MS);
    told_release(&told);
}

static void utilisation_counts_stops_assists_and_sweeps(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    assert_true(fabs(told.cell->mmu[0] - 0) < 1e-9);
    assert_true(fabs(told.cell->mmu[1] - 0.4) < 1e-9); /* 6 of 10 ms, the stop lies in the assist */
    told_release(&told);
}

static void a_recording_that_breaks_off_is_told_up_to_there(void **state) {
    struct told told;
    GString *bytes = recording();
    (void)state;
    g_string_truncate(bytes, bytes->len - 20);
    tell_bytes(&told, bytes, false);
    assert_true(told.facts.is_cut);
    assert_int_equal(told.cell->stop_count, 3);
    told_release(&told);
}

static void the_table_says_whether_the_record_agrees(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    told.cell->record.gc_stw_count = 3;
    told.cell->record.gc_pause_ns_total = 6 * MS;
    told.cell->overhead = (struct estimate){
        .count = 6, .median = 0.021, .low = -0.004, .high = 0.0309, .coverage = 0.969};
    told.cell->overhead_cpu = (struct estimate){
        .count = 6, .median = 0.011, .low = 0.001, .high = 0.019, .coverage = 0.969};
    char *text = trace_table_text(trace_summary_cells(told.summary));
    assert_non_null(strstr(text, "stops of collections: 3, together 6.00 ms; by the record 3, "
                                 "6.00 ms (+0.00 %)"));
    assert_non_null(strstr(text, "tracing cost +2.1 % of wall time (-0.4 to +3.1 %), +1.1 % of CPU "
                                 "time (+0.1 to +1.9 %): median of 6 alternating pairs, in "
                                 "brackets where it lies with 97 % confidence\n"));
    assert_non_null(strstr(text, "\nSTW "));
    g_free(text);
    text = trace_csv_text(trace_summary_cells(told.summary));
    assert_non_null(strstr(text, "\ncell,stops,trace,3,6000000,,,,\n"));
    assert_non_null(strstr(text, "\ncell,instant,refill,1,,,,,\n"));
    g_free(text);
    told_release(&told);
}

/* Cycles of two stops: each stop is excess_ns longer in the trace; before the last ones that are
   compared lie `rough` cycles whose rows are off by a microsecond. */
static void stops_make(GArray *lengths, GArray *pauses, unsigned rough, uint64_t excess_ns) {
    for (unsigned i = 0; i < 2 * (rough + TRACE_CYCLES_COMPARED); i++) {
        struct pause_row row = {.cycle = i / 2 + 1, .pause_ns = i % 2 == 0 ? 9000 : 400};
        uint64_t told_ns = row.pause_ns + excess_ns + (i < 2 * rough ? 1000 : 0);
        g_array_append_val(lengths, told_ns);
        g_array_append_val(pauses, row);
    }
}

static void what_every_stop_is_longer_by_is_told_from_a_single_one(void **state) {
    GArray *lengths = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    GArray *pauses = g_array_new(FALSE, FALSE, sizeof(struct pause_row));
    (void)state;
    assert_true(isnan(trace_stops_excess(lengths, pauses).each_ns));
    stops_make(lengths, pauses, 300, 60);
    g_array_index(lengths, uint64_t, 700) += 5000000;
    struct trace_excess excess = trace_stops_excess(lengths, pauses);
    assert_true(fabs(excess.each_ns - 60) < 1e-9);
    assert_true(fabs(excess.most_ns - 5000000) < 1e-6);
    g_array_set_size(lengths, lengths->len - 1);
    assert_true(isnan(trace_stops_excess(lengths, pauses).each_ns));
    g_array_free(lengths, TRUE);
    g_array_free(pauses, TRUE);
}

static void the_table_takes_off_what_every_stop_is_longer_by(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, recording(), false);
    told.cell->record.gc_stw_count = 3;
    told.cell->record.gc_pause_ns_total = 5940000;
    told.cell->stop_excess = (struct trace_excess){.each_ns = 15000, .most_ns = 11880};
    char *text = trace_table_text(trace_summary_cells(told.summary));
    assert_non_null(strstr(text, "by the record 3, 5.94 ms (+1.01 %)\n"
                                 "  by their definitions a stop is 15000 ns longer in the trace "
                                 "than in the record (median of cycles); without that +0.25 %, of "
                                 "which +0.20 % in one cycle, as when its thread loses the CPU\n"));
    g_free(text);
    told_release(&told);
}

/* Thread 1 runs goroutine 9, which has the timed region from 100 to 900 µs, sweeps, assists and
   stops the world; thread 2 runs runtime.bgsweep, known only by the stack on which it waits. */
static GString *go_recording(unsigned version) {
    GString *trace = go_trace_new(version), *batch = go_batch_new();
    go_event_append(batch, 10, 0, 0, 1, -1);         /* P 0 */
    go_event_append(batch, 16, 0, 9, 1, -1);         /* goroutine 9 */
    go_event_append(batch, 42, 100000, 0, 1, 0, -1); /* region */
    go_event_append(batch, 35, 100000, 0, -1);       /* assist 200 to 300 */
    go_event_append(batch, 36, 100000, -1);
    go_event_append(batch, 26, 100000, 2, 0, -1); /* stop 400 to 450 */
    go_event_append(batch, 27, 50000, -1);
    go_event_append(batch, 26, 50000, 3, 0, -1);    /* stop 500 to 520 */
    go_event_append(batch, 38, 15000, 4194304, -1); /* the next goal: PauseTotalNs ends here */
    go_event_append(batch, 27, 5000, -1);
    go_event_append(batch, 32, 80000, 0, -1); /* sweep 600 to 610 */
    go_event_append(batch, 33, 10000, 8192, 4096, -1);
    go_event_append(batch, 26, 90000, 2, 0, -1); /* stop 700 to 710, of a cycle that is cut */
    go_event_append(batch, 27, 10000, -1);
    go_event_append(batch, 43, 190000, 0, 1, 0, -1);
    go_batch_end(trace, 1, 1000000, batch);
    batch = go_batch_new();
    go_event_append(batch, 10, 0, 1, 1, -1);
    go_event_append(batch, 16, 0, 3, 1, -1);
    go_event_append(batch, 20, 300000, 4, 1, -1); /* waits, with a stack */
    go_batch_end(trace, 2, 1100000, batch);
    batch = g_string_new("\x04");
    go_string_append(batch, 1, "heapmark timed run");
    go_string_append(batch, 2, "GC sweep termination");
    go_string_append(batch, 3, "GC mark termination");
    go_string_append(batch, 4, "GC sweep wait");
    go_string_append(batch, 5, "runtime.bgsweep");
    go_batch_end(trace, 0, 0, batch);
    batch = g_string_new("\x02");
    go_stack_append(batch, 1, 5);
    go_batch_end(trace, 0, 0, batch);
    batch = g_string_new("\x32");
    go_event_append(batch, 8, 1000000000, -1);
    go_batch_end(trace, 0, 0, batch);
    go_generation_end(trace);
    return trace;
}

static void go_s_trace_gives_stops_assists_sweeps_and_goroutines(void **state) {
    struct told told;
    (void)state;
    tell_bytes(&told, go_recording(26), true);
    assert_int_equal(told.facts.end_ns - told.facts.start_ns, 800000);
    assert_int_equal(told.cell->stop_count, 2);
    assert_int_equal(told.cell->stop_ns, 65000);
    assert_int_equal(row_of(&told, "stop: finishing")->total_ns, 5000);
    assert_int_equal(told.cell->stops_unfinished, 1);
    assert_int_equal(told.cell->stop_lengths->len, 2); /* without the one that is not counted */
    assert_int_equal(row_of(&told, "assist")->total_ns, 100000);
    assert_int_equal(row_of(&told, "sweep")->total_ns, 10000);
    assert_int_equal(row_of(&told, "goroutine runtime.bgsweep")->total_ns, 300000);
    assert_int_equal(told.cell->bgsweep_slices, 1);
    assert_int_equal(told.cell->threads->len, 1);
    const struct trace_thread *t = &g_array_index(told.cell->threads, struct trace_thread, 0);
    assert_true(fabs(t->stopped - 0.1) < 1e-9);
    assert_true(fabs(t->assist - 0.125) < 1e-9);
    told_release(&told);
}

static void an_old_go_s_trace_is_refused_with_what_to_do(void **state) {
    struct trace_facts facts;
    struct error err;
    char *path = fixture_path();
    GString *bytes = go_recording(19);
    (void)state;
    fixture_write(path, bytes);
    trace_facts_init(&facts);
    assert_false(go_trace_facts(path, &facts, &err));
    assert_int_equal(err.exit_status, EXIT_CANNOT);
    assert_non_null(strstr(err.text, "Go 1.19"));
    assert_non_null(strstr(err.text, "1.22 or newer"));
    trace_facts_release(&facts);
    g_string_free(bytes, TRUE);
    unlink(path);
    g_free(path);
}

static void a_go_trace_that_breaks_off_has_its_whole_generations(void **state) {
    struct told told;
    GString *bytes = go_recording(26);
    (void)state;
    g_string_append_len(bytes, "\x01\x02\x01\x40\x40zz", 7);
    tell_bytes(&told, bytes, true);
    assert_true(told.facts.is_cut);
    assert_int_equal(told.cell->stop_count, 2);
    told_release(&told);
    bytes = go_recording(26); /* without the mark that its generation is whole */
    g_string_truncate(bytes, bytes->len - 1);
    tell_bytes(&told, bytes, true);
    assert_true(told.facts.is_cut);
    told_release(&told);
}

static void a_percentile_is_within_one_per_cent(void **state) {
    struct trace_histogram *h = g_new0(struct trace_histogram, 1);
    (void)state;
    for (uint64_t value = 1; value <= 100000; value++)
        trace_histogram_add(h, value * 37, 1);
    const double quantiles[] = {0.001, 0.5, 0.99, 0.999};
    for (size_t i = 0; i < G_N_ELEMENTS(quantiles); i++) {
        double exact = quantiles[i] * 100000 * 37;
        assert_true(fabs(trace_histogram_quantile(h, quantiles[i]) / exact - 1) < 0.01);
    }
    trace_histogram_add(h, UINT64_MAX, 1);
    assert_true(trace_histogram_quantile(h, 1) > 1.8e19);
    g_free(h);
}

static void a_percentile_does_not_exceed_the_largest_value(void **state) {
    struct trace_histogram *h = g_new0(struct trace_histogram, 1);
    (void)state;
    trace_histogram_add(h, 4160, 1); /* its bucket begins there */
    assert_true(trace_histogram_quantile(h, 0.5) <= 4160);
    g_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_are_counted_as_the_record_counts_them),
        cmocka_unit_test(a_thread_s_time_is_shared_without_counting_twice),
        cmocka_unit_test(a_slice_that_stands_for_many_counts_as_many),
        cmocka_unit_test(a_slice_that_began_before_the_run_counts_from_its_start),
        cmocka_unit_test(utilisation_counts_stops_assists_and_sweeps),
        cmocka_unit_test(a_recording_that_breaks_off_is_told_up_to_there),
        cmocka_unit_test(the_table_says_whether_the_record_agrees),
        cmocka_unit_test(what_every_stop_is_longer_by_is_told_from_a_single_one),
        cmocka_unit_test(the_table_takes_off_what_every_stop_is_longer_by),
        cmocka_unit_test(go_s_trace_gives_stops_assists_sweeps_and_goroutines),
        cmocka_unit_test(an_old_go_s_trace_is_refused_with_what_to_do),
        cmocka_unit_test(a_go_trace_that_breaks_off_has_its_whole_generations),
        cmocka_unit_test(a_percentile_is_within_one_per_cent),
        cmocka_unit_test(a_percentile_does_not_exceed_the_largest_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
