/*
 * What the kernel does for a process, recorded from outside by perf_event_open: context switches,
 * page faults, mappings, memory given back, threads that begin and end.
 *
 * An ordinary user may have all of it about processes of his own (perf_event_paranoid up to 2): the
 * events are a dummy that tells of switches, mappings and threads, page-faults with every fault a
 * sample, and breakpoints on the C library's munmap, madvise, mremap and brk (kernel_calls.h); one
 * of each per CPU, inherited by all threads. What they do not tell: how long a system call took.
 *
 * A thread of heapmark empties the kernel's buffers into a file of fixed-size rows (struct
 * kernel_row); what the kernel dropped is counted.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_KERNEL_EVENTS_H
#define HEAPMARK_HARNESS_CAPTURE_KERNEL_EVENTS_H

#include <sys/types.h>

#include "harness/capture/trace_read.h"

enum kernel_row_kind {
    KERNEL_SWITCH_IN = 1,  /* a thread gets a CPU */
    KERNEL_SWITCH_OUT = 2, /* it waits */
    KERNEL_PREEMPT = 3,    /* it could go on, and another one runs */
    KERNEL_FAULT = 4,      /* value: the address */
    KERNEL_MAP = 5,        /* value: bytes of the region, with what it was joined to; extra: end */
    KERNEL_THREAD = 6,     /* a thread begins */
    KERNEL_EXIT = 7,       /* it ends */
    KERNEL_LOST = 8,       /* value: so many events were dropped here */
    KERNEL_UNMAP = 9,      /* from here on calls of the C library; value: bytes */
    KERNEL_ADVISE = 10,    /* value: bytes; extra: MADV_... */
    KERNEL_REMAP = 11,     /* value: bytes it shall have; extra: bytes it had */
    KERNEL_BRK = 12,       /* value: where the heap shall end */
    KERNEL_CALLS_SEEN = 13 /* calls are seen from here on; value: errno when they are not */
};

struct kernel_row {
    uint64_t time_ns; /* CLOCK_MONOTONIC */
    uint64_t value, extra;
    uint32_t tid;
    uint16_t cpu;
    uint8_t kind; /* enum kernel_row_kind */
    uint8_t padding;
};

struct kernel_events;

/* Begins to record a process that does not run yet. NULL: it cannot be, and *reason says why
   (static text). */
struct kernel_events *kernel_events_begin(pid_t pid, const char *path, const char **reason);
/* The process has ended: writes the rest. False: the file is not whole. */
bool kernel_events_end(struct kernel_events *k);

/* Readers of the file, as those of trace_read.h. The rows of `facts` are added to it: there is no
   timed run in them; where nobody told one, it is all that was recorded. */
bool kernel_events_facts(const char *path, struct trace_facts *facts, struct error *err);
bool kernel_events_tell(const char *path, struct timeline *t, struct error *err);

#endif
