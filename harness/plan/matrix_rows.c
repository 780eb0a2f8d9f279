/*
 * The rows of the matrix: every combination of the values a workload is given.
 *
 * Which values: the user's before a list's, and of each the closest (its name, its group or a glob,
 * all workloads), of equally close the last. A workload that several lists ask for gets the rows of
 * each; sorting brings equal rows together, and one of them stays.
 */
#include "harness/plan/matrix_rows.h"

#include <inttypes.h>
#include <string.h>

/* What building the rows of one selection needs at hand. */
struct row_builder {
    const struct catalogue *catalogue;
    const struct selection *selection;
    const struct selection_context *user;
    GArray *rows;
    struct error *err;
};

/* ---- which assignment counts ---- */

/* How closely an assignment means a workload: 3 its name, 2 its group or a glob, 1 all, 0 not. */
static unsigned assignment_fit(const struct row_builder *b, const struct assignment *a,
                               const char *name) {
    const struct workload_info *w = b->selection->workload;
    if (g_strcmp0(a->name, name) != 0)
        return 0;
    if (a->workload == NULL)
        return 1;
    if (!workload_matches(b->catalogue, w, a->workload))
        return 0;
    return workload_is(w, a->workload) ? 3 : 2;
}

/* The closest one, of equals the last. */
static const struct assignment *closest(const struct row_builder *b, const GArray *assignments,
                                        const char *name) {
    const struct assignment *best = NULL;
    unsigned best_fit = 1;
    for (guint i = 0; i < assignments->len; i++) {
        const struct assignment *a = &g_array_index(assignments, struct assignment, i);
        unsigned fit = assignment_fit(b, a, name);
        if (fit >= best_fit) {
            best = a;
            best_fit = fit;
        }
    }
    return best;
}

/* ---- values ---- */

static void numbers_append(GString *out, const GArray *numbers) {
    for (guint i = 0; i < numbers->len; i++)
        g_string_append_printf(out, "%s%" PRIu64, i > 0 ? ", " : "",
                               g_array_index(numbers, uint64_t, i));
}

static bool value_refuse(const struct row_builder *b, const struct parameter_info *p,
                         uint64_t value) {
    GString *allowed = g_string_new(NULL);
    if (p->choices->len > 0) {
        g_string_append(allowed, "one of ");
        numbers_append(allowed, p->choices);
    } else {
        g_string_append_printf(allowed, "%" PRIu64 " to %" PRIu64, p->least, p->most);
    }
    error_set(b->err, EXIT_USAGE, "%s.%s is %s, not %" PRIu64, b->selection->workload->name,
              p->name, allowed->str, value);
    g_string_free(allowed, TRUE);
    return false;
}

static bool value_allowed(const struct parameter_info *p, uint64_t value) {
    for (guint i = 0; i < p->choices->len; i++) {
        if (g_array_index(p->choices, uint64_t, i) == value)
            return true;
    }
    return p->choices->len == 0 && value >= p->least && value <= p->most;
}

/* Appends the values of one parameter. */
static bool values_fill(const struct row_builder *b, const struct parameter_info *p, GArray *out) {
    const struct assignment *a = closest(b, b->user->parameters, p->name);
    if (a == NULL)
        a = closest(b, b->selection->context->parameters, p->name);
    if (a == NULL) {
        g_array_append_val(out, p->initial);
        return true;
    }
    if (a->every && p->choices->len == 0)
        return error_set(b->err, EXIT_USAGE,
                         "%s: %s.%s is any number from %" PRIu64 " to %" PRIu64
                         ", so \"*\" is no list of values",
                         a->given, b->selection->workload->name, p->name, p->least, p->most);
    const GArray *values = a->every ? p->choices : a->values;
    for (guint i = 0; i < values->len; i++) {
        uint64_t value = g_array_index(values, uint64_t, i);
        if (!value_allowed(p, value))
            return value_refuse(b, p, value);
        g_array_append_val(out, value);
    }
    return true;
}

static void threads_fill(const struct row_builder *b, GArray *out) {
    const uint64_t one = 1;
    const struct assignment *a = closest(b, b->user->threads, NULL);
    if (a == NULL)
        a = closest(b, b->selection->context->threads, NULL);
    if (a == NULL)
        g_array_append_val(out, one);
    else
        g_array_append_vals(out, a->values->data, a->values->len);
}

/* ---- combinations ---- */

/* Appends every combination: values[i] are those of parameter i, the last are the threads. */
static bool combinations_append(const struct row_builder *b, GArray *const *values, guint count,
                                struct matrix_row row, guint at) {
    if (at > count) {
        if (b->rows->len >= MATRIX_ROWS_MAX)
            return error_set(b->err, EXIT_USAGE,
                             "the workloads, parameters and threads make more than %d cells",
                             MATRIX_ROWS_MAX);
        g_array_append_val(b->rows, row);
        return true;
    }
    for (guint i = 0; i < values[at]->len; i++) {
        uint64_t value = g_array_index(values[at], uint64_t, i);
        if (at < count)
            row.parameters[at] = value;
        else
            row.threads = (unsigned)value;
        if (!combinations_append(b, values, count, row, at + 1))
            return false;
    }
    return true;
}

static bool selection_append(const struct row_builder *b) {
    GArray *values[WORKLOAD_PARAMETERS_MAX + 1];
    const GPtrArray *parameters = b->selection->workload->parameters;
    guint count = parameters->len, index = 0;
    bool ok = true;
    for (guint i = 0; i <= count; i++)
        values[i] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = 0; ok && i < count; i++)
        ok = values_fill(b, parameters->pdata[i], values[i]);
    threads_fill(b, values[count]);
    if (ok && g_ptr_array_find(b->catalogue->workloads, b->selection->workload, &index)) {
        struct matrix_row row = {.workload = index};
        ok = combinations_append(b, values, count, row, 0);
    }
    for (guint i = 0; i <= count; i++)
        g_array_free(values[i], TRUE);
    return ok;
}

static int number_compare(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int row_compare(const void *left, const void *right) {
    const struct matrix_row *a = left, *b = right;
    int order = number_compare(a->workload, b->workload);
    for (size_t i = 0; order == 0 && i < WORKLOAD_PARAMETERS_MAX; i++)
        order = number_compare(a->parameters[i], b->parameters[i]);
    return order != 0 ? order : number_compare(a->threads, b->threads);
}

static void rows_sort(GArray *rows) {
    guint kept = 0;
    g_array_sort(rows, row_compare);
    for (guint i = 0; i < rows->len; i++) {
        const struct matrix_row *row = &g_array_index(rows, struct matrix_row, i);
        if (kept > 0 && row_compare(&g_array_index(rows, struct matrix_row, kept - 1), row) == 0)
            continue;
        g_array_index(rows, struct matrix_row, kept++) = *row;
    }
    g_array_set_size(rows, kept);
}

bool matrix_rows_build(GArray *rows, const struct selections *selections,
                       const struct catalogue *catalogue, struct error *err) {
    for (guint i = 0; i < selections->items->len; i++) {
        struct row_builder b = {
            .catalogue = catalogue,
            .selection = &g_array_index(selections->items, struct selection, i),
            .user = selections->contexts->pdata[0],
            .rows = rows,
            .err = err,
        };
        if (!selection_append(&b))
            return false;
    }
    rows_sort(rows);
    return true;
}
