/*
 * gctrace: a line per collection on stderr, in the format of Go's GODEBUG=gctrace=1, so that what
 * reads Go's reads ours:
 *
 *   gc # @#s #%: #+#+# ms clock, #+#/#/#+# ms cpu, #->#-># MB, # MB goal, # MB stacks, # MB
 * globals, # P [(forced)]
 *
 * clock: mark setup + concurrent mark + mark termination. cpu: the same, the middle one as assists
 * / the collector's thread within its quarter / on idle CPUs. MB: live at the start, at the end,
 * and marked. A cycle that ended in its setup has nothing but that.
 *
 * Source: Go, runtime/extern.go.
 */
#ifndef HEAPMARK_GOHEAP_GCTRACE_H
#define HEAPMARK_GOHEAP_GCTRACE_H

#include <stddef.h>
#include <stdint.h>

#include "allocators/goheap/goheap.h"

struct gctrace_moments {
    uint64_t setup_ns, termination_ns; /* stops */
    uint64_t background_ns, idle_ns;   /* the collector's thread, CPU time */
    size_t mutators;
};

/* Time counts from here. */
void gctrace_init(void);

/* Prints the line if it is wanted. Collection lock held. */
void gctrace_print(const struct goheap_cycle *cycle, const struct gctrace_moments *moments);

#endif
