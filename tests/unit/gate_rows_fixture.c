/* Rows of a gate made in memory. */
#include "tests/unit/gate_rows_fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

struct gate_cell_row *gate_cell_add(struct gate_rows *rows, const char *workload,
                                    const char *parameters) {
    struct gate_cell_row cell;
    row_clear(&gate_cell_type, &cell);
    cell.cell = rows->cells->len + 1;
    cell.workload = workload;
    cell.parameters = parameters;
    cell.threads = 1;
    cell.base = "malloc";
    cell.candidate = "mine";
    cell.method = "slices";
    cell.base_operations = cell.candidate_operations = 1000;
    cell.base_checksum = cell.candidate_checksum = "0123456789abcdef";
    cell.base_allocator = "glibc 2.36";
    cell.candidate_allocator = "mine 1";
    cell.status = "ok";
    g_array_append_val(rows->cells, cell);
    return &g_array_index(rows->cells, struct gate_cell_row, rows->cells->len - 1);
}

static uint64_t block_next(const struct gate_rows *rows, uint64_t cell, const char *metric) {
    uint64_t number = 1;
    for (guint i = 0; i < rows->blocks->len; i++) {
        const struct gate_block_row *b = &g_array_index(rows->blocks, struct gate_block_row, i);
        number += b->cell == cell && strcmp(b->metric, metric) == 0;
    }
    return number;
}

struct gate_block_row *gate_block_add(struct gate_rows *rows, uint64_t cell, const char *metric,
                                      double log_ratio) {
    struct gate_block_row block;
    row_clear(&gate_block_type, &block);
    block.cell = cell;
    block.metric = metric;
    block.block = block_next(rows, cell, metric);
    block.stage = "measure";
    block.pair = "ab";
    block.first = block.block % 2 == 0 ? "base" : "candidate";
    block.slices = 8;
    block.base = 1000 + (double)block.block; /* a clock that moves */
    block.candidate = block.base * exp(log_ratio);
    block.log_ratio = log_ratio;
    g_array_append_val(rows->blocks, block);
    return &g_array_index(rows->blocks, struct gate_block_row, rows->blocks->len - 1);
}

/* -1 to 1, evenly, and each once: no two blocks are alike, as in life. */
static double place(unsigned i, unsigned count) {
    return count < 2 ? 0 : 2.0 * i / (count - 1) - 1;
}

void gate_blocks_add(struct gate_rows *rows, uint64_t cell, const char *metric, unsigned count,
                     const double around[2]) {
    for (unsigned i = 0; i < count; i++)
        gate_block_add(rows, cell, metric, around[0] + around[1] * place(i, count));
    for (unsigned i = 0; i < count / 4; i++)
        gate_block_add(rows, cell, metric, around[1] * place(i, count / 4))->pair = "aa";
}

void gate_counts_add(struct gate_rows *rows, uint64_t cell, const char *metric, double base,
                     double candidate) {
    for (uint64_t repeat = 1; repeat <= 2; repeat++) {
        struct gate_count_row count = {cell, metric, repeat, 1000, base, candidate, NULL};
        g_array_append_val(rows->counts, count);
    }
}

int gate_directory_setup(void **state) {
    *state = g_dir_make_tmp("heapmark-gate-XXXXXX", NULL);
    return *state == NULL;
}

static void tree_remove(const char *dir) {
    GDir *entries = g_dir_open(dir, 0, NULL);
    const char *name;
    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        char *path = g_build_filename(dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            tree_remove(path);
        else
            g_unlink(path);
        g_free(path);
    }
    if (entries != NULL)
        g_dir_close(entries);
    g_rmdir(dir);
}

int gate_directory_teardown(void **state) {
    tree_remove(*state);
    g_free(*state);
    return 0;
}
