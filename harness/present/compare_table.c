/* A comparison as text: a block per metric, below them what is not compared and how to read it. */
#include <string.h>

#include "harness/present/compare_document.h"

static void lines_write(GString *out, const char *title, const GPtrArray *lines) {
    if (lines->len == 0)
        return;
    g_string_append_printf(out, "\n%s\n", title);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(out, "  %s\n", (const char *)g_ptr_array_index(lines, i));
}

static void section_write(GString *out, const struct compare_section *s) {
    g_string_append_printf(out, "\n%s  (%s)\n", s->title, s->direction);
    if (s->rows.rows->len > 1)
        grid_text(&s->rows, out);
    if (s->means.rows->len > 1) {
        g_string_append_c(out, '\n');
        grid_text(&s->means, out);
    }
    if (s->rows.rows->len > 1)
        g_string_append_c(out, '\n');
    for (guint i = 0; i < s->lines->len; i++)
        g_string_append_printf(out, "  %s\n", (const char *)g_ptr_array_index(s->lines, i));
}

char *compare_table_text(const struct compare_view *view) {
    struct compare_document d;
    compare_document_build(&d, view);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < d.heading->len; i++)
        g_string_append_printf(out, "%s\n", (const char *)g_ptr_array_index(d.heading, i));
    for (guint i = 0; i < d.sections->len; i++)
        section_write(out, &g_array_index(d.sections, struct compare_section, i));
    lines_write(out, "Not compared, or not all of it:", d.refused);
    lines_write(out, "What differs around the runs:", d.differs);
    lines_write(out, "Notices:", d.notices);
    lines_write(out, "How to read it:", d.legend);
    compare_document_release(&d);
    return g_string_free(out, FALSE);
}
