/* Tables of columns from the *_fields.def files: FIELD_ENTRY is what a file's FIELD makes of a
   line, ROW_TYPE the struct row_type of the table. For the .c files of store that define one. */
#ifndef HEAPMARK_HARNESS_STORE_ROW_FIELDS_H
#define HEAPMARK_HARNESS_STORE_ROW_FIELDS_H

#include <stddef.h>

#include "harness/store/record.h"

/* type: the struct's tag. */
#define FIELD_ENTRY(type, kind, name, group, meaning)                                              \
    {#name, FIELD_##kind, offsetof(struct type, name), #group, meaning},

/* fields: an array of struct field. */
#define ROW_TYPE(file, fields, type)                                                               \
    { file, fields, G_N_ELEMENTS(fields), sizeof(struct type) }

#endif
