/* Both sides' matrices, joined by workload, parameters, threads and place of the strategy. */
#include "harness/run/gate_plan.h"

#include <string.h>

#include "harness/run/discover.h"

#define COMMAND_WORKLOAD "command"

/* What building needs at hand. */
struct plan_builder {
    struct gate_plan *plan;
    const struct gate_sides *sides;
    const struct config *config;
    struct gate_rows *rows;
    struct error *err;
};

static const char *side_text(const struct gate_sides *sides, size_t side) {
    return side == 0 ? sides->base : sides->candidate;
}

/* ---- two commands ---- */

static bool command_parse(struct plan_builder *b, size_t side) {
    GError *failure = NULL;
    const char *text = side_text(b->sides, side);
    if (g_shell_parse_argv(text, NULL, &b->plan->commands[side], &failure))
        return true;
    error_set(b->err, EXIT_USAGE, "--%s-cmd \"%s\" is no command line: %s",
              side == 0 ? "base" : "candidate", text, failure->message);
    g_error_free(failure);
    return false;
}

static bool commands_build(struct plan_builder *b) {
    if (!command_parse(b, 0) || !command_parse(b, 1))
        return false;
    struct gate_cell_row row;
    row_clear(&gate_cell_type, &row);
    row.cell = 1;
    row.workload = COMMAND_WORKLOAD;
    row.threads = 1;
    row.base = g_string_chunk_insert(b->rows->text, b->sides->base);
    row.candidate = g_string_chunk_insert(b->rows->text, b->sides->candidate);
    g_array_append_val(b->rows->cells, row);
    struct gate_pair pair = {.number = 1,
                             .base = {NULL, b->plan->commands[0]},
                             .candidate = {NULL, b->plan->commands[1]},
                             .method = GATE_METHOD_PROCESSES};
    g_array_append_val(b->plan->pairs, pair);
    return true;
}

/* ---- two matrices ---- */

static bool catalogue_fill(struct plan_builder *b, size_t side) {
    bool is_build = b->sides->kind == GATE_SIDES_BUILDS;
    char *dir =
        is_build ? g_canonicalize_filename(side_text(b->sides, side), NULL) : cells_dir_find();
    char *notice = NULL;
    bool ok = catalogue_discover(&b->plan->catalogues[side], dir, &notice, b->err);
    if (b->plan->notice == NULL)
        b->plan->notice = notice;
    else
        g_free(notice);
    g_free(dir);
    return ok;
}

/* The matrix of a side's strategies. config is borrowed with another list of strategies in it: a
   matrix only reads it. */
static bool side_matrix_build(struct matrix *matrix, const struct plan_builder *b, size_t side) {
    struct config config = *b->config;
    bool is_build = b->sides->kind == GATE_SIDES_BUILDS;
    char *strategies = g_strdup(is_build ? config.strategies : side_text(b->sides, side));
    config.strategies = strategies;
    bool ok = matrix_build(matrix, &config, &b->plan->catalogues[side], b->err);
    g_free(strategies);
    return ok;
}

static bool matrix_fill(struct plan_builder *b, size_t side) {
    struct matrix *matrix = &b->plan->matrices[side];
    bool ok = b->plan->has_matrix[side] = side_matrix_build(matrix, b, side);
    if (ok && b->sides->kind != GATE_SIDES_BUILDS && matrix->strategies->len != 1)
        ok = error_set(b->err, EXIT_USAGE, "--%s takes one strategy, and \"%s\" is %u",
                       side == 0 ? "base" : "candidate", side_text(b->sides, side),
                       matrix->strategies->len);
    return ok;
}

static guint strategy_place(const struct matrix *m, const struct cell *cell) {
    guint place = 0;
    while (m->strategies->pdata[place] != cell->strategy)
        place++;
    return place;
}

/* What a cell is, whichever side it is of. Caller frees with g_free. */
static char *cell_key(const struct matrix *m, const struct cell *cell) {
    return g_strdup_printf("%u\t%s\t%u\t%s", strategy_place(m, cell), cell->workload->name,
                           cell->threads, cell_parameters_text(cell, m->text));
}

static const struct cell *cell_at(const struct matrix *m, guint i) {
    return &g_array_index(m->cells, struct cell, i);
}

static GHashTable *cells_by_key(const struct matrix *m) {
    GHashTable *cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < m->cells->len; i++)
        g_hash_table_insert(cells, cell_key(m, cell_at(m, i)), (gpointer)(uintptr_t)cell_at(m, i));
    return cells;
}

/* Two sides of one name are told apart by nothing but their side. */
static const char *strategy_text(struct plan_builder *b, const struct cell *cell) {
    return g_string_chunk_insert(b->rows->text, cell->strategy->name);
}

static struct gate_cell_row row_of(struct plan_builder *b, const struct matrix *m,
                                   const struct cell *cell) {
    struct gate_cell_row row;
    row_clear(&gate_cell_type, &row);
    const char *parameters = cell_parameters_text(cell, m->text);
    row.cell = b->rows->cells->len + 1;
    row.workload = g_string_chunk_insert(b->rows->text, cell->workload->name);
    row.parameters = *parameters == '\0' ? NULL : g_string_chunk_insert(b->rows->text, parameters);
    row.threads = cell->threads;
    row.base = row.candidate = strategy_text(b, cell);
    return row;
}

static void pair_append(struct plan_builder *b, const struct cell *base,
                        const struct cell *candidate) {
    struct gate_cell_row row = row_of(b, &b->plan->matrices[0], base);
    struct gate_pair pair = {
        .number = row.cell, .base = {base, NULL}, .candidate = {candidate, NULL}};
    row.candidate = strategy_text(b, candidate);
    g_array_append_val(b->rows->cells, row);
    g_array_append_val(b->plan->pairs, pair);
}

/* A cell that only one side has. */
static void alone_append(struct plan_builder *b, const struct cell *cell, size_t side) {
    struct gate_cell_row row = row_of(b, &b->plan->matrices[side], cell);
    char *reason = g_strdup_printf("the %s has no such cell", side == 0 ? "candidate" : "base");
    row.status = "unavailable";
    row.reason = g_string_chunk_insert(b->rows->text, reason);
    g_array_append_val(b->rows->cells, row);
    g_free(reason);
}

/* A pair that makes no sense on either side was never a cell of this gate; said, not judged. */
static void skipped_tell(struct plan_builder *b, const struct cell *cell) {
    char *said =
        g_strdup_printf("%s%s%s is left out: %s", b->plan->notice == NULL ? "" : b->plan->notice,
                        b->plan->notice == NULL ? "" : "; ", cell->workload->name, cell->skipped);
    g_free(b->plan->notice);
    b->plan->notice = said;
}

static void cells_join(struct plan_builder *b, const struct cell *base,
                       const struct cell *candidate) {
    if (candidate == NULL)
        alone_append(b, base, 0);
    else if (base->skipped != NULL && candidate->skipped != NULL)
        skipped_tell(b, base);
    else
        pair_append(b, base, candidate);
}

static void matrices_join(struct plan_builder *b) {
    const struct matrix *base = &b->plan->matrices[0], *candidate = &b->plan->matrices[1];
    GHashTable *others = cells_by_key(candidate);
    for (guint i = 0; i < base->cells->len; i++) {
        const struct cell *cell = cell_at(base, i);
        char *key = cell_key(base, cell);
        cells_join(b, cell, g_hash_table_lookup(others, key));
        g_hash_table_remove(others, key);
        g_free(key);
    }
    for (guint i = 0; i < candidate->cells->len; i++) {
        const struct cell *cell = cell_at(candidate, i);
        char *key = cell_key(candidate, cell);
        if (g_hash_table_contains(others, key))
            alone_append(b, cell, 1);
        g_free(key);
    }
    g_hash_table_destroy(others);
}

bool gate_plan_build(struct gate_plan *p, const struct gate_sides *sides,
                     const struct config *config, struct gate_rows *rows, struct error *err) {
    struct plan_builder b = {p, sides, config, rows, err};
    *p = (struct gate_plan){.pairs = g_array_new(FALSE, FALSE, sizeof(struct gate_pair))};
    catalogue_init(&p->catalogues[0]);
    catalogue_init(&p->catalogues[1]);
    if (sides->kind == GATE_SIDES_COMMANDS)
        return commands_build(&b);
    for (size_t side = 0; side < 2; side++) {
        if (!catalogue_fill(&b, side) || !matrix_fill(&b, side))
            return false;
    }
    matrices_join(&b);
    return true;
}

bool gate_plan_mark_counted(struct gate_plan *p, const struct gate_sides *sides,
                            const struct config *timed, struct error *err) {
    /* Values for what is only counted are none of this part's. */
    struct config part = *timed;
    part.is_part = true;
    struct plan_builder b = {p, sides, &part, NULL, err};
    struct matrix matrix;
    if (sides->kind == GATE_SIDES_COMMANDS)
        return true;
    if (!side_matrix_build(&matrix, &b, 0))
        return false;
    GHashTable *asked = cells_by_key(&matrix);
    for (guint i = 0; i < p->pairs->len; i++) {
        struct gate_pair *pair = &g_array_index(p->pairs, struct gate_pair, i);
        char *key = cell_key(&p->matrices[0], pair->base.cell);
        pair->is_counted_only = !g_hash_table_contains(asked, key);
        g_free(key);
    }
    g_hash_table_destroy(asked);
    matrix_release(&matrix);
    return true;
}

void gate_plan_release(struct gate_plan *p) {
    for (size_t side = 0; side < 2; side++) {
        if (p->has_matrix[side])
            matrix_release(&p->matrices[side]);
        catalogue_release(&p->catalogues[side]);
        g_strfreev(p->commands[side]);
    }
    g_array_free(p->pairs, TRUE);
    g_free(p->notice);
}
