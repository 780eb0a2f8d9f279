/* What the command line of `heapmark profile` asks for. */
#ifndef HEAPMARK_HARNESS_CLI_PROFILE_OPTIONS_H
#define HEAPMARK_HARNESS_CLI_PROFILE_OPTIONS_H

#include "harness/base/flags.h"
#include "harness/plan/config.h"

extern const struct flag profile_flags[];

struct profile_options {
    struct config config;
    char *out;            /* the directory to write; NULL: a new one under profiles/ */
    unsigned repetitions; /* sampled processes per cell; 0: as duration_ns says */
    uint64_t duration_ns;
    unsigned frequency_hz;
    unsigned stack_bytes;
    bool wants_cpu, wants_sites;
    bool help;
};

/* Refuses (EXIT_USAGE). `o` is to be released in either case. */
bool profile_options_parse(struct profile_options *o, const struct command *command, int argc,
                           char **argv, struct error *err);
void profile_options_release(struct profile_options *o);

#endif
