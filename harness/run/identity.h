/* The columns of a record that its cell determines, whatever happens to the process. */
#ifndef HEAPMARK_HARNESS_RUN_IDENTITY_H
#define HEAPMARK_HARNESS_RUN_IDENTITY_H

#include "harness/plan/matrix.h"
#include "harness/store/record.h"

/* Fills strategy, binding, allocator (the one asked for), settings, workload, group, parameters,
   threads and repetition; with a config also cpus and seed (config may be NULL). Texts are copied
   into the observation's pool. */
void identity_fill(struct observation *o, const struct cell *cell, const struct config *config,
                   unsigned repetition);

/* Sets status and reason, copied into the observation's pool; reason may be NULL or "". */
void status_set(struct observation *o, const char *status, const char *reason);

#endif
