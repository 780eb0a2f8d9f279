/* A planted slow-down: see harness/measure/spin.h. Cell programs only. */
#ifndef HEAPMARK_HARNESS_RUN_CELL_SPIN_H
#define HEAPMARK_HARNESS_RUN_CELL_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* Reads HEAPMARK_SPIN, once, before anything is measured. False: it is there and no whole number.
 */
bool cell_spin_read(void);

/* Spins for so many operations; nothing when nothing is planted. */
void cell_spin(uint64_t ops);

#endif
