/*
 * The timeline as Chrome's trace-event JSON, in files that every viewer takes: chrome://tracing and
 * Perfetto refuse what is much longer than 100 MB, so a file ends before 100 MiB and the next
 * begins.
 *
 * Each file stands alone: it names the processes and tracks, and slices that are open where it ends
 * are ended there and begun again in the next one, marked "continued". Times are microseconds with
 * three decimals; a counter is a "C" event, a slice a "B" and an "E".
 *
 * Source: "Trace Event Format", the Catapult project.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_TRACE_CHROME_H
#define HEAPMARK_HARNESS_PRESENT_TRACE_CHROME_H

#include "harness/base/error.h"
#include "harness/capture/timeline.h"

#define TRACE_CHROME_BYTES_MAX (UINT64_C(100) << 20)

struct trace_chrome;

/* Files are STEM-1.json, STEM-2.json, ...; each is at most `bytes_max` long. False: as
   trace_perfetto_new. */
struct trace_chrome *trace_chrome_new(const char *stem, uint64_t bytes_max, struct error *err);
struct timeline_sink *trace_chrome_sink(struct trace_chrome *c);

/* Ends the last file and frees. *files: how many there are. False: as trace_perfetto_close; of a
   file that breaks off the whole lines stay, with an end, so it is JSON still. */
bool trace_chrome_close(struct trace_chrome *c, unsigned *files, struct error *err);

#endif
