/* What a cell program is started with: arguments, environment, limits. */
#ifndef HEAPMARK_HARNESS_RUN_COMMAND_H
#define HEAPMARK_HARNESS_RUN_COMMAND_H

#include "harness/plan/matrix.h"

/* The limit for a cell program: the config's, else three quarters of the memory that is available
   now (the control group's limit counts); 0 when that cannot be told. */
uint64_t memory_limit_bytes(const struct config *config);

/* The program and its arguments but for descriptors; ends with NULL; g_strfreev. */
char **cell_arguments(const struct cell *cell, const struct config *config, uint64_t memory_limit);

/*
 * The environment: heapmark's own without what would change an allocator behind the record's back
 * (LD_PRELOAD, MALLOC_CONF, GOGC, ...), then the strategy's variables; `preload` (NULL: nothing) is
 * loaded before the program. Ends with NULL; g_strfreev.
 */
char **cell_environment(const struct strategy *strategy, const char *preload);

/* Whether LD_PRELOAD can name the path: it splits at spaces and colons. */
bool preload_is_plain(const char *path);

/* The path to preload: the library's own when plain, else a link to it in link_dir, made when it is
   not there. Caller frees; NULL (EXIT_CANNOT): the link cannot be made. */
char *preload_path(const char *library, const char *link_dir, struct error *err);

/* A word for a shell, quoted where it would read it otherwise. Caller frees with g_free. */
char *shell_word(const char *word);

#endif
