/* What `heapmark escape` was asked. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_ESCAPE_OPTIONS_H
#define HEAPMARK_HARNESS_CLI_ESCAPE_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"

struct escape_options {
    const char *directory; /* of the user's package; NULL: the twins */
    const char *workloads; /* a list as run's; NULL: all */
    const char *bench;     /* a regular expression of go test's; NULL: none are run */
    const char *benchtime; /* NULL: the default */
    const char *go;        /* list of programs; NULL: go on PATH */
    uint64_t ops;          /* 0: each workload's own */
    bool is_all, is_csv;
};

/* A flag_setter. */
bool escape_option_set(void *context, const char *name, const char *value, struct error *err);

/* Takes the operand and refuses (EXIT_USAGE) what does not go together. */
bool escape_options_check(struct escape_options *o, const GPtrArray *operands, struct error *err);

/* The directory is one, and has Go files that are no tests. Refuses with EXIT_USAGE. */
bool escape_directory_check(const char *directory, struct error *err);

#endif
