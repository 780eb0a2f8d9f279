#include "tests/unit/gate_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/draws.h"

enum { OPERATIONS = 100000 };

void gate_fixture_init(struct gate_fixture *f, uint32_t seed) {
    gate_rows_init(&f->rows);
    f->random = g_rand_new_with_seed(seed);
    f->blocks = 0;
}

void gate_fixture_release(struct gate_fixture *f) {
    gate_rows_release(&f->rows);
    g_rand_free(f->random);
}

void gate_fixture_cell(struct gate_fixture *f, uint64_t number, const char *workload) {
    struct gate_cell_row cell;
    row_clear(&gate_cell_type, &cell);
    cell.cell = number;
    cell.workload = workload;
    cell.parameters = "bytes=80";
    cell.threads = 1;
    cell.base = "jemalloc";
    cell.candidate = "mine=./libmine.so";
    cell.method = "slices";
    cell.base_operations = OPERATIONS;
    cell.candidate_operations = OPERATIONS;
    cell.base_checksum = "00000000deadbeef";
    cell.candidate_checksum = "00000000deadbeef";
    cell.base_allocator = "jemalloc 5.3.0";
    cell.candidate_allocator = "libmine.so";
    cell.status = "ok";
    g_array_append_val(f->rows.cells, cell);
}

void gate_fixture_measure(struct gate_fixture *f, struct gate_fixture_blocks blocks) {
    for (unsigned i = 0; i < blocks.count; i++) {
        struct gate_block_row row;
        row_clear(&gate_block_type, &row);
        row.cell = blocks.cell;
        row.metric = blocks.metric;
        row.block = ++f->blocks;
        row.stage = blocks.stage;
        row.pair = blocks.pair;
        row.first = g_rand_boolean(f->random) ? "base" : "candidate";
        row.slices = 8;
        row.log_ratio = log1p(blocks.effect) + blocks.spread * draw_heavy(f->random);
        row.base = 2e6 * exp(0.05 * draw_normal(f->random));
        row.candidate = row.base * exp(row.log_ratio);
        g_array_append_val(f->rows.blocks, row);
    }
}

void gate_fixture_count(struct gate_fixture *f, uint64_t cell, const char *metric,
                        const double sides[2]) {
    for (uint64_t repeat = 1; repeat <= 3; repeat++) {
        struct gate_count_row row;
        row_clear(&gate_count_type, &row);
        row.cell = cell;
        row.metric = metric;
        row.repeat = repeat;
        row.operations = OPERATIONS;
        row.base = sides[0];
        row.candidate = sides[1];
        g_array_append_val(f->rows.counts, row);
    }
}

void gate_fixture_healthy(struct gate_fixture *f) {
    static const char *const workloads[] = {"create-pointer", "trees", "churn"};
    const double allocs[2] = {100000, 100000};
    const double bytes[2] = {8e6, 8e6};
    const double calls[2] = {12, 12};
    const double instructions[2] = {4.2e6, 4.2e6};
    gate_fixture_init(f, 42);
    for (uint64_t cell = 1; cell <= 3; cell++) {
        gate_fixture_cell(f, cell, workloads[cell - 1]);
        gate_fixture_measure(
            f, (struct gate_fixture_blocks){cell, "wall_ns", "measure", "ab", 24, 0, 0.004});
        gate_fixture_measure(
            f, (struct gate_fixture_blocks){cell, "wall_ns", "measure", "aa", 6, 0, 0.004});
        gate_fixture_measure(
            f, (struct gate_fixture_blocks){cell, "rss_peak_bytes", "measure", "ab", 24, 0, 0.004});
        gate_fixture_count(f, cell, "allocs", allocs);
        gate_fixture_count(f, cell, "bytes", bytes);
        gate_fixture_count(f, cell, "madvise_calls", calls);
        gate_fixture_count(f, cell, "instructions", instructions);
    }
}

static void reals_swap(double *a, double *b) {
    double kept = *a;
    *a = *b;
    *b = kept;
}

static void texts_swap(const char **a, const char **b) {
    const char *kept = *a;
    *a = *b;
    *b = kept;
}

static void cell_swap(struct gate_cell_row *cell) {
    uint64_t operations = cell->base_operations;
    cell->base_operations = cell->candidate_operations;
    cell->candidate_operations = operations;
    texts_swap(&cell->base, &cell->candidate);
    texts_swap(&cell->base_checksum, &cell->candidate_checksum);
    texts_swap(&cell->base_allocator, &cell->candidate_allocator);
}

void gate_fixture_swap(struct gate_rows *rows) {
    for (guint i = 0; i < rows->cells->len; i++) {
        cell_swap(&g_array_index(rows->cells, struct gate_cell_row, i));
    }
    for (guint i = 0; i < rows->blocks->len; i++) {
        struct gate_block_row *row = &g_array_index(rows->blocks, struct gate_block_row, i);
        reals_swap(&row->base, &row->candidate);
        row->log_ratio = -row->log_ratio;
    }
    for (guint i = 0; i < rows->counts->len; i++) {
        struct gate_count_row *row = &g_array_index(rows->counts, struct gate_count_row, i);
        reals_swap(&row->base, &row->candidate);
    }
}

static void array_shuffle(GArray *rows, GRand *random) {
    gsize bytes = g_array_get_element_size(rows);
    char *kept = g_malloc(bytes);
    for (guint i = rows->len; i > 1; i--) {
        char *one = rows->data + (i - 1) * bytes;
        char *other = rows->data + (gsize)g_rand_int_range(random, 0, (gint32)i) * bytes;
        memcpy(kept, one, bytes);
        memmove(one, other, bytes);
        memcpy(other, kept, bytes);
    }
    g_free(kept);
}

void gate_fixture_shuffle(struct gate_fixture *f) {
    array_shuffle(f->rows.cells, f->random);
    array_shuffle(f->rows.blocks, f->random);
    array_shuffle(f->rows.counts, f->random);
}

const struct gate_finding *gate_fixture_finding(const struct gate_findings *findings, uint64_t cell,
                                                const char *metric) {
    const struct gate_finding *found = NULL;
    for (guint i = 0; i < findings->findings->len; i++) {
        const struct gate_finding *f = &g_array_index(findings->findings, struct gate_finding, i);
        if (f->cell == cell && g_strcmp0(f->metric, metric) == 0) {
            assert_null(found);
            found = f;
        }
    }
    assert_non_null(found);
    return found;
}
