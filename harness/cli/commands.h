/* The commands of heapmark: one file each, one line each in main.c. */
#ifndef HEAPMARK_HARNESS_CLI_COMMANDS_H
#define HEAPMARK_HARNESS_CLI_COMMANDS_H

#include "harness/base/flags.h"

extern const struct command command_run, command_list, command_plot, command_compare, command_gate,
    command_escape, command_export, command_doctor, command_profile;

extern const struct command command_trace;

/* Prints "heapmark: TEXT" on stderr and returns the refusal's exit status. */
int command_refuse(const struct error *err);

/* Prints the command's help on stdout; returns EXIT_OK. */
int command_help_print(const struct command *command);

#endif
