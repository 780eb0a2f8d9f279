/* What the command line of `heapmark run` asks for. */
#ifndef HEAPMARK_HARNESS_CLI_RUN_OPTIONS_H
#define HEAPMARK_HARNESS_CLI_RUN_OPTIONS_H

#include "harness/base/flags.h"
#include "harness/plan/config.h"

extern const struct flag run_flags[];

struct run_options {
    struct config config;
    char *out; /* the run directory; NULL: a new one under results/ */
    bool dry_run;
    bool resume;
    bool help;
};

/* Parses the flags over the config file over the defaults; with --resume the config is the one the
   run directory holds. Refuses (EXIT_USAGE). `o` is to be released in either case. */
bool run_options_parse(struct run_options *o, const struct command *command, int argc, char **argv,
                       struct error *err);
void run_options_release(struct run_options *o);

#endif
