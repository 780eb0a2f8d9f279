/*
 * Rows to CSV.
 *
 * Nothing here may depend on the locale: a run written under one must read back under another. So
 * numbers with a point go through g_ascii_formatd, never through printf.
 */
#include "harness/store/csv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void csv_header_append(GString *out, const struct row_type *type) {
    for (size_t i = 0; i < type->field_count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        g_string_append(out, type->fields[i].name);
    }
    g_string_append_c(out, '\n');
}

static void quoted_append(GString *out, const char *text) {
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

/* Quotes only where the reader would stumble, so that plain files stay plain for other tools. */
static void text_append(GString *out, const char *text) {
    if (text == NULL)
        return;
    char *valid = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);
    if (valid != NULL)
        text = valid;
    if (strpbrk(text, ",\"\r\n") != NULL)
        quoted_append(out, text);
    else
        g_string_append(out, text);
    g_free(valid);
}

/* 17 significant digits always read back as the same double; most numbers need fewer. The shortest
   text is not always the one of fewest digits: 80 beats 8e+01. */
void csv_real_append(GString *out, double value) {
    char shortest[G_ASCII_DTOSTR_BUF_SIZE] = "";
    if (!isfinite(value)) /* not known; CSV has no other numbers */
        return;
    for (int precision = 1; precision <= 17; precision++) {
        char format[8], digits[G_ASCII_DTOSTR_BUF_SIZE];
        g_snprintf(format, sizeof format, "%%.%dg", precision);
        g_ascii_formatd(digits, sizeof digits, format, value);
        if (g_ascii_strtod(digits, NULL) != value)
            continue;
        if (shortest[0] == '\0' || strlen(digits) < strlen(shortest))
            g_strlcpy(shortest, digits, sizeof shortest);
    }
    g_string_append(out, shortest);
}

static void field_append(GString *out, const struct field *field, const char *row) {
    const char *text;
    uint64_t count;
    double real;
    switch (field->kind) {
    case FIELD_TEXT:
        memcpy(&text, row + field->offset, sizeof text);
        text_append(out, text);
        break;
    case FIELD_COUNT:
        memcpy(&count, row + field->offset, sizeof count);
        if (count != COUNT_EMPTY)
            g_string_append_printf(out, "%" PRIu64, count);
        break;
    case FIELD_REAL:
        memcpy(&real, row + field->offset, sizeof real);
        csv_real_append(out, real);
        break;
    }
}

void csv_row_append(GString *out, const struct row_type *type, const void *row) {
    for (size_t i = 0; i < type->field_count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        field_append(out, &type->fields[i], row);
    }
    g_string_append_c(out, '\n');
}
