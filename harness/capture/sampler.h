/*
 * Samples where a cell program's threads are, by perf_event_open: an event per CPU, inherited by
 * every thread to come, switched by the cell program around its timed run, and drained by us.
 *
 * Between fork and exec the child opens the events on itself and sends them here; we map a ring per
 * CPU while it waits, so nothing of the program is missed, its mappings included. (An event that
 * follows a task over all CPUs and is inherited cannot be mapped: hence one per CPU.)
 *
 * Hardware cycles where that event opens, else the cpu-clock, which is a timer and works in every
 * virtual machine; sampler_event tells, and every output says it.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_SAMPLER_H
#define HEAPMARK_HARNESS_CAPTURE_SAMPLER_H

#include <sched.h>

#include "harness/base/error.h"
#include "harness/capture/perf_records.h"
#include "harness/run/process.h"

/* The kernel as the sampler sees it; tests put another in its place. */
struct sampler_system {
    int (*open)(struct perf_event_attr *attr, pid_t pid, int cpu); /* a descriptor, or -1: errno */
    const char *paranoid_path;
};
extern const struct sampler_system sampler_system;

struct sampler_options {
    unsigned frequency_hz;
    unsigned stack_bytes;  /* copied of the stack per sample; a multiple of 8 */
    const cpu_set_t *cpus; /* where the cell runs; NULL: wherever heapmark may */
    const struct sampler_system *system;
    /* Told of every record of a process, in no order between CPUs; pointers lead into the ring. */
    void (*record)(void *context, const struct perf_record *record);
    void *context;
};

struct sampler;

/* Finds an event that opens. NULL (EXIT_CANNOT): none does; the sentence says why and what to do.
 */
struct sampler *sampler_new(const struct sampler_options *options, struct error *err);
void sampler_free(struct sampler *s);

/* "cycles" or "cpu-clock" with what else must be known: "cpu-clock at 997 Hz (no PMU here), user
   and kernel". Borrowed. */
const char *sampler_event(const struct sampler *s);
/* A sample's period is in nanoseconds; else in cycles. */
bool sampler_is_clock(const struct sampler *s);
/* A sentence about what the samples lack, NULL when nothing. Borrowed. */
const char *sampler_notice(const struct sampler *s);

/* What samples a process; borrowed from the sampler. One process at a time: before each, the
   sockets are made anew. False (EXIT_CANNOT): no descriptors. */
bool sampler_begin(struct sampler *s, struct process_capture *out, struct error *err);
/* Drains and unmaps the rings; the process has ended. Returns why there were none, NULL otherwise.
 */
const char *sampler_end(struct sampler *s);

#endif
