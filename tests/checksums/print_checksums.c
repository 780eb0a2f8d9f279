/* Prints the checksum of every workload at its defaults and few operations, a line each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/heap.h"
#include "workloads/registry.h"

_Thread_local struct heap_counts heap_counts;
bool malloc_binding_usable_is_own;

void heap_exhausted(size_t bytes) {
    fprintf(stderr, "an allocation of %zu bytes failed\n", bytes);
    exit(1);
}

static uint64_t workload_checksum(const struct workload *w) {
    uint64_t parameters[WORKLOAD_PARAMETERS_MAX] = {0};
    for (size_t i = 0; w->parameters != NULL && w->parameters[i].name != NULL; i++)
        parameters[i] = w->parameters[i].initial;
    uint64_t ops = w->ops(parameters, EFFORT_QUICK);
    ops = ops < 3000 ? ops : 3000;
    struct workload_arguments arguments = {
        .parameters = parameters, .seed = 7, .ops = ops, .thread = 0, .threads = 1};
    struct mutator m;
    mem_attach(&m, __builtin_frame_address(0));
    void *state = w->setup == NULL ? NULL : w->setup(&m, &arguments);
    uint64_t checksum = w->run(&m, state, ops);
    if (w->teardown != NULL)
        w->teardown(&m, state);
    mem_detach(&m);
    return checksum;
}

int main(void) {
    for (const struct workload *const *w = time_workloads; *w != NULL; w++)
        printf("%s %016" PRIx64 "\n", (*w)->name, workload_checksum(*w));
    return 0;
}
