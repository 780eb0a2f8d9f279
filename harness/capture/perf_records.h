/*
 * Reads the records that perf_event_open writes into its ring: samples with registers and a piece
 * of the stack, mappings, names of threads, losses. Layout: perf_event_open(2), with the sample
 * type that PERF_SAMPLE_TYPE names.
 *
 * The bytes come from the kernel, but past a program that may die at any moment; nothing in a
 * record is believed before it fits into the record's own size.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_PERF_RECORDS_H
#define HEAPMARK_HARNESS_CAPTURE_PERF_RECORDS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Fields of every sample, in the order in which the kernel writes them, and the registers: all that
 * unwinding needs. Where we don't know the machine there are call chains by frame pointers alone.
 */
#ifdef __x86_64__
#define PERF_RECORDS_SAMPLE_TYPE                                                                   \
    (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD |                    \
     PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)
/* ax bx cx dx si di bp sp ip, r8 to r15 */
#define PERF_RECORDS_REGISTERS (UINT64_C(0x1ff) | UINT64_C(0xff0000))
enum { PERF_REGISTERS = 17 };
#else
#define PERF_RECORDS_SAMPLE_TYPE                                                                   \
    (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD |                    \
     PERF_SAMPLE_CALLCHAIN)
#define PERF_RECORDS_REGISTERS UINT64_C(0)
enum { PERF_REGISTERS = 0 };
#endif

struct perf_sample {
    uint64_t ip, time_ns, period;
    uint32_t pid, tid;
    const uint64_t *chain; /* as the kernel has it, with its PERF_CONTEXT_ marks */
    uint64_t chain_count;
    const uint64_t
        *registers;       /* PERF_REGISTERS, lowest bit first; NULL: a kernel thread, or none */
    const uint8_t *stack; /* from the stack pointer up; NULL: none */
    uint64_t stack_bytes;
    bool in_kernel; /* taken in kernel mode */
};

struct perf_mapping {
    uint32_t pid;
    uint64_t start, bytes, offset;
    bool is_code;
    const char *path; /* "[vdso]", "//anon"; ends within the record */
};

struct perf_name {
    uint32_t pid, tid;
    const char *name;
    bool is_exec; /* of a program that was just started */
};

enum perf_kind {
    PERF_OTHER, /* nothing that is wanted, or damaged */
    PERF_SAMPLE,
    PERF_MAPPING,
    PERF_NAME,
    PERF_LOST,
};

struct perf_record {
    enum perf_kind kind;
    union {
        struct perf_sample sample;
        struct perf_mapping mapping;
        struct perf_name name;
        uint64_t lost;
    };
};

/* Reads the record at `bytes` (8-byte aligned), of which `available` are there. Pointers in *out
   lead into it. Returns its length, 0 when it is not whole. */
size_t perf_record_read(const void *bytes, size_t available, struct perf_record *out);

#endif
