/* JSON written front to back: one member to a line, two blanks to a level. */
#include "harness/present/json_write.h"

#include <inttypes.h>
#include <math.h>

#include "harness/store/csv.h"

/* RFC 8259, section 7: quotes, backslashes and everything below a blank must be escaped. */
static void json_quoted_append(GString *out, const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(out, '"');
    for (const char *p = valid; *p != '\0'; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte == '"' || byte == '\\')
            g_string_append_printf(out, "\\%c", byte);
        else if (byte < ' ')
            g_string_append_printf(out, "\\u%04x", byte);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
    g_free(valid);
}

static void json_line_begin(struct json_writer *w) {
    g_string_append_c(w->out, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        g_string_append(w->out, "  ");
}

/* What stands in front of every value: comma, line, key. */
static void json_item_begin(struct json_writer *w, const char *key) {
    if (w->has_items)
        g_string_append_c(w->out, ',');
    if (w->depth > 0)
        json_line_begin(w);
    w->has_items = true;
    if (key != NULL) {
        json_quoted_append(w->out, key);
        g_string_append(w->out, ": ");
    }
}

void json_open(struct json_writer *w, const char *key, char bracket) {
    json_item_begin(w, key);
    g_string_append_c(w->out, bracket);
    w->depth++;
    w->has_items = false;
}

void json_close(struct json_writer *w, char bracket) {
    w->depth--;
    if (w->has_items)
        json_line_begin(w);
    g_string_append_c(w->out, bracket);
    w->has_items = true;
    if (w->depth == 0)
        g_string_append_c(w->out, '\n');
}

void json_text(struct json_writer *w, const char *key, const char *text) {
    json_item_begin(w, key);
    json_quoted_append(w->out, text);
}

void json_count(struct json_writer *w, const char *key, uint64_t count) {
    if (count == COUNT_EMPTY)
        return;
    json_item_begin(w, key);
    g_string_append_printf(w->out, "%" PRIu64, count);
}

void json_real(struct json_writer *w, const char *key, double real) {
    if (!isfinite(real))
        return;
    json_item_begin(w, key);
    csv_real_append(w->out, real);
}

void json_bool(struct json_writer *w, const char *key, bool value) {
    json_item_begin(w, key);
    g_string_append(w->out, value ? "true" : "false");
}
