/* Reads what go-functions printed, and looks lines up in it. */
#include "harness/analyze/escape_functions.h"

#include <string.h>

#include "harness/base/text.h"

enum {
    FIELD_FILE,
    FIELD_FIRST,
    FIELD_LAST,
    FIELD_NAME,
    FIELD_BODY,
    FIELD_ALLOCATING,
    FIELD_COLD,
    FIELD_COUNT
};

static void function_free(gpointer pointer) {
    struct escape_function *function = pointer;
    g_array_free(function->cold, TRUE);
    g_free(function);
}

void escape_functions_init(struct escape_functions *f) {
    f->items = g_ptr_array_new_with_free_func(function_free);
    f->text = g_string_chunk_new(4096);
}

void escape_functions_release(struct escape_functions *f) {
    if (f->items == NULL)
        return;
    g_ptr_array_free(f->items, TRUE);
    g_string_chunk_free(f->text);
    *f = (struct escape_functions){0};
}

static bool line_number(const char *text, unsigned *out) {
    uint64_t number;
    if (!count_parse(text, 1, G_MAXUINT32, &number))
        return false;
    *out = (unsigned)number;
    return true;
}

/* "12-14,20-20"; false when it is not that. */
static bool cold_read(GArray *cold, const char *text) {
    if (*text == '\0')
        return true;
    char **ranges = g_strsplit(text, ",", -1);
    bool ok = true;
    for (char **range = ranges; ok && *range != NULL; range++) {
        struct escape_lines lines;
        char *dash = strchr(*range, '-');
        ok = dash != NULL;
        if (!ok)
            break;
        *dash = '\0';
        ok = line_number(*range, &lines.first) && line_number(dash + 1, &lines.last);
        if (ok)
            g_array_append_val(cold, lines);
    }
    g_strfreev(ranges);
    return ok;
}

static bool function_read(struct escape_functions *f, char **fields) {
    struct escape_function *function = g_new0(struct escape_function, 1);
    function->cold = g_array_new(FALSE, FALSE, sizeof(struct escape_lines));
    function->file = g_string_chunk_insert_const(f->text, fields[FIELD_FILE]);
    function->name = g_string_chunk_insert_const(f->text, fields[FIELD_NAME]);
    function->allocating = g_string_chunk_insert_const(f->text, fields[FIELD_ALLOCATING]);
    g_ptr_array_add(f->items, function);
    return line_number(fields[FIELD_FIRST], &function->lines.first) &&
           line_number(fields[FIELD_LAST], &function->lines.last) &&
           line_number(fields[FIELD_BODY], &function->body_line) &&
           cold_read(function->cold, fields[FIELD_COLD]);
}

bool escape_functions_read(struct escape_functions *f, const char *output, struct error *err) {
    char **lines = g_strsplit(output, "\n", -1);
    bool ok = true;
    for (unsigned i = 0; ok && lines[i] != NULL; i++) {
        if (*lines[i] == '\0')
            continue;
        char **fields = g_strsplit(lines[i], "\t", -1);
        ok = g_strv_length(fields) == FIELD_COUNT && function_read(f, fields);
        if (!ok)
            error_set(err, EXIT_CANNOT,
                      "go-functions: line %u of what it printed is none of its lines; install all "
                      "of heapmark again",
                      i + 1);
        g_strfreev(fields);
    }
    g_strfreev(lines);
    return ok;
}

const struct escape_function *escape_function_at(const struct escape_functions *f, const char *file,
                                                 unsigned line) {
    for (guint i = 0; i < f->items->len; i++) {
        const struct escape_function *function = g_ptr_array_index(f->items, i);
        if (line >= function->lines.first && line <= function->lines.last &&
            strcmp(function->file, file) == 0)
            return function;
    }
    return NULL;
}

const struct escape_function *escape_function_find(const struct escape_functions *f,
                                                   const char *name) {
    for (guint i = 0; i < f->items->len; i++) {
        const struct escape_function *function = g_ptr_array_index(f->items, i);
        if (strcmp(function->name, name) == 0)
            return function;
    }
    return NULL;
}

bool escape_line_is_cold(const struct escape_function *function, unsigned line) {
    for (guint i = 0; i < function->cold->len; i++) {
        const struct escape_lines *cold = &g_array_index(function->cold, struct escape_lines, i);
        if (line >= cold->first && line <= cold->last)
            return true;
    }
    return false;
}

char *escape_name_plain(const char *name) {
    GString *plain = g_string_new(NULL);
    unsigned depth = 0;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '[')
            depth++;
        if (depth == 0)
            g_string_append_c(plain, *at);
        if (*at == ']' && depth > 0)
            depth--;
    }
    return g_string_free(plain, FALSE);
}

bool escape_subjects_read(GPtrArray *out, const char *output, const char *workload,
                          GStringChunk *text, struct error *err) {
    char **lines = g_strsplit(output, "\n", -1);
    bool ok = true;
    for (unsigned i = 0; ok && lines[i] != NULL; i++) {
        char *tab = strchr(lines[i], '\t');
        if (*lines[i] == '\0')
            continue;
        ok = tab != NULL && tab > lines[i] && tab[1] != '\0';
        if (!ok) {
            error_set(err, EXIT_CANNOT,
                      "cell-go --functions: line %u is no \"workload<TAB>function\"; build "
                      "heapmark again",
                      i + 1);
            break;
        }
        *tab = '\0';
        if (strcmp(lines[i], workload) == 0)
            g_ptr_array_add(out, g_string_chunk_insert_const(text, tab + 1));
    }
    g_strfreev(lines);
    return ok;
}
