/* The power curve of one machine: what `gate selftest` found out. */
#ifndef HEAPMARK_HARNESS_STORE_GATE_CURVE_H
#define HEAPMARK_HARNESS_STORE_GATE_CURVE_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/store/record.h"

#define FIELD(kind, name, group, meaning) FIELD_MEMBER_##kind(name)

struct gate_curve_row {
#include "harness/store/gate_curve_fields.def"
};

#undef FIELD

extern const struct row_type gate_curve_type; /* power.csv */

/* Writes DIR/power.csv (of struct gate_curve_row). False: EXIT_CANNOT. */
bool gate_curve_write(const GArray *curve, const char *dir, struct error *err);

#endif
