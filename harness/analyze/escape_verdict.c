/* The rules of the header, in its order. */
#include "harness/analyze/escape_verdict.h"

#include <math.h>
#include <string.h>

#include "harness/analyze/escape_why.h"

static bool case_has(const struct escape_case *c, const char *name) {
    for (guint i = 0; i < c->subjects->len; i++) {
        if (strcmp(g_ptr_array_index(c->subjects, i), name) == 0)
            return true;
    }
    return false;
}

static const struct escape_function *function_of(const struct escape_case *c,
                                                 const struct escape_decision *decision) {
    return escape_function_at(c->functions, decision->file, decision->line);
}

bool escape_is_subject(const struct escape_case *c, const struct escape_decision *decision) {
    const struct escape_function *function = function_of(c, decision);
    return function != NULL && case_has(c, function->name);
}

static bool is_counted(const struct escape_decision *decision) {
    return (decision->builds & (UINT32_C(1) << ESCAPE_BUILD_MEASURED)) != 0;
}

/* Whether a call of the function was replaced by its body, anywhere. */
static bool is_inlined(const struct escape_case *c, const struct escape_function *function) {
    for (guint i = 0; i < c->decisions->items->len; i++) {
        const struct escape_decision *d = g_ptr_array_index(c->decisions->items, i);
        if (d->kind != ESCAPE_INLINES_CALL || !is_counted(d))
            continue;
        char *name = escape_name_plain(d->subject);
        bool same = strcmp(name, function->name) == 0;
        g_free(name);
        if (same)
            return true;
    }
    return false;
}

const char *escape_excuse(const struct escape_case *c, const struct escape_decision *decision) {
    const struct escape_function *function = function_of(c, decision);
    if (function != NULL && is_inlined(c, function))
        return "holds only where the call is not inlined";
    if (function != NULL && escape_line_is_cold(function, decision->line))
        return "seldom runs";
    if (escape_is_boxed(decision, c->functions))
        return "a constant, a zero, a number below 256 or an empty string needs no memory";
    if (strcmp(decision->subject, "func literal") == 0)
        return "a closure that captures nothing is made once";
    if (escape_has_unknown_size(decision) || decision->steps & ESCAPE_STEP_UNKNOWN_SIZE)
        return "a size of zero needs no memory";
    if (g_str_has_prefix(decision->subject, "append"))
        return "an append that finds room needs no memory";
    return NULL;
}

bool escape_contradicts(const struct escape_case *c, const struct escape_decision *decision) {
    return !isnan(c->allocs_per_op) && c->allocs_per_op < 1 && is_counted(decision) &&
           escape_is_heap(decision) && escape_is_subject(c, decision) &&
           escape_excuse(c, decision) == NULL;
}

/* Whether a decision lets the workload allocate. */
static bool may_allocate(const struct escape_case *c, const struct escape_decision *decision) {
    return is_counted(decision) && escape_is_subject(c, decision) &&
           (escape_is_heap(decision) || escape_has_unknown_size(decision));
}

char *escape_undecided(const struct escape_case *c) {
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < c->functions->items->len; i++) {
        const struct escape_function *function = g_ptr_array_index(c->functions->items, i);
        if (!case_has(c, function->name) || *function->allocating == '\0')
            continue;
        char **each = g_strsplit(function->allocating, " ", -1);
        for (char **word = each; *word != NULL; word++) {
            if (!g_ptr_array_find_with_equal_func(words, *word, g_str_equal, NULL))
                g_ptr_array_add(words, g_strdup(*word));
        }
        g_strfreev(each);
    }
    g_ptr_array_add(words, NULL);
    char *joined = g_strjoinv(", ", (char **)words->pdata);
    g_ptr_array_free(words, TRUE);
    return joined;
}

/* Whether nothing at all explains an allocation. */
static bool is_unexplained(const struct escape_case *c) {
    for (guint i = 0; i < c->decisions->items->len; i++) {
        if (may_allocate(c, g_ptr_array_index(c->decisions->items, i)))
            return false;
    }
    char *undecided = escape_undecided(c);
    bool nothing = *undecided == '\0';
    g_free(undecided);
    return nothing;
}

enum escape_verdict escape_verdict(const struct escape_case *c) {
    if (isnan(c->allocs_per_op))
        return ESCAPE_AGREES;
    for (guint i = 0; i < c->decisions->items->len; i++) {
        if (escape_contradicts(c, g_ptr_array_index(c->decisions->items, i)))
            return ESCAPE_HEAP_UNUSED;
    }
    return c->allocs_per_op >= 1 && is_unexplained(c) ? ESCAPE_HEAP_UNDECIDED : ESCAPE_AGREES;
}
