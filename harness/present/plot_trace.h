/*
 * Up to three milliseconds of a traced cell as a strip: the first of the timed run, the one with
 * the most events if it is another, the one with the longest stop if there is any. A row per
 * thread; colours say what it did.
 *
 * A sink: it keeps the slices that lie in these three, at most STRIP_SLICES_MAX of each.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PLOT_TRACE_H
#define HEAPMARK_HARNESS_PRESENT_PLOT_TRACE_H

#include "harness/analyze/trace_summary.h"
#include "harness/present/plot_page.h"

enum { STRIPS = 3, STRIP_SLICES_MAX = 20000, STRIP_ROWS_MAX = 12 };

struct trace_strip;

/* `cell` is that cell's summary, whole; borrowed. */
struct trace_strip *trace_strip_new(const struct trace_cell_summary *cell);
void trace_strip_free(struct trace_strip *s);
struct timeline_sink *trace_strip_sink(struct trace_strip *s);

/* The picture; NULL when nothing happened in the run. Caller frees with page_free. */
struct page *trace_strip_page(const struct trace_strip *s);

#endif
