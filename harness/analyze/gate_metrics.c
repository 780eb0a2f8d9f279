/*
 * The metrics that the gate judges, with their default margins.
 *
 * Counters that the workload or the allocator's code decide are exact; of bytes all but one in a
 * million, because a block of goheap's tiny objects ends with a collection, which on its own thread
 * comes when it comes: 32 of 504,160,016 bytes in one of twenty runs. A page more or less of stack
 * or environment moves minor faults, hence the slack; instructions of equal code repeat to 0.01 %,
 * and half a per cent is a change that somebody made. A pause is one event, and a longest pause the
 * worst of few, so their margins are wide. Peak memory of a deterministic schedule repeats to 1 %.
 */
#include "harness/analyze/gate.h"

#include <string.h>

#define EXACT(name, unit, summary, band, slack, traits)                                            \
    { name, unit, summary, GATE_EXACT, band, band, slack, traits }
#define BLOCKS(tier, name, unit, summary, margin, pass, traits)                                    \
    { name, unit, summary, tier, margin, pass, 0, traits }

const struct gate_metric gate_metrics[] = {
    BLOCKS(GATE_TIME, "wall_ns", "ns", "wall time of equal work", 0.01, 0.03, GATE_POSITIVE),
    BLOCKS(GATE_BANDED, "rss_peak_bytes", "bytes", "most resident memory", 0.02, 0.05,
           GATE_POSITIVE),
    BLOCKS(GATE_BANDED, "gc_pause_ns_max", "ns", "longest stop of the world", 0.25, 1.0, 0),
    BLOCKS(GATE_BANDED, "gc_pause_ns_p99", "ns", "99th percentile of the stops", 0.25, 0.5, 0),
    EXACT("allocs", "", "objects allocated", 0, 0, GATE_OF_WORK),
    EXACT("bytes", "bytes", "bytes handed out", 1e-6, 0, GATE_OF_WORK),
    EXACT("requested_bytes", "bytes", "bytes asked for", 0, 0, GATE_OF_WORK),
    EXACT("retained_bytes", "bytes", "bytes still live after the run", 0, 0, GATE_SIGNED),
    EXACT("mmap_calls", "", "calls of mmap", 0, 0, 0),
    EXACT("munmap_calls", "", "calls of munmap", 0, 0, 0),
    EXACT("mremap_calls", "", "calls of mremap", 0, 0, 0),
    EXACT("madvise_calls", "", "calls of madvise", 0, 0, 0),
    EXACT("brk_calls", "", "calls of brk", 0, 0, 0),
    EXACT("minor_faults", "", "page faults served without input or output", 0.01, 8, 0),
    EXACT("instructions", "", "instructions, simulated by valgrind", 0.005, 0, GATE_POSITIVE),
    {NULL, NULL, NULL, GATE_VALIDITY, 0, 0, 0, 0},
};

const struct gate_metric *gate_metric_find(const char *name) {
    for (const struct gate_metric *m = gate_metrics; name != NULL && m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0)
            return m;
    }
    return NULL;
}
