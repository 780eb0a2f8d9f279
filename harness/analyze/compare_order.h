/* In which order findings are shown. Within analyze only. */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_ORDER_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_ORDER_H

#include "harness/analyze/compare.h"

/* Sorts findings (struct compare_finding). What the order does not tell apart stays by name, so
   the order of the rows of a run is never seen. */
void compare_order_sort(GArray *findings, enum compare_order order);

#endif
