/*
 * The gate's report for people at a terminal: a table, worst first, reasons below their rows.
 *
 * The verdict is a word in front of each row, never a colour alone. The smallest visible effect
 * stands in every row: a PASS that could not have seen 5 % is told as one.
 */
#include <string.h>

#include "harness/present/gate_report.h"

enum { COLUMN_COUNT = 6 };

static const char *const headings[COLUMN_COUNT] = {"verdict", "cell",   "metric",
                                                   "effect",  "margin", "visible"};

static void texts_fill(char *texts[COLUMN_COUNT], const struct gate_finding *f) {
    texts[0] = g_strdup(gate_verdict_name(f->verdict));
    texts[1] = gate_line_safe(f->label);
    texts[2] = gate_line_safe(gate_finding_metric(f));
    texts[3] = g_strdup(gate_effect(f).text);
    texts[4] = g_strdup(gate_share(f->margin).text);
    texts[5] = g_strdup(gate_visible(f).text);
}

static void texts_clear(char *texts[COLUMN_COUNT]) {
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        g_free(texts[i]);
}

static const struct gate_finding *finding_at(const struct gate_report *r, guint i) {
    return &g_array_index(r->findings->findings, struct gate_finding, i);
}

static void widths_fill(glong widths[COLUMN_COUNT], const struct gate_report *r) {
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        widths[c] = g_utf8_strlen(headings[c], -1);
    for (guint i = 0; i < r->findings->findings->len; i++) {
        char *texts[COLUMN_COUNT];
        texts_fill(texts, finding_at(r, i));
        for (size_t c = 0; c < COLUMN_COUNT; c++)
            widths[c] = MAX(widths[c], g_utf8_strlen(texts[c], -1));
        texts_clear(texts);
    }
}

static void line_append(GString *out, const char *const texts[COLUMN_COUNT],
                        const glong widths[COLUMN_COUNT]) {
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        g_string_append(out, texts[c]);
        if (c + 1 == COLUMN_COUNT)
            break;
        for (glong pad = g_utf8_strlen(texts[c], -1); pad < widths[c] + 2; pad++)
            g_string_append_c(out, ' ');
    }
    g_string_append_c(out, '\n');
}

static void finding_append(GString *out, const struct gate_finding *f,
                           const glong widths[COLUMN_COUNT]) {
    char *texts[COLUMN_COUNT];
    texts_fill(texts, f);
    line_append(out, (const char *const *)texts, widths);
    texts_clear(texts);
    if (f->reason == NULL)
        return;
    char *reason = gate_line_safe(f->reason);
    g_string_append_printf(out, "    - %s\n", reason);
    g_free(reason);
}

char *gate_report_text(const struct gate_report *r) {
    GString *out = g_string_new(NULL);
    glong widths[COLUMN_COUNT];
    widths_fill(widths, r);
    line_append(out, headings, widths);
    for (guint i = 0; i < r->findings->findings->len; i++)
        finding_append(out, finding_at(r, i), widths);
    GPtrArray *absent = gate_absent_lines(r->findings);
    for (guint i = 0; i < absent->len; i++)
        g_string_append_printf(out, "not measured: %s\n", (const char *)absent->pdata[i]);
    g_ptr_array_free(absent, TRUE);
    char *headline = gate_headline(r);
    g_string_append_printf(out, "\n%s\n", headline);
    g_free(headline);
    return g_string_free(out, FALSE);
}
