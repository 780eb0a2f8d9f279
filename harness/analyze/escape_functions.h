/*
 * Which function a line belongs to, as go-functions printed it (workloads/go/functions): so a
 * decision finds its function, and a workload its decisions.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_ESCAPE_FUNCTIONS_H
#define HEAPMARK_HARNESS_ANALYZE_ESCAPE_FUNCTIONS_H

#include <glib.h>
#include <stdbool.h>

#include "harness/base/error.h"

struct escape_lines {
    unsigned first, last; /* inclusive */
};

struct escape_function {
    const char *file; /* base name */
    const char *name; /* as the compiler names it, without type arguments */
    struct escape_lines lines;
    unsigned body_line;
    const char *allocating; /* what may allocate without a decision: words separated by blanks */
    GArray *cold;           /* of struct escape_lines: what seldom runs */
};

struct escape_functions {
    GPtrArray *items; /* of struct escape_function *, in the order printed */
    GStringChunk *text;
};

void escape_functions_init(struct escape_functions *f);
void escape_functions_release(struct escape_functions *f);

/* Refuses (EXIT_CANNOT) a line that is not of the form, with its number. */
bool escape_functions_read(struct escape_functions *f, const char *output, struct error *err);

/* NULL: the line is outside every function. */
const struct escape_function *escape_function_at(const struct escape_functions *f, const char *file,
                                                 unsigned line);

/* By name; NULL when unknown. */
const struct escape_function *escape_function_find(const struct escape_functions *f,
                                                   const char *name);

bool escape_line_is_cold(const struct escape_function *function, unsigned line);

/* A name as it is compared, without type arguments: "(*List[go.shape.int]).Put" is "(*List).Put".
   Caller frees with g_free. */
char *escape_name_plain(const char *name);

/* "workload<TAB>function" lines of `cell-go --functions`: appends the functions of one workload
   (const char *, in `text`). Refuses (EXIT_CANNOT) a line without a tab. */
bool escape_subjects_read(GPtrArray *out, const char *output, const char *workload,
                          GStringChunk *text, struct error *err);

#endif
