/*
 * The gate's findings as JUnit XML, which GitLab, Jenkins, Azure and most others show as tests.
 *
 * There is no standard, so this keeps to what all readers agree on: testsuites/testsuite/testcase
 * with failure, error or skipped, as Jenkins' schema has them (tests/data/gate/junit.xsd). No time
 * and no host: the same data give the same file.
 */
#include <string.h>

#include "harness/present/gate_report.h"

/* XML 1.0 has no way to write most control characters, not even escaped. */
static void xml_append(GString *out, const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        bool is_written = c >= 0x20 && c != 0x7f && c != 0xfffe && c != 0xffff;
        if (c == '<')
            g_string_append(out, "&lt;");
        else if (c == '>')
            g_string_append(out, "&gt;");
        else if (c == '&')
            g_string_append(out, "&amp;");
        else if (c == '"')
            g_string_append(out, "&quot;");
        else
            g_string_append_unichar(out, is_written ? c : ' ');
    }
    g_free(valid);
}

static void attribute_append(GString *out, const char *name, const char *value) {
    g_string_append_printf(out, " %s=\"", name);
    xml_append(out, value);
    g_string_append_c(out, '"');
}

/* The element that tells what came of it, NULL for a test that passed. */
static const char *outcome_of(enum gate_verdict verdict) {
    switch (verdict) {
    case GATE_REGRESSED:
        return "failure";
    case GATE_INVALID:
        return "error";
    case GATE_INCONCLUSIVE:
        return "skipped";
    default:
        return NULL;
    }
}

static char *finding_details(const struct gate_finding *f) {
    return g_strdup_printf("effect %s, margin %s, visible %s, %u blocks", gate_effect(f).text,
                           gate_share(f->margin).text, gate_visible(f).text, f->blocks);
}

static void case_append(GString *out, const struct gate_finding *f) {
    const char *outcome = outcome_of(f->verdict);
    char *details = finding_details(f);
    g_string_append(out, "    <testcase");
    attribute_append(out, "name", gate_finding_metric(f));
    attribute_append(out, "classname", f->label);
    g_string_append(out, ">\n");
    if (outcome != NULL) {
        g_string_append_printf(out, "      <%s", outcome);
        attribute_append(out, "message", f->reason == NULL ? details : f->reason);
        attribute_append(out, "type", gate_verdict_name(f->verdict));
        g_string_append(out, "/>\n");
    }
    g_string_append_printf(out, "      <system-out>%s: ", gate_verdict_name(f->verdict));
    xml_append(out, details);
    g_string_append(out, "</system-out>\n    </testcase>\n");
    g_free(details);
}

/* Nothing measured must not look like nothing wrong. */
static void nothing_append(GString *out) {
    g_string_append(out, "    <testcase name=\"cell\" classname=\"gate\">\n"
                         "      <error message=\"nothing was measured\" type=\"INVALID\"/>\n"
                         "    </testcase>\n");
}

char *gate_report_junit(const struct gate_report *r) {
    const struct gate_findings *found = r->findings;
    bool is_empty = found->findings->len == 0;
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    char *headline = gate_headline(r);
    g_string_append(out, "  <testsuite");
    attribute_append(out, "name", "heapmark gate");
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n",
                           is_empty ? 1 : found->findings->len, found->counts[GATE_REGRESSED],
                           is_empty ? 1 : found->counts[GATE_INVALID],
                           found->counts[GATE_INCONCLUSIVE]);
    if (is_empty)
        nothing_append(out);
    for (guint i = 0; i < found->findings->len; i++)
        case_append(out, &g_array_index(found->findings, struct gate_finding, i));
    g_string_append(out, "    <system-out>");
    xml_append(out, headline);
    g_string_append(out, "</system-out>\n  </testsuite>\n</testsuites>\n");
    g_free(headline);
    return g_string_free(out, FALSE);
}
