/* See trace_fixture.h. */
#include "tests/unit/trace_fixture.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

char *fixture_path(void) {
    GError *error = NULL;
    char *path = NULL;
    int fd = g_file_open_tmp("heapmark-trace-XXXXXX", &path, &error);
    g_assert_no_error(error);
    close(fd);
    return path;
}

void fixture_write(const char *path, const GString *bytes) {
    g_assert_true(g_file_set_contents(path, bytes->str, (gssize)bytes->len, NULL));
}

/* ---- an event stream ---- */

GString *stream_new(void) {
    struct event_stream_head head = {.version = EVENT_STREAM_VERSION, .start_ns = 1000};
    memcpy(head.magic, EVENT_STREAM_MAGIC, sizeof head.magic);
    return g_string_new_len((const char *)&head, sizeof head);
}

static void stream_append(GString *stream, struct event_chunk_head head, const void *payload,
                          size_t bytes) {
    head.bytes = (uint32_t)bytes;
    g_string_append_len(stream, (const char *)&head, sizeof head);
    g_string_append_len(stream, payload, (gssize)bytes);
}

void stream_chunk(GString *stream, uint32_t track, uint32_t role, const struct event *events,
                  size_t count) {
    GString *payload = g_string_new(NULL);
    uint64_t before_ns = events[0].time_ns;
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[EVENT_BYTES_MOST];
        size_t length = event_encode(bytes, &events[i], before_ns);
        g_string_append_len(payload, (const char *)bytes, (gssize)length);
        before_ns = events[i].time_ns;
    }
    stream_append(stream,
                  (struct event_chunk_head){.type = EVENT_CHUNK_EVENTS,
                                            .count = (uint32_t)count,
                                            .track = track,
                                            .tid = 100 + track,
                                            .role = role,
                                            .base_ns = events[0].time_ns},
                  payload->str, payload->len);
    g_string_free(payload, TRUE);
}

void stream_run(GString *stream, uint64_t start_ns, uint64_t end_ns) {
    struct event_run run = {start_ns, end_ns};
    stream_append(stream, (struct event_chunk_head){.type = EVENT_CHUNK_RUN, .count = 1}, &run,
                  sizeof run);
}

void stream_end(GString *stream, uint64_t dropped) {
    struct event_end end = {.dropped = dropped};
    stream_append(stream, (struct event_chunk_head){.type = EVENT_CHUNK_END, .count = 1}, &end,
                  sizeof end);
}

/* ---- Go ---- */

static void varint_append(GString *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        g_string_append_c(out, (char)(value | 0x80));
    g_string_append_c(out, (char)value);
}

GString *go_trace_new(unsigned version) {
    GString *trace = g_string_new(NULL);
    g_string_printf(trace, "go 1.%u trace", version);
    while (trace->len < 16)
        g_string_append_c(trace, '\0');
    return trace;
}

GString *go_batch_new(void) {
    return g_string_new(NULL);
}

void go_event_append(GString *batch, ...) {
    va_list numbers;
    va_start(numbers, batch);
    g_string_append_c(batch, (char)va_arg(numbers, int));
    for (int number; (number = va_arg(numbers, int)) >= 0;)
        varint_append(batch, (uint64_t)number);
    va_end(numbers);
}

void go_batch_end(GString *trace, uint64_t thread, uint64_t time_ticks, GString *batch) {
    g_string_append_c(trace, 1);
    varint_append(trace, 1);
    varint_append(trace, thread);
    varint_append(trace, time_ticks);
    varint_append(trace, batch->len);
    g_string_append_len(trace, batch->str, (gssize)batch->len);
    g_string_free(batch, TRUE);
}

void go_string_append(GString *batch, uint64_t id, const char *text) {
    g_string_append_c(batch, 5);
    varint_append(batch, id);
    varint_append(batch, strlen(text));
    g_string_append(batch, text);
}

void go_stack_append(GString *batch, uint64_t id, uint64_t function) {
    g_string_append_c(batch, 3);
    varint_append(batch, id);
    varint_append(batch, 1);
    varint_append(batch, 0x1234);
    varint_append(batch, function);
    varint_append(batch, function);
    varint_append(batch, 1);
}

void go_generation_end(GString *trace) {
    g_string_append_c(trace, 52);
}

/* ---- told ---- */

void told_begin(struct told *told) {
    told->summary = trace_summary_new();
    timeline_init(&told->timeline);
    timeline_sink_add(&told->timeline, trace_summary_sink(told->summary));
    trace_summary_expect(told->summary, told->facts.end_ns - told->facts.start_ns);
    timeline_cell_begin(&told->timeline, "cell", told->facts.start_ns);
}

void told_end(struct told *told) {
    timeline_cell_end(&told->timeline);
    told->cell = g_ptr_array_index(trace_summary_cells(told->summary), 0);
}

void told_release(struct told *told) {
    trace_summary_free(told->summary);
    timeline_release(&told->timeline);
    trace_facts_release(&told->facts);
}

const struct trace_row *told_row(const struct told *told, const char *name) {
    for (guint i = 0; i < told->cell->rows->len; i++) {
        const struct trace_row *row = &g_array_index(told->cell->rows, struct trace_row, i);
        if (strcmp(row->name->text, name) == 0)
            return row;
    }
    return NULL;
}
