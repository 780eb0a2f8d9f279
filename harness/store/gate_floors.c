/* A calibration as one CSV file. */
#include "harness/store/gate_floors.h"

#include <math.h>
#include <string.h>

#include "harness/store/csv.h"
#include "harness/store/row_fields.h"

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(gate_floor_row, kind, name, group, meaning)
static const struct field gate_floor_fields[] = {
#include "harness/store/gate_floor_fields.def"
};
#undef FIELD

const struct row_type gate_floor_type =
    ROW_TYPE("calibration.csv", gate_floor_fields, gate_floor_row);

bool gate_floors_write(const GArray *floors, const char *path, struct error *err) {
    GString *text = g_string_new(NULL);
    GError *failure = NULL;
    csv_header_append(text, &gate_floor_type);
    for (guint i = 0; i < floors->len; i++)
        csv_row_append(text, &gate_floor_type, &g_array_index(floors, struct gate_floor_row, i));
    bool ok = g_file_set_contents(path, text->str, (gssize)text->len, &failure);
    if (!ok) {
        error_set(err, EXIT_CANNOT, "cannot write %s: %s", path, failure->message);
        g_error_free(failure);
    }
    g_string_free(text, TRUE);
    return ok;
}

static bool is_same(const struct gate_floor_row *a, const struct gate_floor_row *b) {
    return strcmp(a->cell, b->cell) == 0 && strcmp(a->metric, b->metric) == 0;
}

static const char *row_fault(const GArray *rows, guint i) {
    const struct gate_floor_row *row = &g_array_index(rows, struct gate_floor_row, i);
    if (row->cell == NULL || row->metric == NULL)
        return "a noise floor needs its cell and metric";
    if (row->floor < 0)
        return "a noise floor is not below 0";
    for (guint before = 0; before < i; before++) {
        if (is_same(row, &g_array_index(rows, struct gate_floor_row, before)))
            return "the same cell and metric are there twice";
    }
    return NULL;
}

static bool rows_check(const struct csv_rows *csv, const char *path, struct error *err) {
    if (csv->header_bytes == 0)
        return error_set(err, EXIT_USAGE, "%s is empty", path);
    if (csv->torn_bytes > 0)
        return error_set(err, EXIT_USAGE, "%s:%u: the last line is cut", path, csv->rows->len + 2);
    if (csv->rows->len == 0)
        return error_set(err, EXIT_USAGE, "%s holds no noise floor", path);
    for (guint i = 0; i < csv->rows->len; i++) {
        const char *fault = row_fault(csv->rows, i);
        if (fault != NULL)
            return error_set(err, EXIT_USAGE, "%s:%zu: %s", path,
                             g_array_index(csv->lines, size_t, i), fault);
    }
    return true;
}

bool gate_floors_read(GArray *floors, const char *path, GStringChunk *text, struct error *err) {
    char *bytes;
    gsize length;
    GError *failure = NULL;
    struct csv_rows csv;
    if (!g_file_get_contents(path, &bytes, &length, &failure)) {
        error_set(err, EXIT_USAGE, "cannot read a calibration: %s", failure->message);
        g_error_free(failure);
        return false;
    }
    struct csv_source source = {path, bytes, length};
    bool ok = csv_read(&csv, &gate_floor_type, &source, text, err) && rows_check(&csv, path, err);
    if (ok)
        g_array_append_vals(floors, csv.rows->data, csv.rows->len);
    csv_rows_release(&csv);
    g_free(bytes);
    return ok;
}
