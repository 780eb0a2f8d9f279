/*
 * The gate's report as Markdown, for a step summary or a comment.
 *
 * What is not PASS comes first and in full; passes are folded. A step's summary over 1 MiB is
 * refused by GitHub as a whole, so rows stop well before that, and how many are missing is said.
 */
#include <string.h>

#include "harness/present/gate_report.h"

/* Room for what follows the rows. */
enum { MARKDOWN_ROWS_BYTES_MAX = GITHUB_SUMMARY_BYTES_MAX - (64 << 10) };

/* GFM: a backslash makes any ASCII punctuation plain text, in tables too; what HTML or a mention
   would see becomes an entity. */
static void safe_append(GString *out, const char *text) {
    char *line = gate_line_safe(text);
    for (const char *p = line; *p != '\0'; p++) {
        if (*p == '<')
            g_string_append(out, "&lt;");
        else if (*p == '>')
            g_string_append(out, "&gt;");
        else if (*p == '&')
            g_string_append(out, "&amp;");
        else if (*p == '@')
            g_string_append(out, "&#64;");
        else if (strchr("\\`*_[]|#~!", *p) != NULL)
            g_string_append_printf(out, "\\%c", *p);
        else
            g_string_append_c(out, *p);
    }
    g_free(line);
}

static void table_begin(GString *out) {
    g_string_append(out, "| verdict | cell | metric | effect | margin | visible | why |\n"
                         "|---|---|---|--:|--:|--:|---|\n");
}

static void row_append(GString *out, const struct gate_finding *f) {
    g_string_append_printf(out, "| %s | ", gate_verdict_name(f->verdict));
    safe_append(out, f->label);
    g_string_append(out, " | ");
    safe_append(out, gate_finding_metric(f));
    g_string_append(out, " | ");
    safe_append(out, gate_effect(f).text);
    g_string_append_printf(out, " | %s | %s | ", gate_share(f->margin).text, gate_visible(f).text);
    safe_append(out, f->reason == NULL ? "" : f->reason);
    g_string_append(out, " |\n");
}

/* Appends the rows that are (not) folded, as long as there is room. */
static void rows_append(GString *out, const struct gate_report *r, bool is_folded) {
    unsigned left_out = 0;
    table_begin(out);
    for (guint i = 0; i < r->findings->findings->len; i++) {
        const struct gate_finding *f =
            &g_array_index(r->findings->findings, struct gate_finding, i);
        if ((f->verdict == GATE_PASS) != is_folded)
            continue;
        gsize before = out->len;
        row_append(out, f);
        if (out->len <= MARKDOWN_ROWS_BYTES_MAX)
            continue;
        g_string_truncate(out, before);
        left_out++;
    }
    if (left_out > 0)
        g_string_append_printf(out, "\n%u more rows have no room here.\n", left_out);
}

/* A user may name a side with as many characters as a command line takes. */
static void sides_append(GString *out, const struct gate_report *r) {
    enum { SIDE_CHARACTERS_MAX = 500 };
    const char *const sides[] = {r->base, r->candidate};
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        char *valid = g_utf8_make_valid(sides[i], -1);
        char *brief =
            g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), SIDE_CHARACTERS_MAX));
        g_string_append(out, i == 0 ? "Base: " : "  \nCandidate: ");
        safe_append(out, brief);
        g_free(brief);
        g_free(valid);
    }
    g_string_append(out, "\n\n");
}

static void absent_append(GString *out, const struct gate_report *r) {
    GPtrArray *absent = gate_absent_lines(r->findings);
    for (guint i = 0; i < absent->len && out->len < MARKDOWN_ROWS_BYTES_MAX; i++) {
        g_string_append(out, "Not measured: ");
        safe_append(out, absent->pdata[i]);
        g_string_append(out, "\n\n");
    }
    g_ptr_array_free(absent, TRUE);
}

char *gate_report_markdown(const struct gate_report *r) {
    GString *out = g_string_new(NULL);
    unsigned passes = r->findings->counts[GATE_PASS];
    char *counts = gate_counts_text(r->findings);
    g_string_append_printf(out, "## heapmark gate: %s\n\n%s\n\n",
                           gate_verdict_name(r->findings->verdict), counts);
    g_free(counts);
    sides_append(out, r);
    if (r->findings->findings->len > passes) {
        rows_append(out, r, false);
        g_string_append_c(out, '\n');
    }
    if (passes > 0) {
        g_string_append_printf(out, "<details><summary>%u PASS</summary>\n\n", passes);
        rows_append(out, r, true);
        g_string_append(out, "\n</details>\n\n");
    }
    absent_append(out, r);
    g_string_append(out, "*effect*: candidate against base, with its 95 % interval. *visible*: the "
                         "smallest effect that would have been seen.\n");
    return g_string_free(out, FALSE);
}
