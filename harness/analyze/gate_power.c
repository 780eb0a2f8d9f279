/* Rows of one cell, filled again for each decision. */
#include "harness/analyze/gate_power.h"

#include <assert.h>
#include <math.h>

#include "harness/analyze/signed_rank.h"
#include "harness/analyze/statistics.h"

/* Columns that a decision does not depend on, but that must be those of a measurement. */
#define BASE_VALUE      1e6
#define BASE_STEP       1.0
#define LEVEL           0.95
#define OPERATIONS_DONE 1000

struct draw {
    const struct gate_power_request *request;
    struct gate_rows rows;
    struct gate_rule rule;
    GRand *random;
};

static void cell_add(struct gate_rows *rows) {
    struct gate_cell_row cell;
    row_clear(&gate_cell_type, &cell);
    cell.cell = 1;
    cell.workload = "drawn";
    cell.base_operations = OPERATIONS_DONE;
    cell.candidate_operations = OPERATIONS_DONE;
    cell.base_checksum = "1";
    cell.candidate_checksum = "1";
    cell.status = "ok";
    g_array_append_val(rows->cells, cell);
}

static void blocks_add(struct draw *draw, const struct gate_block_row *kind, unsigned count,
                       double log_effect) {
    const struct gate_power_request *request = draw->request;
    for (unsigned i = 0; i < count; i++) {
        gint32 from = g_rand_int_range(draw->random, 0, (gint32)request->pool_count);
        struct gate_block_row block = *kind;
        block.cell = 1;
        block.metric = request->metric;
        block.block = draw->rows.blocks->len + 1;
        block.first = "base";
        block.slices = 1;
        block.log_ratio = request->pool[from] + log_effect;
        block.base = BASE_VALUE + BASE_STEP * (double)block.block;
        block.candidate = block.base * exp(block.log_ratio);
        block.reason = NULL;
        g_array_append_val(draw->rows.blocks, block);
    }
}

static enum gate_verdict decision_draw(struct draw *draw, double log_effect) {
    static const struct gate_block_row measured = {.stage = "measure", .pair = "ab"};
    static const struct gate_block_row calibrated = {.stage = "measure", .pair = "aa"};
    static const struct gate_block_row confirmed = {.stage = "confirm", .pair = "ab"};
    g_array_set_size(draw->rows.blocks, 0);
    blocks_add(draw, &measured, draw->request->blocks, log_effect);
    blocks_add(draw, &calibrated, draw->request->aa_blocks, 0);
    GArray *asked = gate_to_confirm(&draw->rows, &draw->rule);
    if (asked->len > 0)
        blocks_add(draw, &confirmed, draw->request->confirm_blocks, log_effect);
    g_array_free(asked, TRUE);
    struct gate_findings findings;
    gate_decide(&findings, &draw->rows, &draw->rule);
    enum gate_verdict verdict = findings.verdict;
    gate_findings_release(&findings);
    return verdict;
}

struct gate_power_point gate_power_at(const struct gate_power_request *request, double effect) {
    assert(request->pool_count > 0 && request->family > 0);
    struct draw draw = {
        .request = request, .rule = *request->rule, .random = g_rand_new_with_seed(request->seed)};
    draw.rule.rate /= request->family;
    gate_rows_init(&draw.rows);
    cell_add(&draw.rows);
    struct gate_power_point point = {.effect = effect, .decisions = request->decisions};
    for (unsigned i = 0; i < request->decisions; i++) {
        point.counts[decision_draw(&draw, log1p(effect))]++;
    }
    point.regressed = proportion_wilson(point.counts[GATE_REGRESSED], request->decisions, LEVEL);
    point.improved = proportion_wilson(point.counts[GATE_IMPROVED], request->decisions, LEVEL);
    gate_rows_release(&draw.rows);
    g_rand_free(draw.random);
    return point;
}

/* The least r whose r-th smallest of so many is a bound; 0: not even the greatest is. */
static size_t bound_rank(size_t groups, const struct gate_floor_request *request) {
    size_t least = 1;
    size_t most = groups + 1;
    while (least < most) {
        size_t rank = least + (most - least) / 2;
        if (binomial_below(rank - 1, groups, request->content) >= request->confidence)
            most = rank;
        else
            least = rank + 1;
    }
    return least > groups ? 0 : least;
}

/* The greatest of n is a bound when content^n <= 1 - confidence. */
static size_t groups_for_bound(const struct gate_floor_request *request) {
    return (size_t)ceil(log(1 - request->confidence) / log(request->content) - 1e-9);
}

struct gate_floor gate_floor_of(const struct gate_floor_request *request) {
    assert(request->blocks > 0);
    struct gate_floor found = {NAN, NAN, request->pool_count / request->blocks,
                               groups_for_bound(request)};
    double *sizes = g_new(double, found.groups);
    for (size_t i = 0; i < found.groups; i++) {
        const double *group = request->pool + i * request->blocks;
        sizes[i] = fabs(signed_rank_estimate(group, request->blocks, LEVEL).estimate);
    }
    values_sort(sizes, found.groups);
    size_t rank = bound_rank(found.groups, request);
    if (found.groups > 0)
        found.greatest = expm1(sizes[found.groups - 1]);
    if (rank > 0)
        found.floor = expm1(sizes[rank - 1]);
    g_free(sizes);
    return found;
}
