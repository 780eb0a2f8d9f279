/* Clocks in nanoseconds. Nothing here allocates. */
#ifndef HEAPMARK_HARNESS_MEASURE_CLOCK_H
#define HEAPMARK_HARNESS_MEASURE_CLOCK_H

#include <stdint.h>

uint64_t clock_wall_ns(void); /* CLOCK_MONOTONIC */
uint64_t clock_real_ns(void); /* CLOCK_REALTIME */
uint64_t clock_cpu_ns(void);  /* CPU time of the process, all threads */

#endif
