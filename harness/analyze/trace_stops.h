/*
 * Whether a trace's stops are the record's, each cycle against itself.
 *
 * Two sums of the same stops can differ by what each counts as one, and by a mistake. The first is
 * alike in every cycle, the second need not be; so the difference of most cycles is told apart from
 * the rest. For goheap it is 0. For Go it is some tens of nanoseconds a stop, by its sources
 * (runtime/proc.go of 1.22 to 1.26): stopTheWorldWithSema stamps the trace's event, takes the
 * scheduler's lock and then reads the clock from which PauseTotalNs counts; startTheWorldWithSema
 * reads the clock up to which it counts, and then stamps the event that ends the stop. Both are
 * CLOCK_MONOTONIC; the trace's stamps are cut to 64 ns, alike at both ends.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_TRACE_STOPS_H
#define HEAPMARK_HARNESS_ANALYZE_TRACE_STOPS_H

#include <glib.h>

/* Go knows the pauses of as many last cycles to the nanosecond; older ones are shared out of what
   two digits say, and only their sum is exact. */
enum { TRACE_CYCLES_COMPARED = 256 };

struct trace_excess {
    double each_ns; /* by how much a stop is longer in the trace than in the record: the median of
                       cycles; NaN: there are no stops, or not as many in both */
    double most_ns; /* by how much more the cycle is that differs most: a thread that loses its CPU
                       between the two readings of the clock makes one */
};

/* Of the last TRACE_CYCLES_COMPARED cycles. `lengths_ns` are uint64_t, the trace's stops in order
   of time, `pauses` struct pause_row, the record's in that order. */
struct trace_excess trace_stops_excess(const GArray *lengths_ns, const GArray *pauses);

#endif
