/* What `heapmark trace` was asked. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_TRACE_OPTIONS_H
#define HEAPMARK_HARNESS_CLI_TRACE_OPTIONS_H

#include "harness/base/flags.h"
#include "harness/plan/config.h"

extern const struct flag trace_flags[];

struct trace_options {
    struct config config; /* what to run; one repetition */
    char *out;            /* the directory to write; NULL: a new one under results/ */
    unsigned pairs;       /* of runs with and without tracing; 0: the cost is not measured */
    bool wants_perfetto, wants_chrome, is_csv, keeps_raw, help;
};

/* Parses; refuses with EXIT_USAGE. `o` is to be released in either case. */
bool trace_options_parse(struct trace_options *o, const struct command *command, int argc,
                         char **argv, struct error *err);
void trace_options_release(struct trace_options *o);

#endif
