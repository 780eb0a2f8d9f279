/* The power curve of one machine as a picture. */
#ifndef HEAPMARK_HARNESS_PRESENT_PLOT_GATE_POWER_H
#define HEAPMARK_HARNESS_PRESENT_PLOT_GATE_POWER_H

#include "harness/present/plot_page.h"

/* curve: of struct gate_curve_row; base: what was tested. Caller frees with page_free. */
struct page *plot_gate_power(const GArray *curve, const char *base);

#endif
