/* What of an event trace is the cell program's. See cell_trace.h. */
#include "harness/run/cell_trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allocators/event_trace.h"
#include "harness/measure/clock.h"
#include "harness/run/cell.h"

static struct {
    int fd;         /* 0: none */
    bool has_begun; /* the binding tells its events */
    int failure;    /* errno of a write; 0: all were made */
    struct event_end totals;
    struct event_run runs[CELL_THREADS_MAX];
    uint32_t run_count;
} trace;

static void trace_write(const void *bytes, size_t count) {
    for (size_t done = 0; done < count && trace.failure == 0;) {
        ssize_t now = write(trace.fd, (const char *)bytes + done, count - done);
        if (now < 0 && errno != EINTR)
            trace.failure = errno;
        done += now > 0 ? (size_t)now : 0;
    }
}

void cell_trace_open(int fd) {
    if (fd <= 0)
        return;
    trace.fd = fd;
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is a failed write */
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION,
                                     .pid = (uint32_t)getpid(),
                                     .start_ns = clock_wall_ns(),
                                     .realtime_ns = clock_real_ns()};
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    trace_write(&head, sizeof head);
}

void cell_trace_begin(void) {
    struct error err;
    if (trace.fd == 0 || allocator_binding.trace_start == NULL)
        return;
    trace.has_begun = allocator_binding.trace_start(trace.fd, &err);
    if (!trace.has_begun)
        fprintf(stderr, "no events are traced: %s\n", err.text);
}

void cell_trace_end(void) {
    if (!trace.has_begun)
        return;
    int failure = allocator_binding.trace_stop(&trace.totals);
    if (trace.failure == 0)
        trace.failure = failure;
}

void cell_trace_run(uint64_t start_ns, uint64_t end_ns) {
    if (trace.run_count < CELL_THREADS_MAX)
        trace.runs[trace.run_count++] = (struct event_run){start_ns, end_ns};
}

static void trace_chunk_write(struct event_chunk_head head, const void *payload) {
    trace_write(&head, sizeof head);
    trace_write(payload, head.bytes);
}

void cell_trace_finish(void) {
    if (trace.fd == 0)
        return;
    trace.totals.end_ns = clock_wall_ns();
    trace.totals.realtime_ns = clock_real_ns();
    trace_chunk_write(
        (struct event_chunk_head){.type = EVENT_CHUNK_RUN,
                                  .bytes = trace.run_count * (uint32_t)sizeof trace.runs[0],
                                  .count = trace.run_count},
        trace.runs);
    trace_chunk_write((struct event_chunk_head){.type = EVENT_CHUNK_END,
                                                .bytes = sizeof trace.totals,
                                                .count = 1},
                      &trace.totals);
    if (trace.failure != 0)
        fprintf(stderr, "the event trace is not whole: %s\n", strerror(trace.failure));
}
