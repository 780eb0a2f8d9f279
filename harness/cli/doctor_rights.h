/* What `profile`, `trace` and `gate` need of a machine beyond its CPUs and memory: tried, not
 * asked. */
#ifndef HEAPMARK_HARNESS_CLI_DOCTOR_RIGHTS_H
#define HEAPMARK_HARNESS_CLI_DOCTOR_RIGHTS_H

#include <stdbool.h>

enum { DOCTOR_RIGHTS = 3 };

struct doctor_right {
    const char *what; /* static */
    bool is_usable;
    char *value;  /* what there is, or why there is nothing */
    char *advice; /* NULL: none is needed */
};

/* Fills all; the caller releases each. */
void doctor_rights_try(struct doctor_right out[DOCTOR_RIGHTS]);
void doctor_right_release(struct doctor_right *r);

#endif
