/*
 * The report of a package as text: by file, the functions that put something on the heap, with the
 * benchmarks named after them; below it all benchmarks, and how often each decision was made.
 */
#include <math.h>
#include <string.h>

#include "harness/analyze/escape_bench.h"
#include "harness/analyze/escape_why.h"
#include "harness/present/escape_block.h"
#include "harness/present/escape_rows.h"
#include "harness/present/quantity.h"

struct escape_package {
    const struct escape_report *report;
    GString *out;
    GArray *block;
    const char *file; /* whose heading was written last; NULL: none */
    unsigned counts[ESCAPE_KIND_COUNT];
};

/* A function's decisions; function NULL: what is outside every function, of one file. */
struct escape_part {
    const char *file;
    const struct escape_function *function;
    GPtrArray *decisions; /* of const struct escape_decision * */
};

static char *rest_text(const struct escape_package *p, const struct escape_decision *d) {
    char *builds = escape_builds_text(p->report, d);
    char *rest =
        g_strdup_printf("%s%s%s%s", escape_why(d, p->report->functions), builds != NULL ? " [" : "",
                        builds != NULL ? builds : "", builds != NULL ? "]" : "");
    g_free(builds);
    return rest;
}

static void block_fill(struct escape_package *p, const struct escape_part *part) {
    for (guint i = 0; i < part->decisions->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(part->decisions, i);
        if (escape_is_shown(p->report, d, part->function))
            escape_block_add(p->block, g_strdup_printf("%s:%u", d->file, d->line),
                             g_strdup(d->text), rest_text(p, d), false);
    }
}

/* "2 on the heap, 3 stay, 1 leaks": what the function's decisions are, with inlining. */
static void counts_write(struct escape_package *p, const struct escape_part *part) {
    unsigned heap = 0, stays = 0, leaks = 0;
    for (guint i = 0; i < part->decisions->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(part->decisions, i);
        if (!escape_is_inlined_build(d, 0))
            continue;
        heap += escape_is_heap(d);
        stays += d->kind == ESCAPE_STAYS;
        leaks += d->kind == ESCAPE_LEAKS || d->kind == ESCAPE_LEAKS_RESULT;
    }
    g_string_append_printf(p->out, "%u on the heap, %u not, %u leaking\n", heap, stays, leaks);
}

/* Caller frees. */
static char *bench_figures(const struct escape_bench *bench) {
    return isnan(bench->allocs_per_op)
               ? g_strdup("no allocs/op")
               : g_strdup_printf("%s allocs/op, %s B/op", quantity_exact(bench->allocs_per_op).text,
                                 quantity_exact(bench->bytes_per_op).text);
}

static bool exercises(const struct escape_bench *bench, const struct escape_function *function) {
    return function != NULL && escape_bench_exercises(bench->name, function->name);
}

static bool is_exercised(const struct escape_package *p, const struct escape_function *function) {
    for (guint i = 0; p->report->benches != NULL && i < p->report->benches->len; i++) {
        if (exercises(&g_array_index(p->report->benches, struct escape_bench, i), function))
            return true;
    }
    return false;
}

static void benches_beside_write(struct escape_package *p, const struct escape_function *function) {
    for (guint i = 0; p->report->benches != NULL && i < p->report->benches->len; i++) {
        const struct escape_bench *bench =
            &g_array_index(p->report->benches, struct escape_bench, i);
        if (!exercises(bench, function))
            continue;
        char *figures = bench_figures(bench);
        g_string_append_printf(p->out, "      %s: %s\n", bench->name, figures);
        g_free(figures);
    }
}

static const char *part_name(const struct escape_part *part) {
    if (part->function != NULL)
        return part->function->name;
    const struct escape_decision *first = g_ptr_array_index(part->decisions, 0);
    if (escape_is_elsewhere(first))
        return "another package's code, compiled here";
    return escape_is_generated(first) ? "generated code" : "package variables";
}

static void part_write(struct escape_package *p, const struct escape_part *part) {
    block_fill(p, part);
    if (p->block->len == 0 && !is_exercised(p, part->function))
        return;
    if (p->file == NULL || strcmp(p->file, part->file) != 0)
        g_string_append_printf(p->out, "\n%s\n", part->file);
    p->file = part->file;
    g_string_append_printf(p->out, "  %s: ", part_name(part));
    counts_write(p, part);
    escape_block_write(p->out, p->block);
    benches_beside_write(p, part->function);
}

/* ---- parts ---- */

static void part_free(gpointer pointer) {
    struct escape_part *part = pointer;
    g_ptr_array_free(part->decisions, TRUE);
    g_free(part);
}

static struct escape_part *part_get(GPtrArray *parts, const char *file,
                                    const struct escape_function *function) {
    for (guint i = 0; i < parts->len; i++) {
        struct escape_part *part = g_ptr_array_index(parts, i);
        if (part->function == function && strcmp(part->file, file) == 0)
            return part;
    }
    struct escape_part *part = g_new0(struct escape_part, 1);
    *part = (struct escape_part){file, function, g_ptr_array_new()};
    g_ptr_array_add(parts, part);
    return part;
}

static int part_compare(gconstpointer a, gconstpointer b) {
    const struct escape_part *x = *(struct escape_part *const *)a;
    const struct escape_part *y = *(struct escape_part *const *)b;
    int files = strcmp(x->file, y->file);
    unsigned x_line = x->function != NULL ? x->function->lines.first : 0;
    unsigned y_line = y->function != NULL ? y->function->lines.first : 0;
    return files != 0 ? files : (x_line > y_line) - (x_line < y_line);
}

/* Every function is a part, so that one that only a benchmark knows has its place. */
static GPtrArray *parts_new(const struct escape_report *report) {
    GPtrArray *parts = g_ptr_array_new_with_free_func(part_free);
    for (guint i = 0; i < report->functions->items->len; i++) {
        const struct escape_function *function = g_ptr_array_index(report->functions->items, i);
        struct escape_part *part = g_new0(struct escape_part, 1);
        *part = (struct escape_part){function->file, function, g_ptr_array_new()};
        g_ptr_array_add(parts, part);
    }
    for (guint i = 0; i < report->decisions->items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(report->decisions->items, i);
        const struct escape_function *function =
            escape_function_at(report->functions, d->file, d->line);
        g_ptr_array_add(part_get(parts, d->file, function)->decisions, (gpointer)d);
    }
    g_ptr_array_sort(parts, part_compare);
    return parts;
}

/* ---- below ---- */

static void benches_write(struct escape_package *p) {
    if (p->report->benches == NULL || p->report->benches->len == 0)
        return;
    g_string_append(p->out, "\nbenchmarks\n");
    for (guint i = 0; i < p->report->benches->len; i++) {
        const struct escape_bench *bench =
            &g_array_index(p->report->benches, struct escape_bench, i);
        escape_block_add(p->block, g_strdup(bench->name),
                         g_strdup_printf("%s ns/op", quantity_plain(bench->ns_per_op).text),
                         bench_figures(bench), false);
    }
    escape_block_write(p->out, p->block);
}

static void summary_write(struct escape_package *p) {
    for (guint i = 0; i < p->report->decisions->items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(p->report->decisions->items, i);
        p->counts[d->kind] += escape_is_inlined_build(d, 0);
    }
    g_string_append_printf(p->out, "\n%u functions", p->report->functions->items->len);
    for (unsigned kind = 0; kind < ESCAPE_KIND_COUNT; kind++)
        g_string_append_printf(p->out, "; %u %s", p->counts[kind],
                               escape_kind_name((enum escape_kind)kind));
    g_string_append_c(p->out, '\n');
}

char *escape_package_text(const struct escape_report *report) {
    struct escape_package p = {report, g_string_new(NULL), escape_block_new(), NULL, {0}};
    GPtrArray *parts = parts_new(report);
    g_string_append_printf(p.out, "%s: decisions of %s", report->package,
                           (const char *)g_ptr_array_index(report->versions, 0));
    for (guint i = 1; i < report->versions->len; i++)
        g_string_append_printf(p.out, ", and of %s where they differ",
                               (const char *)g_ptr_array_index(report->versions, i));
    g_string_append_c(p.out, '\n');
    for (guint i = 0; i < parts->len; i++)
        part_write(&p, g_ptr_array_index(parts, i));
    benches_write(&p);
    summary_write(&p);
    g_ptr_array_free(parts, TRUE);
    g_array_free(p.block, TRUE);
    return g_string_free(p.out, FALSE);
}
