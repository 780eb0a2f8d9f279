/*
 * Resident memory and faults of the calling process, as the kernel counts them. Nothing here
 * allocates, so that it may be read beside an allocator under test.
 *
 * Linux keeps the resident counters per CPU and adds them up in batches, so a reading may be some
 * dozen pages behind.
 */
#ifndef HEAPMARK_HARNESS_MEASURE_PROCESS_MEMORY_H
#define HEAPMARK_HARNESS_MEASURE_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Resident bytes now (VmRSS); 0 when /proc cannot be read. */
uint64_t resident_bytes(void);

/* Most resident bytes since the last reset (VmHWM); 0 when /proc cannot be read. */
uint64_t resident_bytes_peak(void);

/* Gives back the read-only pages of libraries that only the harness uses (Google Benchmark, the C++
   runtime): what is resident then is the program's with its allocator. They come back from the
   page cache when they are used. */
void resident_harness_release(void);

/* The peak starts again from now. False: the kernel does not let us. */
bool resident_peak_reset(void);

struct process_usage {
    uint64_t minor_faults, major_faults, context_switches;
};
void process_usage_read(struct process_usage *usage);

#endif
