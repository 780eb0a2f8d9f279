/* Minimum mutator utilisation: known answers, and an oracle that tries every window. */
#include "harness/run/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct pause_row stop(uint64_t thread, uint64_t start_ns, uint64_t pause_ns) {
    struct pause_row row;
    row_clear(&pause_type, &row);
    row.thread = thread;
    row.start_ns = start_ns;
    row.pause_ns = pause_ns;
    return row;
}

/* The share of one window's length. */
static double share_of(const struct pause_row *rows, size_t count, uint64_t wall_ns,
                       uint64_t window_ns) {
    double share = -1;
    mmu_compute(rows, count, wall_ns, &window_ns, 1, &share);
    return share;
}

#define SHARE(wall_ns, window_ns, ...)                                                             \
    share_of((const struct pause_row[]){__VA_ARGS__},                                              \
             sizeof(const struct pause_row[]){__VA_ARGS__} / sizeof(struct pause_row), wall_ns,    \
             window_ns)

static void without_stops_mutators_have_it_all(void **state) {
    (void)state;
    assert_true(share_of(NULL, 0, 1000, 10) == 1);
    assert_true(share_of(NULL, 0, 5, 10) == 1);
    assert_true(SHARE(1000, 10, stop(0, 40, 0)) == 1);
}

static void a_stop_as_long_as_the_window_leaves_nothing(void **state) {
    (void)state;
    assert_true(SHARE(1000, 10, stop(0, 500, 10)) == 0);
    assert_true(SHARE(1000, 10, stop(0, 500, 100)) == 0);
    assert_true(SHARE(1000, 100, stop(0, 500, 10)) == 0.9);
}

static void short_stops_in_a_row_count_together(void **state) {
    (void)state;
    /* Ten stops of 4, one each 10: the worst 64 hold six wholes and 4 of a seventh. */
    struct pause_row rows[10];
    for (uint64_t i = 0; i < 10; i++)
        rows[i] = stop(0, 100 + 10 * i, 4);
    assert_true(share_of(rows, 10, 1000, 64) == 1 - 28.0 / 64);
    assert_true(share_of(rows, 10, 1000, 60) == 1 - 24.0 / 60);
    assert_true(share_of(rows, 10, 1000, 10) == 0.6);
    assert_true(share_of(rows, 10, 1000, 4) == 0);
    assert_true(share_of(rows, 10, 1000, 1000) == 0.96);
}

static void a_window_lies_within_the_run(void **state) {
    (void)state;
    assert_true(SHARE(100, 50, stop(0, 95, 5)) == 0.9);
    assert_true(SHARE(100, 50, stop(0, 0, 5)) == 0.9);
    /* What runs over the end of the run is cut there. */
    assert_true(SHARE(100, 50, stop(0, 95, UINT64_MAX - 1)) == 0.9);
    assert_true(SHARE(100, 50, stop(0, 100, 5)) == 1);
}

static void a_run_shorter_than_the_window_is_one_window(void **state) {
    (void)state;
    assert_true(SHARE(100, 1000, stop(0, 20, 25)) == 0.75);
    assert_true(SHARE(100, 100, stop(0, 20, 25)) == 0.75);
}

static void stops_that_overlap_count_once(void **state) {
    (void)state;
    assert_true(SHARE(1000, 100, stop(0, 20, 30), stop(0, 40, 20), stop(0, 45, 2)) == 0.6);
    assert_true(SHARE(1000, 100, stop(0, 40, 20), stop(0, 20, 30)) == 0.6);
}

static void the_mutator_that_is_worst_off_counts(void **state) {
    (void)state;
    /* 10 for all, 20 more for the second, 30 more for the third but far away. */
    assert_true(SHARE(1000, 100, stop(0, 100, 10), stop(2, 120, 20), stop(3, 800, 25)) == 0.7);
    assert_true(SHARE(1000, 100, stop(2, 120, 20), stop(3, 120, 20)) == 0.8);
    /* One mutator's stop within everybody's adds nothing. */
    assert_true(SHARE(1000, 100, stop(0, 100, 50), stop(1, 110, 10)) == 0.5);
}

static void several_windows_are_answered_at_once(void **state) {
    (void)state;
    const struct pause_row rows[] = {stop(0, 10, 10), stop(0, 60, 5)};
    const uint64_t windows[] = {10, 20, 100};
    double shares[3];
    mmu_compute(rows, 2, 200, windows, 3, shares);
    assert_true(shares[0] == 0 && shares[1] == 0.5 && shares[2] == 0.85);
}

/* ---- against the oracle ---- */

enum { RUN_NS_MAX = 120, ROWS_MAX = 12, THREADS = 3, TRIES = 20000 };

static uint64_t random_state = 1;

/* Marsaglia's xorshift64. */
static uint64_t random_below(uint64_t bound) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % bound;
}

/* Whether a mutator stood still in the nanosecond that begins at `at`. */
static bool is_stopped(const struct pause_row *rows, size_t count, uint64_t thread, uint64_t at) {
    for (size_t i = 0; i < count; i++) {
        if ((rows[i].thread == 0 || rows[i].thread == thread) && at >= rows[i].start_ns &&
            at - rows[i].start_ns < rows[i].pause_ns)
            return true;
    }
    return false;
}

/* Every window that starts on a whole nanosecond; as all edges do, no other can be worse. */
static uint64_t oracle_stopped_most(const struct pause_row *rows, size_t count, uint64_t wall_ns,
                                    uint64_t window_ns) {
    uint64_t most = 0;
    for (uint64_t thread = 1; thread <= THREADS; thread++) {
        uint64_t stopped[RUN_NS_MAX + 1] = {0}; /* before each nanosecond */
        for (uint64_t at = 0; at < wall_ns; at++)
            stopped[at + 1] = stopped[at] + is_stopped(rows, count, thread, at);
        for (uint64_t first = 0; first + window_ns <= wall_ns; first++)
            most = MAX(most, stopped[first + window_ns] - stopped[first]);
    }
    return most;
}

static void the_worst_of_all_windows_is_found(void **state) {
    (void)state;
    for (int i = 0; i < TRIES; i++) {
        struct pause_row rows[ROWS_MAX];
        size_t count = random_below(ROWS_MAX + 1);
        uint64_t wall_ns = 1 + random_below(RUN_NS_MAX), window_ns = 1 + random_below(RUN_NS_MAX);
        uint64_t longest_ns = 1 + random_below(20);
        for (size_t k = 0; k < count; k++)
            rows[k] = stop(random_below(2) == 0 ? 0 : 1 + random_below(THREADS),
                           random_below(RUN_NS_MAX + 5), random_below(longest_ns));
        uint64_t fitting_ns = MIN(window_ns, wall_ns);
        uint64_t most_ns = oracle_stopped_most(rows, count, wall_ns, fitting_ns);
        double expected = (double)(fitting_ns - most_ns) / (double)fitting_ns;
        if (share_of(rows, count, wall_ns, window_ns) != expected)
            fail_msg("try %d: a window of %d in %d is not %g", i, (int)window_ns, (int)wall_ns,
                     expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_stops_mutators_have_it_all),
        cmocka_unit_test(a_stop_as_long_as_the_window_leaves_nothing),
        cmocka_unit_test(short_stops_in_a_row_count_together),
        cmocka_unit_test(a_window_lies_within_the_run),
        cmocka_unit_test(a_run_shorter_than_the_window_is_one_window),
        cmocka_unit_test(stops_that_overlap_count_once),
        cmocka_unit_test(the_mutator_that_is_worst_off_counts),
        cmocka_unit_test(several_windows_are_answered_at_once),
        cmocka_unit_test(the_worst_of_all_windows_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
