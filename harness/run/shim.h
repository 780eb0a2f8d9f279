/*
 * Google Benchmark seen from C: the shell of a cell program.
 *
 * A body runs exactly `iterations` operations in one call per thread and says how long they took;
 * Google Benchmark neither calibrates nor times. (KeepRunningBatch(n) around one call with
 * Iterations(n) and UseManualTime; checked with 1.7.1.)
 */
#ifndef HEAPMARK_HARNESS_RUN_SHIM_H
#define HEAPMARK_HARNESS_RUN_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shim_result {
    double seconds;       /* this thread's, for all iterations */
    double allocs_per_op; /* shown as counters; negative: not known */
    double bytes_per_op;
    const char *failure; /* not NULL: nothing was measured, and why */
};

typedef void (*shim_body)(void *context, unsigned thread, uint64_t iterations,
                          struct shim_result *result);

/* Registers a benchmark; all pointers are borrowed for the life of the process. */
void shim_register(const char *name, shim_body body, void *context, uint64_t iterations,
                   unsigned threads);

/* Reads Google Benchmark's own flags; false when something else is on the command line, or a flag
   that would change the frozen work (said on stderr). */
bool shim_arguments(int argc, char **argv);

/* Runs what is registered (and selected by the flags); quiet: without a word on stdout. */
void shim_run(bool quiet);

#ifdef __cplusplus
}
#endif

#endif
