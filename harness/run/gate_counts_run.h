/*
 * One process of one side for the exact tier, and what came of it.
 *
 * What would make two equal programs count differently is made equal: the environment of a cell
 * holds nothing but what the strategy says, the preload, and padding up to a size that is the same
 * for both sides; the program is reached through links of one length; report descriptors have two
 * digits; the address space is not randomised where that is permitted. (A command keeps its own
 * environment, and is padded too.)
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_COUNTS_RUN_H
#define HEAPMARK_HARNESS_RUN_GATE_COUNTS_RUN_H

#include "harness/run/gate_pair.h"
#include "harness/run/instruction_count.h"
#include "harness/run/report.h"
#include "harness/run/syscall_count.h"

enum { GATE_SIDES = 2 }; /* 0: base, 1: candidate */

struct count_request {
    const struct gate_side *side;
    const struct gate_measure_options *options;
    unsigned place;                      /* 0: base, 1: candidate: names its files in link_dir */
    size_t padding_bytes;                /* of the environment, see environment_bytes */
    uint64_t operations;                 /* per thread; 0: the workload's own number */
    uint64_t memory_limit_bytes;         /* 0: none */
    const struct instruction_tool *tool; /* counts instructions; NULL: everything else */
};

/* Text lives in the observation's pool; numbers that are not known are COUNT_EMPTY. */
struct count_run {
    struct observation observation; /* of a cell: ops, checksum, minor_faults, who answered */
    struct report_totals totals;
    struct syscall_count syscalls;
    uint64_t instructions;
    const char *status; /* "ok", or what became of the process */
    const char *reason; /* NULL for ok */
};

void count_run_init(struct count_run *run);
void count_run_release(struct count_run *run);

/* Bytes that a side's environment and arguments take without padding: what the greater of both
   sides takes is what both are padded to. */
size_t count_run_bytes(const struct count_request *request);

/* False: interrupted (EXIT_INTERRUPTED), or no process or link can be made (EXIT_CANNOT). */
bool count_run_execute(const struct count_request *request, struct count_run *out,
                       struct error *err);

#endif
