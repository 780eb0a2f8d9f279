/*
 * CPU samples of cell programs, one process after the other, as one profile.
 *
 * While a process runs, its samples are only kept; their chains are unwound after its end, so that
 * the work does not run beside what is measured. Threads are told apart by name, unnamed ones by
 * their order: "main", "thread 2", ...; those of several processes that are called alike are one.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_CPU_PROFILE_H
#define HEAPMARK_HARNESS_CAPTURE_CPU_PROFILE_H

#include "harness/capture/profile.h"
#include "harness/capture/sampler.h"

struct cpu_profiler;

struct cpu_profile_options {
    unsigned frequency_hz;
    unsigned stack_bytes;
    const cpu_set_t *cpus; /* NULL: wherever heapmark may run */
};

/* NULL (EXIT_CANNOT): no event opens; see sampler_new. */
struct cpu_profiler *cpu_profiler_new(const struct cpu_profile_options *options, struct error *err);
void cpu_profiler_free(struct cpu_profiler *c);

const struct sampler *cpu_profiler_sampler(const struct cpu_profiler *c);

/* Before a process; *out is what watches it, valid until cpu_profiler_end. */
bool cpu_profiler_begin(struct cpu_profiler *c, struct process_capture *out, struct error *err);
/* After its end: adds its samples to *into. Returns why there were none, NULL otherwise. */
const char *cpu_profiler_end(struct cpu_profiler *c, struct profile *into);
/* After its end, when its samples are not wanted. */
void cpu_profiler_drop(struct cpu_profiler *c);

/* Names the values of an empty profile. */
void cpu_profile_describe(const struct cpu_profiler *c, struct profile *p);

#endif
