/*
 * The columns of every kind of row, as tables made from their lists.
 *
 * A list is included once per use with FIELD defined anew: here it becomes the table that names
 * every column with its kind and its place in the struct, so that one reader and one writer serve
 * all rows.
 */
#include "harness/store/record.h"

#include <math.h>
#include <string.h>

#include "harness/store/row_fields.h"

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(record, kind, name, group, meaning)
static const struct field record_fields[] = {
#include "harness/store/record_fields.def"
};
#undef FIELD

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(pause_row, kind, name, group, meaning)
static const struct field pause_fields[] = {
#include "harness/store/pause_fields.def"
};
#undef FIELD

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(cycle_row, kind, name, group, meaning)
static const struct field cycle_fields[] = {
#include "harness/store/cycle_fields.def"
};
#undef FIELD

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(counter_row, kind, name, group, meaning)
static const struct field counter_fields[] = {
#include "harness/store/counter_fields.def"
};
#undef FIELD

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(memory_row, kind, name, group, meaning)
static const struct field memory_fields[] = {
#include "harness/store/memory_fields.def"
};
#undef FIELD

const struct row_type record_type = ROW_TYPE("records.csv", record_fields, record);
const struct row_type pause_type = ROW_TYPE("pauses.csv", pause_fields, pause_row);
const struct row_type cycle_type = ROW_TYPE("cycles.csv", cycle_fields, cycle_row);
const struct row_type counter_type = ROW_TYPE("counters.csv", counter_fields, counter_row);
const struct row_type memory_type = ROW_TYPE("memory.csv", memory_fields, memory_row);

/* Members are reached by offset and copied, so that no type is cast to another. */
static void field_clear(const struct field *field, char *row) {
    const char *no_text = NULL;
    uint64_t no_count = COUNT_EMPTY;
    double no_real = NAN;
    switch (field->kind) {
    case FIELD_TEXT:
        memcpy(row + field->offset, &no_text, sizeof no_text);
        break;
    case FIELD_COUNT:
        memcpy(row + field->offset, &no_count, sizeof no_count);
        break;
    case FIELD_REAL:
        memcpy(row + field->offset, &no_real, sizeof no_real);
        break;
    }
}

void row_clear(const struct row_type *type, void *row) {
    memset(row, 0, type->bytes);
    for (size_t i = 0; i < type->field_count; i++)
        field_clear(&type->fields[i], row);
}

const struct field *field_find(const struct row_type *type, const char *name) {
    for (size_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    }
    return NULL;
}

void observation_init(struct observation *o) {
    row_clear(&record_type, &o->record);
    o->pauses = g_array_new(FALSE, FALSE, sizeof(struct pause_row));
    o->cycles = g_array_new(FALSE, FALSE, sizeof(struct cycle_row));
    o->counters = g_array_new(FALSE, FALSE, sizeof(struct counter_row));
    o->memory = g_array_new(FALSE, FALSE, sizeof(struct memory_row));
    o->text = g_string_chunk_new(1024);
}

void observation_clear(struct observation *o) {
    row_clear(&record_type, &o->record);
    g_array_set_size(o->pauses, 0);
    g_array_set_size(o->cycles, 0);
    g_array_set_size(o->counters, 0);
    g_array_set_size(o->memory, 0);
    g_string_chunk_clear(o->text);
}

void observation_release(struct observation *o) {
    g_array_free(o->pauses, TRUE);
    g_array_free(o->cycles, TRUE);
    g_array_free(o->counters, TRUE);
    g_array_free(o->memory, TRUE);
    g_string_chunk_free(o->text);
}
