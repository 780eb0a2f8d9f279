/*
 * The gate's findings as GitHub's workflow commands, read from a step's output.
 *
 * Grammar (GitHub, "Workflow commands for GitHub Actions"): ::COMMAND PROPERTY=VALUE,...::MESSAGE
 * on a line of its own. In a message %, CR and LF are written %25, %0D, %0A; in a property also :
 * and
 * ,. A step shows at most 10 errors and 10 warnings and drops the rest silently, so the last one
 * tells how many more there are.
 */
#include <string.h>

#include "harness/present/gate_report.h"

/* Escapes for a message, or for a property's value. */
static void escaped_append(GString *out, const char *text, bool is_property) {
    char *valid = g_utf8_make_valid(text, -1);
    for (const char *p = valid; *p != '\0'; p++) {
        bool is_special = strchr("%\r\n", *p) != NULL || (is_property && strchr(":,", *p) != NULL);
        if (is_special)
            g_string_append_printf(out, "%%%02X", (unsigned)*p);
        else
            g_string_append_c(out, *p);
    }
    g_free(valid);
}

/* "error", "warning" or "notice" of a finding; NULL: it is not told. */
static const char *command_of(const struct gate_report *r, const struct gate_finding *f) {
    switch (f->verdict) {
    case GATE_INVALID:
    case GATE_REGRESSED:
        return "error";
    case GATE_INCONCLUSIVE:
        return r->policy == GATE_INCONCLUSIVE_FAIL   ? "error"
               : r->policy == GATE_INCONCLUSIVE_WARN ? "warning"
                                                     : NULL;
    default:
        return NULL;
    }
}

static void command_append(GString *out, const char *command, const char *title,
                           const char *message) {
    g_string_append_printf(out, "::%s title=", command);
    escaped_append(out, title, true);
    g_string_append(out, "::");
    escaped_append(out, message, false);
    g_string_append_c(out, '\n');
}

static void finding_append(GString *out, const char *command, const struct gate_finding *f) {
    char *title = g_strdup_printf("heapmark gate: %s", gate_verdict_name(f->verdict));
    char *message =
        g_strdup_printf("%s, %s: %s%s%s", f->label, gate_finding_metric(f), gate_effect(f).text,
                        f->reason == NULL ? "" : "; ", f->reason == NULL ? "" : f->reason);
    command_append(out, command, title, message);
    g_free(message);
    g_free(title);
}

static void kind_append(GString *out, const struct gate_report *r, const char *command) {
    unsigned total = 0, told = 0;
    const GArray *findings = r->findings->findings;
    for (guint i = 0; i < findings->len; i++)
        total += g_strcmp0(command_of(r, &g_array_index(findings, struct gate_finding, i)),
                           command) == 0;
    unsigned most = total > GITHUB_ANNOTATIONS_MAX ? GITHUB_ANNOTATIONS_MAX - 1 : total;
    for (guint i = 0; i < findings->len && told < most; i++) {
        const struct gate_finding *f = &g_array_index(findings, struct gate_finding, i);
        if (g_strcmp0(command_of(r, f), command) != 0)
            continue;
        finding_append(out, command, f);
        told++;
    }
    if (told == total)
        return;
    char *more = g_strdup_printf("and %u more; the report has them all", total - told);
    command_append(out, command, "heapmark gate", more);
    g_free(more);
}

/* A gate that found nothing at all is an error of its own: there is no finding to carry it. */
char *gate_report_github(const struct gate_report *r) {
    GString *out = g_string_new(NULL);
    if (r->findings->findings->len == 0)
        command_append(out, "error", "heapmark gate: INVALID", "nothing was measured");
    kind_append(out, r, "error");
    kind_append(out, r, "warning");
    return g_string_free(out, FALSE);
}
