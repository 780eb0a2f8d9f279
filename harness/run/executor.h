/*
 * Runs one repetition of a cell: the real executor in a fresh process, the scripted one from a
 * list, so that scheduling, statistics and export are testable to the digit.
 */
#ifndef HEAPMARK_HARNESS_RUN_EXECUTOR_H
#define HEAPMARK_HARNESS_RUN_EXECUTOR_H

#include "harness/plan/matrix.h"
#include "harness/run/process.h"
#include "harness/store/record.h"

struct executor {
    /*
     * Fills *out (initialised or cleared by the caller), identity columns included, except record
     * and run. Whatever happens to the process is a status in the record, and true is returned.
     * False: no repetition can be made at all, with err (EXIT_CANNOT), or *interrupted was seen
     * set, with EXIT_INTERRUPTED; the cell program has been ended.
     */
    bool (*execute)(struct executor *self, const struct cell *cell, unsigned repetition,
                    struct observation *out, struct error *err);
    void (*release)(struct executor *self); /* frees self */
};

/* What the real executor needs beyond the cell. Borrowed for the executor's life. */
struct process_options {
    const struct config *config;
    const char *link_dir; /* directory without spaces or colons for links to preloaded libraries */
    const volatile int *interrupted;       /* set by a signal handler; NULL: never */
    const struct process_capture *capture; /* of every cell; may change between two; NULL: none */
    const struct process_layout *layout;   /* likewise; NULL: as the kernel draws it */
};

struct executor *executor_process_new(const struct process_options *options, struct error *err);

/* Plays observations in order: `script` is called for each repetition. */
typedef void (*executor_script)(void *context, const struct cell *cell, unsigned repetition,
                                struct observation *out);
struct executor *executor_scripted_new(executor_script script, void *context);

/* The command line that runs the cell by hand (environment first, shell-quoted); caller frees with
   g_free. What --dry-run prints. */
char *cell_command_text(const struct cell *cell, const struct config *config);

#endif
