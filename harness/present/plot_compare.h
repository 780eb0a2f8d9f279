/* The picture of a comparison: ratios with their intervals, group by group. */
#ifndef HEAPMARK_HARNESS_PRESENT_PLOT_COMPARE_H
#define HEAPMARK_HARNESS_PRESENT_PLOT_COMPARE_H

#include "harness/analyze/compare.h"

/* Appends a page (struct page *) per metric and strategy that have a ratio to show; of strategies
   of two runs that are many, too. Pages whose cells are all equal are left out. */
void plot_compare(const struct comparison *c, GPtrArray *pages);

#endif
