/* Which decisions a report shows, and what is said of the builds they were made in. */
#include "harness/present/escape_rows.h"

#include <math.h>
#include <string.h>

struct escape_case escape_case_of(const struct escape_report *report,
                                  const struct escape_workload *workload) {
    const char *version = g_ptr_array_index(report->versions, 0);
    bool comparable =
        report->measured_version != NULL && strcmp(report->measured_version, version) == 0;
    return (struct escape_case){report->decisions, report->functions, workload->subjects,
                                comparable ? workload->go.allocs_per_op : NAN};
}

unsigned escape_contradicted(const struct escape_report *report) {
    unsigned count = 0;
    for (guint i = 0; report->workloads != NULL && i < report->workloads->len; i++) {
        struct escape_case c =
            escape_case_of(report, &g_array_index(report->workloads, struct escape_workload, i));
        count += escape_verdict(&c) != ESCAPE_AGREES;
    }
    return count;
}

bool escape_is_inlined_build(const struct escape_decision *decision, unsigned toolchain) {
    return (decision->builds >> (2 * toolchain) & 1) != 0;
}

static bool is_plain_build(const struct escape_decision *decision, unsigned toolchain) {
    return (decision->builds >> (2 * toolchain + 1) & 1) != 0;
}

static bool is_about_inlining(const struct escape_decision *decision) {
    return decision->kind == ESCAPE_CAN_INLINE || decision->kind == ESCAPE_INLINES_CALL;
}

/* The versions that made it with inlining, when they are some and not all. */
static char *versions_text(const struct escape_report *report,
                           const struct escape_decision *decision) {
    GString *out = g_string_new(NULL);
    unsigned count = 0;
    for (guint i = 0; i < report->versions->len; i++) {
        if (!escape_is_inlined_build(decision, i))
            continue;
        g_string_append_printf(out, "%s%s", count > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(report->versions, i));
        count++;
    }
    bool is_said = count > 0 && count < report->versions->len;
    if (is_said)
        g_string_append(out, " only");
    return g_string_free(out, !is_said);
}

/* Whether the builds with and without inlining differ, in the first toolchain that made it. */
static const char *inlining_text(const struct escape_report *report,
                                 const struct escape_decision *decision) {
    if (is_about_inlining(decision))
        return NULL;
    for (guint i = 0; i < report->versions->len; i++) {
        bool inlined = escape_is_inlined_build(decision, i), plain = is_plain_build(decision, i);
        if (inlined && plain)
            return NULL;
        if (inlined || plain)
            return inlined ? "with inlining only" : "without inlining only";
    }
    return NULL;
}

char *escape_builds_text(const struct escape_report *report,
                         const struct escape_decision *decision) {
    char *versions = versions_text(report, decision);
    const char *inlining = inlining_text(report, decision);
    if (versions == NULL || inlining == NULL)
        return versions != NULL ? versions : g_strdup(inlining);
    char *both = g_strconcat(versions, ", ", inlining, NULL);
    g_free(versions);
    return both;
}

/* Whether "can inline F" is about the function itself, and not about a closure in it. */
static bool names_function(const struct escape_decision *decision,
                           const struct escape_function *function) {
    char *plain = escape_name_plain(decision->subject);
    bool same = function != NULL && strcmp(plain, function->name) == 0;
    g_free(plain);
    return same;
}

static bool is_in_inlined_build(const struct escape_report *report,
                                const struct escape_decision *decision) {
    for (guint i = 0; i < report->versions->len; i++) {
        if (escape_is_inlined_build(decision, i))
            return true;
    }
    return false;
}

bool escape_is_shown(const struct escape_report *report, const struct escape_decision *decision,
                     const struct escape_function *function) {
    if (report->is_all)
        return true;
    if (escape_is_heap(decision))
        return !escape_is_elsewhere(decision);
    if (report->workloads == NULL)
        return false;
    if (is_about_inlining(decision))
        return decision->kind == ESCAPE_CAN_INLINE && names_function(decision, function);
    return is_in_inlined_build(report, decision);
}
