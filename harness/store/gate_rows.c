#include "harness/store/gate_rows.h"

#include "harness/store/row_fields.h"

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(gate_cell_row, kind, name, group, meaning)
static const struct field gate_cell_fields[] = {
#include "harness/store/gate_cell_fields.def"
};
#undef FIELD
#define FIELD(kind, name, group, meaning) FIELD_ENTRY(gate_block_row, kind, name, group, meaning)
static const struct field gate_block_fields[] = {
#include "harness/store/gate_block_fields.def"
};
#undef FIELD
#define FIELD(kind, name, group, meaning) FIELD_ENTRY(gate_count_row, kind, name, group, meaning)
static const struct field gate_count_fields[] = {
#include "harness/store/gate_count_fields.def"
};
#undef FIELD

const struct row_type gate_cell_type = ROW_TYPE("cells.csv", gate_cell_fields, gate_cell_row);
const struct row_type gate_block_type = ROW_TYPE("blocks.csv", gate_block_fields, gate_block_row);
const struct row_type gate_count_type = ROW_TYPE("counts.csv", gate_count_fields, gate_count_row);

void gate_rows_init(struct gate_rows *r) {
    r->cells = g_array_new(FALSE, FALSE, sizeof(struct gate_cell_row));
    r->blocks = g_array_new(FALSE, FALSE, sizeof(struct gate_block_row));
    r->counts = g_array_new(FALSE, FALSE, sizeof(struct gate_count_row));
    r->text = g_string_chunk_new(4096);
}

void gate_rows_release(struct gate_rows *r) {
    g_array_free(r->cells, TRUE);
    g_array_free(r->blocks, TRUE);
    g_array_free(r->counts, TRUE);
    g_string_chunk_free(r->text);
}
