/* The named lists of workloads. */
#include <stddef.h>

#include "harness/plan/config.h"

#define WORKLOAD_LIST(name, summary, workloads, threads, parameters)                               \
    {name, summary, workloads, threads, parameters},
const struct workload_list workload_lists[] = {
#include "harness/plan/lists.def"
    {NULL, NULL, NULL, NULL, NULL},
};
