/* The columns of every file as Markdown tables. */
#include "harness/store/columns.h"

#include "harness/store/gate_rows.h"
#include "harness/store/run_files.h"

/* Of a gate's directory. */
static const struct row_type *const gate_types[] = {&gate_cell_type, &gate_block_type,
                                                    &gate_count_type};

static const char *kind_word(enum field_kind kind) {
    switch (kind) {
    case FIELD_TEXT:
        return "text";
    case FIELD_COUNT:
        return "whole number";
    case FIELD_REAL:
        return "number";
    }
    return "";
}

static void table_append(GString *out, const struct row_type *type) {
    g_string_append_printf(
        out, "### %s\n\n| column | kind | group | meaning |\n|---|---|---|---|\n", type->file);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *f = &type->fields[i];
        g_string_append_printf(out, "| `%s` | %s | %s | %s |\n", f->name, kind_word(f->kind),
                               f->group, f->meaning);
    }
}

char *columns_markdown(void) {
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (i > 0)
            g_string_append_c(out, '\n');
        table_append(out, run_file_types[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(gate_types); i++) {
        g_string_append_c(out, '\n');
        table_append(out, gate_types[i]);
    }
    return g_string_free(out, FALSE);
}
