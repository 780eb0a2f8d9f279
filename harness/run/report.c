/* Reads a cell program's report line by line: a table of keys, each with a function for its value.
 */
#include "harness/run/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/wire.h"

struct report_reader {
    struct observation *out;
    struct report *report;
    size_t line; /* from 1 */
    struct error *err;
};

/* Columns of the group "identity" that only the cell program knows; the others are its parent's. */
static const char *const reported_identity[] = {"allocator", "version",  "call", "link",
                                                "ops",       "checksum", NULL};

static const char *const reported_statuses[] = {"ok",  "unavailable", "wrong",
                                                "oom", "crashed",     NULL};

void report_init(struct report *r) {
    *r = (struct report){.counters = g_array_new(FALSE, FALSE, sizeof(struct counter_reading)),
                         .totals = {COUNT_EMPTY, COUNT_EMPTY, COUNT_EMPTY, COUNT_EMPTY, INT64_MIN}};
}

void report_release(struct report *r) {
    g_array_free(r->counters, TRUE);
    r->counters = NULL;
}

/* error_set with the line in front; `what` may be long or odd: it is cut at 80 bytes. */
static bool report_refuse(struct report_reader *r, const char *sentence, const char *what) {
    return error_set(r->err, EXIT_CANNOT, "line %zu of the report: %s: '%.80s'", r->line, sentence,
                     what);
}

static bool report_count(struct report_reader *r, const char *text, uint64_t *out) {
    if (count_parse(text, 0, COUNT_EMPTY - 1, out))
        return true;
    return report_refuse(r, "not a whole number below 2^64 - 1", text);
}

/* A finite decimal number; strtod alone would also take "nan", "infinity" and hexadecimal. */
static bool report_real(struct report_reader *r, const char *text, double *out) {
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    bool is_decimal = *text != '\0' && text[strspn(text, "0123456789+-.eE")] == '\0';
    if (!is_decimal || *end != '\0' || !isfinite(value))
        return report_refuse(r, "not a decimal number", text);
    *out = value;
    return true;
}

/* Cuts `text` at tabs. Returns the number of pieces, most + 1 when there are more than most. */
static size_t report_split(char *text, char **pieces, size_t most) {
    size_t count = 0;
    for (char *piece = text; piece != NULL; count++) {
        if (count == most)
            return most + 1;
        char *tab = strchr(piece, '\t');
        pieces[count] = piece;
        if (tab != NULL)
            *tab++ = '\0';
        piece = tab;
    }
    return count;
}

/* Splits a line of whole numbers into targets; a target that is NULL is a piece of text, for *word.
 */
static bool report_numbers(struct report_reader *r, char *text, uint64_t *const *targets,
                           size_t count, const char **word) {
    char *pieces[10] = {NULL};
    if (report_split(text, pieces, count) != count)
        return report_refuse(r, "not as many values as its key has, the first being", text);
    for (size_t i = 0; i < count; i++) {
        if (targets[i] == NULL)
            *word = pieces[i];
        else if (!report_count(r, pieces[i], targets[i]))
            return false;
    }
    return true;
}

static bool report_pause(struct report_reader *r, char *text) {
    struct pause_row row;
    const char *phase = NULL;
    row_clear(&pause_type, &row);
    uint64_t *const targets[] = {&row.cycle, NULL, &row.thread, &row.start_ns, &row.pause_ns};
    if (!report_numbers(r, text, targets, G_N_ELEMENTS(targets), &phase))
        return false;
    row.phase = g_string_chunk_insert_const(r->out->text, phase);
    g_array_append_val(r->out->pauses, row);
    return true;
}

/* A gate also reads the reports of an older build, which do not tell what is partial. */
static size_t report_cycle_values(const char *text, size_t most) {
    size_t tabs = 0;
    for (const char *tab = text; (tab = strchr(tab, '\t')) != NULL; tab++)
        tabs++;
    return tabs + 2 == most ? most - 1 : most;
}

static bool report_cycle(struct report_reader *r, char *text) {
    struct cycle_row row;
    row_clear(&cycle_type, &row);
    uint64_t *const targets[] = {&row.cycle,          &row.start_ns,
                                 &row.mark_ns,        &row.heap_start_bytes,
                                 &row.heap_end_bytes, &row.heap_marked_bytes,
                                 &row.goal_bytes,     &row.assist_ns,
                                 &row.forced,         &row.partial};
    size_t values = report_cycle_values(text, G_N_ELEMENTS(targets));
    if (!report_numbers(r, text, targets, values, NULL))
        return false;
    if (row.forced > 1)
        return report_refuse(r, "forced is 0 or 1", text);
    if (row.partial > 1 && row.partial != COUNT_EMPTY)
        return report_refuse(r, "partial is 0 or 1", text);
    g_array_append_val(r->out->cycles, row);
    return true;
}

static bool report_counter(struct report_reader *r, char *text) {
    struct counter_reading reading = {0};
    uint64_t *const targets[] = {&reading.index, &reading.value, &reading.enabled_ns,
                                 &reading.running_ns};
    if (!report_numbers(r, text, targets, G_N_ELEMENTS(targets), NULL))
        return false;
    for (guint i = 0; i < r->report->counters->len; i++) {
        if (g_array_index(r->report->counters, struct counter_reading, i).index == reading.index)
            return report_refuse(r, "this counter was reported already", text);
    }
    g_array_append_val(r->report->counters, reading);
    return true;
}

static bool report_text(struct report_reader *r, const char *text, const char **out) {
    if (*text == '\0')
        return true;
    for (const char *p = text; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            return report_refuse(r, "a value with control characters", text);
    }
    *out = g_string_chunk_insert(r->out->text, text);
    return true;
}

static bool report_checksum_is_valid(const char *text) {
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* Stores one column, which must still be empty. */
static bool report_column(struct report_reader *r, const struct field *field, const char *text) {
    char *member = (char *)&r->out->record + field->offset;
    bool fresh = true;
    switch (field->kind) {
    case FIELD_TEXT:
        /* The allocator asked for stands there already; the one that answered replaces it. */
        fresh = *(const char **)(void *)member == NULL || strcmp(field->name, "allocator") == 0;
        return fresh ? report_text(r, text, (const char **)(void *)member)
                     : report_refuse(r, "a column given twice", field->name);
    case FIELD_COUNT:
        fresh = *(uint64_t *)(void *)member == COUNT_EMPTY;
        return fresh ? report_count(r, text, (uint64_t *)(void *)member)
                     : report_refuse(r, "a column given twice", field->name);
    case FIELD_REAL:
        fresh = isnan(*(double *)(void *)member);
        return fresh ? report_real(r, text, (double *)(void *)member)
                     : report_refuse(r, "a column given twice", field->name);
    }
    return report_refuse(r, "a column of unknown kind", field->name);
}

static bool report_value(struct report_reader *r, char *text) {
    char *space = strchr(text, ' ');
    if (space == NULL)
        return report_refuse(r, "a column without a value", text);
    *space = '\0';
    const struct field *field = field_find(&record_type, text);
    if (field == NULL)
        return report_refuse(r, "unknown column", text);
    if (strcmp(field->group, "identity") == 0 && !g_strv_contains(reported_identity, text))
        return report_refuse(r, "a column that is not the cell program's to fill", text);
    if (strcmp(text, "checksum") == 0 && !report_checksum_is_valid(space + 1))
        return report_refuse(r, "a checksum is 16 hexadecimal digits", space + 1);
    return report_column(r, field, space + 1);
}

/* A total that may be negative: less was live at the end than at the beginning. */
static bool report_signed(struct report_reader *r, const char *text, int64_t *out) {
    uint64_t size = 0;
    bool is_negative = *text == '-';
    if (!count_parse(is_negative ? text + 1 : text, 0, INT64_MAX, &size))
        return report_refuse(r, "not a whole number between -2^63 and 2^63", text);
    *out = is_negative ? -(int64_t)size : (int64_t)size;
    return true;
}

static bool report_total(struct report_reader *r, char *text) {
    struct report_totals *t = &r->report->totals;
    const struct {
        const char *name;
        uint64_t *total;
    } totals[] = {{"operations", &t->operations},
                  {"allocs", &t->allocs},
                  {"bytes", &t->bytes},
                  {"requested_bytes", &t->requested_bytes}};
    char *space = strchr(text, ' ');
    if (space == NULL)
        return report_refuse(r, "a total without a value", text);
    *space = '\0';
    if (strcmp(text, "retained_bytes") == 0)
        return t->retained_bytes == INT64_MIN ? report_signed(r, space + 1, &t->retained_bytes)
                                              : report_refuse(r, "a total given twice", text);
    for (size_t i = 0; i < G_N_ELEMENTS(totals); i++) {
        if (strcmp(totals[i].name, text) == 0)
            return *totals[i].total == COUNT_EMPTY ? report_count(r, space + 1, totals[i].total)
                                                   : report_refuse(r, "a total given twice", text);
    }
    return report_refuse(r, "unknown total", text);
}

static bool report_end(struct report_reader *r, char *text) {
    char *reason = strchr(text, ' ');
    if (reason != NULL)
        *reason++ = '\0';
    if (!g_strv_contains(reported_statuses, text))
        return report_refuse(r, "not a status that a cell program reports", text);
    r->report->status = g_string_chunk_insert(r->out->text, text);
    return reason == NULL || report_text(r, reason, &r->report->reason);
}

static bool report_line(struct report_reader *r, char *line) {
    static const struct {
        const char *key;
        bool (*parse)(struct report_reader *r, char *text);
    } keys[] = {{"value", report_value},     {"pause", report_pause}, {"cycle", report_cycle},
                {"counter", report_counter}, {"count", report_total}, {"end", report_end}};
    char *space = strchr(line, ' ');
    if (r->report->status != NULL)
        return report_refuse(r, "something follows the end line", line);
    if (space == NULL)
        return report_refuse(r, "not a key, a space and a value", line);
    *space = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].key, line) == 0)
            return keys[i].parse(r, space + 1);
    }
    return report_refuse(r, "unknown key", line);
}

static bool report_first_line(struct report_reader *r, const char *line) {
    char *expected = g_strdup_printf("heapmark-report %d", WIRE_REPORT_VERSION);
    bool ok = strcmp(line, expected) == 0;
    if (!ok)
        error_set(
            r->err, EXIT_CANNOT,
            "line 1 of the report: not a report of version %d, but '%.80s': the cell programs "
            "and heapmark are not of one build",
            WIRE_REPORT_VERSION, line);
    g_free(expected);
    return ok;
}

/* Line breaks before `end` + 1: the number of the line that `end` is in. */
static size_t report_line_number(const char *text, const char *end) {
    size_t line = 1;
    for (const char *p = text; p < end; p++)
        line += *p == '\n';
    return line;
}

bool report_parse(const char *text, size_t length, struct observation *out, struct report *report,
                  struct error *err) {
    struct report_reader r = {.out = out, .report = report, .err = err};
    const char *invalid = NULL;
    const size_t given = length;
    /* The torn end of a report may be half a character: only whole lines are looked at. */
    while (length > 0 && text[length - 1] != '\n')
        length--;
    if (!g_utf8_validate(text, (gssize)length, &invalid))
        return error_set(err, EXIT_CANNOT, "line %zu of the report: not UTF-8 text",
                         report_line_number(text, invalid));
    char *copy = g_strndup(text, length);
    bool ok = true;
    for (char *line = copy, *next; ok && line < copy + length; line = next) {
        next = strchr(line, '\n');
        *next++ = '\0';
        r.line++;
        ok = r.line == 1 ? report_first_line(&r, line) : report_line(&r, line);
    }
    g_free(copy);
    if (ok && report->status != NULL && length < given)
        return error_set(err, EXIT_CANNOT, "line %zu of the report: something follows the end line",
                         r.line + 1);
    return ok;
}
