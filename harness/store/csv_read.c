/*
 * CSV to rows.
 *
 * A file is a sequence of whole lines and perhaps a torn one. A line is cut into fields by a small
 * state machine that is strict (a quote opens a field or is doubled, nothing else), so damage is
 * found where it is. Only a quote that never closes looks like a torn tail from far away; whether
 * whole rows follow tells them apart.
 */
#include "harness/store/csv.h"

#include <math.h>
#include <string.h>

#include "harness/base/text.h"

/* A place in a source. */
struct csv_cursor {
    const char *name;
    const char *at, *end;
    size_t line; /* of `at`, from 1 */
};

/* The fields of a line, unquoted: one buffer, and where each begins in it. */
struct csv_line {
    GString *buffer;
    GArray *starts; /* of size_t */
};

enum csv_found { CSV_WHOLE, CSV_TORN, CSV_DAMAGED };

static enum csv_found damaged(const struct csv_cursor *c, struct error *err, const char *reason) {
    error_set(err, EXIT_USAGE, "%s:%zu: %s", c->name, c->line, reason);
    return CSV_DAMAGED;
}

static const char *line_field(const struct csv_line *line, size_t index) {
    return line->buffer->str + g_array_index(line->starts, size_t, index);
}

/* Takes the rest of a quoted field, after its opening quote. */
static enum csv_found quoted_take(struct csv_cursor *c, GString *out, struct error *err) {
    for (; c->at < c->end; c->at++) {
        if (*c->at == '"') {
            c->at++;
            if (c->at == c->end || *c->at != '"')
                return CSV_WHOLE;
        }
        if (*c->at == '\0')
            return damaged(c, err, "a zero byte");
        if (*c->at == '\n')
            c->line++;
        g_string_append_c(out, *c->at);
    }
    return CSV_TORN;
}

static enum csv_found plain_take(struct csv_cursor *c, GString *out, struct error *err) {
    for (; c->at < c->end && *c->at != ',' && *c->at != '\n'; c->at++) {
        if (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
            break;
        if (*c->at == '"')
            return damaged(c, err, "a quote inside a field that does not begin with one");
        if (*c->at == '\r' || *c->at == '\0')
            return damaged(c, err, "a stray control character");
        g_string_append_c(out, *c->at);
    }
    return CSV_WHOLE;
}

/* Takes one line with its newline. */
static enum csv_found line_take(struct csv_cursor *c, struct csv_line *line, struct error *err) {
    g_string_truncate(line->buffer, 0);
    g_array_set_size(line->starts, 0);
    if (memchr(c->at, '\n', (size_t)(c->end - c->at)) == NULL)
        return CSV_TORN;
    for (;;) {
        size_t start = line->buffer->len;
        g_array_append_val(line->starts, start);
        bool quoted = c->at < c->end && *c->at == '"';
        c->at += quoted;
        enum csv_found found =
            quoted ? quoted_take(c, line->buffer, err) : plain_take(c, line->buffer, err);
        if (found != CSV_WHOLE)
            return found;
        g_string_append_c(line->buffer, '\0');
        if (c->at + 1 < c->end && c->at[0] == '\r' && c->at[1] == '\n')
            c->at++;
        if (c->at == c->end)
            return CSV_TORN;
        char next = *c->at;
        if (next != ',' && next != '\n')
            return damaged(c, err, "text after a closing quote");
        c->at++;
        if (next == '\n') {
            c->line++;
            return CSV_WHOLE;
        }
    }
}

/* The field that each column of a file is. */
struct csv_columns {
    const struct row_type *type;
    GPtrArray *fields; /* of const struct field *, in the file's order */
};

static bool column_add(struct csv_columns *columns, const char *source, const char *name,
                       struct error *err) {
    const struct field *field = field_find(columns->type, name);
    if (field == NULL)
        return error_set(
            err, EXIT_USAGE,
            "%s:1: this version does not know the column \"%s\"; read the run with the "
            "version that wrote it",
            source, name);
    if (g_ptr_array_find(columns->fields, field, NULL))
        return error_set(err, EXIT_USAGE, "%s:1: the column %s comes twice", source, name);
    g_ptr_array_add(columns->fields, (void *)(uintptr_t)field);
    return true;
}

static bool columns_read(struct csv_columns *columns, const char *source,
                         const struct csv_line *line, struct error *err) {
    for (size_t i = 0; i < line->starts->len; i++) {
        if (!column_add(columns, source, line_field(line, i), err))
            return false;
    }
    return true;
}

static bool real_parse(const char *text, double *out) {
    char *end;
    if (strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    *out = g_ascii_strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

/* Fills one field of a row; NULL, or why the text cannot be it. */
static const char *field_fill(const struct field *field, const char *text, char *row,
                              GStringChunk *chunk) {
    uint64_t count;
    double real;
    if (*text == '\0')
        return NULL;
    switch (field->kind) {
    case FIELD_TEXT:
        if (!g_utf8_validate(text, -1, NULL))
            return "is not UTF-8";
        text = g_string_chunk_insert_const(chunk, text);
        memcpy(row + field->offset, &text, sizeof text);
        return NULL;
    case FIELD_COUNT:
        if (!count_parse(text, 0, COUNT_EMPTY - 1, &count))
            return "is not a whole number";
        memcpy(row + field->offset, &count, sizeof count);
        return NULL;
    case FIELD_REAL:
        if (!real_parse(text, &real))
            return "is not a number";
        memcpy(row + field->offset, &real, sizeof real);
        return NULL;
    }
    return "is of no kind";
}

/* Where a row is, for refusals. */
struct csv_place {
    const char *name;
    size_t line;
};

static bool row_fill(const struct csv_columns *columns, const struct csv_line *line, char *row,
                     GStringChunk *text, const struct csv_place *place, struct error *err) {
    row_clear(columns->type, row);
    if (line->starts->len != columns->fields->len)
        return error_set(err, EXIT_USAGE, "%s:%zu: %u field%s where the header has %u", place->name,
                         place->line, line->starts->len, line->starts->len == 1 ? "" : "s",
                         columns->fields->len);
    for (size_t i = 0; i < columns->fields->len; i++) {
        const struct field *field = columns->fields->pdata[i];
        const char *wrong = field_fill(field, line_field(line, i), row, text);
        if (wrong != NULL) {
            char *shown = g_utf8_make_valid(line_field(line, i), -1);
            error_set(err, EXIT_USAGE, "%s:%zu: %s %s: \"%.80s\"", place->name, place->line,
                      field->name, wrong, shown);
            g_free(shown);
            return false;
        }
    }
    return true;
}

/* Whether a whole row lies among the lines after the first of [at, end). */
static bool whole_row_follows(const struct csv_columns *columns, const char *at, const char *end,
                              struct csv_line *line) {
    struct error ignored;
    struct csv_place place = {"", 0};
    GStringChunk *text = g_string_chunk_new(256);
    char *row = g_malloc(columns->type->bytes);
    bool found = false;
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    while (newline != NULL && !found) {
        at = newline + 1;
        newline = memchr(at, '\n', (size_t)(end - at));
        /* Each line alone, so that the search stays linear. */
        struct csv_cursor alone = {"", at, newline == NULL ? at : newline + 1, 1};
        found = line_take(&alone, line, &ignored) == CSV_WHOLE &&
                row_fill(columns, line, row, text, &place, &ignored);
    }
    g_free(row);
    g_string_chunk_free(text);
    return found;
}

static void csv_rows_init(struct csv_rows *out, const struct row_type *type) {
    *out = (struct csv_rows){
        .rows = g_array_new(FALSE, FALSE, (guint)type->bytes),
        .ends = g_array_new(FALSE, FALSE, sizeof(size_t)),
        .lines = g_array_new(FALSE, FALSE, sizeof(size_t)),
    };
}

void csv_rows_release(struct csv_rows *r) {
    g_array_free(r->rows, TRUE);
    g_array_free(r->ends, TRUE);
    g_array_free(r->lines, TRUE);
}

/* What reading needs at hand. */
struct csv_reader {
    struct csv_cursor cursor;
    struct csv_columns columns;
    struct csv_line line;
    const struct csv_source *source;
    GStringChunk *text;
};

static bool header_is_current(const struct row_type *type, const struct csv_source *source,
                              size_t bytes) {
    GString *header = g_string_new(NULL);
    csv_header_append(header, type);
    bool same = header->len == bytes && memcmp(header->str, source->bytes, bytes) == 0;
    g_string_free(header, TRUE);
    return same;
}

static bool header_read(struct csv_reader *r, struct csv_rows *out, struct error *err) {
    const struct csv_source *source = r->source;
    enum csv_found found = line_take(&r->cursor, &r->line, err);
    if (found == CSV_TORN) {
        out->torn_bytes = source->length;
        return true;
    }
    if (found == CSV_DAMAGED || !columns_read(&r->columns, source->name, &r->line, err))
        return false;
    out->header_bytes = (size_t)(r->cursor.at - source->bytes);
    out->header_current = header_is_current(r->columns.type, source, out->header_bytes);
    return true;
}

/* Reads one row. False at the end, told in *ok, or when refused. */
static bool row_read(struct csv_reader *r, struct csv_rows *out, bool *ok, struct error *err) {
    struct csv_cursor *c = &r->cursor;
    const char *start = c->at;
    struct csv_place place = {c->name, c->line};
    *ok = true;
    if (c->at == c->end)
        return false;
    enum csv_found found = line_take(c, &r->line, err);
    if (found == CSV_TORN) {
        out->torn_bytes = (size_t)(c->end - start);
        if (whole_row_follows(&r->columns, start, c->end, &r->line))
            *ok = error_set(err, EXIT_USAGE, "%s:%zu: a quote is opened and never closed",
                            place.name, place.line);
        return false;
    }
    guint index = out->rows->len;
    g_array_set_size(out->rows, index + 1);
    char *row = out->rows->data + index * r->columns.type->bytes;
    *ok = found == CSV_WHOLE && row_fill(&r->columns, &r->line, row, r->text, &place, err);
    size_t end = (size_t)(c->at - r->source->bytes);
    g_array_append_val(out->ends, end);
    g_array_append_val(out->lines, place.line);
    return *ok;
}

bool csv_read(struct csv_rows *out, const struct row_type *type, const struct csv_source *source,
              GStringChunk *text, struct error *err) {
    struct csv_reader r = {
        .cursor = {source->name, source->bytes, source->bytes + source->length, 1},
        .columns = {type, g_ptr_array_new()},
        .line = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(size_t))},
        .source = source,
        .text = text,
    };
    csv_rows_init(out, type);
    bool ok = header_read(&r, out, err);
    if (ok && out->header_bytes > 0) {
        while (row_read(&r, out, &ok, err))
            ;
    }
    g_ptr_array_free(r.columns.fields, TRUE);
    g_array_free(r.line.starts, TRUE);
    g_string_free(r.line.buffer, TRUE);
    return ok;
}
