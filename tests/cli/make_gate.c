/*
 * Writes the directory of a gate for the tests of the command line: "make_gate DIR PERCENT".
 *
 * Two cells of 20 blocks, five of them A/A, whose candidate is slower by so many percent, with a
 * spread of 0.3 % either way, and two exact counts of each.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/store/gate_store.h"
#include "tests/unit/gate_rows_fixture.h"

/* What `heapmark gate` would have written of its rule. */
static const struct gate_line asked[] = {
    {"sides", "strategies"}, {"base", "malloc"},     {"candidate", "mine"},    {"rate", "0.01"},
    {"confirm-p", "0.05"},   {"blocks-least", "16"}, {"inconclusive", "fail"},
};

static void confirm_add(struct gate_rows *rows, uint64_t cell, const double around[2]) {
    guint first = rows->blocks->len;
    gate_blocks_add(rows, cell, "wall_ns", 20, around);
    for (guint i = first; i < rows->blocks->len; i++)
        g_array_index(rows->blocks, struct gate_block_row, i).stage = "confirm";
}

static void cell_add(struct gate_rows *rows, const char *workload, double effect) {
    const double around[] = {log1p(effect), 0.003}, equal[] = {0, 0.004};
    uint64_t cell = gate_cell_add(rows, workload, "bytes=80")->cell;
    gate_blocks_add(rows, cell, "wall_ns", 20, around);
    if (effect > 0.01)
        confirm_add(rows, cell, around);
    gate_blocks_add(rows, cell, "rss_peak_bytes", 20, equal);
    gate_counts_add(rows, cell, "allocs", 1000, 1000);
    gate_counts_add(rows, cell, "mmap_calls", 2, 2);
}

int main(int argc, char **argv) {
    struct error err;
    struct gate_rows rows;
    if (argc != 3)
        return 2;
    GArray *lines = gate_lines_new();
    g_array_append_vals(lines, asked, G_N_ELEMENTS(asked));
    gate_rows_init(&rows);
    cell_add(&rows, "create-pointer", strtod(argv[2], NULL) / 100);
    cell_add(&rows, "small", 0);
    struct gate_store *s = gate_store_create(argv[1], lines, "cpu: none\n", &err);
    bool ok = s != NULL && gate_store_finish(s, &rows, &err);
    if (!ok)
        fprintf(stderr, "make_gate: %s\n", err.text);
    gate_store_free(s);
    gate_rows_release(&rows);
    g_array_free(lines, TRUE);
    return ok ? 0 : 1;
}
