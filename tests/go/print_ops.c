/*
 * Prints how many operations each workload has, quick and full: a line
 * "workload parameter-index value quick full" for each value of each parameter that stands out, the
 * other parameters at their initial values. Read by workloads/go/cell/ops_test.go.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/heap.h"
#include "workloads/registry.h"

_Thread_local struct heap_counts heap_counts;

void heap_exhausted(size_t bytes) {
    (void)bytes;
    abort();
}

static void line_print(const struct workload *w, size_t index, uint64_t value) {
    uint64_t parameters[WORKLOAD_PARAMETERS_MAX] = {0};
    for (size_t i = 0; w->parameters != NULL && w->parameters[i].name != NULL; i++)
        parameters[i] = w->parameters[i].initial;
    parameters[index] = value;
    printf("%s %zu %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", w->name, index, value,
           w->ops(parameters, EFFORT_QUICK), w->ops(parameters, EFFORT_FULL));
}

/* Its bounds, its choices, and the powers of two between: enough to tell formulas apart. */
static void parameter_print(const struct workload *w, size_t index) {
    const struct workload_parameter *p = &w->parameters[index];
    line_print(w, index, p->initial);
    for (const uint64_t *choice = p->choices; choice != NULL && *choice != 0; choice++)
        line_print(w, index, *choice);
    if (p->choices != NULL)
        return;
    line_print(w, index, p->least);
    line_print(w, index, p->most);
    for (uint64_t value = 1; value <= p->most / 2; value *= 2)
        if (value >= p->least)
            line_print(w, index, value);
}

int main(void) {
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        const struct workload_parameter *p = (*w)->parameters;
        if (p == NULL)
            line_print(*w, 0, 0);
        for (size_t i = 0; p != NULL && p[i].name != NULL; i++)
            parameter_print(*w, i);
    }
    return 0;
}
