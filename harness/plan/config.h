/*
 * What one `heapmark run` shall do: the flags, or a config file with the same names.
 *
 * A config file is YAML: one mapping whose keys are the long names of run's flags without dashes
 * ("ops: 1000"); a value is a scalar or a list of scalars (which is the flag given once per item,
 * or joined by commas where the flag takes a list). A flag on the command line wins over the file.
 */
#ifndef HEAPMARK_HARNESS_PLAN_CONFIG_H
#define HEAPMARK_HARNESS_PLAN_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"
#include "workloads/workload.h"

struct config {
    char *workloads;       /* list: names, groups, globs, named lists ("quick", "all", ...) */
    char *strategies;      /* list of strategies */
    GPtrArray *threads;    /* of char *: "[WORKLOAD=]N[,N...]" */
    GPtrArray *parameters; /* of char *: "[WORKLOAD.]NAME=V[,V...]" */
    char *cpus;            /* list such as "0,2-3"; NULL: not bound */
    enum effort effort;
    unsigned repetitions;
    uint64_t ops; /* 0: as the workload says */
    uint64_t seed;
    uint64_t timeout_s;    /* per cell */
    uint64_t memory_bytes; /* limit per cell program, 0: three quarters of what is available */
    char *counters;        /* list of libpfm4 event names; NULL: the default list */
    bool is_part;          /* of a greater selection, which has checked the values: those for what
                              is not selected here are passed over */
};

void config_init(struct config *c); /* the defaults */
void config_release(struct config *c);

/* Sets one by its name, as flag or file key, from text. Refuses (EXIT_USAGE) an unknown name with
   the nearest one, and a value that is not of its kind or out of range, naming both. Repeated
   settings of threads and param add up, any other replaces. */
bool config_set(struct config *c, const char *name, const char *value, struct error *err);

/* Reads a file over c. Refuses (EXIT_USAGE) with file, line and column. */
bool config_read(struct config *c, const char *path, struct error *err);

/* The file that repeats c exactly; caller frees with g_free. config_read of it gives c again. */
char *config_text(const struct config *c);

/* The named lists of workloads ("quick", ...) with what each selects; see lists.def. */
struct workload_list {
    const char *name, *summary;
    const char *workloads, *threads, *parameters; /* threads, parameters: ';' between settings */
};
extern const struct workload_list workload_lists[]; /* ends with a NULL name */

#endif
