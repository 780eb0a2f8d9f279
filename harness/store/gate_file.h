/* gate.txt as text, and the checks of a gate's rows. Within store, and for its tests. */
#ifndef HEAPMARK_HARNESS_STORE_GATE_FILE_H
#define HEAPMARK_HARNESS_STORE_GATE_FILE_H

#include "harness/store/gate_store.h"

enum { GATE_FILES = 3 }; /* cells, blocks, counts, in this order */

/* How gate.txt ends. */
struct gate_end {
    const char *state; /* "measuring" or "complete"; NULL: it has no end */
    uint64_t rows[GATE_FILES];
    const char *sums[GATE_FILES]; /* SHA-256 of the files, in hexadecimal; NULL: not yet */
};

/* Caller frees with g_free. */
char *gate_file_format(const GArray *asked, const struct gate_end *end);

/* `file`: its name for refusals, and its text. Strings go to `text`. Refuses (EXIT_USAGE) with file
   and line. */
bool gate_file_parse(GArray *asked, struct gate_end *end, const struct gate_line *file,
                     GStringChunk *text, struct error *err);

/* Checks rows by themselves and against each other; `lines` are the lines that they begin in (of
   size_t), by file. Refuses (EXIT_USAGE) with file and line in dir. */
bool gate_rows_check(const struct gate_rows *rows, GArray *const lines[GATE_FILES], const char *dir,
                     struct error *err);

#endif
