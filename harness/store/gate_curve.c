/* power.csv. */
#include "harness/store/gate_curve.h"

#include "harness/store/csv.h"
#include "harness/store/row_fields.h"
#include "harness/store/store.h"

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(gate_curve_row, kind, name, group, meaning)
static const struct field gate_curve_fields[] = {
#include "harness/store/gate_curve_fields.def"
};
#undef FIELD

const struct row_type gate_curve_type = ROW_TYPE("power.csv", gate_curve_fields, gate_curve_row);

bool gate_curve_write(const GArray *curve, const char *dir, struct error *err) {
    GString *text = g_string_new(NULL);
    csv_header_append(text, &gate_curve_type);
    for (guint i = 0; i < curve->len; i++)
        csv_row_append(text, &gate_curve_type, &g_array_index(curve, struct gate_curve_row, i));
    bool ok = store_write_text(dir, gate_curve_type.file, text->str, err);
    g_string_free(text, TRUE);
    return ok;
}
