/*
 * Rows as CSV (RFC 4180) by their lists of columns.
 *
 * Lines end in a newline (a carriage return before it is accepted), a field with a comma, a quote
 * or a line break is quoted, a quote inside doubles. Numbers do not depend on the locale: a COUNT
 * is exact, a REAL is the shortest decimal that reads back as the same number. An empty cell is an
 * empty value, so empty text and no text are one.
 */
#ifndef HEAPMARK_HARNESS_STORE_CSV_H
#define HEAPMARK_HARNESS_STORE_CSV_H

#include <glib.h>
#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/store/record.h"

/* Appends the line of column names. */
void csv_header_append(GString *out, const struct row_type *type);

/* Appends a row's line. Text that is not UTF-8 is made so (a cell program's last words may be
   anything). */
void csv_row_append(GString *out, const struct row_type *type, const void *row);

/* Appends the shortest decimal that reads back as the same number; nothing when it is not finite.
 */
void csv_real_append(GString *out, double value);

/* What is read: its name for refusals, and its bytes. */
struct csv_source {
    const char *name;
    const char *bytes;
    size_t length;
};

/* Rows read, with where each one lies, so that a tail can be cut. */
struct csv_rows {
    GArray *rows;        /* of the row type's struct */
    GArray *ends;        /* of size_t: offset after each row's line */
    GArray *lines;       /* of size_t: number of the line each row begins in, from 1 */
    size_t header_bytes; /* 0: not even the header line is whole */
    bool header_current; /* the header is what csv_header_append writes */
    size_t torn_bytes;   /* of an unfinished last line, 0 when there is none */
};

/*
 * Reads rows; strings go to `text`. Columns are found by name: an unknown one is refused by its
 * name, a missing one is empty in every row. A last line without its newline, or whose quote never
 * closes, is torn: left out and told in torn_bytes. Any other damage is refused (EXIT_USAGE) with
 * name and line. Caller releases out, also after false.
 */
bool csv_read(struct csv_rows *out, const struct row_type *type, const struct csv_source *source,
              GStringChunk *text, struct error *err);
void csv_rows_release(struct csv_rows *r);

#endif
