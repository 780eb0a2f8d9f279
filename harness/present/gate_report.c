/* What the gate's formats share: the table of them, numbers and sentences. */
#include "harness/present/gate_report.h"

#include <math.h>
#include <string.h>

#include "harness/present/quantity.h"

const struct gate_format gate_formats[] = {
    {"text", gate_report_text},     {"markdown", gate_report_markdown},
    {"github", gate_report_github}, {"junit", gate_report_junit},
    {"json", gate_report_json},     {NULL, NULL},
};

const struct gate_format *gate_format_find(const char *name) {
    for (const struct gate_format *f = gate_formats; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

/* Two decimals tell a time, but one call in a million must not read as nothing. */
static void percent_fill(char *text, size_t bytes, double share, const char *sign) {
    double percent = share * 100;
    char format[16], digits[G_ASCII_DTOSTR_BUF_SIZE];
    bool is_small = fabs(percent) > 1e-9 && fabs(percent) < 0.01;
    if (fabs(percent) <= 1e-9) /* what rounding leaves of nothing */
        percent = 0;
    g_snprintf(format, sizeof format, "%%%s.%s", sign, is_small ? "2g" : "2f");
    g_ascii_formatd(digits, sizeof digits, format, percent);
    g_snprintf(text, bytes, "%s", digits);
}

struct gate_words gate_percent(double share) {
    struct gate_words out = {QUANTITY_NONE};
    char digits[64];
    if (!isfinite(share))
        return out;
    percent_fill(digits, sizeof digits, share, "+");
    g_snprintf(out.text, sizeof out.text, "%s %%", digits);
    return out;
}

struct gate_words gate_effect(const struct gate_finding *f) {
    struct gate_words out = gate_percent(f->effect);
    char low[24], high[24];
    if (!isfinite(f->effect) || !isfinite(f->low) || !isfinite(f->high))
        return out;
    percent_fill(low, sizeof low, f->low, "+");
    percent_fill(high, sizeof high, f->high, "+");
    size_t length = strlen(out.text);
    g_snprintf(out.text + length, sizeof out.text - length, " [%s, %s]", low, high);
    return out;
}

struct gate_words gate_share(double share) {
    struct gate_words out = {QUANTITY_NONE};
    char digits[64];
    if (!isfinite(share))
        return out;
    percent_fill(digits, sizeof digits, share, "");
    g_snprintf(out.text, sizeof out.text, "%s %%", share == 0 ? "0" : digits);
    return out;
}

struct gate_words gate_visible(const struct gate_finding *f) {
    if (!isfinite(f->visible_count) || f->visible_count <= 0)
        return gate_share(f->visible);
    struct gate_words out;
    g_snprintf(out.text, sizeof out.text, "%.10g counted", f->visible_count);
    return out;
}

const char *gate_finding_metric(const struct gate_finding *f) {
    return f->metric != NULL ? f->metric : "cell";
}

char *gate_counts_text(const struct gate_findings *findings) {
    GString *out = g_string_new(NULL);
    for (int v = GATE_VERDICT_COUNT - 1; v >= 0; v--) {
        if (findings->counts[v] > 0)
            g_string_append_printf(out, "%s%u %s", out->len > 0 ? ", " : "", findings->counts[v],
                                   gate_verdict_name((enum gate_verdict)v));
    }
    return g_string_free(out->len > 0 ? out : g_string_append(out, "nothing was measured"), FALSE);
}

char *gate_headline(const struct gate_report *r) {
    char *counts = gate_counts_text(r->findings);
    char *base = gate_line_safe(r->base), *candidate = gate_line_safe(r->candidate);
    char *line = g_strdup_printf("gate: %s (%s -> %s): %s", gate_verdict_name(r->findings->verdict),
                                 base, candidate, counts);
    g_free(candidate);
    g_free(base);
    g_free(counts);
    return line;
}

static bool is_same_absence(const struct gate_finding *a, const struct gate_finding *b) {
    return g_strcmp0(a->metric, b->metric) == 0 && g_strcmp0(a->reason, b->reason) == 0;
}

/* How many findings from i on are absent alike; 0 when one before i was. */
static unsigned absences_from(const GArray *absent, guint i) {
    const struct gate_finding *f = &g_array_index(absent, struct gate_finding, i);
    unsigned count = 0;
    for (guint k = 0; k < absent->len; k++) {
        bool same = is_same_absence(f, &g_array_index(absent, struct gate_finding, k));
        if (same && k < i)
            return 0;
        count += same;
    }
    return count;
}

GPtrArray *gate_absent_lines(const struct gate_findings *findings) {
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; findings->absent != NULL && i < findings->absent->len; i++) {
        const struct gate_finding *f = &g_array_index(findings->absent, struct gate_finding, i);
        unsigned cells = absences_from(findings->absent, i);
        if (cells == 0)
            continue;
        char *line = g_strdup_printf("%s of %u cell%s: %s", gate_finding_metric(f), cells,
                                     cells == 1 ? "" : "s", f->reason == NULL ? "" : f->reason);
        g_ptr_array_add(lines, gate_line_safe(line));
        g_free(line);
    }
    return lines;
}

char *gate_line_safe(const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    for (char *p = valid; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    return valid;
}
