/*
 * A planted slow-down inside the timed region, so that a gate can be shown to fail.
 *
 * The spin comes once after a run's or a slice's operations: it costs time like work, and it costs
 * the operations around it nothing, no cache line and no register, which a delay in each of them
 * would.
 */
#include "harness/run/cell_spin.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/measure/spin.h"

static uint64_t spin_per_1000; /* iterations per 1000 operations */

bool cell_spin_read(void) {
    char *end;
    const char *text = getenv(SPIN_VARIABLE);
    if (text == NULL)
        return true;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return false;
    spin_per_1000 = value;
    return true;
}

void cell_spin(uint64_t ops) {
    spin((uint64_t)((double)spin_per_1000 * (double)ops / 1000));
}
