/* Chrome's JSON: lines of one event each. See trace_chrome.h. */
#include "harness/present/trace_chrome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/csv.h"

#define FILE_BEGIN "{\"displayTimeUnit\":\"ns\",\"traceEvents\":["
#define FILE_END   "\n]}\n"
#define LINE_JOINT ",\n"

enum { EVENT_BYTES_MAX = 4096, TEXT_BYTES_MAX = 512 };

struct trace_chrome {
    struct timeline_sink sink;
    FILE *file;
    char *stem;
    uint64_t bytes, bytes_max;
    unsigned files;
    int failure;
    bool has_events; /* this file does: the next one needs a comma */
    GString *line;
    GPtrArray *tracks; /* of the current cell, of struct timeline_track *, borrowed */
    GString *heads;    /* the lines that name everything so far, for the next file */
};

/* ---- pieces ---- */

static void json_string(GString *out, const char *text) {
    char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), TEXT_BYTES_MAX));
    g_string_append_c(out, '"');
    for (const unsigned char *c = (const unsigned char *)valid; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%c", *c);
        else if (*c < 0x20)
            g_string_append_printf(out, "\\u%04x", *c);
        else
            g_string_append_c(out, (char)*c);
    }
    g_string_append_c(out, '"');
    g_free(valid);
}

static void chrome_put(struct trace_chrome *c, const char *bytes, size_t count) {
    if (c->failure == 0 && fwrite(bytes, 1, count, c->file) != count)
        c->failure = errno != 0 ? errno : EIO;
    c->bytes += count;
}

/* Writes the line, with the comma that parts it from the one before. */
static void chrome_put_line(struct trace_chrome *c) {
    const char *joint = c->has_events ? LINE_JOINT : "\n";
    chrome_put(c, joint, strlen(joint));
    chrome_put(c, c->line->str, c->line->len);
    c->has_events = true;
}

/* A track's number as a thread's: what is the cell's own has 0. */
static uint64_t chrome_tid(const struct timeline_track *track) {
    return track->role == TRACK_CELL ? 0 : track->number;
}

static void line_begin(struct trace_chrome *c, char phase, const struct timeline_track *track) {
    g_string_printf(c->line, "{\"ph\":\"%c\",\"pid\":%u,\"tid\":%" G_GUINT64_FORMAT, phase,
                    track->cell, chrome_tid(track));
}

static void line_time(struct trace_chrome *c, uint64_t time_ns) {
    g_string_append_printf(c->line, ",\"ts\":%" G_GUINT64_FORMAT ".%03u", time_ns / 1000,
                           (unsigned)(time_ns % 1000));
}

static void line_name(struct trace_chrome *c, const char *name) {
    g_string_append(c->line, ",\"name\":");
    json_string(c->line, name);
}

/* ---- files ---- */

static char *chrome_path(const struct trace_chrome *c, unsigned number) {
    return g_strdup_printf("%s-%u.json", c->stem, number);
}

static bool chrome_open(struct trace_chrome *c, struct error *err) {
    char *path = chrome_path(c, c->files + 1);
    c->file = fopen(path, "wbe");
    if (c->file == NULL)
        error_set(err, EXIT_CANNOT, "cannot create %s: %s", path, g_strerror(errno));
    g_free(path);
    if (c->file == NULL)
        return false;
    c->files++;
    c->bytes = 0;
    c->has_events = c->heads->len > 0;
    chrome_put(c, FILE_BEGIN, strlen(FILE_BEGIN));
    chrome_put(c, c->heads->str, c->heads->len);
    return true;
}

static void chrome_end_file(struct trace_chrome *c) {
    if (c->file == NULL)
        return;
    chrome_put(c, FILE_END, strlen(FILE_END));
    if (fclose(c->file) != 0 && c->failure == 0)
        c->failure = errno;
    c->file = NULL;
}

/* Every slice that is open, told as ended or begun at the seam of two files. */
static void chrome_seam(struct trace_chrome *c, char phase, uint64_t time_ns) {
    for (guint i = 0; i < c->tracks->len; i++) {
        const struct timeline_track *track = g_ptr_array_index(c->tracks, i);
        for (unsigned depth = 0; depth < MIN(track->told, track->depth); depth++) {
            line_begin(c, phase, track);
            line_time(c, MAX(time_ns, track->last_ns));
            if (phase == 'B')
                line_name(c, track->open[depth].name->text);
            g_string_append(c->line, phase == 'B' ? ",\"args\":{\"continued\":1}}" : "}");
            chrome_put_line(c);
        }
    }
}

/* The timeline has changed the track already: what `event` begins is open, what it ends is not. So
   slices are counted before it. */
static void chrome_next_file(struct trace_chrome *c, uint64_t time_ns) {
    struct error err;
    chrome_seam(c, 'E', time_ns);
    chrome_end_file(c);
    if (!chrome_open(c, &err)) {
        c->failure = errno != 0 ? errno : EIO;
        return;
    }
    chrome_seam(c, 'B', time_ns);
}

/* ---- events ---- */

static void chrome_head(struct trace_chrome *c, const struct timeline_track *track) {
    bool is_cell = track->role == TRACK_CELL;
    line_begin(c, 'M', track);
    line_name(c, is_cell ? "process_name" : "thread_name");
    g_string_append(c->line, ",\"args\":{\"name\":");
    json_string(c->line, track->name);
    g_string_append(c->line, "}}");
    g_string_append_printf(c->heads, "%s%s", c->heads->len > 0 ? ",\n" : "\n", c->line->str);
    chrome_put_line(c);
}

static void chrome_arguments(struct trace_chrome *c, const struct timeline_event *event) {
    if (event->argument_count == 0)
        return;
    g_string_append(c->line, ",\"args\":{");
    for (unsigned i = 0; i < event->argument_count; i++) {
        if (i > 0)
            g_string_append_c(c->line, ',');
        json_string(c->line, event->arguments[i].name);
        g_string_append_printf(c->line, ":%" G_GUINT64_FORMAT, event->arguments[i].value);
    }
    g_string_append_c(c->line, '}');
}

static void chrome_counter(struct trace_chrome *c, const struct timeline_event *event) {
    line_begin(c, 'C', event->track);
    line_time(c, event->time_ns);
    line_name(c, event->track->name);
    g_string_append_printf(c->line,
                           ",\"args\":{\"%s\":", event->track->is_bytes ? "bytes" : "value");
    csv_real_append(c->line, event->value);
    g_string_append(c->line, "}}");
    chrome_put_line(c);
}

/* An arrow is bound to the slice that its event lies in: "s" where it starts, "f" where it leads.
 */
static void chrome_flow(struct trace_chrome *c, const struct timeline_event *event) {
    bool is_source = event->name->class == SLICE_STOP;
    line_begin(c, is_source ? 's' : 'f', event->track);
    line_time(c, event->time_ns);
    line_name(c, event->name->text);
    g_string_append_printf(c->line, ",\"cat\":\"flow\",\"id\":%" G_GUINT64_FORMAT "%s}",
                           event->flow, is_source ? "" : ",\"bp\":\"e\"");
    chrome_put_line(c);
}

static void chrome_slice(struct trace_chrome *c, const struct timeline_event *event) {
    char phase = event->kind == TIMELINE_BEGIN ? 'B' : event->kind == TIMELINE_END ? 'E' : 'i';
    line_begin(c, phase, event->track);
    line_time(c, event->time_ns);
    if (phase != 'E')
        line_name(c, event->name->text);
    if (phase == 'i')
        g_string_append(c->line, ",\"s\":\"t\"");
    chrome_arguments(c, event);
    g_string_append_c(c->line, '}');
    chrome_put_line(c);
    if (event->flow != 0 && phase == 'B')
        chrome_flow(c, event);
}

static void chrome_tell(struct trace_chrome *c, const struct timeline_event *event) {
    if (event->kind == TIMELINE_CELL || event->kind == TIMELINE_TRACK) {
        g_ptr_array_add(c->tracks, event->track);
        chrome_head(c, event->track);
    } else if (event->kind == TIMELINE_CELL_END) {
        g_ptr_array_set_size(c->tracks, 0);
    } else if (event->kind == TIMELINE_COUNTER) {
        chrome_counter(c, event);
    } else {
        chrome_slice(c, event);
    }
}

/* What the end of the file takes when all tracks are in the middle of slices. */
static uint64_t chrome_reserve(const struct trace_chrome *c) {
    enum { END_BYTES = 128 };
    return EVENT_BYTES_MAX + (uint64_t)c->tracks->len * TIMELINE_DEPTH_MAX * END_BYTES;
}

/* The seam comes after an event: then what is open is what the tracks say. */
static void chrome_event(struct timeline_sink *sink, const struct timeline_event *event) {
    struct trace_chrome *c = (struct trace_chrome *)sink;
    if (c->failure != 0)
        return;
    chrome_tell(c, event);
    if (c->bytes + chrome_reserve(c) > c->bytes_max)
        chrome_next_file(c, event->time_ns);
}

struct trace_chrome *trace_chrome_new(const char *stem, uint64_t bytes_max, struct error *err) {
    struct trace_chrome *c = g_new(struct trace_chrome, 1);
    *c = (struct trace_chrome){.sink = {chrome_event},
                               .stem = g_strdup(stem),
                               .bytes_max = bytes_max,
                               .line = g_string_new(NULL),
                               .tracks = g_ptr_array_new(),
                               .heads = g_string_new(NULL)};
    if (chrome_open(c, err))
        return c;
    unsigned files;
    struct error ignored;
    trace_chrome_close(c, &files, &ignored);
    return NULL;
}

struct timeline_sink *trace_chrome_sink(struct trace_chrome *c) {
    return &c->sink;
}

/* Where the last whole line of a file of so many bytes ends, so that its end fits behind it in what
   the file has of the disk already. 0: there is none. */
static long chrome_last_line(FILE *file, long bytes) {
    enum { TAIL_BYTES = 4 * EVENT_BYTES_MAX };
    char tail[TAIL_BYTES];
    long begin = MAX(0, bytes - TAIL_BYTES);
    if (fseek(file, begin, SEEK_SET) != 0)
        return 0;
    size_t count = fread(tail, 1, sizeof tail, file);
    for (size_t at = count; at >= strlen(FILE_END); at--) {
        size_t joint = at - strlen(FILE_END);
        if (strncmp(tail + joint, LINE_JOINT, strlen(LINE_JOINT)) == 0)
            return begin + (long)joint;
    }
    return 0;
}

/* Makes JSON of a file that breaks off: without its last, broken line, and with an end. */
static bool chrome_mend(const char *path) {
    FILE *file = fopen(path, "r+be");
    bool ok = file != NULL && fseek(file, 0, SEEK_END) == 0;
    long last = ok ? chrome_last_line(file, ftell(file)) : 0;
    ok = last > 0 && ftruncate(fileno(file), last) == 0 && fseek(file, last, SEEK_SET) == 0 &&
         fputs(FILE_END, file) >= 0;
    return file != NULL && fclose(file) == 0 && ok;
}

static bool chrome_refuse(const struct trace_chrome *c, struct error *err) {
    char *path = chrome_path(c, c->files);
    bool is_json = chrome_mend(path);
    if (!is_json)
        unlink(path);
    error_set(err, EXIT_CANNOT, "%s is not complete: %s; %s: make room or give another --out", path,
              g_strerror(c->failure), is_json ? "what is in it can be opened" : "it is removed");
    g_free(path);
    return false;
}

bool trace_chrome_close(struct trace_chrome *c, unsigned *files, struct error *err) {
    chrome_end_file(c);
    *files = c->files;
    bool ok = c->failure == 0 || chrome_refuse(c, err);
    g_free(c->stem);
    g_string_free(c->line, TRUE);
    g_string_free(c->heads, TRUE);
    g_ptr_array_free(c->tracks, TRUE);
    g_free(c);
    return ok;
}
