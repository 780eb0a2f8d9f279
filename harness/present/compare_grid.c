/* Aligned rows. */
#include "harness/present/compare_grid.h"

#include <stdbool.h>
#include <string.h>

void grid_init(struct grid *g, unsigned columns, uint32_t left) {
    g_assert(columns <= GRID_COLUMNS_MOST);
    *g =
        (struct grid){columns, left, 0, g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev)};
}

void grid_release(struct grid *g) {
    g_ptr_array_unref(g->rows);
}

void grid_row(struct grid *g, char *const *texts) {
    char **row = g_new0(char *, g->columns + 1);
    for (unsigned c = 0; c < g->columns; c++)
        row[c] = texts[c] != NULL ? texts[c] : g_strdup("");
    g_ptr_array_add(g->rows, row);
}

static bool is_hidden(const struct grid *g, unsigned column) {
    return (g->hidden >> column & 1) != 0;
}

static bool is_left(const struct grid *g, unsigned column) {
    return (g->left >> column & 1) != 0;
}

static glong width_of(const char *text) {
    return g_utf8_strlen(text, -1);
}

static void widths_measure(const struct grid *g, glong *widths) {
    for (unsigned c = 0; c < g->columns; c++) {
        widths[c] = 0;
        for (guint i = 0; i < g->rows->len; i++) {
            char *const *row = g_ptr_array_index(g->rows, i);
            widths[c] = MAX(widths[c], width_of(row[c]));
        }
    }
}

static void line_append(GString *out, const struct grid *g, char *const *row, const glong *widths) {
    gsize start = out->len;
    for (unsigned c = 0; c < g->columns; c++) {
        int blanks = (int)(widths[c] - width_of(row[c]));
        bool left = is_left(g, c);
        if (!is_hidden(g, c))
            g_string_append_printf(out, "  %*s%s%*s", left ? 0 : blanks, "", row[c],
                                   left ? blanks : 0, "");
    }
    while (out->len > start && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

void grid_text(const struct grid *g, GString *out) {
    glong widths[GRID_COLUMNS_MOST];
    widths_measure(g, widths);
    for (guint i = 0; i < g->rows->len; i++)
        line_append(out, g, g_ptr_array_index(g->rows, i), widths);
}

void markdown_append(GString *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (strchr("\\`*_{}[]<>#|~", *text) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text == '\n' ? ' ' : *text);
    }
}

void grid_markdown(const struct grid *g, GString *out) {
    for (guint i = 0; i < g->rows->len; i++) {
        char *const *row = g_ptr_array_index(g->rows, i);
        for (unsigned c = 0; c < g->columns; c++) {
            if (is_hidden(g, c))
                continue;
            g_string_append(out, "| ");
            markdown_append(out, row[c]);
            g_string_append_c(out, ' ');
        }
        g_string_append(out, "|\n");
        for (unsigned c = 0; i == 0 && c < g->columns; c++) {
            if (!is_hidden(g, c))
                g_string_append(out, is_left(g, c) ? "|:---" : "|---:");
        }
        g_string_append(out, i == 0 ? "|\n" : "");
    }
}
