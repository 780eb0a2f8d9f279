/*
 * Call chains of one process: its mappings, then stacks of its samples as locations.
 *
 * A chain is unwound from the registers and the copied piece of the stack by the unwind tables of
 * each module (DWARF call frame information, libdw), because the C library and most mallocs of the
 * distributions have no frame pointers. Go's runtime changes stacks, which no table tells, and
 * keeps frame pointers across the change: there the kernel's chain is taken.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_UNWIND_H
#define HEAPMARK_HARNESS_CAPTURE_UNWIND_H

#include "harness/capture/perf_records.h"
#include "harness/capture/profile.h"
#include "harness/capture/symbols.h"

struct unwinder;

/* pid: of the process; it need not live any more. */
struct unwinder *unwinder_new(pid_t pid);
/* For names alone: an executable, whose addresses are those of its file. */
struct unwinder *unwinder_of_program(const char *path);
void unwinder_free(struct unwinder *u);

/* Code is mapped; all mappings come before the first stack. */
void unwinder_map(struct unwinder *u, const struct perf_mapping *mapping);

/* Interns the stack of a sample. */
uint32_t unwinder_stack(struct unwinder *u, struct profile *p, const struct kernel_symbols *kernel,
                        const struct perf_sample *sample);

/* The location of a code address of the process, which is not a return address. */
uint32_t unwinder_location(struct unwinder *u, struct profile *p, uint64_t pc);

#endif
