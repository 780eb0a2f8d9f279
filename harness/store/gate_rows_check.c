/*
 * Whether a gate's rows can have been written by a gate.
 *
 * What a row says of itself, and what it says of others. The judgement (harness/analyze/gate.h) is
 * about what was measured; here it is about files that were cut, merged or edited, where a doubled
 * or a mislabelled row would count silently.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/store/gate_file.h"

/* A block's log ratio is a median of pairs, its sides are medians of their own: the two differ, but
   never by a factor, unless one column is in another unit or belongs to another row. */
#define RATIO_SLACK 2.0

/* What checking needs at hand. */
struct row_check {
    const struct gate_rows *rows;
    GArray *const *lines;
    const char *dir;
    struct error *err;
};

static const struct row_type *const file_types[GATE_FILES] = {&gate_cell_type, &gate_block_type,
                                                              &gate_count_type};

static bool row_refuse(const struct row_check *c, size_t file, guint row, const char *why) {
    return error_set(c->err, EXIT_USAGE, "%s/%s:%zu: %s", c->dir, file_types[file]->file,
                     g_array_index(c->lines[file], size_t, row), why);
}

static bool word_is(const char *word, const char *const *words) {
    return word != NULL && g_strv_contains(words, word);
}

/* Adds a key (taken over); false when it was there. */
static bool key_add(GHashTable *keys, char *key) {
    return g_hash_table_add(keys, key);
}

static bool cell_is_there(const struct row_check *c, uint64_t cell) {
    return cell >= 1 && cell <= c->rows->cells->len;
}

/* ---- cells ---- */

static bool cell_check(const struct row_check *c, guint i) {
    static const char *const statuses[] = {"ok",      "skipped", "unavailable", "wrong", "crashed",
                                           "timeout", "oom",     "killed",      NULL};
    static const char *const methods[] = {"slices", "processes", NULL};
    const struct gate_cell_row *cell = &g_array_index(c->rows->cells, struct gate_cell_row, i);
    if (cell->cell != i + 1)
        return row_refuse(c, 0, i, "cells are numbered from 1, each once");
    if (cell->workload == NULL || cell->base == NULL || cell->candidate == NULL)
        return row_refuse(c, 0, i, "a cell needs workload, base and candidate");
    if (cell->status != NULL && !word_is(cell->status, statuses))
        return row_refuse(c, 0, i, "no cell has this status");
    if (cell->method != NULL && !word_is(cell->method, methods))
        return row_refuse(c, 0, i, "method is slices or processes");
    return true;
}

static char *cell_key(const struct gate_cell_row *cell) {
    return g_strdup_printf("%s\t%s\t%" PRIu64 "\t%s\t%s", cell->workload,
                           cell->parameters == NULL ? "" : cell->parameters, cell->threads,
                           cell->base, cell->candidate);
}

static bool cells_check(const struct row_check *c) {
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (guint i = 0; ok && i < c->rows->cells->len; i++) {
        ok = cell_check(c, i);
        if (ok && !key_add(keys, cell_key(&g_array_index(c->rows->cells, struct gate_cell_row, i))))
            ok = row_refuse(c, 0, i, "the same cell is there twice");
    }
    g_hash_table_destroy(keys);
    return ok;
}

/* ---- blocks ---- */

static const char *block_values_fault(const struct gate_block_row *b) {
    if (b->reason != NULL)
        return isnan(b->log_ratio) ? NULL : "a void block has no log_ratio";
    if (isnan(b->log_ratio))
        return "a block without log_ratio needs the reason why it is void";
    if (!(b->base > 0) || !(b->candidate > 0))
        return "a block that counts needs base and candidate above 0";
    if (b->slices == COUNT_EMPTY || b->slices == 0)
        return "a block that counts has slices";
    if (fabs(b->log_ratio - log(b->candidate / b->base)) > log(RATIO_SLACK))
        return "log_ratio does not belong to base and candidate";
    return NULL;
}

static const char *block_fault(const struct row_check *c, const struct gate_block_row *b) {
    static const char *const stages[] = {"measure", "confirm", NULL};
    static const char *const pairs[] = {"ab", "aa", NULL};
    static const char *const sides[] = {"base", "candidate", NULL};
    if (!cell_is_there(c, b->cell))
        return "its cell is not in cells.csv";
    if (b->metric == NULL)
        return "metric is empty";
    if (b->block == COUNT_EMPTY || b->block == 0)
        return "blocks are numbered from 1";
    if (!word_is(b->stage, stages))
        return "stage is measure or confirm";
    if (!word_is(b->pair, pairs))
        return "pair is ab or aa";
    if (!word_is(b->first, sides))
        return "first is base or candidate";
    return block_values_fault(b);
}

static char *block_key(const struct gate_block_row *b) {
    return g_strdup_printf("%" PRIu64 "\t%s\t%" PRIu64, b->cell, b->metric, b->block);
}

static bool blocks_check(const struct row_check *c) {
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (guint i = 0; ok && i < c->rows->blocks->len; i++) {
        const struct gate_block_row *b = &g_array_index(c->rows->blocks, struct gate_block_row, i);
        const char *fault = block_fault(c, b);
        if (fault == NULL && !key_add(keys, block_key(b)))
            fault = "the same metric of the same block is there twice";
        ok = fault == NULL || row_refuse(c, 1, i, fault);
    }
    g_hash_table_destroy(keys);
    return ok;
}

/* ---- counts ---- */

static const char *count_fault(const struct row_check *c, const struct gate_count_row *count) {
    if (!cell_is_there(c, count->cell))
        return "its cell is not in cells.csv";
    if (count->metric == NULL)
        return "metric is empty";
    if (count->repeat == COUNT_EMPTY || count->repeat == 0)
        return "repeats are numbered from 1";
    if ((isnan(count->base) || isnan(count->candidate)) && count->reason == NULL)
        return "a count that is not known needs its reason";
    if (count->reason == NULL && (count->operations == COUNT_EMPTY || count->operations == 0))
        return "a count belongs to a number of operations above 0";
    return NULL;
}

static char *count_key(const struct gate_count_row *count) {
    return g_strdup_printf("%" PRIu64 "\t%s\t%" PRIu64, count->cell, count->metric, count->repeat);
}

static bool counts_check(const struct row_check *c) {
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (guint i = 0; ok && i < c->rows->counts->len; i++) {
        const struct gate_count_row *count =
            &g_array_index(c->rows->counts, struct gate_count_row, i);
        const char *fault = count_fault(c, count);
        if (fault == NULL && !key_add(keys, count_key(count)))
            fault = "the same metric and repeat of a cell is there twice";
        ok = fault == NULL || row_refuse(c, 2, i, fault);
    }
    g_hash_table_destroy(keys);
    return ok;
}

bool gate_rows_check(const struct gate_rows *rows, GArray *const lines[GATE_FILES], const char *dir,
                     struct error *err) {
    const struct row_check c = {rows, lines, dir, err};
    return cells_check(&c) && blocks_check(&c) && counts_check(&c);
}
