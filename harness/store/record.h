/*
 * The rows a run is made of: one record per repetition, and its long rows.
 *
 * Every struct comes from its list of columns (*_fields.def). Text is borrowed from the pool the
 * rows were made or read with (a GStringChunk), NULL when empty; COUNT_EMPTY and NaN are empty
 * numbers.
 */
#ifndef HEAPMARK_HARNESS_STORE_RECORD_H
#define HEAPMARK_HARNESS_STORE_RECORD_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT_EMPTY UINT64_MAX

enum field_kind { FIELD_TEXT, FIELD_COUNT, FIELD_REAL };

/* A column: how CSV reading, writing and documentation know a struct. */
struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; /* of the member in its struct */
    const char *group;
    const char *meaning;
};

#define FIELD_MEMBER_TEXT(name)           const char *name;
#define FIELD_MEMBER_COUNT(name)          uint64_t name;
#define FIELD_MEMBER_REAL(name)           double name;
#define FIELD(kind, name, group, meaning) FIELD_MEMBER_##kind(name)

struct record {
#include "harness/store/record_fields.def"
};
struct pause_row {
#include "harness/store/pause_fields.def"
};
struct cycle_row {
#include "harness/store/cycle_fields.def"
};
struct counter_row {
#include "harness/store/counter_fields.def"
};
struct memory_row {
#include "harness/store/memory_fields.def"
};

#undef FIELD

/* The columns of one kind of row. */
struct row_type {
    const char *file; /* "records.csv" */
    const struct field *fields;
    size_t field_count;
    size_t bytes; /* of the struct */
};

extern const struct row_type record_type, pause_type, cycle_type, counter_type, memory_type;

/* Makes every field of a row empty. */
void row_clear(const struct row_type *type, void *row);

/* The column called name, or NULL. */
const struct field *field_find(const struct row_type *type, const char *name);

/* What one repetition yields: the record and its long rows. */
struct observation {
    struct record record;
    GArray *pauses;     /* of struct pause_row */
    GArray *cycles;     /* of struct cycle_row */
    GArray *counters;   /* of struct counter_row */
    GArray *memory;     /* of struct memory_row */
    GStringChunk *text; /* owns every string in it */
};

void observation_init(struct observation *o);  /* empty arrays, cleared record */
void observation_clear(struct observation *o); /* ready for the next repetition; strings are gone */
void observation_release(struct observation *o); /* frees contents */

#endif
