/*
 * Counts a program's calls of mmap, munmap, mremap, madvise and brk, exactly and from outside: a
 * seccomp filter stops the program at these calls and no other, and a tracer counts the stops.
 * Every thread and child process counts. The C library's allocator makes these calls inside the
 * library, where nothing that is preloaded sees them.
 *
 *   heapmark -- fork --> tracer -- fork --> program
 *
 * The tracer stands where the program would (process.h watches and ends it), and ends as the
 * program did.
 */
#ifndef HEAPMARK_HARNESS_RUN_SYSCALL_COUNT_H
#define HEAPMARK_HARNESS_RUN_SYSCALL_COUNT_H

#include "harness/run/process.h"

enum syscall_kind {
    SYSCALL_MMAP,
    SYSCALL_MUNMAP,
    SYSCALL_MREMAP,
    SYSCALL_MADVISE,
    SYSCALL_BRK,
    SYSCALL_KIND_COUNT
};

struct syscall_count {
    uint64_t calls[SYSCALL_KIND_COUNT];    /* from the program's exec to its end */
    uint64_t measured[SYSCALL_KIND_COUNT]; /* between its marks (cell_mark.h); 0 without them */
    bool is_marked;                        /* it made both marks */
    uint64_t minor_faults;                 /* of the program and the children it waited for */
    const char *refusal; /* static: what of it is not permitted here, so that nothing was
                            counted and the program ran as without; NULL: counted */
    int error_number;    /* of the refusal */
};

/*
 * As process_run, with the address space not randomised where that is permitted. The request's
 * capture is not used. Several threads may call it at once. The shared memory it needs is
 * its own. False (EXIT_CANNOT): no process or memory.
 */
bool syscall_count_run(const struct process_request *request, struct process_result *result,
                       struct syscall_count *out, struct error *err);

/* The same without counting, for a program that does it by itself: only the address space. */
bool syscall_plain_run(const struct process_request *request, struct process_result *result,
                       struct error *err);

#endif
