/*
 * The readers of recordings: event streams, Go's execution traces, rows of the kernel's events.
 * They refuse in a sentence or tell a timeline whose slices nest.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/capture/kernel_events.h"
#include "harness/capture/trace_read.h"
#include "tests/fuzz/fuzz.h"

/* Real recordings are given as files (tests/data/trace). */
const char *const fuzz_seeds[] = {"go 1.26 trace\0\0\0", "go 1.19 trace", "hmevents", NULL};

struct nest {
    struct timeline_sink sink;
    long open;
};

static void nest_event(struct timeline_sink *sink, const struct timeline_event *event) {
    struct nest *nest = (struct nest *)sink;
    nest->open += event->kind == TIMELINE_BEGIN;
    nest->open -= event->kind == TIMELINE_END;
    fuzz_check(nest->open >= 0, "an end before its begin");
    if (event->kind == TIMELINE_END)
        fuzz_check(event->time_ns >= event->start_ns, "a slice that ends before it begins");
}

struct reader {
    bool (*facts)(const char *path, struct trace_facts *facts, struct error *err);
    bool (*tell)(const char *path, struct timeline *t, struct error *err);
};

static void reader_check(const struct reader *reader, const char *path) {
    struct trace_facts facts;
    struct error err = {0};
    trace_facts_init(&facts);
    if (reader->facts(path, &facts, &err)) {
        struct timeline t;
        struct nest nest = {{nest_event}, 0};
        timeline_init(&t);
        timeline_sink_add(&t, &nest.sink);
        timeline_cell_begin(&t, "fuzz", facts.start_ns);
        if (!reader->tell(path, &t, &err))
            fuzz_check_refusal(&err);
        timeline_cell_end(&t);
        fuzz_check(nest.open == 0, "a slice is not ended");
        timeline_release(&t);
    } else {
        fuzz_check_refusal(&err);
    }
    trace_facts_release(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct reader readers[] = {{event_trace_facts, event_trace_tell},
                                            {go_trace_facts, go_trace_tell},
                                            {kernel_events_facts, kernel_events_tell}};
    char path[64];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_check(fd >= 0 && write(fd, bytes, length) == (ssize_t)length, "no memory file");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        reader_check(&readers[i], path);
    close(fd);
    return 0;
}
