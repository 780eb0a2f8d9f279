/*
 * Profiles one cell: its timed run again and again, in fresh processes, sampled, until there is
 * enough; the first of them by turns with unsampled ones, which tells what sampling costs; and once
 * more for the allocation sites.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_CELL_PROFILE_H
#define HEAPMARK_HARNESS_CAPTURE_CELL_PROFILE_H

#include "harness/capture/cpu_profile.h"
#include "harness/capture/sites.h"
#include "harness/run/executor.h"

struct cell_profile_request {
    const struct cell *cell;
    struct executor *executor;
    struct process_capture *capture; /* the executor's; changed from process to process */
    uint64_t *ops;                   /* of the executor's config; changed likewise, and restored */
    struct cpu_profiler *cpu;        /* NULL: no CPU samples */
    bool wants_sites;
    unsigned repetitions; /* sampled processes; 0: as many as duration_ns takes */
    uint64_t duration_ns; /* of timed runs, sampled */
    void (*progress)(void *context, double done); /* a share; NULL: nobody is told */
    void *context;
};

struct cell_profile {
    struct profile cpu, sites; /* initialised in any case, and described when wanted */
    unsigned repetitions;
    double overhead; /* share of the CPU time that sampling adds; NaN: not known */
    unsigned pairs;
    struct sites_total total;
    char *problem; /* why something is missing; NULL: nothing is */
};

void cell_profile_init(struct cell_profile *out);
void cell_profile_release(struct cell_profile *out);

/* A process that fails is a problem in *out. False: interrupted, or no process can be made; what
   was sampled until then is in *out. */
bool cell_profile_run(const struct cell_profile_request *r, struct cell_profile *out,
                      struct error *err);

#endif
