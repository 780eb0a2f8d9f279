/* What `heapmark compare` was asked. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_COMPARE_OPTIONS_H
#define HEAPMARK_HARNESS_CLI_COMPARE_OPTIONS_H

#include "harness/present/compare_report.h"

struct compare_options {
    const char *dir_a, *dir_b;      /* dir_b NULL: strategies of one run */
    const char *out, *plot;         /* NULL: standard output, no pictures */
    struct compare_request request; /* its sides are filled when the runs are read */
    const struct compare_format *format;
    enum compare_show show;
};

void compare_options_init(struct compare_options *o);

/* A flag_setter. */
bool compare_option_set(void *context, const char *name, const char *value, struct error *err);

/* Takes the operands and refuses (EXIT_USAGE) what does not go together. */
bool compare_options_check(struct compare_options *o, const GPtrArray *operands, struct error *err);

#endif
