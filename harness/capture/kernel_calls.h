/*
 * A process's calls of munmap, madvise, mremap and brk, seen from outside by breakpoints on these
 * functions of its C library: perf events of the processor's debug registers, which an ordinary
 * user may have for his own processes. The library's allocator calls the same functions, by no
 * symbol that could be interposed. The process is not stopped and no other process has to run, as
 * with ptrace or seccomp; a call costs an exception (within a virtual machine some microseconds).
 *
 * Where they lie: heapmark has the same library mapped, and takes their distance from the beginning
 * of its code. A process with another C library, and system calls that are made without it, are not
 * seen.
 *
 * Within capture only.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_KERNEL_CALLS_H
#define HEAPMARK_HARNESS_CAPTURE_KERNEL_CALLS_H

#include <linux/perf_event.h>

#include "harness/capture/kernel_events.h"

enum { KERNEL_CALLS = 4 }; /* as many debug registers as x86 has, and most ARM processors */

struct kernel_calls {
    char *library;        /* path of the C library; NULL: calls cannot be seen here */
    uint64_t code_offset; /* of its code in the file */
    uint64_t distances[KERNEL_CALLS];
    uint64_t addresses[KERNEL_CALLS]; /* in the process, once it has the library; 0 before */
};

/* A mapping that the process made. */
struct kernel_mapping {
    uint64_t start, offset;
    const char *path;
    bool is_code;
};

void kernel_calls_init(struct kernel_calls *c);
void kernel_calls_release(struct kernel_calls *c);

/* True: the mapping is the library's code, and the addresses are known now. */
bool kernel_calls_place(struct kernel_calls *c, const struct kernel_mapping *mapping);

/* Makes `attr` an event that samples the call of that number. What every sample ends with is the
   caller's. */
void kernel_calls_attr(const struct kernel_calls *c, unsigned call, struct perf_event_attr *attr);

/* Reads a sample of such an event, whose trailer is thread, time and CPU. False: it is none. */
bool kernel_calls_read(const struct kernel_calls *c, const unsigned char *record, size_t bytes,
                       struct kernel_row *row);

#endif
