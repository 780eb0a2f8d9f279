#include "tests/unit/escape_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *escape_data(const char *name) {
    char *path = g_build_filename(HEAPMARK_ESCAPE_DATA, name, NULL);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fprintf(stderr, "%s cannot be read\n", path);
        abort();
    }
    g_free(path);
    return text;
}

void escape_sample_read(struct escape_decisions *decisions, struct escape_functions *functions) {
    static const char *const files[] = {"m2-go1.26.8.txt", "m2-l-go1.26.8.txt", "m2-go1.19.8.txt",
                                        "m2-l-go1.19.8.txt"};
    struct error err = {0};
    escape_decisions_init(decisions);
    escape_functions_init(functions);
    for (unsigned build = 0; build < G_N_ELEMENTS(files); build++) {
        char *text = escape_data(files[build]);
        escape_decisions_read(decisions, text, build);
        g_free(text);
    }
    escape_decisions_sort(decisions);
    char *text = escape_data("functions.txt");
    if (!escape_functions_read(functions, text, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    g_free(text);
}

const struct escape_decision *escape_decision_find(const struct escape_decisions *decisions,
                                                   const struct escape_functions *functions,
                                                   const char *function, const char *text) {
    for (guint i = 0; i < decisions->items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(decisions->items, i);
        const struct escape_function *f = escape_function_at(functions, d->file, d->line);
        if (f != NULL && strcmp(f->name, function) == 0 && strcmp(d->text, text) == 0)
            return d;
    }
    return NULL;
}
