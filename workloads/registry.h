/*
 * Every workload, in the order of workloads.def; each list ends with NULL.
 *
 * There is one list per pass (see heap.h): the same workloads, compiled for the timed run and for
 * counting. Entry i of both is the same workload.
 */
#ifndef HEAPMARK_WORKLOADS_REGISTRY_H
#define HEAPMARK_WORKLOADS_REGISTRY_H

#include "workloads/workload.h"

extern const struct workload *const time_workloads[];
extern const struct workload *const count_workloads[];

#endif
