/*
 * A run in the words of other benchmark tools: what is exported, and the list of formats.
 *
 * One entry per ok repetition: other tools have no word for the rest, so its number is told. The
 * order is strategy by strategy as the user named them, because tools that compare take what comes
 * first as the base; within a strategy by group, workload, parameters, threads, repetition.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_EXPORT_H
#define HEAPMARK_HARNESS_PRESENT_EXPORT_H

#include <glib.h>
#include <stdbool.h>

#include "harness/analyze/summary.h"
#include "harness/base/error.h"

struct export;

struct export_format {
    const char *name, *summary;
    bool needs_cpu;                        /* an entry without CPU time breaks its readers */
    char *(*text)(const struct export *e); /* the whole file; caller frees with g_free */
};

extern const struct export_format export_formats[]; /* ends with a NULL name */

/* What is wanted of a run; a list that is NULL means all. */
struct export_request {
    const struct export_format *format;
    const char *workloads;  /* names, groups, globs */
    const char *strategies; /* names, globs */
};

/* One entry. */
struct export_row {
    const struct cell_summary *cell;
    const struct record *record;
    unsigned repetition_index, repetitions; /* among the exported ones of its cell, from 0 */
};

struct export {
    char *run;     /* name of the run */
    char *machine; /* text of its machine.txt, "" when it has none */
    GArray *rows;  /* of struct export_row */
    char
        *left_out; /* "12 skipped, 1 crashed": records of the selection without entry; NULL: none */
};

/* Chooses rows; the summary must outlive e. Refuses a name that the run does not have, with the
   nearest (EXIT_USAGE), and a selection without any entry (EXIT_CANNOT). Caller releases e, also
   after false. */
bool export_build(struct export *e, const struct run_summary *s, const struct export_request *r,
                  struct error *err);
void export_release(struct export *e);

/* The value of a line "name: value" of machine.txt, NULL when it is not there. Caller frees with
   g_free. */
char *export_machine_find(const struct export *e, const char *name);

/* Appends text with what separates or ends names (blanks, slashes) and what cannot be seen as %XX
   per byte, as in addresses, so that different names stay different. */
void export_name_append(GString *out, const char *text);

/* Appends "/NAME=VALUE" for every parameter and the strategy; `joint` stands for the equals sign.
 */
void export_keys_append(GString *out, const struct cell_summary *cell, char joint);

/* The formats' functions. */
char *export_go_text(const struct export *e);
char *export_google_text(const struct export *e);

#endif
