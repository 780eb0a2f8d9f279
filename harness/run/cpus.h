/* Lists of CPUs such as "0,2-3". */
#ifndef HEAPMARK_HARNESS_RUN_CPUS_H
#define HEAPMARK_HARNESS_RUN_CPUS_H

#include <sched.h>

#include "harness/base/error.h"

/* Refuses a list that is none (EXIT_USAGE) and CPUs that this process may not use (EXIT_CANNOT). */
bool cpus_parse(const char *list, cpu_set_t *out, struct error *err);

#endif
