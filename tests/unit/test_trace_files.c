/* The files of heapmark trace, read back: Perfetto's packets, Chrome's lines. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "harness/present/trace_chrome.h"
#include "harness/present/trace_perfetto.h"

/* ---- a reader of protobuf's wire format ---- */

struct wire {
    const unsigned char *at, *end;
    unsigned field;
    uint64_t number;            /* of a varint or a fixed64 */
    const unsigned char *bytes; /* of a length-delimited field */
};

static uint64_t wire_varint(struct wire *w) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        assert_true(w->at < w->end);
        value |= (uint64_t)(*w->at & 0x7f) << shift;
        if ((*w->at++ & 0x80) == 0)
            break;
    }
    return value;
}

static bool wire_next(struct wire *w) {
    if (w->at == w->end)
        return false;
    uint64_t tag = wire_varint(w);
    w->field = (unsigned)(tag >> 3);
    w->bytes = NULL;
    if ((tag & 7) == 0) {
        w->number = wire_varint(w);
    } else if ((tag & 7) == 1) {
        assert_true(w->end - w->at >= 8);
        memcpy(&w->number, w->at, 8);
        w->at += 8;
    } else {
        assert_int_equal(tag & 7, 2);
        w->number = wire_varint(w);
        assert_true(w->number <= (uint64_t)(w->end - w->at));
        w->bytes = w->at;
        w->at += w->number;
    }
    return true;
}

static struct wire wire_inner(const struct wire *w) {
    return (struct wire){.at = w->bytes, .end = w->bytes + w->number};
}

/* What the packets of a file hold. */
struct seen {
    unsigned packets, begins, ends, instants, counters, descriptors, names;
    uint64_t last_ns;
    char name[64];
    bool first_clears_state;
};

static void seen_event(struct seen *seen, struct wire event) {
    while (wire_next(&event)) {
        if (event.field != 9)
            continue;
        seen->begins += event.number == 1;
        seen->ends += event.number == 2;
        seen->instants += event.number == 3;
        seen->counters += event.number == 4;
    }
}

static void seen_interned(struct seen *seen, struct wire interned) {
    while (wire_next(&interned)) {
        struct wire entry = wire_inner(&interned);
        while (wire_next(&entry)) {
            if (entry.field == 2 && interned.field == 2)
                g_snprintf(seen->name, sizeof seen->name, "%.*s", (int)entry.number, entry.bytes);
        }
        seen->names++;
    }
}

static void seen_packets(struct seen *seen, struct wire trace);

static void seen_compressed(struct seen *seen, const struct wire *packed) {
    uLongf length = 1 << 24;
    unsigned char *plain = g_malloc(length);
    assert_int_equal(uncompress(plain, &length, packed->bytes, packed->number), Z_OK);
    seen_packets(seen, (struct wire){.at = plain, .end = plain + length});
    g_free(plain);
}

static void seen_packet(struct seen *seen, struct wire packet) {
    unsigned flags = 0;
    while (wire_next(&packet)) {
        if (packet.field == 50)
            seen_compressed(seen, &packet);
        else if (packet.field == 11)
            seen_event(seen, wire_inner(&packet));
        else if (packet.field == 12)
            seen_interned(seen, wire_inner(&packet));
        else if (packet.field == 60)
            seen->descriptors++;
        else if (packet.field == 8)
            seen->last_ns = packet.number;
        else if (packet.field == 13)
            flags = (unsigned)packet.number;
    }
    if (flags == 0)
        return;
    if (seen->packets++ == 0)
        seen->first_clears_state = flags == 1;
}

static void seen_packets(struct seen *seen, struct wire trace) {
    while (wire_next(&trace)) {
        assert_int_equal(trace.field, 1);
        seen_packet(seen, wire_inner(&trace));
    }
}

/* ---- what is told ---- */

static char *work_dir(void) {
    return g_dir_make_tmp("heapmark-trace-XXXXXX", NULL);
}

/* `count` slices with an argument each, an instant in every one, a counter, an arrow. */
static void cell_tell(struct timeline *t, unsigned count) {
    timeline_cell_begin(t, "a \"cell\"", 1000);
    struct timeline_track *track = timeline_track_new(t, TRACK_MUTATOR, "mutator 1", 1);
    struct timeline_track *counter = timeline_counter_new(t, "heap-live", true);
    const struct timeline_name *outer = timeline_name(t, "running", SLICE_RUN);
    const struct timeline_name *inner = timeline_name(t, "sweep", SLICE_SWEEP);
    timeline_begin(t, track, 1000, outer);
    for (unsigned i = 0; i < count; i++) {
        uint64_t at_ns = 2000 + (uint64_t)i * 100;
        timeline_begin(t, track, at_ns, inner);
        timeline_tell(t, (struct timeline_event){.kind = TIMELINE_INSTANT,
                                                 .track = track,
                                                 .name = inner,
                                                 .time_ns = at_ns + 10,
                                                 .arguments = {{"pages", i}},
                                                 .argument_count = 1});
        timeline_end(t, track, at_ns + 50, inner);
    }
    timeline_count(t, counter, 3000, 1024);
    timeline_cell_end(t); /* ends "running" */
}

/* Files may not grow beyond so many bytes, as on a disk that is full then. */
static void file_size_limit(rlim_t bytes) {
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = MIN(bytes, limit.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Writes a file of 100,000 slices, or what of it fits into `most` bytes, and reads it. Returns its
   length; false in *is_whole: it broke off, and err says so. */
static gsize perfetto_write_and_read(rlim_t most, struct seen *seen, bool *is_whole,
                                     struct error *err) {
    struct timeline t;
    char *dir = work_dir(), *path = g_build_filename(dir, "t", NULL), *bytes = NULL;
    uint64_t written;
    gsize length;
    struct trace_perfetto *p = trace_perfetto_new(path, err);
    timeline_init(&t);
    timeline_sink_add(&t, trace_perfetto_sink(p));
    file_size_limit(most);
    cell_tell(&t, 100000);
    timeline_release(&t);
    *is_whole = trace_perfetto_close(p, &written, err);
    file_size_limit(RLIM_INFINITY);
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    assert_int_equal(length, written);
    seen_packets(
        seen, (struct wire){.at = (unsigned char *)bytes, .end = (unsigned char *)bytes + length});
    g_free(bytes);
    unlink(path);
    rmdir(dir);
    g_free(path);
    g_free(dir);
    return length;
}

static void perfetto_holds_what_was_told(void **state) {
    struct error err;
    struct seen seen = {0};
    bool is_whole;
    (void)state;
    gsize length = perfetto_write_and_read(RLIM_INFINITY, &seen, &is_whole, &err);
    assert_true(is_whole);
    assert_true(length < 300001 * 10); /* 10^7 events: below 100 MB */
    assert_int_equal(seen.begins, 100001);
    assert_int_equal(seen.ends, 100001);
    assert_int_equal(seen.instants, 100000);
    assert_int_equal(seen.counters, 1);
    assert_int_equal(seen.descriptors, 3);
    assert_int_equal(seen.names, 3);
    assert_string_equal(seen.name, "sweep");
    assert_true(seen.first_clears_state);
}

/* Begins and ends of one file, and whether it is closed; so many slices may be open at its end. */
static void chrome_file_check(const char *path, uint64_t bytes_max, int open_most) {
    char *text = NULL;
    gsize length;
    int open = 0;
    assert_true(g_file_get_contents(path, &text, &length, NULL));
    assert_true(length <= bytes_max);
    assert_true(g_str_has_suffix(text, "}\n]}\n"));
    assert_non_null(strstr(text, "\"a \\\"cell\\\"\""));
    for (const char *at = text; (at = strstr(at, "{\"ph\":\"")) != NULL; at++) {
        open += at[7] == 'B';
        open -= at[7] == 'E';
        assert_true(open >= 0);
    }
    assert_true(open <= open_most);
    g_free(text);
}

static void chrome_s_files_stay_below_their_limit_and_stand_alone(void **state) {
    enum { BYTES_MAX = 100000 };
    struct error err;
    struct timeline t;
    unsigned files;
    char *dir = work_dir(), *stem = g_build_filename(dir, "t", NULL);
    (void)state;
    struct trace_chrome *c = trace_chrome_new(stem, BYTES_MAX, &err);
    timeline_init(&t);
    timeline_sink_add(&t, trace_chrome_sink(c));
    cell_tell(&t, 5000);
    timeline_release(&t);
    assert_true(trace_chrome_close(c, &files, &err));
    assert_true(files > 5);
    for (unsigned i = 1; i <= files; i++) {
        char *path = g_strdup_printf("%s-%u.json", stem, i);
        chrome_file_check(path, BYTES_MAX, 0);
        unlink(path);
        g_free(path);
    }
    rmdir(dir);
    g_free(stem);
    g_free(dir);
}

static void a_full_disk_is_said_and_what_was_written_can_be_read(void **state) {
    struct error err;
    struct timeline t;
    uint64_t written;
    (void)state;
    struct trace_perfetto *p = trace_perfetto_new("/dev/full", &err);
    timeline_init(&t);
    timeline_sink_add(&t, trace_perfetto_sink(p));
    cell_tell(&t, 100000);
    timeline_release(&t);
    assert_false(trace_perfetto_close(p, &written, &err));
    assert_int_equal(err.exit_status, EXIT_CANNOT);
    assert_non_null(strstr(err.text, "No space left"));
    assert_non_null(strstr(err.text, "--out"));
}

static void perfetto_s_file_that_breaks_off_has_whole_packets(void **state) {
    struct error err;
    struct seen seen = {0};
    bool is_whole;
    (void)state;
    perfetto_write_and_read(300000, &seen, &is_whole, &err);
    assert_false(is_whole);
    assert_non_null(strstr(err.text, "what is in it can be opened"));
    assert_true(seen.begins > 1000 && seen.begins < 100000);
}

static void chrome_s_file_that_breaks_off_is_json_still(void **state) {
    /* the last limit leaves no room for a line: then there is no file */
    static const rlim_t limits[] = {20000, 20001, 20030, 20055, 20072, 20};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct error err;
        struct timeline t;
        unsigned files;
        char *dir = work_dir(), *stem = g_build_filename(dir, "t", NULL);
        char *path = g_strconcat(stem, "-1.json", NULL);
        struct trace_chrome *c = trace_chrome_new(stem, 1 << 20, &err);
        timeline_init(&t);
        timeline_sink_add(&t, trace_chrome_sink(c));
        file_size_limit(limits[i]);
        cell_tell(&t, 5000);
        timeline_release(&t);
        assert_false(trace_chrome_close(c, &files, &err));
        file_size_limit(RLIM_INFINITY);
        if (limits[i] > 100)
            chrome_file_check(path, limits[i], 2);
        else
            assert_int_equal(access(path, F_OK), -1);
        unlink(path);
        rmdir(dir);
        g_free(path);
        g_free(stem);
        g_free(dir);
    }
}

/* ---- the timeline's own rules ---- */

struct log {
    struct timeline_sink sink;
    GString *text;
};

static void log_event(struct timeline_sink *sink, const struct timeline_event *e) {
    static const char kinds[] = "PTBEICX";
    struct log *log = (struct log *)sink;
    if (e->kind != TIMELINE_CELL && e->kind != TIMELINE_TRACK && e->kind != TIMELINE_CELL_END)
        g_string_append_printf(log->text, "%c%s%" G_GUINT64_FORMAT " ", kinds[e->kind],
                               e->name == NULL ? "" : e->name->text,
                               e->time_ns < TIMELINE_START_NS ? 0 : e->time_ns - TIMELINE_START_NS);
}

#define SECOND UINT64_C(1000000000)

static void slices_nest_and_times_only_rise(void **state) {
    struct timeline t;
    struct log log = {{log_event}, g_string_new(NULL)};
    (void)state;
    timeline_init(&t);
    timeline_sink_add(&t, &log.sink);
    timeline_cell_begin(&t, "cell", SECOND);
    struct timeline_track *track = timeline_track_new(&t, TRACK_MUTATOR, "m", 1);
    struct timeline_track *counter = timeline_counter_new(&t, "c", false);
    const struct timeline_name *a = timeline_name(&t, "a", SLICE_OTHER);
    const struct timeline_name *b = timeline_name(&t, "b", SLICE_OTHER);
    timeline_count(&t, counter, SECOND + 9, 2);
    timeline_begin(&t, track, 5, a); /* long before what is shown */
    timeline_begin(&t, track, 6, b);
    timeline_end(&t, track, 7, b);
    timeline_begin(&t, track, SECOND + 10, b);
    timeline_end(&t, track, SECOND + 8, a); /* goes back, and ends b too */
    timeline_end(&t, track, SECOND + 20, a);
    timeline_count(&t, counter, SECOND + 3, 1);
    timeline_cell_end(&t);
    assert_string_equal(log.text->str, "Ba0 Bb10 Eb10 Ea10 C3 C9 ");
    assert_int_equal(t.reorder_count, 1);
    assert_int_equal(t.unmatched_count, 1);
    assert_int_equal(t.early_count, 3);
    timeline_release(&t);
    g_string_free(log.text, TRUE);
}

static void a_counter_is_thinned_out_and_keeps_its_extremes(void **state) {
    struct timeline t;
    struct log log = {{log_event}, g_string_new(NULL)};
    (void)state;
    timeline_init(&t);
    timeline_cell_begin(&t, "cell", 0);
    struct timeline_track *counter = timeline_counter_new(&t, "c", false);
    for (unsigned i = 0; i < 1000000; i++)
        timeline_count(&t, counter, i, i == 333333 ? 1e6 : i == 777777 ? -5.0 : (double)(i % 7));
    double least = 0, most = 0;
    for (guint i = 0; i < counter->samples->len; i++) {
        double value = g_array_index(counter->samples, struct timeline_sample, i).value;
        least = MIN(least, value);
        most = MAX(most, value);
    }
    assert_true(counter->samples->len < TIMELINE_SAMPLES_MAX);
    assert_true(least == -5 && most == 1e6);
    assert_int_equal(counter->updates, 1000000);
    timeline_cell_end(&t);
    timeline_release(&t);
    g_string_free(log.text, TRUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfetto_holds_what_was_told),
        cmocka_unit_test(chrome_s_files_stay_below_their_limit_and_stand_alone),
        cmocka_unit_test(a_full_disk_is_said_and_what_was_written_can_be_read),
        cmocka_unit_test(perfetto_s_file_that_breaks_off_has_whole_packets),
        cmocka_unit_test(chrome_s_file_that_breaks_off_is_json_still),
        cmocka_unit_test(slices_nest_and_times_only_rise),
        cmocka_unit_test(a_counter_is_thinned_out_and_keeps_its_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
