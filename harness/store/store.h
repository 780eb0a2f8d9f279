/*
 * A run directory: the CSV files of a run, written row by row and read back whole.
 *
 * Long rows are written (and flushed) first; the row in records.csv is the commit. So whatever
 * kills the process, a directory holds whole records, and at most a torn last line and long rows
 * without a record, which --resume cuts.
 */
#ifndef HEAPMARK_HARNESS_STORE_STORE_H
#define HEAPMARK_HARNESS_STORE_STORE_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/store/record.h"

struct store; /* an open run directory */

#define RUN_CONFIG_FILE "config.txt" /* written first: a directory that has it can be resumed */

/* A text file beside the CSV files. */
struct store_text {
    const char *file, *text;
};

/* Creates dir (and its parents) with `texts` (up to one without a file; NULL: none), written in
   their order before all else, and empty CSV files that have their header lines. Refuses a
   directory that holds another run or other files (EXIT_USAGE), and one that cannot be written
   (EXIT_CANNOT); then none of these files stays. */
struct store *store_create(const char *dir, const struct store_text *texts, struct error *err);

/* Opens a run directory to go on with it: cuts an unterminated last line and rows without a record.
   *notice (caller frees with g_free) says what was cut, NULL when nothing was. Damage anywhere else
   is refused (EXIT_USAGE) with file, line and reason. */
struct store *store_resume(const char *dir, char **notice, struct error *err);

/* Numbers the observation's record (and its long rows) with the next free number, fills `run`,
   writes the long rows, then the record. False: EXIT_CANNOT, e.g. no space; then nothing of this
   observation counts and the directory reads back without it. */
bool store_append(struct store *s, struct observation *o, struct error *err);

/* Writes a text file beside the CSV files (machine.txt, config.txt), whole or not at all. */
bool store_write_text(const char *dir, const char *file, const char *text, struct error *err);

void store_free(struct store *s); /* closes; NULL is fine */

/* A run read back: everything in it borrows from `text`. */
struct run_rows {
    GArray *records, *pauses, *cycles, *counters, *memory;
    GStringChunk *text;
    char *dir;
    char *notice; /* what a torn tail lost, NULL for nothing; reading changes no file */
};

/* Reads a run directory. A column this version does not know is refused by name, one that is
   missing is empty for every row. Damage but a torn tail is refused (EXIT_USAGE) with file, line,
   reason. */
bool run_rows_read(struct run_rows *r, const char *dir, struct error *err);
void run_rows_release(struct run_rows *r);

#endif
