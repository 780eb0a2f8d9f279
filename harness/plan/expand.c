/*
 * Alternatives in braces.
 *
 * Text is checked for balance once; after that, expanding needs no failure but the bound. The first
 * pair of braces gives one text per alternative, and each is expanded again.
 */
#include "harness/plan/expand.h"

#include <string.h>

#include "harness/base/text.h"

static bool balance_check(const char *text, struct error *err) {
    unsigned depth = 0;
    bool quoted = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && *p == '{')
            depth++;
        else if (!quoted && *p == '}' && depth-- == 0)
            return error_set(err, EXIT_USAGE, "%s: a \"}\" without its \"{\"", text);
    }
    if (quoted)
        return error_set(err, EXIT_USAGE, "%s: a quote is opened and never closed", text);
    if (depth > 0)
        return error_set(err, EXIT_USAGE, "%s: a \"{\" is opened and never closed", text);
    return true;
}

/* The first brace outside quotes, or NULL. */
static const char *brace_find(const char *text) {
    bool quoted = false;
    for (; *text != '\0'; text++) {
        if (*text == '"')
            quoted = !quoted;
        else if (*text == '{' && !quoted)
            return text;
    }
    return NULL;
}

/* The brace that closes the one at `open`; there is one. */
static const char *brace_close(const char *open) {
    bool quoted = false;
    unsigned depth = 0;
    for (;; open++) {
        if (*open == '"')
            quoted = !quoted;
        else if (*open == '{' && !quoted)
            depth++;
        else if (*open == '}' && !quoted && --depth == 0)
            return open;
    }
}

/* Expands balanced text: its first braces here, the others in the texts that come of it. Work is
   bounded: every step makes an expansion or takes a pair of braces away. */
static bool balanced_expand(GPtrArray *out, const char *text, struct error *err) {
    const char *open = brace_find(text);
    if (out->len >= EXPANSIONS_MAX)
        return error_set(err, EXIT_USAGE, "the braces make more than %d strategies",
                         EXPANSIONS_MAX);
    if (open == NULL) {
        g_ptr_array_add(out, g_strdup(text));
        return true;
    }
    const char *close = brace_close(open);
    char *inner = g_strndup(open + 1, (size_t)(close - open - 1));
    GPtrArray *alternatives = list_split(inner, ',');
    bool ok = true;
    for (guint i = 0; ok && i < alternatives->len; i++) {
        char *one = g_strdup_printf("%.*s%s%s", (int)(open - text), text,
                                    (char *)alternatives->pdata[i], close + 1);
        ok = balanced_expand(out, one, err);
        g_free(one);
    }
    g_ptr_array_free(alternatives, TRUE);
    g_free(inner);
    return ok;
}

bool braces_expand(GPtrArray *out, const char *text, struct error *err) {
    /* Deep nesting is nobody's wish and would be deep recursion. */
    if (strlen(text) > 4096)
        return error_set(err, EXIT_USAGE, "a strategy is longer than 4096 characters");
    return balance_check(text, err) && balanced_expand(out, text, err);
}
