/*
 * The report of the twins as text: a block per group, a heading with the figures per workload, its
 * decisions below. The report of a package is in escape_package.c.
 */
#include "harness/present/escape_table.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/escape_why.h"
#include "harness/present/escape_block.h"
#include "harness/present/escape_rows.h"
#include "harness/present/quantity.h"

enum { FIGURE_WIDTH = 9 };

struct escape_table {
    const struct escape_report *report;
    GString *out;
    GArray *block;
    unsigned heap_decisions, heap_workloads;
};

static void header_write(struct escape_table *t) {
    const struct escape_report *r = t->report;
    g_string_append_printf(t->out, "decisions of %s",
                           (const char *)g_ptr_array_index(r->versions, 0));
    for (guint i = 1; i < r->versions->len; i++)
        g_string_append_printf(t->out, ", and of %s where they differ",
                               (const char *)g_ptr_array_index(r->versions, i));
    if (r->measured_version == NULL)
        g_string_append(t->out, "; nothing was measured under go\n");
    else
        g_string_append_printf(t->out, "; measured under %s\n", r->measured_version);
    if (r->measured_version != NULL &&
        strcmp(r->measured_version, g_ptr_array_index(r->versions, 0)) != 0)
        g_string_append(t->out,
                        "The twins that were measured were built by another Go than the one that "
                        "decided here, so nothing is compared.\n");
}

static void figure_write(GString *out, double value) {
    struct quantity figure = quantity_exact(value);
    int blanks = (int)(FIGURE_WIDTH - g_utf8_strlen(figure.text, -1));
    g_string_append_printf(out, "  %*s%s", MAX(blanks, 0), "", figure.text);
}

static int name_width(const struct escape_report *r) {
    size_t width = strlen("workload");
    for (guint i = 0; i < r->workloads->len; i++)
        width = MAX(width, strlen(g_array_index(r->workloads, struct escape_workload, i).name));
    return (int)width;
}

static void group_write(struct escape_table *t, const char *group) {
    int width = name_width(t->report);
    g_string_append_printf(t->out, "\n%-*s  %*s%s\n", width, group, 9, "", "go             goheap");
    g_string_append_printf(t->out, "  %-*s  %*s  %*s  %*s  %*s\n", width, "workload", FIGURE_WIDTH,
                           "allocs/op", FIGURE_WIDTH, "B/op", FIGURE_WIDTH, "allocs/op",
                           FIGURE_WIDTH, "B/op");
}

static void workload_heading_write(struct escape_table *t, const struct escape_workload *w) {
    g_string_append_printf(t->out, "  %-*s", name_width(t->report), w->name);
    figure_write(t->out, w->go.allocs_per_op);
    figure_write(t->out, w->go.bytes_per_op);
    figure_write(t->out, w->goheap.allocs_per_op);
    figure_write(t->out, w->goheap.bytes_per_op);
    g_string_append_c(t->out, '\n');
}

/* The why, the builds, and what excuses a heap decision where nothing was allocated. */
static char *rest_text(const struct escape_table *t, const struct escape_case *c,
                       const struct escape_decision *d) {
    GString *rest = g_string_new(escape_why(d, c->functions));
    char *builds = escape_builds_text(t->report, d);
    const char *excuse = NULL;
    if (builds != NULL)
        g_string_append_printf(rest, " [%s]", builds);
    if (escape_contradicts(c, d))
        g_string_append(rest, " CONTRADICTED: nothing was allocated");
    else if (escape_is_heap(d) && c->allocs_per_op < 1)
        excuse = escape_excuse(c, d);
    if (excuse != NULL)
        g_string_append_printf(rest, " (%s)", excuse);
    g_free(builds);
    return g_string_free(rest, FALSE);
}

/* The decisions of a workload; returns how many are on the heap, and in *count how many there are.
 */
static unsigned decisions_write(struct escape_table *t, const struct escape_case *c,
                                unsigned *count) {
    unsigned heap = 0;
    *count = 0;
    for (guint i = 0; i < c->decisions->items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(c->decisions->items, i);
        if (!escape_is_subject(c, d) ||
            !escape_is_shown(t->report, d, escape_function_at(c->functions, d->file, d->line)))
            continue;
        escape_block_add(t->block, g_strdup_printf("%s:%u", d->file, d->line), g_strdup(d->text),
                         rest_text(t, c, d), escape_contradicts(c, d));
        heap += escape_is_heap(d);
        ++*count;
    }
    escape_block_write(t->out, t->block);
    return heap;
}

static void silence_write(struct escape_table *t, const struct escape_case *c, unsigned decisions) {
    char *undecided = escape_undecided(c);
    bool allocates = c->allocs_per_op >= 1;
    if (c->subjects->len == 0)
        g_string_append(t->out, "      no function is its subject\n");
    else if (decisions == 0 && !allocates)
        g_string_append(t->out, "      the compiler says nothing: all stays on the stack\n");
    if (allocates && *undecided != '\0')
        g_string_append_printf(t->out, "      allocates without a decision: %s\n", undecided);
    if (escape_verdict(c) == ESCAPE_HEAP_UNDECIDED)
        g_string_append(t->out, "    ! CONTRADICTED: nothing of it is on the heap, and yet it "
                                "allocates\n");
    g_free(undecided);
}

static void missing_write(struct escape_table *t, const struct escape_workload *w) {
    for (guint i = 0; i < w->subjects->len; i++) {
        const char *name = g_ptr_array_index(w->subjects, i);
        if (escape_function_find(t->report->functions, name) == NULL)
            g_string_append_printf(t->out, "      the source has no function %s\n", name);
    }
    if (w->go.problem != NULL)
        g_string_append_printf(t->out, "      not measured under go: %s\n", w->go.problem);
    if (w->goheap.problem != NULL)
        g_string_append_printf(t->out, "      not measured under goheap: %s\n", w->goheap.problem);
}

static void workload_write(struct escape_table *t, const struct escape_workload *w) {
    struct escape_case c = escape_case_of(t->report, w);
    unsigned decisions;
    workload_heading_write(t, w);
    unsigned heap = decisions_write(t, &c, &decisions);
    t->heap_decisions += heap;
    t->heap_workloads += heap > 0;
    silence_write(t, &c, decisions);
    missing_write(t, w);
}

static void summary_write(struct escape_table *t) {
    unsigned contradicted = escape_contradicted(t->report);
    g_string_append_printf(t->out,
                           "\n%u workloads; %u decisions put something on the heap, in %u of them; "
                           "%u contradicted by the measurement\n",
                           t->report->workloads->len, t->heap_decisions, t->heap_workloads,
                           contradicted);
    if (contradicted > 0)
        g_string_append(t->out, "!: the source that was compiled here and the program that was "
                                "measured are not the same, or a decision does not do what it "
                                "says; the rule is in harness/analyze/escape_verdict.h\n");
}

static char *twins_text(const struct escape_report *report) {
    struct escape_table t = {report, g_string_new(NULL), escape_block_new(), 0, 0};
    const char *group = NULL;
    header_write(&t);
    for (guint i = 0; i < report->workloads->len; i++) {
        const struct escape_workload *w =
            &g_array_index(report->workloads, struct escape_workload, i);
        if (group == NULL || strcmp(group, w->group) != 0)
            group_write(&t, w->group);
        group = w->group;
        workload_write(&t, w);
    }
    summary_write(&t);
    g_array_free(t.block, TRUE);
    return g_string_free(t.out, FALSE);
}

char *escape_table_text(const struct escape_report *report) {
    return report->workloads != NULL ? twins_text(report) : escape_package_text(report);
}
