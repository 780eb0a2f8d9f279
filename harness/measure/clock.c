/* Clocks in nanoseconds. */
#include "harness/measure/clock.h"

#include <time.h>

static uint64_t clock_read_ns(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t clock_wall_ns(void) {
    return clock_read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_real_ns(void) {
    return clock_read_ns(CLOCK_REALTIME);
}

uint64_t clock_cpu_ns(void) {
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}
