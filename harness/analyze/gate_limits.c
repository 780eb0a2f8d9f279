#include "harness/analyze/gate_limits.h"

#include <fnmatch.h>
#include <string.h>

#include "harness/analyze/gate_cell.h"
#include "harness/analyze/gate_margin.h"
#include "harness/base/text.h"

enum { CELLS_TOLD = 3 };

static const struct gate_cell_row *cell_at(const GArray *cells, guint i) {
    return &g_array_index(cells, struct gate_cell_row, i);
}

static unsigned tier_of(const struct gate_metric *metric) {
    return metric->tier == GATE_EXACT  ? GATE_TIER_EXACT
           : metric->tier == GATE_TIME ? GATE_TIER_TIME
                                       : GATE_TIER_MEMORY;
}

/* The tiers of the metrics that a limit's glob names. */
static unsigned tiers_named(const struct gate_limit *limit) {
    unsigned tiers = 0;
    for (const struct gate_metric *m = gate_metrics; m->name != NULL; m++) {
        if (fnmatch(limit->metric, m->name, 0) == 0)
            tiers |= tier_of(m);
    }
    return tiers;
}

/* What is measured of the cells that a limit names; *count: how many they are. */
static unsigned tiers_of_cells(const struct gate_limit *limit, const GArray *cells,
                               const unsigned *tiers, guint *count) {
    unsigned measured = 0;
    *count = 0;
    for (guint i = 0; i < cells->len; i++) {
        char *label = gate_cell_label_among(cell_at(cells, i), cells);
        bool is_named = gate_limit_names_cell(limit, cell_at(cells, i), label);
        g_free(label);
        if (!is_named)
            continue;
        measured |= tiers[i];
        ++*count;
    }
    return measured;
}

static bool no_cell(const struct gate_limit *limit, const GArray *cells, struct error *err) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < cells->len; i++)
        g_ptr_array_add(names, g_strdup(cell_at(cells, i)->workload));
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(limit->cell, (const char *const *)names->pdata);
    GString *told = g_string_new(NULL);
    for (guint i = 0; i < MIN(cells->len, (guint)CELLS_TOLD); i++) {
        char *label = gate_cell_label_among(cell_at(cells, i), cells);
        g_string_append_printf(told, "%s\"%s\"", i == 0 ? "" : ", ", label);
        g_free(label);
    }
    if (cells->len > CELLS_TOLD)
        g_string_append_printf(told, " and %u more", cells->len - CELLS_TOLD);
    error_set(err, EXIT_USAGE, "--limit %s:%s names no cell of this gate%s (there %s %s)",
              limit->cell, limit->metric, advice, cells->len == 1 ? "is" : "are", told->str);
    g_string_free(told, TRUE);
    g_free(advice);
    g_ptr_array_free(names, TRUE);
    return false;
}

static const char *tier_name(unsigned tier) {
    return tier & GATE_TIER_EXACT ? "exact" : tier & GATE_TIER_TIME ? "time" : "memory";
}

bool gate_limits_check(const GArray *limits, const GArray *cells, const unsigned *tiers,
                       struct error *err) {
    for (guint i = 0; i < limits->len; i++) {
        const struct gate_limit *limit = &g_array_index(limits, struct gate_limit, i);
        guint count;
        unsigned measured = tiers_of_cells(limit, cells, tiers, &count);
        unsigned wanted = tiers_named(limit);
        if (count == 0)
            return no_cell(limit, cells, err);
        if ((measured & wanted) == 0)
            return error_set(err, EXIT_USAGE,
                             "--limit %s:%s: of the %u cell%s that it names %s is not measured, as "
                             "it is of the tier %s; see --tiers, --workloads and "
                             "--exact-workloads, or drop the limit",
                             limit->cell, limit->metric, count, count == 1 ? "" : "s",
                             limit->metric, tier_name(wanted));
    }
    return true;
}

unsigned *gate_tiers_measured(const struct gate_rows *rows) {
    unsigned *tiers = g_new0(unsigned, rows->cells->len + 1);
    for (guint i = 0; i < rows->cells->len; i++) {
        const struct gate_cell_row *cell = cell_at(rows->cells, i);
        if (g_strcmp0(cell->status, "ok") != 0)
            tiers[i] = GATE_TIERS;
        if (cell->method != NULL && *cell->method != '\0')
            tiers[i] |= GATE_TIER_TIME;
    }
    for (guint i = 0; i < rows->blocks->len; i++) {
        const struct gate_block_row *b = &g_array_index(rows->blocks, struct gate_block_row, i);
        const struct gate_metric *metric = gate_metric_find(b->metric);
        if (metric != NULL && b->cell >= 1 && b->cell <= rows->cells->len)
            tiers[b->cell - 1] |= tier_of(metric);
    }
    for (guint i = 0; i < rows->counts->len; i++) {
        uint64_t cell = g_array_index(rows->counts, struct gate_count_row, i).cell;
        if (cell >= 1 && cell <= rows->cells->len)
            tiers[cell - 1] |= GATE_TIER_EXACT;
    }
    return tiers;
}
