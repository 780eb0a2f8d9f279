/* The strategies of a run in the order the user named them, from its config.txt. */
#include "harness/analyze/strategy_order.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/plan/config.h"
#include "harness/plan/expand.h"

/* "mine=./libmine.so" is called mine: an equals sign before any colon, slash or quote ends an
 * alias. */
static void alias_cut(char *item) {
    char *mark = strpbrk(item, "=:/\"");
    if (mark != NULL && *mark == '=') {
        *mark = '\0';
    }
}

GPtrArray *strategy_names_of(const char *list) {
    struct error ignored; /* the run was planned from this list, so it was sound then */
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *items = list_split(list, ',');
    for (guint i = 0; i < items->len; i++) {
        braces_expand(names, g_ptr_array_index(items, i), &ignored);
    }
    g_ptr_array_unref(items);
    for (guint i = 0; i < names->len; i++) {
        alias_cut(g_ptr_array_index(names, i));
    }
    return names;
}

GPtrArray *strategy_order_read(const char *dir) {
    GPtrArray *names = NULL;
    struct config config;
    struct error err;
    config_init(&config);
    char *path = dir == NULL ? NULL : g_build_filename(dir, "config.txt", NULL);
    if (path != NULL && config_read(&config, path, &err) && config.strategies != NULL) {
        names = strategy_names_of(config.strategies);
    }
    g_free(path);
    config_release(&config);
    return names != NULL ? names : g_ptr_array_new_with_free_func(g_free);
}
