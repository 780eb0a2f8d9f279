/*
 * Counts instructions with valgrind's callgrind: simulated, so the same number on a quiet and on a
 * busy machine, without a PMU.
 *
 * What looks at the clock runs other instructions from time to time, and a count shows it:
 * jemalloc's decay moved binary trees by 0.04 % on a busy machine, and by nothing with
 * MALLOC_CONF="dirty_decay_ms:-1,muzzy_decay_ms:-1"; the least of two to four runs repeats to 0.004 %
 * (gate_counts.h). goheap needs worker=off.
 *
 * Callgrind does not replace malloc (memcheck, DHAT and massif do). What it cannot see: the kernel,
 * caches, and that threads run at once. Which instructions run depends on the processor, because
 * the C library and others choose their memcpy by it; valgrind's simulated processor narrows the
 * choice and GLIBC_TUNABLES narrow it further, but counts of two kinds of processor are still not
 * compared (instruction_tool.processor).
 */
#ifndef HEAPMARK_HARNESS_RUN_INSTRUCTION_COUNT_H
#define HEAPMARK_HARNESS_RUN_INSTRUCTION_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

/* For GLIBC_TUNABLES: baseline instructions only, and the sizes from which memcpy changes its way
   pinned. Names that a C library does not know it passes over. */
#define INSTRUCTION_TUNABLES                                                                       \
    "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX2_Usable,-AVX,-AVX_Usable,-ERMS,"     \
    "-FSRM,-BMI1,-BMI2,-LZCNT,-MOVBE,-POPCNT,-SSE4_2,-SSE4_1,-SSSE3,-RTM,-XSAVEC:"                 \
    "glibc.cpu.x86_data_cache_size=0x8000:glibc.cpu.x86_shared_cache_size=0x100000:"               \
    "glibc.cpu.x86_non_temporal_threshold=0xc0000:glibc.cpu.x86_rep_movsb_threshold=0x800:"        \
    "glibc.cpu.x86_rep_stosb_threshold=0x800"

struct instruction_tool {
    char *valgrind;  /* path */
    char *version;   /* "valgrind-3.19.0" */
    char *processor; /* "GenuineIntel 6/143": vendor, family, model */
};

/* False (EXIT_CANNOT): there is no valgrind here, or it does not run; says what to install. */
bool instruction_tool_find(struct instruction_tool *out, struct error *err);
void instruction_tool_release(struct instruction_tool *t);

struct instruction_request {
    char *const *arguments; /* of the program, the first is its path; ends with NULL */
    const char *out_prefix; /* path without "%": a process writes to this and its number */
    bool is_marked;         /* only between the marks (cell_mark.h); else all, children included */
};

/* The command line that counts; caller frees with g_strfreev. */
char **instruction_arguments(const struct instruction_tool *t,
                             const struct instruction_request *request);

/* Adds up what the processes of a run wrote, and removes the files. False (EXIT_CANNOT): nothing
   was written, or not as callgrind writes, or no instruction was counted. */
bool instruction_collect(const char *out_prefix, uint64_t *out, struct error *err);

/*
 * The instructions of one file of callgrind's ("callgrind format" of its manual): the sum over its
 * parts of the "totals:" line's first number, the "events:" line naming Ir first. Refuses
 * (EXIT_CANNOT), with the line, a file that is not of this format or has no totals.
 */
bool callgrind_totals_parse(const char *text, size_t length, uint64_t *out, struct error *err);

#endif
