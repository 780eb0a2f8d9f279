/* The CSV files of a run directory, read together: which of their rows count. Within store only. */
#ifndef HEAPMARK_HARNESS_STORE_RUN_FILES_H
#define HEAPMARK_HARNESS_STORE_RUN_FILES_H

#include "harness/store/csv.h"

enum { RUN_FILES = 5 };

/* Every file of a run; records.csv is the first. */
extern const struct row_type *const run_file_types[RUN_FILES];

struct run_file {
    const struct row_type *type;
    bool present;
    struct csv_rows csv;
    guint rows_kept;      /* rows that have a record; the rest is a tail to leave out */
    size_t bytes_kept;    /* where that tail, or a torn line, begins */
    uint64_t torn_record; /* whose row the torn line is, 0: not known */
};

struct run_files {
    struct run_file files[RUN_FILES];
    uint64_t last_record; /* 0: none */
    GString *notice;      /* what is left out, file by file; empty: nothing */
};

/*
 * Loads a run directory. The long rows of a record are written before it and records are numbered
 * in order, so rows without a record can only be the tail of their file; a torn line likewise. A
 * torn line of the last record, which a machine that lost its power can leave, takes that record
 * with it: it is measured again rather than kept with a part of its rows.
 * Anything else is damage and refused (EXIT_USAGE) with file, line and reason. A missing long file
 * is an empty one. Caller releases, also after false.
 */
bool run_files_load(struct run_files *f, const char *dir, GStringChunk *text, struct error *err);
void run_files_release(struct run_files *f);

#endif
