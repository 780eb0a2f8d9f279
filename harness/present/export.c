/* What an export has: the formats, and what they share. */
#include "harness/present/export.h"

#include <string.h>

const struct export_format export_formats[] = {
    {"go", "Go's benchmark text, for benchstat", false, export_go_text},
    {"google-benchmark", "Google Benchmark's JSON, for its compare.py", true, export_google_text},
    {NULL, NULL, false, NULL},
};

char *export_machine_find(const struct export *e, const char *name) {
    char **lines = g_strsplit(e->machine, "\n", -1);
    char *value = NULL;
    size_t length = strlen(name);
    for (char **line = lines; *line != NULL && value == NULL; line++) {
        if (strncmp(*line, name, length) == 0 && (*line)[length] == ':')
            value = g_strstrip(g_strdup(*line + length + 1));
    }
    g_strfreev(lines);
    return value;
}

void export_name_append(GString *out, const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    for (const char *p = valid; *p != '\0';) {
        const char *next = g_utf8_next_char(p);
        bool plain = g_unichar_isgraph(g_utf8_get_char(p)) && *p != '/' && *p != '%';
        for (; p < next; p++) {
            if (plain)
                g_string_append_c(out, *p);
            else
                g_string_append_printf(out, "%%%02X", (unsigned char)*p);
        }
    }
    g_free(valid);
}

static void key_append(GString *out, const char *name, char joint, const char *value) {
    g_string_append_c(out, '/');
    export_name_append(out, name);
    g_string_append_c(out, joint);
    export_name_append(out, value);
}

void export_keys_append(GString *out, const struct cell_summary *cell, char joint) {
    char **pairs = g_strsplit(cell->parameters, " ", -1);
    for (char **pair = pairs; *pair != NULL; pair++) {
        char *equals = strchr(*pair, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        key_append(out, *pair, joint, equals + 1);
    }
    g_strfreev(pairs);
    key_append(out, "strategy", joint, cell->strategy);
}
