/* Names, groups and globs against the rows of both sides. */
#include "harness/analyze/compare_select.h"

#include <fnmatch.h>
#include <string.h>

#include "harness/analyze/strategy_order.h"
#include "harness/base/text.h"

static void names_add(GPtrArray *names, const char *name) {
    for (guint i = 0; i < names->len; i++) {
        if (strcmp(g_ptr_array_index(names, i), name) == 0)
            return;
    }
    g_ptr_array_add(names, (gpointer)name);
}

static GPtrArray *strategies_all(const struct compare_request *r) {
    GPtrArray *all = g_ptr_array_new();
    const struct run_summary *sides[] = {r->a.summary, r->b.summary};
    for (size_t side = 0; side < G_N_ELEMENTS(sides); side++) {
        for (guint i = 0; i < sides[side]->strategies->len; i++)
            names_add(all, g_ptr_array_index(sides[side]->strategies, i));
    }
    return all;
}

/* Every cell of both sides: of const struct cell_summary *. */
static GPtrArray *cells_all(const struct compare_request *r) {
    GPtrArray *all = g_ptr_array_new();
    const struct run_summary *sides[] = {r->a.summary, r->b.summary};
    for (size_t side = 0; side < G_N_ELEMENTS(sides); side++) {
        for (guint i = 0; i < sides[side]->cells->len; i++)
            g_ptr_array_add(all, g_ptr_array_index(sides[side]->cells, i));
    }
    return all;
}

/* names: const char *, as many as there are to be taken for what was meant. */
static void name_refuse(const char *what, const char *name, GPtrArray *names, struct error *err) {
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(name, (const char *const *)names->pdata);
    error_set(err, EXIT_USAGE, "there is no %s \"%s\" in what is compared%s", what, name, advice);
    g_free(advice);
}

/* As in run: an exact name wins over a glob. */
static bool strategies_match(GPtrArray *chosen, const GPtrArray *all, const char *pattern) {
    bool exact = false, found = false;
    for (guint i = 0; i < all->len; i++)
        exact |= strcmp(g_ptr_array_index(all, i), pattern) == 0;
    for (guint i = 0; i < all->len; i++) {
        const char *name = g_ptr_array_index(all, i);
        if (exact ? strcmp(name, pattern) == 0 : fnmatch(pattern, name, 0) == 0) {
            names_add(chosen, name);
            found = true;
        }
    }
    return found;
}

GPtrArray *compare_strategies_choose(const struct compare_request *r, struct error *err) {
    GPtrArray *all = strategies_all(r);
    if (r->strategies == NULL)
        return all;
    GPtrArray *chosen = g_ptr_array_new(), *patterns = strategy_names_of(r->strategies);
    for (guint i = 0; i < patterns->len && chosen != NULL; i++) {
        const char *pattern = g_ptr_array_index(patterns, i);
        if (!strategies_match(chosen, all, pattern)) {
            name_refuse("strategy", pattern, all, err);
            g_clear_pointer(&chosen, g_ptr_array_unref);
        }
    }
    g_ptr_array_unref(patterns);
    g_ptr_array_unref(all);
    return chosen;
}

/* An exact name wins over a group and over a glob. */
static bool workloads_match(GHashTable *chosen, const GPtrArray *cells, const char *pattern) {
    bool exact = false, found = false;
    for (guint i = 0; i < cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(cells, i);
        exact |= strcmp(cell->workload, pattern) == 0;
    }
    for (guint i = 0; i < cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(cells, i);
        bool meant =
            exact ? strcmp(cell->workload, pattern) == 0
                  : strcmp(cell->group, pattern) == 0 || fnmatch(pattern, cell->workload, 0) == 0;
        if (meant) {
            g_hash_table_add(chosen, (gpointer)cell->workload);
            found = true;
        }
    }
    return found;
}

static void workload_refuse(const GPtrArray *cells, const char *name, struct error *err) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(cells, i);
        names_add(names, cell->workload);
        names_add(names, cell->group);
    }
    name_refuse("workload", name, names, err);
    g_ptr_array_unref(names);
}

GHashTable *compare_workloads_choose(const struct compare_request *r, struct error *err) {
    GHashTable *chosen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *cells = cells_all(r);
    GPtrArray *patterns = list_split(r->workloads != NULL ? r->workloads : "*", ',');
    for (guint i = 0; i < patterns->len && chosen != NULL; i++) {
        const char *pattern = g_ptr_array_index(patterns, i);
        /* A run without rows has no workload that "*" could mean. */
        if (!workloads_match(chosen, cells, pattern) && r->workloads != NULL) {
            workload_refuse(cells, pattern, err);
            g_clear_pointer(&chosen, g_hash_table_unref);
        }
    }
    g_ptr_array_unref(patterns);
    g_ptr_array_unref(cells);
    return chosen;
}
