/*
 * Which workloads a run has.
 *
 * A list is resolved piece by piece; a piece is the name of a workload, of a group, a glob, or a
 * named list, in this order. A named list is resolved the same way in a context of its own, which
 * brings its threads and parameters; what the user gives comes before every list's.
 */
#include "harness/plan/selection.h"

#include <fnmatch.h>
#include <string.h>

#include "harness/base/text.h"

enum { LIST_DEPTH_MAX = 8 };

struct selector {
    const struct catalogue *catalogue;
    struct selections *out;
    struct error *err;
};

bool workload_is(const struct workload_info *workload, const char *pattern) {
    return strcmp(workload->name, pattern) == 0;
}

static bool pattern_is_glob(const char *pattern) {
    return strpbrk(pattern, "*?[") != NULL;
}

bool workload_matches(const struct catalogue *catalogue, const struct workload_info *workload,
                      const char *pattern) {
    if (catalogue_workload_find(catalogue, pattern) != NULL)
        return workload_is(workload, pattern);
    if (strcmp(workload->group, pattern) == 0)
        return true;
    return pattern_is_glob(pattern) && fnmatch(pattern, workload->name, 0) == 0;
}

/* ---- contexts ---- */

static void context_free(void *context) {
    struct selection_context *c = context;
    g_array_free(c->threads, TRUE);
    g_array_free(c->parameters, TRUE);
    g_free(c);
}

static struct selection_context *context_add(struct selections *s,
                                             const struct workload_list *list) {
    struct selection_context *c = g_new0(struct selection_context, 1);
    c->list = list;
    c->threads = assignments_new();
    c->parameters = assignments_new();
    g_ptr_array_add(s->contexts, c);
    return c;
}

static bool threads_add(struct selection_context *c, const char *text, struct error *err) {
    struct assignment a;
    if (!threads_parse(&a, text, err))
        return false;
    g_array_append_val(c->threads, a);
    return true;
}

static bool parameter_add(struct selection_context *c, const char *text, struct error *err) {
    struct assignment a;
    if (!parameter_parse(&a, text, err))
        return false;
    g_array_append_val(c->parameters, a);
    return true;
}

static bool context_fill_user(struct selection_context *c, const struct config *config,
                              struct error *err) {
    bool ok = true;
    for (guint i = 0; ok && i < config->threads->len; i++)
        ok = threads_add(c, config->threads->pdata[i], err);
    for (guint i = 0; ok && i < config->parameters->len; i++)
        ok = parameter_add(c, config->parameters->pdata[i], err);
    return ok;
}

typedef bool (*context_adder)(struct selection_context *c, const char *text, struct error *err);

static bool context_fill(struct selection_context *c, const char *texts, context_adder add,
                         struct error *err) {
    if (*texts == '\0')
        return true;
    char **each = g_strsplit(texts, ";", -1);
    bool ok = true;
    for (char **text = each; ok && *text != NULL; text++)
        ok = add(c, *text, err);
    g_strfreev(each);
    return ok;
}

/* ---- names ---- */

static const struct workload_list *workload_list_find(const char *name) {
    for (const struct workload_list *l = workload_lists; l->name != NULL; l++) {
        if (strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

/* Every name that may stand in a list of workloads, ending with NULL. */
static GPtrArray *names_known(const struct catalogue *catalogue) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < catalogue->workloads->len; i++) {
        const struct workload_info *w = catalogue->workloads->pdata[i];
        g_ptr_array_add(names, (char *)(uintptr_t)w->name);
        g_ptr_array_add(names, (char *)(uintptr_t)w->group);
    }
    for (const struct workload_list *l = workload_lists; l->name != NULL; l++)
        g_ptr_array_add(names, (char *)(uintptr_t)l->name);
    g_ptr_array_add(names, NULL);
    return names;
}

static bool workload_unknown(struct selector *s, const struct selection_context *context,
                             const char *name) {
    GPtrArray *names = names_known(s->catalogue);
    char *advice = nearest_advice(name, (const char *const *)names->pdata);
    if (context->list != NULL)
        error_set(s->err, EXIT_CANNOT,
                  "the list %s has the workload %s, which no cell program here has; install all of "
                  "heapmark again",
                  context->list->name, name);
    else if (*name == '\0')
        error_set(s->err, EXIT_USAGE, "the list of workloads has an empty name");
    else if (pattern_is_glob(name))
        error_set(s->err, EXIT_USAGE, "no workload matches %s", name);
    else
        error_set(s->err, EXIT_USAGE, "unknown workload %s%s", name,
                  *advice != '\0' ? advice : "; heapmark list shows them");
    g_free(advice);
    g_ptr_array_free(names, TRUE);
    return false;
}

/* ---- resolving ---- */

static bool list_resolve(struct selector *s, const struct selection_context *context,
                         const char *list, unsigned depth);

static bool named_list_resolve(struct selector *s, const struct workload_list *list,
                               unsigned depth) {
    if (depth > LIST_DEPTH_MAX)
        return error_set(s->err, EXIT_CANNOT, "the list %s contains itself", list->name);
    struct selection_context *context = context_add(s->out, list);
    return context_fill(context, list->threads, threads_add, s->err) &&
           context_fill(context, list->parameters, parameter_add, s->err) &&
           list_resolve(s, context, list->workloads, depth);
}

static bool piece_resolve(struct selector *s, const struct selection_context *context,
                          const char *piece, unsigned depth) {
    bool found = false;
    for (guint i = 0; i < s->catalogue->workloads->len; i++) {
        struct selection item = {s->catalogue->workloads->pdata[i], context};
        if (!workload_matches(s->catalogue, item.workload, piece))
            continue;
        g_array_append_val(s->out->items, item);
        found = true;
    }
    if (found)
        return true;
    const struct workload_list *list = workload_list_find(piece);
    return list != NULL ? named_list_resolve(s, list, depth + 1)
                        : workload_unknown(s, context, piece);
}

static bool list_resolve(struct selector *s, const struct selection_context *context,
                         const char *list, unsigned depth) {
    GPtrArray *pieces = list_split(list, ',');
    bool ok = true;
    for (guint i = 0; ok && i < pieces->len; i++)
        ok = piece_resolve(s, context, pieces->pdata[i], depth);
    g_ptr_array_free(pieces, TRUE);
    return ok;
}

/* ---- what the user gave must mean something ---- */

static bool parameter_has(const struct workload_info *workload, const char *name) {
    for (guint i = 0; i < workload->parameters->len; i++) {
        const struct parameter_info *p = workload->parameters->pdata[i];
        if (strcmp(p->name, name) == 0)
            return true;
    }
    return false;
}

bool parameter_unknown(const struct workload_info *workload, const char *name, struct error *err) {
    const char *names[WORKLOAD_PARAMETERS_MAX + 1] = {NULL};
    for (guint i = 0; i < workload->parameters->len && i < WORKLOAD_PARAMETERS_MAX; i++)
        names[i] = ((const struct parameter_info *)workload->parameters->pdata[i])->name;
    char *advice = nearest_advice(name, names);
    error_set(err, EXIT_USAGE, "%s has no parameter %s%s", workload->name, name, advice);
    g_free(advice);
    return false;
}

/* Refuses a parameter that none of the selected workloads has; the nearest is sought in all. */
static bool parameter_unknown_everywhere(const struct selector *s, const struct assignment *a) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < s->out->items->len; i++) {
        const struct workload_info *w = g_array_index(s->out->items, struct selection, i).workload;
        for (guint j = 0; j < w->parameters->len; j++) {
            const struct parameter_info *p = w->parameters->pdata[j];
            g_ptr_array_add(names, (char *)(uintptr_t)p->name);
        }
    }
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(a->name, (const char *const *)names->pdata);
    error_set(s->err, EXIT_USAGE, "%s: no selected workload has a parameter %s%s", a->given,
              a->name, advice);
    g_free(advice);
    g_ptr_array_free(names, TRUE);
    return false;
}

static bool pattern_check(struct selector *s, const struct assignment *a) {
    for (guint i = 0; i < s->catalogue->workloads->len; i++) {
        if (workload_matches(s->catalogue, s->catalogue->workloads->pdata[i], a->workload))
            return true;
    }
    return workload_unknown(s, s->out->contexts->pdata[0], a->workload);
}

static bool assignment_check(struct selector *s, const struct assignment *a) {
    const struct workload_info *without = NULL;
    if (a->workload != NULL && !pattern_check(s, a))
        return false;
    for (guint i = 0; i < s->out->items->len; i++) {
        const struct workload_info *w = g_array_index(s->out->items, struct selection, i).workload;
        if (a->workload != NULL && !workload_matches(s->catalogue, w, a->workload))
            continue;
        if (a->name == NULL || parameter_has(w, a->name))
            return true;
        without = w;
    }
    if (without == NULL)
        return error_set(s->err, EXIT_USAGE, "%s: %s is not among the selected workloads", a->given,
                         a->workload);
    if (a->workload != NULL && workload_is(without, a->workload))
        return parameter_unknown(without, a->name, s->err);
    return parameter_unknown_everywhere(s, a);
}

static bool assignments_check(struct selector *s, const GArray *assignments) {
    for (guint i = 0; i < assignments->len; i++) {
        if (!assignment_check(s, &g_array_index(assignments, struct assignment, i)))
            return false;
    }
    return true;
}

bool selections_build(struct selections *s, const struct config *config,
                      const struct catalogue *catalogue, struct error *err) {
    struct selector selector = {catalogue, s, err};
    s->items = g_array_new(FALSE, FALSE, sizeof(struct selection));
    s->contexts = g_ptr_array_new_with_free_func(context_free);
    struct selection_context *user = context_add(s, NULL);
    return context_fill_user(user, config, err) &&
           list_resolve(&selector, user, config->workloads, 0) &&
           (config->is_part || (assignments_check(&selector, user->threads) &&
                                assignments_check(&selector, user->parameters)));
}

void selections_release(struct selections *s) {
    g_array_free(s->items, TRUE);
    g_ptr_array_free(s->contexts, TRUE);
}
