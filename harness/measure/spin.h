/*
 * Work that only takes time: a chain of multiplications, each of which needs the one before.
 *
 * It is what `heapmark gate selftest` plants into a cell program: no memory, no branch but the
 * loop's, and so many iterations whatever the clock says, so that a slower or a stolen CPU slows it
 * as it slows the work it is planted into. Inline, because both the cell programs and the
 * selftest's calibration run it.
 */
#ifndef HEAPMARK_HARNESS_MEASURE_SPIN_H
#define HEAPMARK_HARNESS_MEASURE_SPIN_H

#include <stdint.h>

/* Names of the environment variable that plants it: iterations per 1000 operations. */
#define SPIN_VARIABLE "HEAPMARK_SPIN"

static inline void spin(uint64_t iterations) {
    uint64_t x = iterations;
    for (uint64_t i = 0; i < iterations; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        __asm__ volatile("" : "+r"(x)); /* no iteration may be left out or computed at once */
    }
}

#endif
