/* A comparison as Markdown, for a comment on a change or a page: sure differences are never folded
 * away. */
#include "harness/present/compare_document.h"

static void lines_write(GString *out, const char *title, const GPtrArray *lines) {
    if (lines->len == 0)
        return;
    if (title != NULL)
        g_string_append_printf(out, "\n**%s**\n", title);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < lines->len; i++) {
        g_string_append(out, "- ");
        markdown_append(out, g_ptr_array_index(lines, i));
        g_string_append_c(out, '\n');
    }
}

static void section_write(GString *out, const struct compare_section *s) {
    g_string_append(out, "\n### ");
    markdown_append(out, s->title);
    g_string_append_printf(out, "\n\n*%s*\n", s->direction);
    if (s->rows.rows->len > 1) {
        g_string_append_c(out, '\n');
        grid_markdown(&s->rows, out);
    }
    if (s->means.rows->len > 1) {
        g_string_append_c(out, '\n');
        grid_markdown(&s->means, out);
    }
    lines_write(out, NULL, s->lines);
}

char *compare_markdown_text(const struct compare_view *view) {
    struct compare_document d;
    compare_document_build(&d, view);
    GString *out = g_string_new("## heapmark compare\n");
    lines_write(out, NULL, d.heading);
    for (guint i = 0; i < d.sections->len; i++)
        section_write(out, &g_array_index(d.sections, struct compare_section, i));
    lines_write(out, "Not compared, or not all of it", d.refused);
    lines_write(out, "What differs around the runs", d.differs);
    lines_write(out, "Notices", d.notices);
    lines_write(out, "How to read it", d.legend);
    compare_document_release(&d);
    return g_string_free(out, FALSE);
}
