/*
 * Commands and their flags: one table per command gives the parser and the help text.
 *
 * Flags are `--name value` or `--name=value`; a switch takes none. `--` ends them. `--help` is
 * every command's.
 */
#ifndef HEAPMARK_HARNESS_BASE_FLAGS_H
#define HEAPMARK_HARNESS_BASE_FLAGS_H

#include <glib.h>
#include <stdbool.h>

#include "harness/base/error.h"

struct flag {
    const char *name;    /* without dashes */
    const char *value;   /* what stands for the value in the help ("LIST"); NULL: a switch */
    const char *initial; /* the default as text, NULL: none */
    const char *summary; /* a phrase; \n starts a new line in the help's second column */
};

struct command {
    const char *name;
    const char *usage;        /* what follows "heapmark NAME " */
    const char *summary;      /* one sentence */
    const struct flag *flags; /* ends with a NULL name */
    const char *examples[2];  /* whole command lines that run */
    /* argv after the name; returns the exit status */
    int (*run)(const struct command *self, int argc, char **argv);
};

/* Told of each flag in order; value is NULL for a switch. */
typedef bool (*flag_setter)(void *context, const char *name, const char *value, struct error *err);

/* Parses; operands (arguments that are no flags; may be NULL: none are allowed) get borrowed
   pointers. *help is set, and parsing stops, at --help. Refuses (EXIT_USAGE) unknown flags with the
   nearest, a missing value, a value for a switch, an operand where none is allowed. */
bool flags_parse(const struct command *command, int argc, char **argv, flag_setter set,
                 void *context, GPtrArray *operands, bool *help, struct error *err);

/* Usage line, sentence, options in two columns with defaults, examples; caller frees (g_free). */
char *command_help(const struct command *command);

#endif
