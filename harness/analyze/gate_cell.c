#include "harness/analyze/gate_cell.h"

#include <inttypes.h>
#include <string.h>

static bool is_empty(const char *text) {
    return text == NULL || *text == '\0';
}

char *gate_cell_label(const struct gate_cell_row *cell) {
    GString *label = g_string_new(is_empty(cell->workload) ? "?" : cell->workload);
    if (!is_empty(cell->parameters))
        g_string_append_printf(label, " %s", cell->parameters);
    if (cell->threads != COUNT_EMPTY && cell->threads > 1)
        g_string_append_printf(label, ", %" PRIu64 " threads", cell->threads);
    return g_string_free(label, FALSE);
}

static bool has_sides(const struct gate_cell_row *cell, const struct gate_cell_row *other) {
    return g_strcmp0(cell->base, other->base) == 0 &&
           g_strcmp0(cell->candidate, other->candidate) == 0;
}

/* Two builds measure the same work with several strategies, which the label must then tell. */
static bool label_is_shared(const struct gate_cell_row *cell, const GArray *cells,
                            const char *label) {
    bool is_shared = false;
    for (guint i = 0; !is_shared && i < cells->len; i++) {
        const struct gate_cell_row *other = &g_array_index(cells, struct gate_cell_row, i);
        if (has_sides(cell, other))
            continue;
        char *theirs = gate_cell_label(other);
        is_shared = strcmp(theirs, label) == 0;
        g_free(theirs);
    }
    return is_shared;
}

char *gate_cell_label_among(const struct gate_cell_row *cell, const GArray *cells) {
    char *work = gate_cell_label(cell);
    if (!label_is_shared(cell, cells, work))
        return work;
    GString *label = g_string_new(work);
    g_free(work);
    g_string_append_printf(label, ", %s", cell->base == NULL ? "?" : cell->base);
    if (g_strcmp0(cell->base, cell->candidate) != 0)
        g_string_append_printf(label, " -> %s", cell->candidate == NULL ? "?" : cell->candidate);
    return g_string_free(label, FALSE);
}

bool gate_cell_is_checked(const struct gate_cell_row *cell) {
    return !is_empty(cell->base_checksum) && !is_empty(cell->candidate_checksum);
}

/* Nothing but a pair of the user's commands leaves all of these empty. */
static bool is_command(const struct gate_cell_row *cell) {
    return is_empty(cell->base_checksum) && is_empty(cell->candidate_checksum) &&
           is_empty(cell->base_allocator) && is_empty(cell->candidate_allocator);
}

static bool is_same(const struct gate_cell_row *a, const struct gate_cell_row *b) {
    return g_strcmp0(a->workload, b->workload) == 0 &&
           g_strcmp0(a->parameters, b->parameters) == 0 && a->threads == b->threads &&
           g_strcmp0(a->base, b->base) == 0 && g_strcmp0(a->candidate, b->candidate) == 0;
}

/* The cell's twin: another row of its number, or of the same work and sides; of several the one
   with the least number. NULL: none. */
static const struct gate_cell_row *twin_of(const struct gate_cell_row *cell, const GArray *cells) {
    const struct gate_cell_row *twin = NULL;
    for (guint i = 0; i < cells->len; i++) {
        const struct gate_cell_row *other = &g_array_index(cells, struct gate_cell_row, i);
        bool is_twin = other != cell && (other->cell == cell->cell || is_same(other, cell));
        if (is_twin && (twin == NULL || other->cell < twin->cell))
            twin = other;
    }
    return twin;
}

static bool operations_check(const struct gate_cell_row *cell, struct gate_draft *draft,
                             GStringChunk *text) {
    bool is_known =
        cell->base_operations != COUNT_EMPTY && cell->candidate_operations != COUNT_EMPTY;
    if (!is_known) {
        if (is_command(cell) && cell->base_operations == cell->candidate_operations)
            return true;
        gate_draft_end(draft, text, GATE_INVALID,
                       "it is not known how many operations %s did, so nothing can be compared; "
                       "measure again",
                       cell->base_operations == COUNT_EMPTY ? "the base" : "the candidate");
        return false;
    }
    if (cell->base_operations == 0 || cell->candidate_operations == 0) {
        gate_draft_end(draft, text, GATE_INVALID,
                       "%s did no operation, so nothing was measured; run its workload alone and "
                       "see why",
                       cell->base_operations == 0 ? "the base" : "the candidate");
        return false;
    }
    if (cell->base_operations == cell->candidate_operations)
        return true;
    gate_draft_end(draft, text, GATE_INVALID,
                   "the base did %" PRIu64 " operations and the candidate %" PRIu64
                   ": that is not the same work; give both the same --ops and settings",
                   cell->base_operations, cell->candidate_operations);
    return false;
}

static bool checksum_check(const struct gate_cell_row *cell, struct gate_draft *draft,
                           GStringChunk *text) {
    if (is_command(cell))
        return true;
    if (!gate_cell_is_checked(cell)) {
        gate_draft_end(draft, text, GATE_INVALID,
                       "%s gave no checksum, so its work is not known to be right; run its "
                       "workload alone and see why",
                       is_empty(cell->base_checksum) ? "the base" : "the candidate");
        return false;
    }
    if (strcmp(cell->base_checksum, cell->candidate_checksum) == 0)
        return true;
    gate_draft_end(draft, text, GATE_INVALID,
                   "checksum %s of the base and %s of the candidate differ: one of them computed "
                   "something else, or corrupted memory; run the workload alone with both",
                   cell->base_checksum, cell->candidate_checksum);
    return false;
}

static bool status_check(const struct gate_cell_row *cell, struct gate_draft *draft,
                         GStringChunk *text) {
    if (cell->status != NULL && strcmp(cell->status, "ok") == 0)
        return true;
    if (is_empty(cell->status))
        gate_draft_end(draft, text, GATE_INVALID,
                       "was asked for and never measured; measure again, with a greater --budget "
                       "if it ran out");
    else
        gate_draft_end(draft, text, GATE_INVALID,
                       "%s: %s; a cell that was asked for must be measured on both sides, or "
                       "left out of --workloads",
                       cell->status, is_empty(cell->reason) ? "no reason given" : cell->reason);
    return false;
}

bool gate_cell_check(const struct gate_cell_row *cell, const GArray *cells,
                     struct gate_draft *draft, GStringChunk *text) {
    if (cell->cell == COUNT_EMPTY) {
        gate_draft_end(draft, text, GATE_INVALID,
                       "has no number in cells.csv, which is damaged; measure again");
        return false;
    }
    const struct gate_cell_row *twin = twin_of(cell, cells);
    if (twin != NULL) {
        gate_draft_end(draft, text, GATE_INVALID,
                       twin->cell == cell->cell
                           ? "number %" PRIu64 " stands twice in cells.csv; measure again"
                           : "stands twice in cells.csv, also as number %" PRIu64
                             "; ask for each cell once",
                       twin->cell);
        return false;
    }
    return status_check(cell, draft, text) && operations_check(cell, draft, text) &&
           checksum_check(cell, draft, text);
}
