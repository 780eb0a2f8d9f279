/* The gate's commands beside the gate itself. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_GATE_COMMANDS_H
#define HEAPMARK_HARNESS_CLI_GATE_COMMANDS_H

#include "harness/base/flags.h"

extern const struct command gate_command_baseline, gate_command_calibrate, gate_command_selftest;

/* Prints the help of a command; returns EXIT_OK. */
int gate_command_help(const struct command *self);

#endif
