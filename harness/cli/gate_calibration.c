/*
 * Noise floors.
 *
 * The floor of a cell is a tolerance bound over estimates of the gate's own size
 * (harness/analyze/gate_power.h): nothing about a distribution is assumed, and so it takes 59
 * estimates to say where 95 % of them lie. With fewer there is no floor, and the file says how many
 * there must be.
 */
#include "harness/cli/gate_calibration.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/gate_power.h"
#include "harness/analyze/statistics.h"
#include "harness/present/gate_report.h"

#define FLOOR_CONTENT    0.95
#define FLOOR_CONFIDENCE 0.95
#define MAD_TO_SIGMA     1.4826 /* of a normal distribution */

static bool block_counts(const struct gate_block_row *b, uint64_t cell, const char *metric) {
    return b->cell == cell && strcmp(b->metric, metric) == 0 && strcmp(b->pair, "aa") == 0 &&
           b->reason == NULL && isfinite(b->log_ratio);
}

GArray *gate_pool(const struct gate_rows *rows, uint64_t cell, const char *metric) {
    GArray *pool = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < rows->blocks->len; i++) {
        const struct gate_block_row *b = &g_array_index(rows->blocks, struct gate_block_row, i);
        if (block_counts(b, cell, metric))
            g_array_append_val(pool, b->log_ratio);
    }
    return pool;
}

static int real_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const GArray *values) {
    GArray *sorted = g_array_copy((GArray *)(uintptr_t)values);
    g_array_sort(sorted, real_compare);
    double middle = median_of((const double *)(const void *)sorted->data, sorted->len);
    g_array_free(sorted, TRUE);
    return middle;
}

static double spread_of(const GArray *pool, double middle) {
    GArray *distances = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < pool->len; i++) {
        double distance = fabs(g_array_index(pool, double, i) - middle);
        g_array_append_val(distances, distance);
    }
    double spread = MAD_TO_SIGMA * median(distances);
    g_array_free(distances, TRUE);
    return spread;
}

static const char *floor_reason(const struct gate_floor *floor, unsigned blocks,
                                GStringChunk *text) {
    if (isfinite(floor->floor))
        return NULL;
    char *reason =
        g_strdup_printf("%zu estimates of %u blocks say nothing sure about 95 %% of "
                        "them; %zu do, so give about %.0f times the --budget",
                        floor->groups, blocks, floor->groups_needed,
                        ceil((double)floor->groups_needed / (double)MAX(floor->groups, (size_t)1)));
    const char *kept = g_string_chunk_insert(text, reason);
    g_free(reason);
    return kept;
}

static struct gate_floor_row floor_row(const GArray *pool, unsigned blocks, GStringChunk *text) {
    struct gate_floor_row row;
    const struct gate_floor_request request = {(const double *)(const void *)pool->data, pool->len,
                                               blocks, FLOOR_CONTENT, FLOOR_CONFIDENCE};
    struct gate_floor floor = gate_floor_of(&request);
    row_clear(&gate_floor_type, &row);
    row.blocks = pool->len;
    row.bias = median(pool);
    row.spread = spread_of(pool, row.bias);
    row.group = blocks;
    row.groups = floor.groups;
    row.greatest = floor.greatest;
    row.content = FLOOR_CONTENT;
    row.confidence = FLOOR_CONFIDENCE;
    row.floor = floor.floor;
    row.reason = floor_reason(&floor, blocks, text);
    return row;
}

GArray *gate_calibration_of(const struct gate_rows *rows, unsigned blocks, GStringChunk *text) {
    GArray *floors = g_array_new(FALSE, FALSE, sizeof(struct gate_floor_row));
    for (guint i = 0; i < rows->cells->len; i++) {
        const struct gate_cell_row *cell = &g_array_index(rows->cells, struct gate_cell_row, i);
        char *label = gate_cell_label(cell);
        for (const struct gate_metric *m = gate_metrics; m->name != NULL; m++) {
            GArray *pool = gate_pool(rows, cell->cell, m->name);
            if (pool->len > 0) {
                struct gate_floor_row row = floor_row(pool, blocks, text);
                row.cell = g_string_chunk_insert(text, label);
                row.metric = m->name;
                g_array_append_val(floors, row);
            }
            g_array_free(pool, TRUE);
        }
        g_free(label);
    }
    return floors;
}

char *gate_calibration_text(const GArray *floors) {
    GString *out = g_string_new("floor     spread    bias      blocks  cell, metric\n");
    for (guint i = 0; i < floors->len; i++) {
        const struct gate_floor_row *row = &g_array_index(floors, struct gate_floor_row, i);
        char *label = gate_line_safe(row->cell);
        const struct gate_words words[] = {gate_share(row->floor), gate_share(row->spread),
                                           gate_percent(expm1(row->bias))};
        for (size_t t = 0; t < G_N_ELEMENTS(words); t++) {
            g_string_append(out, words[t].text);
            for (glong pad = g_utf8_strlen(words[t].text, -1); pad < 10; pad++)
                g_string_append_c(out, ' ');
        }
        g_string_append_printf(out, "%-6" G_GUINT64_FORMAT "  %s, %s\n", row->blocks, label,
                               row->metric);
        if (row->reason != NULL)
            g_string_append_printf(out, "    - %s\n", row->reason);
        g_free(label);
    }
    return g_string_free(out, FALSE);
}

bool gate_calibration_read(GArray *limits, const char *path, GStringChunk *text,
                           struct error *err) {
    GArray *floors = g_array_new(FALSE, FALSE, sizeof(struct gate_floor_row));
    bool ok = gate_floors_read(floors, path, text, err);
    for (guint i = 0; ok && i < floors->len; i++) {
        const struct gate_floor_row *row = &g_array_index(floors, struct gate_floor_row, i);
        const struct gate_limit limit = {row->cell, row->metric, row->floor};
        if (isfinite(row->floor))
            g_array_append_val(limits, limit);
    }
    if (ok && limits->len == 0)
        ok = error_set(err, EXIT_USAGE,
                       "%s holds no noise floor: each of its cells had too few blocks; run gate "
                       "calibrate with a greater --budget",
                       path);
    g_array_free(floors, TRUE);
    return ok;
}
