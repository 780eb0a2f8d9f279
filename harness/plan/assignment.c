/*
 * Values for workloads as typed.
 *
 * Parsed in two places: by the config, to refuse nonsense before anything else happens, and by the
 * matrix, which alone knows workloads, and so ranges.
 */
#include "harness/plan/assignment.h"

#include <string.h>

#include "harness/base/text.h"

static void assignment_init(struct assignment *a, const char *text) {
    *a = (struct assignment){
        .given = g_strdup(text),
        .values = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
    };
}

void assignment_release(struct assignment *a) {
    g_free(a->given);
    g_free(a->workload);
    g_free(a->name);
    g_array_free(a->values, TRUE);
}

static void assignment_clear(void *a) {
    assignment_release(a);
}

GArray *assignments_new(void) {
    GArray *assignments = g_array_new(FALSE, FALSE, sizeof(struct assignment));
    g_array_set_clear_func(assignments, assignment_clear);
    return assignments;
}

bool assignments_same_target(const struct assignment *a, const struct assignment *b) {
    return g_strcmp0(a->workload, b->workload) == 0 && g_strcmp0(a->name, b->name) == 0;
}

/* Appends the numbers of "N,N,..."; false at anything that is none. */
static bool values_parse(GArray *values, const char *text, uint64_t least, uint64_t most) {
    GPtrArray *pieces = list_split(text, ',');
    bool ok = true;
    for (guint i = 0; ok && i < pieces->len; i++) {
        uint64_t value;
        ok = count_parse(pieces->pdata[i], least, most, &value);
        if (ok)
            g_array_append_val(values, value);
    }
    g_ptr_array_free(pieces, TRUE);
    return ok;
}

static char *trimmed(const char *start, const char *end) {
    return g_strstrip(g_strndup(start, (size_t)(end - start)));
}

static bool refuse(struct assignment *a, struct error *err, const char *reason) {
    error_set(err, EXIT_USAGE, "%s: %s", a->given, reason);
    assignment_release(a);
    return false;
}

bool threads_parse(struct assignment *out, const char *text, struct error *err) {
    const char *equals = strchr(text, '=');
    assignment_init(out, text);
    if (equals != NULL)
        out->workload = trimmed(text, equals);
    if (out->workload != NULL && *out->workload == '\0')
        return refuse(out, err, "no workload before the \"=\"");
    if (!values_parse(out->values, equals == NULL ? text : equals + 1, 1, THREADS_MAX))
        return refuse(out, err, "threads are whole numbers from 1 to 1024, as [WORKLOAD=]N[,N...]");
    return true;
}

bool parameter_parse(struct assignment *out, const char *text, struct error *err) {
    const char *equals = strchr(text, '=');
    assignment_init(out, text);
    if (equals == NULL)
        return refuse(out, err, "a parameter is [WORKLOAD.]NAME=V[,V...]");
    /* Names of parameters have no dot, so the last one is the separator. */
    const char *dot = g_strrstr_len(text, equals - text, ".");
    if (dot != NULL)
        out->workload = trimmed(text, dot);
    out->name = trimmed(dot == NULL ? text : dot + 1, equals);
    if (*out->name == '\0' || (out->workload != NULL && *out->workload == '\0'))
        return refuse(out, err, "a parameter is [WORKLOAD.]NAME=V[,V...]");
    out->every = strcmp(equals + 1, "*") == 0;
    if (!out->every && !values_parse(out->values, equals + 1, 0, UINT64_MAX))
        return refuse(out, err, "values are whole numbers separated by commas, or \"*\" for all");
    return true;
}
