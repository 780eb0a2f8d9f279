/* Writes the table and the gnuplot script of a picture. */
#include "harness/present/plot_page.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "harness/present/palette.h"

enum { STRATEGY_LABEL_MAX = 28 };

struct mark {
    unsigned panel;
    enum mark_kind kind;
    double x, y;
    char *text;
};

static void mark_clear(gpointer pointer) {
    g_free(((struct mark *)pointer)->text);
}

char *name_slug(const char *text) {
    GString *slug = g_string_new(NULL);
    for (; *text != '\0'; text++) {
        if (g_ascii_isalnum(*text)) {
            g_string_append_c(slug, g_ascii_tolower(*text));
        } else if (slug->len > 0 && slug->str[slug->len - 1] != '-') {
            g_string_append_c(slug, '-');
        }
    }
    while (slug->len > 0 && slug->str[slug->len - 1] == '-') {
        g_string_truncate(slug, slug->len - 1);
    }
    return g_string_free(slug, FALSE);
}

struct page *page_new(const char *script, const char *part) {
    struct page *page = g_new0(struct page, 1);
    page->script = script;
    char *slug = part == NULL ? NULL : name_slug(part);
    page->name = slug == NULL ? g_strdup(script) : g_strconcat(script, "-", slug, NULL);
    g_free(slug);
    page->table = g_string_new(NULL);
    page->job = g_string_new(NULL);
    page->marks = g_array_new(FALSE, FALSE, sizeof(struct mark));
    g_array_set_clear_func(page->marks, mark_clear);
    return page;
}

void page_free(struct page *page) {
    g_free(page->name);
    g_free(page->title);
    g_free(page->subtitle);
    g_free(page->caption);
    g_free(page->columns);
    g_string_free(page->table, TRUE);
    g_string_free(page->job, TRUE);
    g_array_unref(page->marks);
    g_free(page);
}

char *page_text_safe(const char *text) {
    char *safe = g_utf8_make_valid(text, -1);
    for (char *at = safe; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7F) {
            *at = ' ';
        }
    }
    return safe;
}

/* In single quotes gnuplot takes everything as it stands; a quote is written twice. */
char *gnuplot_quote(const char *text) {
    char *safe = page_text_safe(text);
    char **parts = g_strsplit(safe, "'", -1);
    char *inside = g_strjoinv("''", parts);
    char *quoted = g_strconcat("'", inside, "'", NULL);
    g_free(inside);
    g_strfreev(parts);
    g_free(safe);
    return quoted;
}

char *text_shorten(const char *text, unsigned most) {
    glong length = g_utf8_strlen(text, -1);
    if (length <= (glong)most) {
        return g_strdup(text);
    }
    glong head = (glong)most / 2;
    glong tail = (glong)most - head - 1;
    const char *head_end = g_utf8_offset_to_pointer(text, head);
    const char *tail_start = g_utf8_offset_to_pointer(text, length - tail);
    return g_strdup_printf("%.*s…%s", (int)(head_end - text), text, tail_start);
}

unsigned text_pixels(const char *text) {
    return (unsigned)g_utf8_strlen(text, -1) * 15U / 2U + 6U;
}

/* Two names that look the same when shortened are told apart by their place in the run. */
char *strategy_label(const struct run_summary *s, unsigned strategy_index) {
    char *safe = page_text_safe(g_ptr_array_index(s->strategies, strategy_index));
    char *label = text_shorten(safe, STRATEGY_LABEL_MAX);
    bool ambiguous = false;
    for (guint i = 0; i < s->strategies->len; i++) {
        char *other_safe = page_text_safe(g_ptr_array_index(s->strategies, i));
        char *other = text_shorten(other_safe, STRATEGY_LABEL_MAX);
        ambiguous |= i != strategy_index && strcmp(other, label) == 0;
        g_free(other);
        g_free(other_safe);
    }
    if (ambiguous) {
        char *numbered = g_strdup_printf("%u: %s", strategy_index + 1, label);
        g_free(label);
        label = numbered;
    }
    g_free(safe);
    return label;
}

unsigned strategies_pixels(const struct run_summary *s) {
    unsigned widest = 0;
    for (guint i = 0; i < s->strategies->len; i++) {
        char *label = strategy_label(s, i);
        widest = MAX(widest, text_pixels(label));
        g_free(label);
    }
    return widest;
}

char *cell_label(const struct cell_summary *cell) {
    GString *text = g_string_new(cell->workload);
    if (*cell->parameters != '\0') {
        g_string_append_printf(text, "  %s", cell->parameters);
    }
    if (cell->threads != 1) {
        g_string_append_printf(text, "  %" G_GUINT64_FORMAT " threads", cell->threads);
    }
    return g_string_free(text, FALSE);
}

void page_columns(struct page *page, const char *columns) {
    g_free(page->columns);
    page->columns = g_strdup(columns);
}

void page_row(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(page->table, format, arguments);
    va_end(arguments);
    g_string_append_c(page->table, '\n');
}

void page_block(struct page *page) {
    g_string_append(page->table, "\n\n");
}

static void number_append(GString *out, double value) {
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value) || isinf(value)) {
        g_string_append(out, "NaN");
        return;
    }
    g_ascii_dtostr(digits, sizeof digits, value);
    g_string_append(out, digits);
    if (strpbrk(digits, ".e") == NULL) {
        g_string_append(out, ".0"); /* gnuplot divides whole numbers as C does */
    }
}

void page_number(struct page *page, const char *name, double value) {
    g_string_append_printf(page->job, "%s = ", name);
    number_append(page->job, value);
    g_string_append_c(page->job, '\n');
}

void page_string(struct page *page, const char *name, const char *value) {
    char *quoted = gnuplot_quote(value);
    g_string_append_printf(page->job, "%s = %s\n", name, quoted);
    g_free(quoted);
}

void page_numbers(struct page *page, const char *name, const double *values, size_t count) {
    g_string_append_printf(page->job, "array %s[%zu]\n", name, count);
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(page->job, "%s[%zu] = ", name, i + 1);
        number_append(page->job, values[i]);
        g_string_append_c(page->job, '\n');
    }
}

void page_strings(struct page *page, const char *name, const GPtrArray *values) {
    g_string_append_printf(page->job, "array %s[%u]\n", name, values->len);
    for (guint i = 0; i < values->len; i++) {
        char *quoted = gnuplot_quote(g_ptr_array_index(values, i));
        g_string_append_printf(page->job, "%s[%u] = %s\n", name, i + 1, quoted);
        g_free(quoted);
    }
}

void page_mark(struct page *page, unsigned panel, enum mark_kind kind, double x, double y,
               const char *format, ...) {
    struct mark mark = {.panel = panel, .kind = kind, .x = x, .y = y};
    va_list arguments;
    va_start(arguments, format);
    mark.text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_array_append_val(page->marks, mark);
}

void page_looks(struct page *page, const struct run_summary *s) {
    guint count = s->strategies->len;
    g_string_append_printf(page->job,
                           "strategies = %u\narray strategy_name[%u]\narray strategy_color[%u]\n"
                           "array strategy_point[%u]\narray strategy_dash[%u]\n",
                           count, count, count, count, count);
    for (guint i = 0; i < count; i++) {
        struct look look = palette_look(i);
        char *label = strategy_label(s, i);
        char *quoted = gnuplot_quote(label);
        g_string_append_printf(page->job,
                               "strategy_name[%u] = %s\nstrategy_color[%u] = %u\n"
                               "strategy_point[%u] = %u\nstrategy_dash[%u] = %u\n",
                               i + 1, quoted, i + 1, look.rgb, i + 1, look.point, i + 1, look.dash);
        g_free(quoted);
        g_free(label);
    }
}

void page_caption(struct page *page, const GPtrArray *cells, const char *remark) {
    unsigned failed = 0;
    unsigned skipped = 0;
    unsigned unavailable = 0;
    for (guint i = 0; i < cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(cells, i);
        failed += cell_status_is_failure(cell->problem);
        skipped += cell->problem == CELL_STATUS_SKIPPED;
        unavailable += cell->problem == CELL_STATUS_UNAVAILABLE;
    }
    g_free(page->caption);
    page->caption =
        failed + skipped + unavailable == 0
            ? g_strdup_printf("All %u cells measured.%s%s", cells->len, *remark ? " " : "", remark)
            : g_strdup_printf("Of %u cells %u failed, %u skipped, %u unavailable.%s%s", cells->len,
                              failed, skipped, unavailable, *remark ? " " : "", remark);
}

char *page_table_text(const struct page *page, const char *command) {
    char *safe = page_text_safe(command);
    char *text =
        g_strdup_printf("# %s\n# %s (%s)\n# made by: %s\n# %s\n%s", page->title, page->subtitle,
                        page->caption, safe, page->columns, page->table->str);
    g_free(safe);
    return text;
}

static void job_string(GString *job, const char *name, const char *value) {
    char *quoted = gnuplot_quote(value);
    g_string_append_printf(job, "%s = %s\n", name, quoted);
    g_free(quoted);
}

static void job_marks(GString *job, const GArray *marks) {
    guint count = marks->len;
    g_string_append_printf(job, "marks = %u\n", count);
    guint room = MAX(count, 1);
    g_string_append_printf(job,
                           "array mark_panel[%u]\narray mark_kind[%u]\narray mark_x[%u]\n"
                           "array mark_y[%u]\narray mark_text[%u]\n",
                           room, room, room, room, room);
    for (guint i = 0; i < count; i++) {
        const struct mark *mark = &g_array_index(marks, struct mark, i);
        char *quoted = gnuplot_quote(mark->text);
        g_string_append_printf(job, "mark_panel[%u] = %u\nmark_kind[%u] = %d\nmark_x[%u] = ", i + 1,
                               mark->panel, i + 1, mark->kind, i + 1);
        number_append(job, mark->x);
        g_string_append_printf(job, "\nmark_y[%u] = ", i + 1);
        number_append(job, mark->y);
        g_string_append_printf(job, "\nmark_text[%u] = %s\n", i + 1, quoted);
        g_free(quoted);
    }
}

char *page_job_text(const struct page *page, const char *script_dir) {
    GString *job = g_string_new(NULL);
    char *table = g_strconcat(page->name, ".tsv", NULL);
    char *dir = g_strconcat(script_dir, "/", NULL);
    job_string(job, "script_dir", dir);
    job_string(job, "name", page->name);
    job_string(job, "table", table);
    job_string(job, "title", page->title);
    job_string(job, "subtitle", page->subtitle);
    job_string(job, "caption", page->caption);
    g_string_append_printf(job, "width = %u.0\nheight = %u.0\n", page->width, page->height);
    g_string_append(job, page->job->str);
    job_marks(job, page->marks);
    static const char *const formats[] = {"svg", "png"};
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_string_append_printf(job,
                               "reset\nformat = '%s'\nload script_dir.'_style.gp'\n"
                               "load script_dir.'%s.gp'\nunset multiplot\nunset output\n",
                               formats[i], page->script);
    }
    g_free(dir);
    g_free(table);
    return g_string_free(job, FALSE);
}
