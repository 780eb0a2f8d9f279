/* What is worth saying about a run: before it is measured, and from what was measured. */
#ifndef HEAPMARK_HARNESS_CLI_RUN_NOTICES_H
#define HEAPMARK_HARNESS_CLI_RUN_NOTICES_H

#include "harness/plan/matrix.h"
#include "harness/present/notices.h"

/* Of this build and machine as they are now, and of what is asked of them. */
void run_notices_before(struct notices *n, const struct config *config,
                        const struct matrix *matrix);

void run_notices_after(struct notices *n, const struct run_rows *rows);

#endif
