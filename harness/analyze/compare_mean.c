/* Averages logarithms over the cells of a group, a strategy, or all. */
#include "harness/analyze/compare_mean.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/normal.h"

/* The cells that a mean is over; NULL: all. */
struct mean_scope {
    const char *strategy, *group;
};

static bool scope_has(const struct mean_scope *scope, const struct compare_cell *cell) {
    return (scope->strategy == NULL || strcmp(scope->strategy, cell->strategy) == 0) &&
           (scope->group == NULL || strcmp(scope->group, cell->named->group) == 0);
}

static unsigned scope_left_out(const struct comparison *c, const struct compare_block *block,
                               const struct mean_scope *scope, const guint8 *lacks) {
    unsigned left_out = 0;
    for (guint i = 0; i < c->cells->len; i++)
        left_out += lacks[i] != 0 && scope_has(scope, g_ptr_array_index(c->cells, i));
    for (guint i = 0; i < block->findings->len; i++) {
        const struct compare_finding *f =
            &g_array_index(block->findings, struct compare_finding, i);
        left_out += scope_has(scope, f->cell) && !isfinite(f->effect);
    }
    return left_out;
}

static struct compare_mean mean_of(const struct comparison *c, const struct compare_block *block,
                                   const struct mean_scope *scope, const guint8 *lacks) {
    struct compare_mean mean = {
        .strategy = scope->strategy, .group = scope->group, .is_exact = true};
    double sum = 0, squares = 0;
    for (guint i = 0; i < block->findings->len; i++) {
        const struct compare_finding *f =
            &g_array_index(block->findings, struct compare_finding, i);
        if (!scope_has(scope, f->cell) || !isfinite(f->effect))
            continue;
        sum += f->effect;
        squares += f->error * f->error;
        mean.is_exact &= f->is_exact;
        mean.cells++;
    }
    double count = mean.cells;
    double half = normal_quantile((1 + COMPARE_LEVEL) / 2) * sqrt(squares) / count;
    mean.effect = mean.cells > 0 ? sum / count : NAN;
    mean.low = mean.effect - half;
    mean.high = mean.effect + half;
    mean.left_out = scope_left_out(c, block, scope, lacks);
    return mean;
}

static void mean_add(const struct comparison *c, struct compare_block *block,
                     const struct mean_scope *scope, const guint8 *lacks) {
    struct compare_mean mean = mean_of(c, block, scope, lacks);
    if (mean.cells > 0)
        g_array_append_val(block->means, mean);
}

/* A strategy's groups in the order of names, then all of them. */
static void strategy_means(const struct comparison *c, struct compare_block *block,
                           const char *strategy, const guint8 *lacks) {
    const char *before = NULL;
    unsigned groups = 0;
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        if (strcmp(cell->strategy, strategy) != 0 ||
            (before != NULL && strcmp(before, cell->named->group) == 0))
            continue;
        before = cell->named->group;
        groups++;
        mean_add(c, block, &(struct mean_scope){strategy, before}, lacks);
    }
    if (groups > 1)
        mean_add(c, block, &(struct mean_scope){strategy, NULL}, lacks);
}

void compare_means_build(const struct comparison *c, struct compare_block *block,
                         const guint8 *lacks) {
    for (guint i = 0; i < c->strategies->len; i++)
        strategy_means(c, block, g_ptr_array_index(c->strategies, i), lacks);
    /* Strategies of one run are different things; in two runs each meets itself. */
    if (c->base == NULL && c->strategies->len > 1)
        mean_add(c, block, &(struct mean_scope){NULL, NULL}, lacks);
}
