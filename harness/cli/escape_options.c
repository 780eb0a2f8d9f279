/* The flags of `heapmark escape`, and which of them go together. */
#include "harness/cli/escape_options.h"

#include <errno.h>
#include <string.h>

#include "harness/base/text.h"

enum { OPS_MAX = 1000000000 };

static bool format_set(struct escape_options *o, const char *value, struct error *err) {
    o->is_csv = strcmp(value, "csv") == 0;
    if (o->is_csv || strcmp(value, "text") == 0)
        return true;
    return error_set(err, EXIT_USAGE, "--format is text or csv, not \"%s\"", value);
}

bool escape_option_set(void *context, const char *name, const char *value, struct error *err) {
    struct escape_options *o = context;
    if (strcmp(name, "format") == 0)
        return format_set(o, value, err);
    if (strcmp(name, "ops") == 0) {
        return count_parse(value, 1, OPS_MAX, &o->ops) ||
               error_set(err, EXIT_USAGE, "--ops is a whole number from 1 to %d, not \"%s\"",
                         OPS_MAX, value);
    }
    if (strcmp(name, "all") == 0)
        o->is_all = true;
    else if (strcmp(name, "workloads") == 0)
        o->workloads = value;
    else if (strcmp(name, "bench") == 0)
        o->bench = value;
    else if (strcmp(name, "benchtime") == 0)
        o->benchtime = value;
    else
        o->go = value;
    return true;
}

bool escape_options_check(struct escape_options *o, const GPtrArray *operands, struct error *err) {
    if (operands->len > 1)
        return error_set(err, EXIT_USAGE, "escape takes one directory of a Go package, not %u",
                         operands->len);
    o->directory = operands->len == 1 ? g_ptr_array_index(operands, 0) : NULL;
    if (o->directory == NULL && o->bench != NULL)
        return error_set(err, EXIT_USAGE,
                         "--bench needs the directory of a package: the workloads are measured as "
                         "cells");
    if (o->bench == NULL && o->benchtime != NULL)
        return error_set(err, EXIT_USAGE, "--benchtime needs --bench REGEX");
    if (o->directory != NULL && o->ops != 0)
        return error_set(err, EXIT_USAGE,
                         "--ops is about heapmark's workloads; benchmarks of a package take "
                         "--benchtime, as 100x");
    if (o->directory != NULL && o->workloads != NULL)
        return error_set(err, EXIT_USAGE,
                         "--workloads chooses among heapmark's own; a package (%s) has none",
                         o->directory);
    return true;
}

bool escape_directory_check(const char *directory, struct error *err) {
    GDir *entries = g_dir_open(directory, 0, NULL);
    bool has_go = false, has_tests = false;
    if (entries == NULL)
        return error_set(err, EXIT_USAGE, "%s is no directory that can be read", directory);
    for (const char *name; (name = g_dir_read_name(entries)) != NULL;) {
        bool is_test = g_str_has_suffix(name, "_test.go");
        has_tests |= is_test;
        has_go |= !is_test && g_str_has_suffix(name, ".go");
    }
    g_dir_close(entries);
    if (has_go)
        return true;
    return error_set(err, EXIT_USAGE,
                     "%s has no Go files%s; escape takes the directory of one package", directory,
                     has_tests ? " but tests" : "");
}
