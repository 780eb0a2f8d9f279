/*
 * Which records of a run are exported.
 *
 * Names are those of the run's own rows: a run can be exported where nothing of it is installed.
 */
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "harness/analyze/strategy_order.h"
#include "harness/base/text.h"
#include "harness/present/export.h"

/* ---- names ---- */

/* One list of the request: its pieces, and what they are compared with. */
struct export_filter {
    const char *what;    /* "workload" */
    GPtrArray *patterns; /* of char *; NULL: everything is meant */
    bool by_group;       /* a pattern may also be the name of a group */
};

static const char *cell_name(const struct export_filter *f, const struct cell_summary *cell) {
    return f->by_group ? cell->workload : cell->strategy;
}

/* As in run: an exact name wins over a group and over a glob. */
static bool pattern_is_name(const struct export_filter *f, const struct run_summary *s,
                            const char *pattern) {
    for (guint i = 0; i < s->cells->len; i++) {
        if (strcmp(cell_name(f, g_ptr_array_index(s->cells, i)), pattern) == 0)
            return true;
    }
    return false;
}

static bool pattern_matches(const struct export_filter *f, const struct run_summary *s,
                            const char *pattern, const struct cell_summary *cell) {
    if (pattern_is_name(f, s, pattern))
        return strcmp(cell_name(f, cell), pattern) == 0;
    return (f->by_group && strcmp(cell->group, pattern) == 0) ||
           fnmatch(pattern, cell_name(f, cell), 0) == 0;
}

static bool filter_takes(const struct export_filter *f, const struct run_summary *s,
                         const struct cell_summary *cell) {
    if (f->patterns == NULL)
        return true;
    for (guint i = 0; i < f->patterns->len; i++) {
        if (pattern_matches(f, s, g_ptr_array_index(f->patterns, i), cell))
            return true;
    }
    return false;
}

static bool pattern_unknown(const struct export_filter *f, const struct run_summary *s,
                            const char *pattern, struct error *err) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        g_ptr_array_add(names, (gpointer)cell_name(f, cell));
        if (f->by_group)
            g_ptr_array_add(names, (gpointer)cell->group);
    }
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(pattern, (const char *const *)names->pdata);
    error_set(err, EXIT_USAGE, "the run has no %s \"%s\"%s", f->what, pattern, advice);
    g_free(advice);
    g_ptr_array_unref(names);
    return false;
}

static bool filter_check(const struct export_filter *f, const struct run_summary *s,
                         struct error *err) {
    for (guint i = 0; f->patterns != NULL && i < f->patterns->len; i++) {
        const char *pattern = g_ptr_array_index(f->patterns, i);
        bool found = false;
        for (guint c = 0; c < s->cells->len && !found; c++)
            found = pattern_matches(f, s, pattern, g_ptr_array_index(s->cells, c));
        if (!found)
            return pattern_unknown(f, s, pattern, err);
    }
    return true;
}

/* ---- records ---- */

/* Records of the selection by what becomes of them. */
struct export_counts {
    unsigned statuses[CELL_STATUS_COUNT];
    unsigned untimed; /* ok, but without a figure that every entry must have */
};

/* Readers divide by the operations, and hold them in a signed word. */
static bool record_is_timed(const struct record *r, const struct export_format *format) {
    return r->ops > 0 && r->ops <= INT64_MAX && isfinite(r->ns_per_op) &&
           (!format->needs_cpu || isfinite(r->cpu_ns_per_op));
}

static gint repetition_compare(gconstpointer x, gconstpointer y) {
    const struct export_row *a = x, *b = y;
    return (a->record->repetition > b->record->repetition) -
           (a->record->repetition < b->record->repetition);
}

/* Rounds are written in order, yet a resumed run may have measured an early one last. */
static void cell_add(struct export *e, const struct cell_summary *cell,
                     const struct export_format *format, struct export_counts *counts) {
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct export_row));
    for (guint i = 0; i < cell->ok->len; i++) {
        struct export_row row = {.cell = cell, .record = g_ptr_array_index(cell->ok, i)};
        if (record_is_timed(row.record, format))
            g_array_append_val(rows, row);
        else
            counts->untimed++;
    }
    g_array_sort(rows, repetition_compare);
    for (guint i = 0; i < rows->len; i++) {
        struct export_row *row = &g_array_index(rows, struct export_row, i);
        row->repetition_index = i;
        row->repetitions = rows->len;
    }
    if (rows->len > 0)
        g_array_append_vals(e->rows, rows->data, rows->len);
    for (int status = 0; status < CELL_STATUS_COUNT; status++)
        counts->statuses[status] += cell->records[status];
    g_array_unref(rows);
}

static void left_out_add(GString *text, unsigned count, const char *what) {
    if (count > 0)
        g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count, what);
}

static char *left_out_text(const struct export_counts *counts) {
    GString *text = g_string_new(NULL);
    for (int status = CELL_STATUS_OK + 1; status < CELL_STATUS_COUNT; status++)
        left_out_add(text, counts->statuses[status], cell_status_name((enum cell_status)status));
    left_out_add(text, counts->untimed, "without times");
    return g_string_free(text, text->len == 0);
}

static bool rows_choose(struct export *e, const struct run_summary *s,
                        const struct export_request *r, const struct export_filter filters[2],
                        struct error *err) {
    struct export_counts counts = {.untimed = 0};
    for (unsigned strategy = 0; strategy < s->strategies->len; strategy++) {
        for (guint i = 0; i < s->cells->len; i++) {
            const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
            if (cell->strategy_index == strategy && filter_takes(&filters[0], s, cell) &&
                filter_takes(&filters[1], s, cell))
                cell_add(e, cell, r->format, &counts);
        }
    }
    e->left_out = left_out_text(&counts);
    return e->rows->len > 0 ||
           error_set(err, EXIT_CANNOT,
                     "nothing to export: the selection has no ok record with its "
                     "times (%s)",
                     e->left_out != NULL ? e->left_out : "it has no record at all");
}

/* ---- the whole ---- */

static char *machine_read(const char *dir) {
    char *text = NULL;
    char *path = g_build_filename(dir, "machine.txt", NULL);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = g_strdup("");
    g_free(path);
    return text;
}

bool export_build(struct export *e, const struct run_summary *s, const struct export_request *r,
                  struct error *err) {
    struct export_filter filters[2] = {
        {"workload", r->workloads == NULL ? NULL : list_split(r->workloads, ','), true},
        {"strategy", r->strategies == NULL ? NULL : strategy_names_of(r->strategies), false}};
    const GArray *records = s->rows->records;
    const char *run = records->len > 0 ? g_array_index(records, struct record, 0).run : NULL;
    e->run = g_strdup(run != NULL ? run : "");
    e->machine = machine_read(s->rows->dir != NULL ? s->rows->dir : "");
    e->rows = g_array_new(FALSE, FALSE, sizeof(struct export_row));
    e->left_out = NULL;
    bool ok = filter_check(&filters[0], s, err) && filter_check(&filters[1], s, err) &&
              rows_choose(e, s, r, filters, err);
    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        if (filters[i].patterns != NULL)
            g_ptr_array_unref(filters[i].patterns);
    }
    return ok;
}

void export_release(struct export *e) {
    g_free(e->run);
    g_free(e->machine);
    g_free(e->left_out);
    g_array_unref(e->rows);
}
