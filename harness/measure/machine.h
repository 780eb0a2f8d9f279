/* What machine this is, as far as it matters for measuring. */
#ifndef HEAPMARK_HARNESS_MEASURE_MACHINE_H
#define HEAPMARK_HARNESS_MEASURE_MACHINE_H

#include <stddef.h>

/* machine.txt: "key: value" lines: CPU model, CPUs online, SMT siblings, caches, memory, kernel, C
   library, transparent huge pages, ASLR, frequency governor, perf_event_paranoid, hypervisor,
   load at the start, heapmark's version, compiler and flags. Caller frees with g_free. */
char *machine_text(void);

/* One of those facts; "unknown" when the machine does not tell. Caller frees with g_free. */
enum machine_fact {
    FACT_CPU_MODEL,
    FACT_CPUS_ONLINE,
    FACT_CPUS_ALLOWED, /* those this process may run on, as a list */
    FACT_SMT,          /* how many CPUs share a core */
    FACT_CACHES,
    FACT_MEMORY_TOTAL,
    FACT_MEMORY_AVAILABLE,
    FACT_SWAP,
    FACT_KERNEL,
    FACT_C_LIBRARY,
    FACT_THP,
    FACT_ASLR,
    FACT_GOVERNOR,
    FACT_TURBO,
    FACT_CLOCK_SOURCE,
    FACT_PERF_PARANOID,
    FACT_HYPERVISOR,
    FACT_LOAD,
    FACT_VERSION,
    FACT_COMPILER,
    FACT_BUILD,
    FACT_COUNT
};
const char *machine_key(enum machine_fact fact);
char *machine_fact_text(enum machine_fact fact);

/* How many CPUs this process may run on. */
unsigned machine_cpus_allowed(void);

/* "0,2-3" of a set of CPU numbers given in ascending order. Caller frees with g_free. */
char *cpu_list_text(const unsigned *cpus, size_t count);

#endif
