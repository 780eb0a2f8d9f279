/* The line per collection. See gctrace.h. */
#include "allocators/goheap/gctrace.h"

#include <stdio.h>
#include <unistd.h>

#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/roots.h"
#include "allocators/goheap/world.h"

static uint64_t init_ns;
static uint64_t collector_cpu_ns; /* of all cycles so far */

void gctrace_init(void) {
    init_ns = os_now_ns();
    collector_cpu_ns = 0;
}

static double milliseconds(uint64_t ns) {
    return (double)ns / 1e6;
}

static unsigned long long megabytes(uint64_t bytes) {
    return bytes >> 20;
}

void gctrace_print(const struct goheap_cycle *c, const struct gctrace_moments *t) {
    collector_cpu_ns +=
        t->setup_ns + t->termination_ns + c->assist_ns + t->background_ns + t->idle_ns;
    if (!mheap.options.gctrace)
        return;
    uint64_t elapsed_ns = c->start_ns + c->mark_ns - init_ns;
    double percent =
        100.0 * (double)collector_cpu_ns / ((double)elapsed_ns * (double)world_cpus() + 1);
    double setup = milliseconds(t->setup_ns), ending = milliseconds(t->termination_ns);
    uint64_t stops_ns = t->setup_ns + t->termination_ns;
    double mark = milliseconds(c->mark_ns > stops_ns ? c->mark_ns - stops_ns : 0);
    dprintf(STDERR_FILENO,
            "gc %llu @%.3fs %.0f%%: %.2g+%.2g+%.2g ms clock, %.2g+%.2g/%.2g/%.2g+%.2g ms cpu, "
            "%llu->%llu->%llu MB, %llu MB goal, %llu MB stacks, %llu MB globals, %u P%s\n",
            (unsigned long long)c->cycle, (double)elapsed_ns / 1e9, percent, setup, mark, ending,
            setup, milliseconds(c->assist_ns), milliseconds(t->background_ns),
            milliseconds(t->idle_ns), ending, megabytes(c->heap_start_bytes),
            megabytes(c->heap_end_bytes), megabytes(c->heap_marked_bytes), megabytes(c->goal_bytes),
            megabytes(roots_stack_bytes()), megabytes(roots_range_bytes()), world_cpus(),
            c->forced    ? " (forced)"
            : c->partial ? " (partial)"
                         : "");
}
