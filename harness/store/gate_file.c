/*
 * gate.txt as text: its version, what was asked, and its end.
 *
 * The end is written last. A text without it is a gate that was killed, and one whose end does not
 * say "complete" was stopped; neither is judged.
 */
#include "harness/store/gate_file.h"

#include <inttypes.h>
#include <string.h>

#include "harness/base/text.h"

#define VERSION_KEY "heapmark-gate"

static const char *const end_keys[] = {"state",        "cells",         "blocks",       "counts",
                                       "cells-sha256", "blocks-sha256", "counts-sha256"};

GArray *gate_lines_new(void) {
    return g_array_new(FALSE, FALSE, sizeof(struct gate_line));
}

const char *gate_line_find(const GArray *asked, const char *key) {
    for (guint i = 0; i < asked->len; i++) {
        const struct gate_line *line = &g_array_index(asked, struct gate_line, i);
        if (strcmp(line->key, key) == 0)
            return line->value;
    }
    return NULL;
}

/* One line, whatever a user's names hold. */
static void value_append(GString *out, const char *value) {
    for (const char *p = value; *p != '\0'; p++)
        g_string_append_c(out, (unsigned char)*p < ' ' && *p != '\t' ? ' ' : *p);
}

static void line_append(GString *out, const char *key, const char *value) {
    g_string_append_printf(out, "%s: ", key);
    value_append(out, value);
    g_string_append_c(out, '\n');
}

char *gate_file_format(const GArray *asked, const struct gate_end *end) {
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, VERSION_KEY ": %d\n", GATE_VERSION);
    for (guint i = 0; i < asked->len; i++) {
        const struct gate_line *line = &g_array_index(asked, struct gate_line, i);
        line_append(out, line->key, line->value);
    }
    line_append(out, "state", end->state);
    for (size_t i = 0; end->sums[0] != NULL && i < GATE_FILES; i++)
        g_string_append_printf(out, "%s: %" PRIu64 "\n", end_keys[1 + i], end->rows[i]);
    for (size_t i = 0; end->sums[0] != NULL && i < GATE_FILES; i++)
        line_append(out, end_keys[1 + GATE_FILES + i], end->sums[i]);
    return g_string_free(out, FALSE);
}

/* ---- reading ---- */

/* What parsing needs at hand. */
struct text_reader {
    GArray *asked;
    struct gate_end *end;
    const char *name;
    GStringChunk *text;
    size_t line;
    struct error *err;
};

static bool line_refuse(const struct text_reader *r, const char *why) {
    return error_set(r->err, EXIT_USAGE, "%s:%zu: %s", r->name, r->line, why);
}

static bool end_take(const struct text_reader *r, size_t which, const char *value) {
    struct gate_end *end = r->end;
    if (which == 0) {
        end->state = g_string_chunk_insert(r->text, value);
    } else if (which <= GATE_FILES) {
        if (!count_parse(value, 0, UINT64_MAX - 1, &end->rows[which - 1]))
            return line_refuse(r, "the number of rows is none");
    } else {
        end->sums[which - 1 - GATE_FILES] = g_string_chunk_insert(r->text, value);
    }
    return true;
}

static bool version_take(const struct text_reader *r, const char *key, const char *value) {
    char ours[16];
    g_snprintf(ours, sizeof ours, "%d", GATE_VERSION);
    if (strcmp(key, VERSION_KEY) != 0)
        return line_refuse(r, "this is no gate: it begins with \"" VERSION_KEY ": N\"");
    return strcmp(value, ours) == 0 ||
           error_set(r->err, EXIT_USAGE,
                     "%s:%zu: version %s of a gate's directory is not known here (%s is); judge it "
                     "with the heapmark that measured it",
                     r->name, r->line, value, ours);
}

/* key and value are the halves of a line, cut in place. */
static bool line_take(const struct text_reader *r, const char *key, const char *value) {
    if (r->line == 1)
        return version_take(r, key, value);
    for (size_t i = 0; i < G_N_ELEMENTS(end_keys); i++) {
        if (strcmp(key, end_keys[i]) == 0)
            return end_take(r, i, value);
    }
    if (r->end->state != NULL)
        return line_refuse(r, "there is something after the end");
    struct gate_line line = {g_string_chunk_insert(r->text, key),
                             g_string_chunk_insert(r->text, value)};
    g_array_append_val(r->asked, line);
    return true;
}

static bool line_split_take(struct text_reader *r, char *line) {
    char *colon = strstr(line, ": ");
    if (colon == NULL)
        return line_refuse(r, "not a line of the kind \"key: value\"");
    *colon = '\0';
    return line_take(r, line, colon + 2);
}

bool gate_file_parse(GArray *asked, struct gate_end *end, const struct gate_line *file,
                     GStringChunk *text, struct error *err) {
    struct text_reader r = {asked, end, file->key, text, 0, err};
    *end = (struct gate_end){0};
    if (!g_utf8_validate(file->value, -1, NULL))
        return error_set(err, EXIT_USAGE, "%s is not UTF-8", r.name);
    char **lines = g_strsplit(file->value, "\n", -1);
    bool ok = true;
    for (size_t i = 0; ok && lines[i] != NULL && (*lines[i] != '\0' || lines[i + 1] != NULL); i++) {
        r.line = i + 1;
        ok = line_split_take(&r, lines[i]);
    }
    g_strfreev(lines);
    if (ok && r.line == 0)
        return error_set(err, EXIT_USAGE, "%s is empty", r.name);
    return ok;
}
