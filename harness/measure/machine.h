/* What machine this is, as far as it matters for measuring. */
#ifndef HEAPMARK_HARNESS_MEASURE_MACHINE_H
#define HEAPMARK_HARNESS_MEASURE_MACHINE_H

/* machine.txt: "key: value" lines: CPU model, CPUs online, SMT siblings, caches, memory, kernel, C
   library, transparent huge pages, ASLR, frequency governor, perf_event_paranoid, hypervisor,
   load at the start, heapmark's version, compiler and flags. Caller frees with g_free. */
char *machine_text(void);

#endif
