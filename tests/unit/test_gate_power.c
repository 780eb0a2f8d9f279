/* How often the gate errs and what it sees, drawn from simulated machines. */
#include "harness/analyze/gate_power.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/draws.h"
#include "tests/unit/gate_fixture.h"

#define assert_same(a, b) assert_true((a) == (b))

enum { POOL = 400 };

/* Log ratios of A/A blocks: a core of 0.8 %, one in ten blocks of 8 %. */
static void pool_fill(double *pool, size_t count, guint32 seed) {
    GRand *random = g_rand_new_with_seed(seed);
    for (size_t i = 0; i < count; i++) {
        pool[i] = 0.008 * draw_heavy(random);
    }
    g_rand_free(random);
}

static struct gate_power_request request_of(const double *pool) {
    return (struct gate_power_request){
        .pool = pool,
        .pool_count = POOL,
        .metric = "wall_ns",
        .blocks = 40,
        .aa_blocks = 8,
        .confirm_blocks = 40,
        .family = 20,
        .decisions = 120,
        .seed = 9,
        .rule = &gate_rule_initial,
    };
}

static void power_grows_with_the_effect_and_the_blocks(void **state) {
    (void)state;
    double pool[POOL];
    pool_fill(pool, POOL, 1);
    struct gate_power_request request = request_of(pool);
    const double effects[] = {0, 0.01, 0.02, 0.03, 0.05};
    double before = -1;
    for (size_t i = 0; i < 5; i++) {
        struct gate_power_point point = gate_power_at(&request, effects[i]);
        print_message("%+.0f %%, 40 blocks: %.3f regressed (%.3f to %.3f), %u inconclusive\n",
                      100 * effects[i], point.regressed.share, point.regressed.low,
                      point.regressed.high, point.counts[GATE_INCONCLUSIVE]);
        assert_true(point.regressed.share >= before);
        before = point.regressed.share;
        assert_int_equal(point.counts[GATE_INVALID], 0);
    }
    assert_true(before >= 0.95);
    double with_forty = gate_power_at(&request, 0.02).regressed.share;
    request.blocks = request.confirm_blocks = 80;
    request.aa_blocks = 16;
    assert_true(gate_power_at(&request, 0.02).regressed.share > with_forty);
}

static void a_speed_up_is_seen_as_well(void **state) {
    (void)state;
    double pool[POOL];
    pool_fill(pool, POOL, 1);
    struct gate_power_request request = request_of(pool);
    struct gate_power_point point = gate_power_at(&request, 1 / 1.05 - 1);
    assert_true(point.improved.share >= 0.95);
    assert_int_equal(point.counts[GATE_REGRESSED], 0);
}

static void many_tests_in_one_gate_cost_power(void **state) {
    (void)state;
    double pool[POOL];
    pool_fill(pool, POOL, 1);
    struct gate_power_request request = request_of(pool);
    request.blocks = 20;
    request.family = 1;
    double alone = gate_power_at(&request, 0.02).regressed.share;
    request.family = 1000;
    assert_true(gate_power_at(&request, 0.02).regressed.share < alone);
}

static void the_same_seed_draws_the_same(void **state) {
    (void)state;
    double pool[POOL];
    pool_fill(pool, POOL, 1);
    struct gate_power_request request = request_of(pool);
    struct gate_power_point a = gate_power_at(&request, 0.02);
    struct gate_power_point b = gate_power_at(&request, 0.02);
    request.seed++;
    struct gate_power_point c = gate_power_at(&request, 0.02);
    assert_memory_equal(a.counts, b.counts, sizeof a.counts);
    assert_memory_not_equal(a.counts, c.counts, sizeof a.counts);
}

/* Fresh heavy-tailed blocks for every decision: 20 cells a gate, of machines quiet and loud, and
   every gate confirmed as if it had been asked to. */
static void equal_sides_are_accused_less_than_twice_in_a_thousand_cells(void **state) {
    (void)state;
    enum { GATES = 100, CELLS = 20 };
    const double spreads[] = {0.002, 0.008, 0.03, 0.1};
    struct gate_fixture f;
    gate_fixture_init(&f, 77);
    for (uint64_t cell = 1; cell <= CELLS; cell++) {
        char *name = g_strdup_printf("cell-%u", (unsigned)cell);
        gate_fixture_cell(&f, cell, g_string_chunk_insert(f.rows.text, name));
        g_free(name);
    }
    unsigned accused = 0;
    unsigned open = 0;
    for (unsigned gate = 0; gate < GATES; gate++) {
        g_array_set_size(f.rows.blocks, 0);
        for (uint64_t cell = 1; cell <= CELLS; cell++) {
            double spread = spreads[cell % 4];
            gate_fixture_measure(
                &f, (struct gate_fixture_blocks){cell, "wall_ns", "measure", "ab", 24, 0, spread});
            gate_fixture_measure(
                &f, (struct gate_fixture_blocks){cell, "wall_ns", "measure", "aa", 6, 0, spread});
            gate_fixture_measure(
                &f, (struct gate_fixture_blocks){cell, "wall_ns", "confirm", "ab", 12, 0, spread});
        }
        struct gate_findings findings;
        gate_decide(&findings, &f.rows, &gate_rule_initial);
        accused += findings.counts[GATE_REGRESSED] + findings.counts[GATE_IMPROVED];
        open += findings.counts[GATE_INCONCLUSIVE];
        gate_findings_release(&findings);
    }
    print_message("%u of %d cells accused, %u inconclusive\n", accused, GATES * CELLS, open);
    assert_true(accused * 1000 <= 2 * GATES * CELLS);
    gate_fixture_release(&f);
}

/* At the edge of the margin, where the level counts: without the A/A blocks, the margin 1 % and
   every side 1 % slower, the first stage alone rejects as often as the rate allows. */
static void the_first_stage_keeps_the_rate_at_the_edge_of_the_margin(void **state) {
    (void)state;
    enum { GATES = 1500, CELLS = 5 };
    struct gate_fixture f;
    gate_fixture_init(&f, 78);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (uint64_t cell = 1; cell <= CELLS; cell++) {
        gate_fixture_cell(&f, cell, names[cell - 1]);
    }
    struct gate_rule rule = gate_rule_initial;
    rule.rate = 0.05;
    unsigned gates_with_any = 0;
    for (unsigned gate = 0; gate < GATES; gate++) {
        g_array_set_size(f.rows.blocks, 0);
        for (uint64_t cell = 1; cell <= CELLS; cell++) {
            gate_fixture_measure(
                &f, (struct gate_fixture_blocks){cell, "wall_ns", "measure", "ab", 20, 0.01, 0.02});
        }
        GArray *asked = gate_to_confirm(&f.rows, &rule);
        gates_with_any += asked->len > 0;
        g_array_free(asked, TRUE);
    }
    struct proportion share = proportion_wilson(gates_with_any, GATES, 0.95);
    print_message("%.4f of %d gates find something at a rate of %.2f (%.4f to %.4f)\n", share.share,
                  GATES, rule.rate, share.low, share.high);
    assert_true(share.low <= rule.rate && share.high >= rule.rate / 2);
    gate_fixture_release(&f);
}

static void a_noise_floor_is_refused_from_too_few_groups(void **state) {
    (void)state;
    static double pool[60 * 20];
    pool_fill(pool, G_N_ELEMENTS(pool), 3);
    struct gate_floor_request request = {pool, (size_t)58 * 20, 20, 0.95, 0.95};
    struct gate_floor floor = gate_floor_of(&request);
    assert_true(isnan(floor.floor));
    assert_true(floor.greatest > 0);
    assert_int_equal(floor.groups, 58);
    assert_int_equal(floor.groups_needed, 59);
    request.pool_count = (size_t)59 * 20 + 19;
    floor = gate_floor_of(&request);
    assert_same(floor.floor, floor.greatest);
    request.content = 0.99;
    floor = gate_floor_of(&request);
    assert_true(isnan(floor.floor));
    assert_int_equal(floor.groups_needed, 299);
    request.pool_count = 0;
    floor = gate_floor_of(&request);
    assert_true(isnan(floor.floor) && isnan(floor.greatest));
}

/* The bound lies above the true 90 % quantile in 95 % of calibrations, or a little more because
   ranks are whole numbers. */
static void a_noise_floor_holds_as_often_as_it_promises(void **state) {
    (void)state;
    enum { CALIBRATIONS = 1000, BLOCKS = 6 };
    const size_t many = (size_t)20000 * BLOCKS;
    const size_t few = (size_t)60 * BLOCKS;
    double *pool = g_new(double, many);
    pool_fill(pool, many, 4);
    struct gate_floor_request request = {pool, many, BLOCKS, 0.9, 0.5};
    double quantile = gate_floor_of(&request).floor;
    unsigned held = 0;
    for (guint32 i = 0; i < CALIBRATIONS; i++) {
        pool_fill(pool, few, 1000 + i);
        struct gate_floor_request calibration = {pool, few, BLOCKS, 0.9, 0.95};
        held += gate_floor_of(&calibration).floor >= quantile;
    }
    g_free(pool);
    print_message("%u of %d bounds hold\n", held, CALIBRATIONS);
    assert_true(held >= 0.935 * CALIBRATIONS && held <= 0.99 * CALIBRATIONS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_grows_with_the_effect_and_the_blocks),
        cmocka_unit_test(a_speed_up_is_seen_as_well),
        cmocka_unit_test(many_tests_in_one_gate_cost_power),
        cmocka_unit_test(the_same_seed_draws_the_same),
        cmocka_unit_test(equal_sides_are_accused_less_than_twice_in_a_thousand_cells),
        cmocka_unit_test(the_first_stage_keeps_the_rate_at_the_edge_of_the_margin),
        cmocka_unit_test(a_noise_floor_is_refused_from_too_few_groups),
        cmocka_unit_test(a_noise_floor_holds_as_often_as_it_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
