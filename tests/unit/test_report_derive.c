/* What is computed from a report: rates, percentiles, scaled counters. */
#include "harness/run/derive.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_nearest_rank_is_one_of_the_values(void **state) {
    (void)state;
    uint64_t values[200];
    for (uint64_t i = 0; i < 200; i++)
        values[i] = i + 1;
    assert_int_equal(percentile_nearest(values, 200, 50), 100);
    assert_int_equal(percentile_nearest(values, 200, 99), 198);
    assert_int_equal(percentile_nearest(values, 200, 100), 200);
    assert_int_equal(percentile_nearest(values, 3, 50), 2);
    assert_int_equal(percentile_nearest(values, 3, 99), 3);
    assert_int_equal(percentile_nearest(values, 1, 1), 1);
}

static void mutators_lose_stops_each_and_assists_and_sweeping_in_sum(void **state) {
    (void)state;
    struct observation o;
    observation_init(&o);
    o.record.threads = 4;
    o.record.wall_ns = 1000;
    o.record.gc_pause_ns_total = 100;
    o.record.gc_assist_ns = 300;
    o.record.gc_sweep_ns = 100;
    derive_columns(&o);
    assert_true(o.record.gc_mutator_share == 0.2); /* (4 x 100 + 300 + 100) / (4 x 1000) */
    assert_true(isnan(o.record.ns_per_op));        /* ops are not known */
    observation_release(&o);
}

/* One stop of the world, and nothing else known. */
static void observation_init_with_stop(struct observation *o, uint64_t pause_ns) {
    struct pause_row pause;
    observation_init(o);
    row_clear(&pause_type, &pause);
    pause.thread = 0;
    pause.pause_ns = pause_ns;
    g_array_append_val(o->pauses, pause);
}

static void what_was_reported_is_not_computed_again(void **state) {
    (void)state;
    struct observation o;
    observation_init_with_stop(&o, 7);
    o.record.threads = 1;
    o.record.ops = 10;
    o.record.wall_ns = 100;
    o.record.ns_per_op = 3;
    o.record.gc_pause_ns_max = 9;
    derive_columns(&o);
    assert_true(o.record.ns_per_op == 3);
    assert_int_equal(o.record.gc_pause_ns_max, 9);
    assert_int_equal(o.record.gc_pause_ns_p50, 7);
    observation_release(&o);
}

static void stops_that_were_not_all_kept_give_no_percentiles(void **state) {
    (void)state;
    struct observation o;
    observation_init_with_stop(&o, 7);
    o.record.gc_stw_count = 2;
    o.record.gc_pause_ns_total = 20;
    o.record.wall_ns = 1000;
    derive_columns(&o);
    assert_true(o.record.gc_pause_ns_p50 == COUNT_EMPTY);
    assert_true(o.record.gc_pause_ns_max == COUNT_EMPTY);
    assert_true(isnan(o.record.mmu_1ms));
    assert_int_equal(o.record.gc_pause_ns_total, 20);
    observation_release(&o);
}

static void without_stops_their_columns_stay_empty(void **state) {
    (void)state;
    struct observation o;
    observation_init(&o);
    o.record.wall_ns = 1000;
    derive_columns(&o);
    assert_true(o.record.gc_pause_ns_p50 == COUNT_EMPTY);
    assert_true(o.record.gc_stw_count == COUNT_EMPTY);
    assert_true(isnan(o.record.mmu_1ms) && isnan(o.record.mmu_10ms) && isnan(o.record.mmu_50ms));
    observation_release(&o);
}

/* A run of 20 ms with a stop of 400 us: the last window is longer than the run. */
static void utilisation_follows_from_stops_whoever_reports_them(void **state) {
    (void)state;
    struct observation o;
    observation_init_with_stop(&o, 400000);
    g_array_index(o.pauses, struct pause_row, 0).start_ns = 5000000;
    o.record.wall_ns = 20000000;
    derive_columns(&o);
    assert_int_equal(o.record.gc_stw_count, 1);
    assert_true(o.record.mmu_1ms == 0.6);
    assert_true(o.record.mmu_10ms == 0.96);
    assert_true(o.record.mmu_50ms == 0.98);
    observation_release(&o);
}

static void a_collector_that_never_stopped_leaves_it_all(void **state) {
    (void)state;
    struct observation o;
    observation_init(&o);
    o.record.wall_ns = 20000000;
    o.record.gc_stw_count = 0;
    o.record.mmu_10ms = 0.25; /* as a cell program knows better */
    derive_columns(&o);
    assert_true(o.record.mmu_1ms == 1 && o.record.mmu_10ms == 0.25 && o.record.mmu_50ms == 1);
    observation_release(&o);
}

static const struct counter_row *counter(const struct observation *o, guint index) {
    return &g_array_index(o->counters, struct counter_row, index);
}

/* Five events; the second did not open, so readings 1, 2, 3 are those of events 2, 3, 4. */
static void counters_are_scaled_and_say_what_is_wrong_with_them(void **state) {
    (void)state;
    struct error err;
    struct counter_set *set =
        counters_new("page-faults,minor-faults,major-faults,task-clock,context-switches", &err);
    assert_non_null(set);
    struct counter_opening openings[] = {{.fd = 5, .with_kernel = true},
                                         {.fd = -1, .error_number = 2},
                                         {.fd = 6},
                                         {.fd = 7},
                                         {.fd = 8}};
    const struct counter_reading given[] = {
        {0, 500, 100, 100}, {1, 300, 100, 25}, {2, 10, 100, 10}, {3, 0, 100, 0}};
    GArray *readings = g_array_new(FALSE, FALSE, sizeof(struct counter_reading));
    g_array_append_vals(readings, given, G_N_ELEMENTS(given));
    struct observation o;
    observation_init(&o);
    o.record.ops = 100;
    derive_counters(&o, set, openings, readings);
    assert_int_equal(o.counters->len, 5);

    assert_string_equal(counter(&o, 0)->event, "page-faults");
    assert_string_equal(counter(&o, 0)->domain, "user+kernel");
    assert_string_equal(counter(&o, 0)->counter_status, "ok");
    assert_null(counter(&o, 0)->reason);
    assert_true(counter(&o, 0)->value_per_op == 5);

    assert_string_equal(counter(&o, 1)->counter_status, "unavailable");
    assert_string_equal(counter(&o, 1)->reason, counter_reason(2));
    assert_null(counter(&o, 1)->domain);
    assert_true(isnan(counter(&o, 1)->value_per_op));

    assert_string_equal(counter(&o, 2)->event, "major-faults");
    assert_string_equal(counter(&o, 2)->domain, "user");
    assert_string_equal(counter(&o, 2)->counter_status, "ok");
    assert_true(counter(&o, 2)->value_per_op == 12); /* 300 x 100 / 25 / 100 */
    assert_int_equal(counter(&o, 2)->time_running_ns, 25);

    assert_string_equal(counter(&o, 3)->counter_status, "unreliable");
    assert_true(fabs(counter(&o, 3)->value_per_op - 1) < 1e-12);

    assert_string_equal(counter(&o, 4)->counter_status, "not-counted");
    assert_true(isnan(counter(&o, 4)->value_per_op));
    observation_release(&o);
    g_array_free(readings, TRUE);
    counters_free(set);
}

static void an_event_without_a_reading_is_not_counted(void **state) {
    (void)state;
    struct error err;
    struct counter_set *set = counters_new("task-clock", &err);
    struct counter_opening opening = {.fd = 5};
    GArray *none = g_array_new(FALSE, FALSE, sizeof(struct counter_reading));
    struct observation o;
    observation_init(&o);
    derive_counters(&o, set, &opening, none);
    assert_string_equal(counter(&o, 0)->counter_status, "not-counted");
    assert_non_null(counter(&o, 0)->reason);
    observation_release(&o);
    g_array_free(none, TRUE);
    counters_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_rank_is_one_of_the_values),
        cmocka_unit_test(mutators_lose_stops_each_and_assists_and_sweeping_in_sum),
        cmocka_unit_test(what_was_reported_is_not_computed_again),
        cmocka_unit_test(stops_that_were_not_all_kept_give_no_percentiles),
        cmocka_unit_test(without_stops_their_columns_stay_empty),
        cmocka_unit_test(utilisation_follows_from_stops_whoever_reports_them),
        cmocka_unit_test(a_collector_that_never_stopped_leaves_it_all),
        cmocka_unit_test(counters_are_scaled_and_say_what_is_wrong_with_them),
        cmocka_unit_test(an_event_without_a_reading_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
