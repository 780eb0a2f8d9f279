/* Columns counted in characters, not in bytes; nothing trails. */
#include "harness/present/escape_block.h"

enum { COLUMN_CHARACTERS_MAX = 48 }; /* a wider text pushes its own line only */

struct escape_block_line {
    char *place, *text, *rest;
    bool is_marked;
};

static void line_clear(gpointer pointer) {
    struct escape_block_line *line = pointer;
    g_free(line->place);
    g_free(line->text);
    g_free(line->rest);
}

GArray *escape_block_new(void) {
    GArray *block = g_array_new(FALSE, FALSE, sizeof(struct escape_block_line));
    g_array_set_clear_func(block, line_clear);
    return block;
}

void escape_block_add(GArray *block, char *place, char *text, char *rest, bool is_marked) {
    struct escape_block_line line = {place, text, rest, is_marked};
    g_array_append_val(block, line);
}

static void width_raise(glong *width, const char *text) {
    glong own = g_utf8_strlen(text, -1);
    if (own <= COLUMN_CHARACTERS_MAX)
        *width = MAX(*width, own);
}

static void column_write(GString *out, const char *text, glong width) {
    glong blanks = width - g_utf8_strlen(text, -1);
    g_string_append_printf(out, "%s%*s  ", text, (int)MAX(blanks, 0), "");
}

void escape_block_write(GString *out, GArray *block) {
    glong place = 0, text = 0;
    for (guint i = 0; i < block->len; i++) {
        const struct escape_block_line *line = &g_array_index(block, struct escape_block_line, i);
        width_raise(&place, line->place);
        width_raise(&text, line->text);
    }
    for (guint i = 0; i < block->len; i++) {
        const struct escape_block_line *line = &g_array_index(block, struct escape_block_line, i);
        g_string_append(out, line->is_marked ? "    ! " : "      ");
        column_write(out, line->place, place);
        column_write(out, line->text, text);
        g_string_append_printf(out, "%s\n", line->rest);
    }
    g_array_set_size(block, 0);
}
