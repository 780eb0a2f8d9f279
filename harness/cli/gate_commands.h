/* The gate's commands beside the gate itself. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_GATE_COMMANDS_H
#define HEAPMARK_HARNESS_CLI_GATE_COMMANDS_H

#include "harness/base/flags.h"
#include "harness/cli/gate_options.h"

extern const struct command gate_command_baseline, gate_command_calibrate, gate_command_selftest;

/* A command of the gate's options: what it refuses, and what it does; the exit status. */
struct gate_command_steps {
    bool (*check)(struct gate_options *o, struct error *err);
    int (*work)(const struct gate_options *o);
};
int gate_command_run(const struct command *self, int argc, char **argv,
                     const struct gate_command_steps *steps);

#endif
