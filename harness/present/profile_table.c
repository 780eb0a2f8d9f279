/* Where the time goes: shares of each part for every cell, then the functions behind them, then
   what was allocated where, then what one must know about the samples. */
#include <math.h>
#include <string.h>

#include "harness/capture/sites.h"
#include "harness/present/profile_view.h"
#include "harness/present/quantity.h"

enum { FUNCTIONS_SHOWN = 12, SITES_SHOWN = 8 };

static double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}

/* Shares as one reads them: "12.3 %", "–" for nothing at all. */
static struct quantity share_text(uint64_t part, uint64_t whole) {
    struct quantity q = {QUANTITY_NONE};
    if (part > 0)
        g_snprintf(q.text, sizeof q.text, "%.1f %%", share(part, whole));
    return q;
}

/* printf counts bytes, and a dash has three. */
static void cell_append(GString *out, const char *text, glong width, bool left) {
    glong blanks = MAX(width - g_utf8_strlen(text, -1), 0);
    if (left)
        g_string_append(out, text);
    for (glong i = 0; i < blanks; i++)
        g_string_append_c(out, ' ');
    if (!left)
        g_string_append(out, text);
}

static glong width_of(const GPtrArray *views, size_t offset, glong least) {
    for (guint i = 0; i < views->len; i++) {
        const char *text = *(char **)((char *)g_ptr_array_index(views, i) + offset);
        least = MAX(least, g_utf8_strlen(text, -1));
    }
    return least;
}

static bool part_is_used(const GPtrArray *views, int part) {
    for (guint i = 0; i < views->len; i++) {
        const struct profile_view *v = g_ptr_array_index(views, i);
        if (v->data[PROFILE_KIND_CPU].is_there && v->data[PROFILE_KIND_CPU].sums.parts[part] > 0)
            return true;
    }
    return false;
}

static void parts_append(GString *out, const GPtrArray *views) {
    glong work = width_of(views, G_STRUCT_OFFSET(struct profile_view, workload), 8);
    glong strategy = width_of(views, G_STRUCT_OFFSET(struct profile_view, strategy), 8);
    enum { PART_WIDTH = 13, SAMPLES_WIDTH = 9 };
    g_string_append(out, "where the time goes\n  ");
    cell_append(out, "workload", work + 2, true);
    cell_append(out, "strategy", strategy, true);
    cell_append(out, "samples", SAMPLES_WIDTH, false);
    for (int part = 0; part < PROFILE_PARTS; part++)
        if (part_is_used(views, part))
            cell_append(out, profile_part_names[part], PART_WIDTH, false);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < views->len; i++) {
        const struct profile_view *v = g_ptr_array_index(views, i);
        const struct profile_data *d = &v->data[PROFILE_KIND_CPU];
        if (!d->is_there)
            continue;
        g_string_append(out, "  ");
        cell_append(out, v->workload, work + 2, true);
        cell_append(out, v->strategy, strategy, true);
        g_string_append_printf(out, "%*" G_GUINT64_FORMAT, SAMPLES_WIDTH,
                               profile_total(&d->profile, 0));
        for (int part = 0; part < PROFILE_PARTS; part++)
            if (part_is_used(views, part))
                cell_append(out, share_text(d->sums.parts[part], d->sums.total).text, PART_WIDTH,
                            false);
        g_string_append_c(out, '\n');
    }
}

static void function_append(GString *out, const struct profile_data *d,
                            const struct profile_function_sum *sum) {
    const struct profile_function *f = profile_function_at(&d->profile, sum->function);
    g_string_append(out, "  ");
    cell_append(out, share_text(sum->self, d->sums.total).text, 8, false);
    cell_append(out, share_text(sum->total, d->sums.total).text, 9, false);
    bool is_bracketed = f->module[0] == '['; /* "[kernel]", "[vdso]", "[unknown]" */
    g_string_append_printf(out, is_bracketed ? "  %s  %s\n" : "  %s  [%s]\n", f->name, f->module);
}

static void functions_append(GString *out, const struct profile_view *v) {
    const struct profile_data *d = &v->data[PROFILE_KIND_CPU];
    if (!d->is_there || d->sums.total == 0)
        return;
    g_string_append_printf(out, "\n%s, %s: functions\n      self    total\n", v->workload,
                           v->strategy);
    for (guint i = 0; i < d->sums.functions->len && i < FUNCTIONS_SHOWN; i++) {
        const struct profile_function_sum *sum =
            &g_array_index(d->sums.functions, struct profile_function_sum, i);
        if (sum->self > 0)
            function_append(out, d, sum);
    }
}

/* ---- allocation ---- */

static bool is_of_allocator(const struct profile_data *d, uint32_t function) {
    const char *name = profile_function_at(&d->profile, function)->name;
    return profile_rule_of(&d->sums, function)->part == PROFILE_ALLOCATION ||
           strcmp(name, "heap_count") == 0;
}

/* What no site tells: it is in the sum, and is printed beside it. */
static bool is_rest(const struct profile_data *d, const struct profile_entry *entry) {
    uint32_t leaf;
    return profile_functions(&d->profile, entry->stack, &leaf, 1) == 1 &&
           g_str_has_prefix(profile_function_at(&d->profile, leaf)->name, SITES_REST);
}

/* A row: stacks whose functions are the same, a function that calls itself taken once. */
struct site {
    char *text;
    uint64_t objects, bytes;
    guint order;
    bool is_rest; /* which comes last and is always shown */
};

static void site_free(gpointer pointer) {
    struct site *s = pointer;
    g_free(s->text);
    g_free(s);
}

static int site_compare(const void *a, const void *b) {
    const struct site *x = *(const struct site *const *)a, *y = *(const struct site *const *)b;
    if (x->is_rest != y->is_rest)
        return x->is_rest ? 1 : -1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

/* The functions of a site, the allocator's own left out at the leaf, and which of them call
   themselves; how many. */
static uint32_t site_functions(const struct profile_data *d, const struct profile_entry *entry,
                               uint32_t *functions, bool *calls_itself, uint32_t most) {
    uint32_t all = profile_functions_inside(&d->profile, &d->sums, entry->stack, functions, most);
    uint32_t first = 0, count = 0;
    while (first + 1 < all && is_of_allocator(d, functions[first]))
        first++;
    for (uint32_t i = first; i < all; i++) {
        bool repeats = count > 0 && functions[count - 1] == functions[i];
        if (repeats) {
            calls_itself[count - 1] = true;
            continue;
        }
        calls_itself[count] = false;
        functions[count++] = functions[i];
    }
    return count;
}

/* "function < caller < its caller"; caller frees. */
static char *site_text(const struct profile_data *d, const uint32_t *functions,
                       const bool *calls_itself, uint32_t count) {
    enum { CALLERS_SHOWN = 4 };
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < count && i < CALLERS_SHOWN; i++)
        g_string_append_printf(text, "%s%s%s", i > 0 ? " < " : "",
                               profile_function_at(&d->profile, functions[i])->name,
                               calls_itself[i] ? " (recursive)" : "");
    g_string_append(text, count > CALLERS_SHOWN ? " < ..." : "");
    return g_string_free(text, FALSE);
}

static void site_add(GPtrArray *rows, GHashTable *index, const struct profile_data *d,
                     const struct profile_entry *entry) {
    uint32_t functions[4 * PROFILE_DEPTH_MAX];
    bool calls_itself[4 * PROFILE_DEPTH_MAX];
    uint32_t count = site_functions(d, entry, functions, calls_itself, G_N_ELEMENTS(functions));
    GBytes *key = g_bytes_new(functions, count * sizeof *functions);
    struct site *s = g_hash_table_lookup(index, key);
    if (s == NULL) {
        s = g_new0(struct site, 1);
        s->order = rows->len;
        s->is_rest = is_rest(d, entry);
        g_ptr_array_add(rows, s);
        g_hash_table_insert(index, g_bytes_ref(key), s);
    }
    g_bytes_unref(key);
    s->objects += entry->values[0];
    s->bytes += entry->values[1];
    char *text = site_text(d, functions, calls_itself, count);
    if (s->text == NULL || strlen(text) > strlen(s->text)) { /* the longer says "recursive" */
        g_free(s->text);
        s->text = g_steal_pointer(&text);
    }
    g_free(text);
}

static void site_append(GString *out, const struct site *s) {
    g_string_append_printf(out, "  %14" G_GUINT64_FORMAT " %16" G_GUINT64_FORMAT "  %s\n",
                           s->objects, s->bytes, s->text);
}

static void total_append(GString *out, const struct profile_view *v, const struct profile_data *d) {
    uint64_t objects = profile_total(&d->profile, 0), bytes = profile_total(&d->profile, 1);
    bool is_equal = objects == v->allocs && (v->bytes == UINT64_MAX || bytes == v->bytes);
    g_string_append_printf(out, "  %14" G_GUINT64_FORMAT " %16" G_GUINT64_FORMAT "  in all",
                           objects, bytes);
    if (is_equal)
        g_string_append(out, ", as the record has it\n");
    else if (v->bytes == UINT64_MAX)
        g_string_append_printf(out, "; the record has %" G_GUINT64_FORMAT " objects\n", v->allocs);
    else
        g_string_append_printf(out,
                               "; the record has %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT "\n",
                               v->allocs, v->bytes);
}

/* A row for each site, in the table's order; caller frees. */
static GPtrArray *sites_list(const struct profile_data *d) {
    GPtrArray *rows = g_ptr_array_new_with_free_func(site_free);
    GHashTable *index =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (guint i = 0; i < d->profile.entries->len; i++)
        site_add(rows, index, d, &g_array_index(d->profile.entries, struct profile_entry, i));
    g_hash_table_destroy(index);
    g_ptr_array_sort(rows, site_compare);
    return rows;
}

static void sites_append(GString *out, const struct profile_view *v) {
    const struct profile_data *d = &v->data[PROFILE_KIND_SITES];
    struct site more = {.text = NULL}; /* what the table has no room for */
    guint left_out = 0;
    if (!d->is_there)
        return;
    g_string_append_printf(out, "\n%s, %s: allocations\n         objects            bytes\n",
                           v->workload, v->strategy);
    GPtrArray *rows = sites_list(d);
    for (guint i = 0; i < rows->len; i++) {
        const struct site *s = g_ptr_array_index(rows, i);
        if (i < SITES_SHOWN || s->is_rest) {
            site_append(out, s);
            continue;
        }
        more.objects += s->objects;
        more.bytes += s->bytes;
        left_out++;
    }
    more.text = g_strdup_printf("at %u sites more, which the files have", left_out);
    if (left_out > 0)
        site_append(out, &more);
    g_free(more.text);
    g_ptr_array_free(rows, TRUE);
    total_append(out, v, d);
}

/* ---- what one must know ---- */

static bool module_has_symbols(const struct profile *p, const char *name) {
    for (guint i = 0; i < p->modules->len; i++) {
        const struct profile_module *m = &g_array_index(p->modules, struct profile_module, i);
        if (m->has_symbols && g_str_has_suffix(m->path, name))
            return true;
    }
    return false;
}

/* Whether the function is one that no symbol names, and not one of the harness. */
static bool is_nameless(const struct profile_data *d, uint32_t function) {
    const struct profile_function *f = profile_function_at(&d->profile, function);
    size_t length = strlen(f->module);
    return strncmp(f->name, f->module, length) == 0 && g_str_has_prefix(f->name + length, "+0x") &&
           profile_rule_of(&d->sums, function)->part != PROFILE_HARNESS;
}

static void modules_append(GString *out, const struct profile_data *d) {
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < d->profile.functions->len; i++) {
        const char *module = profile_function_at(&d->profile, i)->module;
        if (!is_nameless(d, i) || module_has_symbols(&d->profile, module) ||
            !g_hash_table_add(seen, (gpointer)(uintptr_t)module))
            continue;
        g_string_append_printf(out,
                               "  %s has no debug symbols, so functions that it does not export "
                               "are called %s+0xSTART: install its -dbg or -dbgsym package, or "
                               "build it with -g and do not strip it\n",
                               module, module);
    }
    g_hash_table_destroy(seen);
}

static void samples_append(GString *out, const struct profile_view *v) {
    const struct profile *p = &v->data[PROFILE_KIND_CPU].profile;
    uint64_t samples = profile_total(p, 0), broken = profile_broken(p);
    g_string_append_printf(out,
                           "  %" G_GUINT64_FORMAT " samples of %s; %" G_GUINT64_FORMAT " lost\n",
                           samples, p->event, p->lost);
    g_string_append_printf(out, "  over timed runs of %s (%s of CPU time) in %u process%s\n",
                           quantity_time((double)p->duration_ns).text,
                           quantity_time((double)p->cpu_ns).text, v->repetitions,
                           v->repetitions == 1 ? "" : "es");
    g_string_append_printf(out, "  broken call chains: %" G_GUINT64_FORMAT " (%.1f %%)\n", broken,
                           share(broken, samples));
    if (v->overhead_pairs > 0)
        g_string_append_printf(
            out,
            "  overhead: sampling changed the CPU time of the timed run by %+.1f "
            "%% (medians of %u run%s with it and as many without, by turns)\n",
            100.0 * v->overhead, v->overhead_pairs, v->overhead_pairs == 1 ? "" : "s");
}

static void notes_append(GString *out, const struct profile_view *v) {
    char *heading = g_strdup_printf("\n%s, %s\n", v->workload, v->strategy);
    gsize before = out->len;
    if (v->problem != NULL)
        g_string_append_printf(out, "  %s\n", v->problem);
    if (v->data[PROFILE_KIND_CPU].is_there)
        samples_append(out, v);
    for (int kind = 0; kind < PROFILE_KINDS; kind++)
        if (v->data[kind].is_there)
            modules_append(out, &v->data[kind]);
    if (out->len > before)
        g_string_insert(out, (gssize)before, heading);
    g_free(heading);
}

static bool kind_is_there(const GPtrArray *views, enum profile_kind kind) {
    for (guint i = 0; i < views->len; i++) {
        const struct profile_view *v = g_ptr_array_index(views, i);
        if (v->data[kind].is_there)
            return true;
    }
    return false;
}

GString *profile_table(const GPtrArray *views) {
    GString *out = g_string_new(NULL);
    if (kind_is_there(views, PROFILE_KIND_CPU))
        parts_append(out, views);
    for (guint i = 0; i < views->len; i++) {
        functions_append(out, g_ptr_array_index(views, i));
        sites_append(out, g_ptr_array_index(views, i));
    }
    for (guint i = 0; i < views->len; i++)
        notes_append(out, g_ptr_array_index(views, i));
    return out;
}
