/*
 * The matrix: rows of workloads, columns of strategies, and why a pair cannot be.
 *
 * Every pair is a cell. Whether it makes sense (skipped) and whether it can run here (unavailable)
 * are two questions, and both answers stay with the cell.
 */
#include "harness/plan/matrix.h"

#include <inttypes.h>
#include <string.h>

#include "harness/plan/matrix_rows.h"

static const char *keep(GStringChunk *text, char *owned) {
    const char *kept = g_string_chunk_insert_const(text, owned);
    g_free(owned);
    return kept;
}

static bool binding_has(const struct binding_info *binding, const char *workload) {
    for (guint i = 0; i < binding->workloads->len; i++) {
        if (strcmp(binding->workloads->pdata[i], workload) == 0)
            return true;
    }
    return false;
}

/* Why the pair makes no sense, NULL when it does or when nothing is known of the binding. */
static const char *skip_reason(const struct cell *cell, GStringChunk *text) {
    const struct binding_info *binding = cell->strategy->binding;
    if (binding == NULL)
        return NULL;
    if (!binding_has(binding, cell->workload->name))
        return keep(text,
                    g_strdup_printf("%s has no workload %s", binding->name, cell->workload->name));
    uint32_t missing = cell->workload->needs & ~binding->offers;
    if (missing != 0) {
        char *words = traits_text(missing, " and ");
        char *reason = g_strdup_printf("%s does not offer %s, which %s needs", binding->name, words,
                                       cell->workload->name);
        g_free(words);
        return keep(text, reason);
    }
    if (cell->threads > 1 && (binding->offers & TRAIT_THREADS) == 0)
        return keep(text, g_strdup_printf("%s does not offer threads, which %u threads need",
                                          binding->name, cell->threads));
    return NULL;
}

static void row_append(struct matrix *m, const struct matrix_row *row,
                       const struct catalogue *catalogue) {
    for (guint i = 0; i < m->strategies->len; i++) {
        const struct strategy *strategy = m->strategies->pdata[i];
        struct cell cell = {
            .strategy = strategy,
            .workload = catalogue->workloads->pdata[row->workload],
            .threads = row->threads,
            .unavailable = strategy->unavailable,
        };
        memcpy(cell.parameters, row->parameters, sizeof cell.parameters);
        cell.skipped = skip_reason(&cell, m->text);
        g_array_append_val(m->cells, cell);
    }
}

static bool cells_build(struct matrix *m, const struct config *config,
                        const struct catalogue *catalogue, struct error *err) {
    struct selections selections = {0};
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct matrix_row));
    bool ok = selections_build(&selections, config, catalogue, err) &&
              matrix_rows_build(rows, &selections, catalogue, err);
    for (guint i = 0; ok && i < rows->len; i++)
        row_append(m, &g_array_index(rows, struct matrix_row, i), catalogue);
    selections_release(&selections);
    g_array_free(rows, TRUE);
    return ok;
}

bool matrix_build(struct matrix *m, const struct config *config, const struct catalogue *catalogue,
                  struct error *err) {
    m->strategies = strategies_new();
    m->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    m->text = g_string_chunk_new(1024);
    if (strategies_parse(m->strategies, config->strategies, catalogue, m->text, err) &&
        cells_build(m, config, catalogue, err))
        return true;
    matrix_release(m);
    return false;
}

void matrix_release(struct matrix *m) {
    if (m->strategies == NULL)
        return;
    g_ptr_array_free(m->strategies, TRUE);
    g_array_free(m->cells, TRUE);
    g_string_chunk_free(m->text);
    *m = (struct matrix){0};
}

bool matrix_can_run(const struct matrix *m, struct error *err) {
    const char *why_not = "no cell is left";
    for (guint i = 0; i < m->cells->len; i++) {
        const struct cell *cell = &g_array_index(m->cells, struct cell, i);
        if (cell->skipped == NULL && cell->unavailable == NULL)
            return true;
        why_not = cell->skipped != NULL ? cell->skipped : cell->unavailable;
    }
    return error_set(err, EXIT_CANNOT, "no cell can run here: %s", why_not);
}

const char *cell_parameters_text(const struct cell *cell, GStringChunk *text) {
    GString *out = g_string_new(NULL);
    const GPtrArray *parameters = cell->workload->parameters;
    for (guint i = 0; i < parameters->len; i++) {
        const struct parameter_info *p = parameters->pdata[i];
        g_string_append_printf(out, "%s%s=%" PRIu64, i > 0 ? " " : "", p->name,
                               cell->parameters[i]);
    }
    return keep(text, g_string_free(out, FALSE));
}
