/*
 * The profiles of one command, and the forms in which they are written.
 *
 *   folded      a line per stack: thread;root;...;leaf COUNT
 *   pprof       profile.proto, gzipped; go tool pprof reads it
 *   speedscope  JSON, a profile per thread
 *   flame       one HTML page with every cell, which needs nothing else
 *   table       where the time goes, for people
 *
 * Texts are built whole and then written: a file is there as a whole or not at all.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PROFILE_VIEW_H
#define HEAPMARK_HARNESS_PRESENT_PROFILE_VIEW_H

#include "harness/analyze/profile_parts.h"
#include "harness/base/error.h"

enum profile_kind { PROFILE_KIND_CPU, PROFILE_KIND_SITES, PROFILE_KINDS };
extern const char *const profile_kind_names[PROFILE_KINDS]; /* "cpu", "allocations" */

/* One profile with its sums. */
struct profile_data {
    bool is_there;
    struct profile profile;
    struct profile_sums sums;
};

/* One cell's profiles. */
struct profile_view {
    char *workload; /* with parameters and threads */
    char *strategy;
    char *program; /* the cell program's base name */
    struct profile_data data[PROFILE_KINDS];
    unsigned repetitions; /* that were sampled */
    double overhead;      /* share of the CPU time that sampling adds; NaN: not known */
    unsigned overhead_pairs;
    uint64_t allocs, bytes; /* as the record has them; UINT64_MAX: not known */
    char *problem;          /* why a profile is missing; NULL: none is */
};

void profile_view_release(struct profile_view *v); /* frees contents */

/* Builds a file's name out of a cell's names: what is no letter, digit or one of "._=-" becomes an
   underscore, and equal names are numbered by the caller. Caller frees. */
char *profile_file_name(const struct profile_view *v);

/* Texts of one profile; caller frees. */
GString *profile_folded(const struct profile_data *d);
GByteArray *profile_pprof(const struct profile_view *v, enum profile_kind kind);
GString *profile_speedscope(const struct profile_view *v, enum profile_kind kind);

/* Of all cells: an array of struct profile_view *. */
GString *profile_flame(const GPtrArray *views);
GString *profile_table(const GPtrArray *views);

/* Writes every file of every view and the page into a directory that is there. Refuses
   (EXIT_CANNOT), naming the file; those before it stay. */
bool profile_files_write(const GPtrArray *views, const char *dir, struct error *err);

/* Text in JSON, quoted. */
void profile_json_text(GString *out, const char *text);

#endif
