/* Prints how many indirect calls the workloads declare as their subject, all together. */
#include <stdio.h>
#include <stdlib.h>

#include "workloads/heap.h"
#include "workloads/registry.h"

_Thread_local struct heap_counts heap_counts;

void heap_exhausted(size_t bytes) {
    (void)bytes;
    abort();
}

int main(void) {
    unsigned declared = 0;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++)
        declared += (*w)->indirect_calls;
    printf("%u\n", declared);
    return 0;
}
