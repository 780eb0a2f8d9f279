/* See text_grid.h. */
#include "harness/present/text_grid.h"

void text_grid_init(struct text_grid *g, unsigned columns, unsigned indent) {
    g_assert(columns <= TEXT_GRID_COLUMNS_MAX);
    *g = (struct text_grid){g_ptr_array_new_with_free_func(g_free), columns, indent};
}

void text_grid_add(struct text_grid *g, const char *text) {
    g_ptr_array_add(g->cells, g_strdup(text));
}

static void blanks_append(GString *out, glong count) {
    for (glong i = 0; i < count; i++)
        g_string_append_c(out, ' ');
}

static void grid_cell(const struct text_grid *g, GString *out, guint place, const glong *widths) {
    enum { GAP = 2 };
    const char *text = g_ptr_array_index(g->cells, place);
    guint column = place % g->columns;
    glong room = widths[column] - g_utf8_strlen(text, -1);
    if (column == 0)
        blanks_append(out, (glong)g->indent);
    else
        blanks_append(out, room + GAP);
    g_string_append(out, text);
    if (column == 0 && g->columns > 1)
        blanks_append(out, room);
    if (column + 1 == g->columns)
        g_string_append_c(out, '\n');
}

void text_grid_finish(struct text_grid *g, GString *out) {
    glong widths[TEXT_GRID_COLUMNS_MAX] = {0};
    for (guint i = 0; i < g->cells->len; i++) {
        glong width = g_utf8_strlen(g_ptr_array_index(g->cells, i), -1);
        widths[i % g->columns] = MAX(widths[i % g->columns], width);
    }
    for (guint i = 0; i < g->cells->len; i++)
        grid_cell(g, out, i, widths);
    g_ptr_array_free(g->cells, TRUE);
}
