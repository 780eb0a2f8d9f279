/* Which workloads a run has, and which values it gives them. Within plan only. */
#ifndef HEAPMARK_HARNESS_PLAN_SELECTION_H
#define HEAPMARK_HARNESS_PLAN_SELECTION_H

#include "harness/plan/assignment.h"
#include "harness/plan/catalogue.h"
#include "harness/plan/config.h"

/* Values that a named list, or the user, gives to workloads. */
struct selection_context {
    const struct workload_list *list; /* NULL: what the user gave */
    GArray *threads, *parameters;     /* of struct assignment */
};

/* A workload that was asked for, and the list that asked for it. */
struct selection {
    const struct workload_info *workload;
    const struct selection_context *context;
};

struct selections {
    GArray *items;       /* of struct selection, in the order asked for */
    GPtrArray *contexts; /* of struct selection_context *; the first is the user's */
};

/* Whether `pattern` means a workload: its name, else, where no workload has that name, its group or
   a glob. */
bool workload_matches(const struct catalogue *catalogue, const struct workload_info *workload,
                      const char *pattern);

/* Whether `pattern` is exactly the workload's name. */
bool workload_is(const struct workload_info *workload, const char *pattern);

/* Resolves config's workloads, threads and parameters. Refuses (EXIT_USAGE) a name, group, glob or
   list that means nothing, with the nearest; and values given to a workload that is not selected,
   or to a parameter that no selected workload has. Caller releases, also after false. */
bool selections_build(struct selections *s, const struct config *config,
                      const struct catalogue *catalogue, struct error *err);
void selections_release(struct selections *s);

/* Refuses a parameter that a workload does not have, with the nearest. Always false. */
bool parameter_unknown(const struct workload_info *workload, const char *name, struct error *err);

#endif
