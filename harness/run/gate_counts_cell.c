/* The row of a cell: who did what, and what became of it. */
#include "harness/run/gate_counts_rows.h"

#include <string.h>

bool counts_side_is_there(const struct gate_side *side) {
    return side->cell != NULL || side->command != NULL;
}

static const char *const side_names[GATE_SIDES] = {"base", "candidate"};

static const char *keep(const struct counts *c, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert(c->rows->text, text);
}

static void row_fail(const struct counts *c, const char *status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void row_fail(const struct counts *c, const char *status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    c->row->status = keep(c, status);
    c->row->reason = keep(c, reason);
    g_free(reason);
}

static void row_fill_side(const struct counts *c, const struct count_run *run, uint64_t *operations,
                          const char **checksum, const char **allocator) {
    const struct record *r = &run->observation.record;
    if (*operations == COUNT_EMPTY)
        *operations = r->ops;
    if (*checksum == NULL)
        *checksum = keep(c, r->checksum);
    if (*allocator == NULL && r->allocator != NULL) {
        char *name = g_strdup_printf("%s %s", r->allocator, r->version == NULL ? "" : r->version);
        *allocator = keep(c, g_strchomp(name));
        g_free(name);
    }
}

bool counts_row_judge(const struct counts *c, const struct counts_runs *runs) {
    for (size_t i = 0; i < GATE_SIDES; i++) {
        const struct count_run *run = &runs->sides[i];
        if (!counts_side_is_there(c->sides[i]) || strcmp(run->status, "ok") == 0)
            continue;
        row_fail(c, run->status, "%s: %s", side_names[i], run->reason == NULL ? "" : run->reason);
        return false;
    }
    const char *base = runs->sides[0].observation.record.checksum;
    const char *candidate = runs->sides[1].observation.record.checksum;
    if (base != NULL && candidate != NULL && strcmp(base, candidate) != 0) {
        row_fail(c, "wrong",
                 "the sides did different work: checksum %s of the base, %s of the candidate", base,
                 candidate);
        return false;
    }
    if (counts_side_is_there(c->sides[0]))
        row_fill_side(c, &runs->sides[0], &c->row->base_operations, &c->row->base_checksum,
                      &c->row->base_allocator);
    row_fill_side(c, &runs->sides[1], &c->row->candidate_operations, &c->row->candidate_checksum,
                  &c->row->candidate_allocator);
    if (c->row->status == NULL)
        c->row->status = keep(c, "ok");
    return true;
}

struct gate_cell_row *counts_row_find(const struct gate_pair *pair, const struct gate_rows *rows) {
    for (guint i = 0; i < rows->cells->len; i++) {
        struct gate_cell_row *row = &g_array_index(rows->cells, struct gate_cell_row, i);
        if (row->cell == pair->number)
            return row;
    }
    return NULL;
}

bool counts_row_can_run(const struct counts *c) {
    if (c->row->status != NULL && strcmp(c->row->status, "ok") != 0)
        return false;
    for (size_t i = 0; i < GATE_SIDES; i++) {
        const struct cell *cell = c->sides[i]->cell;
        if (cell != NULL && cell->skipped != NULL)
            row_fail(c, "skipped", "%s: %s", side_names[i], cell->skipped);
        else if (cell != NULL && cell->unavailable != NULL)
            row_fail(c, "unavailable", "%s: %s", side_names[i], cell->unavailable);
        else
            continue;
        return false;
    }
    return true;
}
