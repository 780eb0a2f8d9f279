/*
 * Strategies: from the list the user typed to what the executor starts.
 *
 * A list is split at commas, its pieces are expanded, and each is then alias, name and settings.
 * Two kinds of missing allocator are told apart: what heapmark knows by name may be missing on a
 * machine, and the strategy is unavailable, so that one config serves several machines; what the
 * user names by a path, or misspells, is refused.
 */
#include "harness/plan/strategy.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/plan/elf_library.h"
#include "harness/plan/expand.h"
#include "harness/plan/library_find.h"
#include "harness/plan/strategy_program.h"

#define MALLOC_LIBRARY(name, soname, package, version) {#name, soname, package},
const struct malloc_library malloc_libraries[] = {
#include "allocators/malloc_libraries.def"
    {NULL, NULL, NULL},
};

enum { STRATEGIES_MAX = 256 };

/* What parsing one strategy needs at hand. */
struct strategy_parser {
    const struct catalogue *catalogue;
    GStringChunk *text;
    struct error *err;
};

static void strategy_free(void *strategy) {
    struct strategy *s = strategy;
    g_array_free(s->settings, TRUE);
    g_array_free(s->environment, TRUE);
    g_free(s);
}

GPtrArray *strategies_new(void) {
    return g_ptr_array_new_with_free_func(strategy_free);
}

static struct strategy *strategy_new(void) {
    struct strategy *s = g_new0(struct strategy, 1);
    s->settings = g_array_new(FALSE, FALSE, sizeof(struct setting_value));
    s->environment = g_array_new(FALSE, FALSE, sizeof(struct setting_value));
    return s;
}

/* ---- words ---- */

/* Text without its double quotes. */
static const char *unquoted(struct strategy_parser *p, const char *text) {
    GString *plain = g_string_new(NULL);
    for (; *text != '\0'; text++) {
        if (*text != '"')
            g_string_append_c(plain, *text);
    }
    const char *kept = g_string_chunk_insert(p->text, plain->str);
    g_string_free(plain, TRUE);
    return kept;
}

static bool alias_is_plain(const char *alias, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(alias[i]) && strchr("-_.+", alias[i]) == NULL)
            return false;
    }
    return length > 0;
}

/* Cuts "alias=" off: text before the first "=" that no ":" and no "/" precedes. */
static bool alias_split(struct strategy_parser *p, const char *whole, struct strategy *s) {
    size_t length = strcspn(whole, "=:/\"");
    const char *spec = whole;
    s->name = g_string_chunk_insert(p->text, whole);
    if (whole[length] == '=') {
        size_t alias_length = length;
        while (alias_length > 0 && g_ascii_isspace(whole[alias_length - 1]))
            alias_length--;
        if (!alias_is_plain(whole, alias_length))
            return error_set(p->err, EXIT_USAGE,
                             "%s: an alias is letters, digits and any of - _ . + before the \"=\"",
                             whole);
        s->name = g_string_chunk_insert_len(p->text, whole, (gssize)alias_length);
        spec = whole + length + 1;
        while (g_ascii_isspace(*spec))
            spec++;
    }
    s->spec = g_string_chunk_insert(p->text, spec);
    return true;
}

/* ---- the allocator ---- */

static const struct malloc_library *malloc_library_find(const char *name) {
    for (const struct malloc_library *l = malloc_libraries; l->name != NULL; l++) {
        if (strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

static void binding_take(struct strategy_parser *p, struct strategy *s, const char *name) {
    s->binding_name = g_string_chunk_insert_const(p->text, name);
    s->binding = catalogue_binding_find(p->catalogue, name);
    if (s->binding != NULL)
        return;
    char *why = g_strdup_printf("cell-%s is not here; %s", name, known_binding_find(name)->advice);
    s->unavailable = g_string_chunk_insert(p->text, why);
    g_free(why);
}

/* A library known by name that is missing or broken makes the strategy unavailable, no more. */
static void library_take(struct strategy_parser *p, struct strategy *s,
                         const struct malloc_library *library) {
    s->allocator = library->name;
    binding_take(p, s, "malloc");
    if (library->soname == NULL)
        return;
    char *why = NULL;
    char *path = library_find(library->soname);
    const char *wrong = path == NULL ? NULL : elf_file_exports_check(path, "malloc");
    if (path == NULL)
        why = g_strdup_printf("%s is not installed; install the package %s", library->soname,
                              library->package);
    else if (wrong != NULL)
        why = g_strdup_printf("%s %s; install the package %s again", path, wrong, library->package);
    else
        s->preload = g_string_chunk_insert(p->text, path);
    if (why != NULL && s->unavailable == NULL)
        s->unavailable = g_string_chunk_insert(p->text, why);
    g_free(why);
    g_free(path);
}

/* A path is the user's word for what must be there. */
static bool path_take(struct strategy_parser *p, struct strategy *s, const char *path) {
    const char *wrong = elf_file_exports_check(path, "malloc");
    if (wrong != NULL)
        return error_set(p->err, EXIT_USAGE, "the library %s %s", path, wrong);
    char *absolute = realpath(path, NULL);
    if (absolute == NULL)
        return error_set(p->err, EXIT_USAGE, "the library %s is not there", path);
    s->preload = g_string_chunk_insert(p->text, absolute);
    free(absolute);
    binding_take(p, s, "malloc");
    return true;
}

static bool name_unknown(struct strategy_parser *p, const char *name) {
    if (strstr(name, ".so") != NULL)
        return error_set(p->err, EXIT_USAGE,
                         "unknown strategy %s; a library is named by a path with a \"/\": ./%s",
                         name, name);
    GPtrArray *names = g_ptr_array_new();
    for (const struct malloc_library *l = malloc_libraries; l->name != NULL; l++)
        g_ptr_array_add(names, (char *)(uintptr_t)l->name);
    for (const struct known_binding *known = known_bindings; known->name != NULL; known++)
        g_ptr_array_add(names, (char *)(uintptr_t)known->name);
    for (guint i = 0; i < p->catalogue->bindings->len; i++) {
        const struct binding_info *b = p->catalogue->bindings->pdata[i];
        g_ptr_array_add(names, (char *)(uintptr_t)b->name);
    }
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(name, (const char *const *)names->pdata);
    error_set(p->err, EXIT_USAGE, "unknown strategy %s%s", name,
              *advice != '\0' ? advice : "; heapmark list shows them");
    g_free(advice);
    g_ptr_array_free(names, TRUE);
    return false;
}

static bool name_take(struct strategy_parser *p, struct strategy *s, const char *name) {
    const struct malloc_library *library = malloc_library_find(name);
    if (*name == '\0')
        return error_set(p->err, EXIT_USAGE, "a strategy without a name in \"%s\"", s->name);
    if (strchr(name, '/') != NULL)
        return path_take(p, s, name);
    if (library != NULL)
        library_take(p, s, library);
    else if (catalogue_binding_find(p->catalogue, name) != NULL || known_binding_find(name) != NULL)
        binding_take(p, s, name);
    else
        return name_unknown(p, name);
    return true;
}

/* ---- settings ---- */

/* Capitals make an environment variable; no binding has a setting in capitals. */
static bool setting_is_environment(const char *name) {
    for (const char *c = name; *c != '\0'; c++) {
        if (!g_ascii_isupper(*c) && *c != '_' && (c == name || !g_ascii_isdigit(*c)))
            return false;
    }
    return *name != '\0';
}

/* Whether one alternative of "a|b|LEAST..MOST" admits a value. */
static bool alternative_admits(const char *alternative, const char *value) {
    const char *dots = strstr(alternative, "..");
    uint64_t least, most, number;
    if (dots == NULL)
        return strcmp(alternative, value) == 0;
    char *first = g_strndup(alternative, (size_t)(dots - alternative));
    bool ok = count_parse(first, 0, UINT64_MAX, &least) &&
              count_parse(dots + 2, 0, UINT64_MAX, &most) &&
              count_parse(value, least, most, &number);
    g_free(first);
    return ok;
}

static bool setting_admits(const struct setting_info *setting, const char *value) {
    char **alternatives = g_strsplit(setting->values, "|", -1);
    bool admitted = false;
    for (char **a = alternatives; !admitted && *a != NULL; a++)
        admitted = alternative_admits(*a, value);
    g_strfreev(alternatives);
    return admitted;
}

static bool setting_unknown(struct strategy_parser *p, const struct binding_info *binding,
                            const char *name) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < binding->settings->len; i++) {
        const struct setting_info *info = binding->settings->pdata[i];
        g_ptr_array_add(names, (char *)(uintptr_t)info->name);
    }
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(name, (const char *const *)names->pdata);
    error_set(p->err, EXIT_USAGE, "%s has no setting %s%s", binding->name, name, advice);
    g_free(advice);
    g_ptr_array_free(names, TRUE);
    return false;
}

/* Without the cell program nothing is known of its settings, and any will do: the cell is
   unavailable. So it is where another build would have what this one has not. */
static bool setting_check(struct strategy_parser *p, const struct strategy *s,
                          const struct setting_value *setting) {
    const struct known_binding *known = known_binding_find(s->binding_name);
    if (known != NULL && known->program_values_vary &&
        strcmp(known->program_setting, setting->name) == 0)
        return true;
    for (guint i = 0; s->binding != NULL && i < s->binding->settings->len; i++) {
        const struct setting_info *info = s->binding->settings->pdata[i];
        if (strcmp(info->name, setting->name) != 0)
            continue;
        return setting_admits(info, setting->value) ||
               error_set(p->err, EXIT_USAGE, "%s: %s is %s, not \"%s\"", s->binding->name,
                         info->name, info->values, setting->value);
    }
    return s->binding == NULL || setting_unknown(p, s->binding, setting->name);
}

static bool setting_is_set(const GArray *settings, const char *name) {
    for (guint i = 0; i < settings->len; i++) {
        if (strcmp(g_array_index(settings, struct setting_value, i).name, name) == 0)
            return true;
    }
    return false;
}

static bool setting_take(struct strategy_parser *p, struct strategy *s, const char *word) {
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word)
        return error_set(p->err, EXIT_USAGE,
                         "%s: \"%s\" is not setting=value (double-quote a value with \":\" or "
                         "\",\" in it)",
                         s->spec, word);
    struct setting_value setting = {
        g_string_chunk_insert_len(p->text, word, equals - word),
        unquoted(p, equals + 1),
    };
    bool environment = setting_is_environment(setting.name);
    GArray *settings = environment ? s->environment : s->settings;
    if (setting_is_set(settings, setting.name))
        return error_set(p->err, EXIT_USAGE, "%s: %s is set twice", s->spec, setting.name);
    if (strcmp(setting.name, "LD_PRELOAD") == 0)
        return error_set(p->err, EXIT_USAGE,
                         "%s: LD_PRELOAD is heapmark's to set; name the library by its path "
                         "instead: alias=./lib.so",
                         s->spec);
    if (!environment && !setting_check(p, s, &setting))
        return false;
    g_array_append_val(settings, setting);
    return true;
}

/* ---- lists ---- */

static bool strategy_fill(struct strategy_parser *p, struct strategy *s, const char *whole) {
    if (!alias_split(p, whole, s))
        return false;
    GPtrArray *words = list_split(s->spec, ':');
    bool ok = name_take(p, s, unquoted(p, words->pdata[0]));
    for (guint i = 1; ok && i < words->len; i++)
        ok = setting_take(p, s, words->pdata[i]);
    g_ptr_array_free(words, TRUE);
    if (ok)
        strategy_program_select(s, p->text);
    return ok;
}

/* Appends one strategy. Names must differ: records are told apart by them. */
static bool strategy_append(struct strategy_parser *p, GPtrArray *out, const char *whole) {
    for (guint i = 0; i < out->len; i++) {
        const struct strategy *other = out->pdata[i];
        if (out->len >= STRATEGIES_MAX)
            return error_set(p->err, EXIT_USAGE, "more than %d strategies", STRATEGIES_MAX);
        if (strcmp(other->name, whole) == 0)
            return error_set(p->err, EXIT_USAGE, "the strategy %s is listed twice", whole);
    }
    struct strategy *s = strategy_new();
    bool ok = strategy_fill(p, s, whole);
    for (guint i = 0; ok && i < out->len; i++) {
        const struct strategy *other = out->pdata[i];
        if (strcmp(other->name, s->name) == 0)
            ok = error_set(p->err, EXIT_USAGE,
                           "two strategies are called %s; give each an alias of its own", s->name);
    }
    if (ok)
        g_ptr_array_add(out, s);
    else
        strategy_free(s);
    return ok;
}

/* Names go into CSV, file names and command lines: what breaks a line is refused here, once. */
static bool list_check(const char *list, struct error *err) {
    if (!g_utf8_validate(list, -1, NULL))
        return error_set(err, EXIT_USAGE, "the list of strategies is not UTF-8");
    for (const char *c = list; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c))
            return error_set(err, EXIT_USAGE, "the list of strategies has a control character");
    }
    return true;
}

bool strategies_parse(GPtrArray *out, const char *list, const struct catalogue *catalogue,
                      GStringChunk *text, struct error *err) {
    /* cppcheck-suppress ctuuninitvar ; err is only ever written */
    struct strategy_parser parser = {catalogue, text, err};
    if (!list_check(list, err))
        return false;
    GPtrArray *pieces = list_split(list, ',');
    bool ok = true;
    for (guint i = 0; ok && i < pieces->len; i++) {
        GPtrArray *expanded = g_ptr_array_new_with_free_func(g_free);
        ok = braces_expand(expanded, pieces->pdata[i], err);
        for (guint j = 0; ok && j < expanded->len; j++) {
            char *whole = expanded->pdata[j];
            ok = strategy_append(&parser, out, g_strstrip(whole));
        }
        g_ptr_array_free(expanded, TRUE);
    }
    g_ptr_array_free(pieces, TRUE);
    return ok;
}

static void settings_append(GString *out, const GArray *settings) {
    for (guint i = 0; i < settings->len; i++) {
        const struct setting_value *v = &g_array_index(settings, struct setting_value, i);
        const char *quote = strchr(v->value, ' ') != NULL ? "\"" : "";
        g_string_append_printf(out, "%s%s=%s%s%s", out->len > 0 ? " " : "", v->name, quote,
                               v->value, quote);
    }
}

char *strategy_settings_text(const struct strategy *s) {
    GString *out = g_string_new(NULL);
    settings_append(out, s->settings);
    settings_append(out, s->environment);
    return g_string_free(out, FALSE);
}
