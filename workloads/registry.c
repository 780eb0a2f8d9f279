/* The list of workloads of one binding and pass, made from workloads.def. */
#include "workloads/registry.h"

#include "workloads/heap.h"

#define WORKLOAD_LINE(identifier) extern WORKLOAD(identifier);
#include "workloads/workloads.def"
#undef WORKLOAD_LINE

const struct workload *const HEAP_JOIN(HEAPMARK_PASS, workloads)[] = {
#define WORKLOAD_LINE(identifier) &HEAP_JOIN(HEAPMARK_PASS, identifier),
#include "workloads/workloads.def"
#undef WORKLOAD_LINE
    NULL,
};
