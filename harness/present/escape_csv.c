/*
 * The report as CSV (RFC 4180): a row per decision, so that a sheet or a script can filter it.
 *
 * Of the twins a row repeats what its workload allocates; a silent workload has one row without a
 * decision. Of a package a decision has a row per benchmark named after its function, at least one.
 */
#include <math.h>
#include <string.h>

#include "harness/analyze/escape_bench.h"
#include "harness/analyze/escape_why.h"
#include "harness/present/escape_rows.h"
#include "harness/store/csv.h"

static void text_append(GString *out, const char *text) {
    if (strpbrk(text, ",\"\n\r") == NULL) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

static void field_append(GString *out, const char *text) {
    g_string_append_c(out, ',');
    text_append(out, text);
}

static void number_append(GString *out, double value) {
    g_string_append_c(out, ',');
    csv_real_append(out, value); /* nothing when it is not known */
}

/* function, file, line, column, decision, subject, text, why, builds */
static void decision_append(GString *out, const struct escape_report *report,
                            const struct escape_decision *d) {
    const struct escape_function *function =
        escape_function_at(report->functions, d->file, d->line);
    char *builds = escape_builds_text(report, d);
    field_append(out, function != NULL ? function->name : "");
    field_append(out, d->file);
    g_string_append_printf(out, ",%u,", d->line);
    if (d->column != 0)
        g_string_append_printf(out, "%u", d->column);
    field_append(out, escape_kind_name(d->kind));
    field_append(out, d->subject);
    field_append(out, d->text);
    field_append(out, escape_why(d, report->functions));
    field_append(out, builds != NULL ? builds : "");
    g_free(builds);
}

/* ---- twins ---- */

static void twin_row(GString *out, const struct escape_report *report,
                     const struct escape_workload *w, const struct escape_decision *d) {
    struct escape_case c = escape_case_of(report, w);
    bool contradicts =
        d != NULL ? escape_contradicts(&c, d) : escape_verdict(&c) == ESCAPE_HEAP_UNDECIDED;
    text_append(out, w->name);
    if (d != NULL)
        decision_append(out, report, d);
    else
        g_string_append(out, ",,,,,,,,,");
    number_append(out, w->go.allocs_per_op);
    number_append(out, w->go.bytes_per_op);
    number_append(out, w->goheap.allocs_per_op);
    number_append(out, w->goheap.bytes_per_op);
    g_string_append(out, contradicts ? ",contradicted\n" : ",\n");
}

static void twins_rows(GString *out, const struct escape_report *report,
                       const struct escape_workload *w) {
    struct escape_case c = escape_case_of(report, w);
    unsigned count = 0;
    for (guint i = 0; i < report->decisions->items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(report->decisions->items, i);
        if (!escape_is_subject(&c, d) ||
            !escape_is_shown(report, d, escape_function_at(report->functions, d->file, d->line)))
            continue;
        twin_row(out, report, w, d);
        count++;
    }
    if (count == 0 || escape_verdict(&c) == ESCAPE_HEAP_UNDECIDED)
        twin_row(out, report, w, NULL);
}

/* ---- a package ---- */

static void package_row(GString *out, const struct escape_report *report,
                        const struct escape_decision *d, const struct escape_bench *bench) {
    text_append(out, report->package);
    decision_append(out, report, d);
    field_append(out, bench != NULL ? bench->name : "");
    number_append(out, bench != NULL ? bench->allocs_per_op : NAN);
    number_append(out, bench != NULL ? bench->bytes_per_op : NAN);
    g_string_append_c(out, '\n');
}

static void package_rows(GString *out, const struct escape_report *report,
                         const struct escape_decision *d) {
    const struct escape_function *function =
        escape_function_at(report->functions, d->file, d->line);
    bool is_written = false;
    if (!escape_is_shown(report, d, function))
        return;
    for (guint i = 0; report->benches != NULL && function != NULL && i < report->benches->len;
         i++) {
        const struct escape_bench *bench = &g_array_index(report->benches, struct escape_bench, i);
        if (!escape_bench_exercises(bench->name, function->name))
            continue;
        package_row(out, report, d, bench);
        is_written = true;
    }
    if (!is_written)
        package_row(out, report, d, NULL);
}

static const char decision_columns[] =
    ",function,file,line,column,decision,subject,text,why,builds";

char *escape_csv_text(const struct escape_report *report) {
    GString *out = g_string_new(report->workloads != NULL ? "workload" : "package");
    g_string_append(out, decision_columns);
    if (report->workloads == NULL) {
        g_string_append(out, ",benchmark,allocs_per_op,bytes_per_op\n");
        for (guint i = 0; i < report->decisions->items->len; i++)
            package_rows(out, report, g_ptr_array_index(report->decisions->items, i));
        return g_string_free(out, FALSE);
    }
    g_string_append(out, ",go_allocs_per_op,go_bytes_per_op,goheap_allocs_per_op,"
                         "goheap_bytes_per_op,verdict\n");
    for (guint i = 0; i < report->workloads->len; i++)
        twins_rows(out, report, &g_array_index(report->workloads, struct escape_workload, i));
    return g_string_free(out, FALSE);
}
