/*
 * Stored baselines: exact counts in a text file that is checked in and reviewed like code.
 *
 *   heapmark-gate-baseline 1
 *   workload,parameters,threads,strategy,metric,operations,least,most,checksum,allocator,conditions
 *   create-pointer,bytes=80,1,malloc,allocs,1000000,1000000,1000000,6f...,glibc 2.36,
 *
 * One line per cell and metric in a fixed order, so that a diff shows what changed. Times are not
 * stored: what another machine or day took is no base for a verdict. Counts that depend on where
 * they were made carry their conditions and are compared only where these are the same.
 */
#ifndef HEAPMARK_HARNESS_STORE_GATE_BASELINE_H
#define HEAPMARK_HARNESS_STORE_GATE_BASELINE_H

#include "harness/base/error.h"
#include "harness/store/gate_rows.h"

#define GATE_BASELINE_VERSION 1

#define FIELD(kind, name, group, meaning) FIELD_MEMBER_##kind(name)
struct gate_baseline_row {
#include "harness/store/gate_baseline_fields.def"
};
#undef FIELD

extern const struct row_type gate_baseline_type;

struct gate_baseline {
    GArray *rows;       /* of struct gate_baseline_row */
    GStringChunk *text; /* owns every string in it */
};

void gate_baseline_init(struct gate_baseline *b);
void gate_baseline_release(struct gate_baseline *b);

/* Whether a metric may be stored: an exact counter. */
bool gate_baseline_has_metric(const char *metric);

/* Under which conditions a metric's counts can be compared: "" for no conditions; caller frees;
   NULL: it cannot be counted here (gate_counts_conditions). */
typedef char *(*gate_baseline_conditions)(const char *metric);

/* Adds the candidate's counts of every cell that is ok; takes the place of rows with the same keys.
 */
void gate_baseline_add(struct gate_baseline *b, const struct gate_rows *rows,
                       gate_baseline_conditions conditions);

/* The whole file, sorted; caller frees with g_free. The same counts give the same bytes. */
char *gate_baseline_text(const struct gate_baseline *b);

/*
 * Reads a file's bytes; `name` is for refusals. Refuses (EXIT_USAGE), with name and line, another
 * version, what csv_read refuses, a last line that is cut short, a row without its keys or with
 * numbers that are no counts, a metric that is not an exact counter, and the same keys twice.
 * Caller releases *b, which was initialised, also after false.
 */
bool gate_baseline_parse(struct gate_baseline *b, const char *name, const char *bytes,
                         size_t length, struct error *err);

/* The same of a file. */
bool gate_baseline_read(struct gate_baseline *b, const char *path, struct error *err);

/* Writes it beside itself and renames, so that a file is whole or the old one. EXIT_CANNOT. */
bool gate_baseline_write(const struct gate_baseline *b, const char *path, struct error *err);

/* What became of the rows that were to be compared. */
struct gate_baseline_applied {
    unsigned compared;     /* metrics of cells that now have a base */
    unsigned incomparable; /* that have none, with the reason in their rows: no verdict */
    unsigned unmeasured;   /* rows of the baseline whose cell was not measured */
    const char
        *unmeasured_first; /* "WORKLOAD PARAMETERS STRATEGY" of the first one; in rows' pool */
};

/*
 * Makes the stored counts the base of rows whose candidate was measured alone: fills `base` of
 * counts (the least and the most by turns, so that a count which varied is seen to), and
 * base_checksum, base_operations and base_allocator of cells. Where a count cannot be compared,
 * both sides' numbers are emptied and the reason says why.
 */
void gate_baseline_apply(const struct gate_baseline *b, struct gate_rows *rows,
                         gate_baseline_conditions conditions, struct gate_baseline_applied *out);

#endif
