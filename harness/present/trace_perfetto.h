/*
 * The timeline as a Perfetto trace (https://ui.perfetto.dev, trace_processor): protobuf, streamed.
 *
 * A file is a Trace message: packets one after the other, so it is written front to back and is
 * valid wherever it stops. Each event is a TracePacket with a TrackEvent; names are interned (sent
 * once, then a number). Packets are gathered to some hundred KB, deflated, and wrapped in one
 * packet (TracePacket.compressed_packets), which readers unwrap by themselves: 10^7 events stay
 * below 100 MB, where plain packets of some 20 bytes would not.
 *
 * Field numbers: https://github.com/google/perfetto, protos/perfetto/trace.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_TRACE_PERFETTO_H
#define HEAPMARK_HARNESS_PRESENT_TRACE_PERFETTO_H

#include "harness/base/error.h"
#include "harness/capture/timeline.h"

struct trace_perfetto;

/* Creates the file. False (EXIT_CANNOT): it cannot be created. */
struct trace_perfetto *trace_perfetto_new(const char *path, struct error *err);
struct timeline_sink *trace_perfetto_sink(struct trace_perfetto *p);

/* Writes what is gathered, closes and frees. False (EXIT_CANNOT): some write failed; the packets
   before it are in the file. *bytes: the length of the file. */
bool trace_perfetto_close(struct trace_perfetto *p, uint64_t *bytes, struct error *err);

#endif
