/* Without valgrind's headers at build time a cell program is not marked for it, and instructions
   are unavailable: instruction_count.c sees that nothing was counted. */
#include "harness/run/cell_mark.h"

#include <sys/prctl.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION (void)0
#define CALLGRIND_STOP_INSTRUMENTATION  (void)0
#endif

void cell_mark_begin(void) {
    prctl(CELL_MARK_PRCTL, 1UL, 0UL, 0UL, 0UL);
    CALLGRIND_START_INSTRUMENTATION;
}

void cell_mark_end(void) {
    CALLGRIND_STOP_INSTRUMENTATION;
    prctl(CELL_MARK_PRCTL, 0UL, 0UL, 0UL, 0UL);
}
