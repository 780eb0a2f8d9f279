/* Noise floors of one machine in a file: what `gate calibrate` writes and `gate --calibration`
 * reads.
 */
#ifndef HEAPMARK_HARNESS_STORE_GATE_FLOORS_H
#define HEAPMARK_HARNESS_STORE_GATE_FLOORS_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/store/record.h"

#define FIELD(kind, name, group, meaning) FIELD_MEMBER_##kind(name)

struct gate_floor_row {
#include "harness/store/gate_floor_fields.def"
};

#undef FIELD

extern const struct row_type gate_floor_type;

/* Writes the file whole, or not at all (EXIT_CANNOT). */
bool gate_floors_write(const GArray *floors, const char *path, struct error *err);

/* Appends the rows of a file (of struct gate_floor_row); text goes to `text`. Refuses (EXIT_USAGE),
   with file and line, what is no calibration, is cut, or says something twice. */
bool gate_floors_read(GArray *floors, const char *path, GStringChunk *text, struct error *err);

#endif
