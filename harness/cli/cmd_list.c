/* heapmark list: what can be measured here, from what the cell programs say of themselves. */
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/plan/config.h"
#include "harness/plan/strategy.h"
#include "harness/run/discover.h"

/* ---- workloads ---- */

static void list_parameter(const struct parameter_info *p) {
    printf("      %s=%" G_GUINT64_FORMAT "  ", p->name, p->initial);
    if (p->choices != NULL && p->choices->len > 0) {
        for (guint i = 0; i < p->choices->len; i++)
            printf("%s%" G_GUINT64_FORMAT, i > 0 ? "|" : "",
                   g_array_index(p->choices, uint64_t, i));
    } else {
        printf("%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT, p->least, p->most);
    }
    printf("  %s\n", p->summary);
}

static void list_workload(const struct workload_info *w, int width) {
    printf("  %-*s  %s\n", width, w->name, w->summary);
    for (guint i = 0; i < w->parameters->len; i++)
        list_parameter(g_ptr_array_index(w->parameters, i));
}

static int list_width(const struct catalogue *c) {
    size_t width = 0;
    for (guint i = 0; i < c->workloads->len; i++) {
        const struct workload_info *w = g_ptr_array_index(c->workloads, i);
        width = MAX(width, strlen(w->name));
    }
    return (int)width;
}

static bool list_group_is_new(const struct catalogue *c, guint index, const char *group) {
    for (guint i = 0; i < index; i++) {
        const struct workload_info *before = g_ptr_array_index(c->workloads, i);
        if (strcmp(before->group, group) == 0)
            return false;
    }
    return true;
}

/* Grouped: a group's first workload brings all of its group, wherever they stand. */
static void list_workloads(const struct catalogue *c) {
    puts("workloads, by group; below each its parameters (name=default, range):");
    int width = list_width(c);
    for (guint i = 0; i < c->workloads->len; i++) {
        const struct workload_info *first = g_ptr_array_index(c->workloads, i);
        if (!list_group_is_new(c, i, first->group))
            continue;
        printf("\n%s\n", first->group);
        for (guint k = i; k < c->workloads->len; k++) {
            const struct workload_info *w = g_ptr_array_index(c->workloads, k);
            if (strcmp(w->group, first->group) == 0)
                list_workload(w, width);
        }
    }
}

/* ---- strategies ---- */

static void list_strategies(const struct catalogue *c) {
    puts("bindings; below each its settings (name=default, values):");
    for (guint i = 0; i < c->bindings->len; i++) {
        const struct binding_info *b = g_ptr_array_index(c->bindings, i);
        printf("\n  %-10s  %s\n", b->name, b->summary);
        for (guint k = 0; k < b->settings->len; k++) {
            const struct setting_info *s = g_ptr_array_index(b->settings, k);
            printf("      %s=%s  %s  %s\n", s->name, s->initial, s->values, s->summary);
        }
    }
}

/* ---- mallocs ---- */

static void list_malloc(const struct catalogue *c, const struct malloc_library *library) {
    GPtrArray *strategies = strategies_new();
    GStringChunk *text = g_string_chunk_new(1024);
    struct error err;
    if (!strategies_parse(strategies, library->name, c, text, &err)) {
        printf("  %-10s  %s\n", library->name, err.text);
    } else {
        const struct strategy *s = g_ptr_array_index(strategies, 0);
        if (s->unavailable != NULL)
            printf("  %-10s  unavailable: %s\n", library->name, s->unavailable);
        else
            printf("  %-10s  %s\n", library->name,
                   s->preload != NULL ? s->preload : "the C library's own");
    }
    g_ptr_array_free(strategies, TRUE);
    g_string_chunk_free(text);
}

static void list_mallocs(const struct catalogue *c) {
    puts("mallocs known by name, and where they are; any other: alias=./lib.so");
    for (const struct malloc_library *library = malloc_libraries; library->name != NULL; library++)
        list_malloc(c, library);
}

/* ---- named lists ---- */

static void list_lists(const struct catalogue *c) {
    (void)c;
    puts("named lists of workloads:");
    for (const struct workload_list *list = workload_lists; list->name != NULL; list++)
        printf("  %s: %s\n      %s\n", list->name, list->summary, list->workloads);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    void (*print)(const struct catalogue *c);
} list_sections[] = {{"workloads", list_workloads},
                     {"strategies", list_strategies},
                     {"mallocs", list_mallocs},
                     {"lists", list_lists}};

static bool list_check_operands(const GPtrArray *operands, struct error *err) {
    const char *names[G_N_ELEMENTS(list_sections) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(list_sections); i++)
        names[i] = list_sections[i].name;
    for (guint i = 0; i < operands->len; i++) {
        const char *word = g_ptr_array_index(operands, i);
        if (g_strv_contains(names, word))
            continue;
        char *advice = nearest_advice(word, names);
        error_set(err, EXIT_USAGE, "list knows workloads, strategies, mallocs and lists, not %s%s",
                  word, advice);
        g_free(advice);
        return false;
    }
    return true;
}

static bool list_wants(const GPtrArray *operands, const char *section) {
    if (operands->len == 0)
        return true;
    for (guint i = 0; i < operands->len; i++) {
        if (strcmp(g_ptr_array_index(operands, i), section) == 0)
            return true;
    }
    return false;
}

static void list_print(const struct catalogue *c, const GPtrArray *operands) {
    bool is_first = true;
    for (size_t i = 0; i < G_N_ELEMENTS(list_sections); i++) {
        if (!list_wants(operands, list_sections[i].name))
            continue;
        if (!is_first)
            putchar('\n');
        is_first = false;
        list_sections[i].print(c);
    }
}

static bool list_go(const GPtrArray *operands, struct error *err) {
    struct catalogue catalogue;
    char *dir = cells_dir_find(), *notice = NULL;
    catalogue_init(&catalogue);
    bool ok =
        list_check_operands(operands, err) && catalogue_discover(&catalogue, dir, &notice, err);
    if (notice != NULL)
        fprintf(stderr, "heapmark: %s\n", notice);
    if (ok)
        list_print(&catalogue, operands);
    catalogue_release(&catalogue);
    g_free(notice);
    g_free(dir);
    return ok;
}

static bool list_set(void *context, const char *name, const char *value, struct error *err) {
    (void)context, (void)value;
    return error_set(err, EXIT_USAGE, "list has no flag --%s", name);
}

static int cmd_list(const struct command *self, int argc, char **argv) {
    GPtrArray *operands = g_ptr_array_new();
    struct error err;
    bool help = false;
    bool ok = flags_parse(self, argc, argv, list_set, NULL, operands, &help, &err);
    if (ok && help) {
        command_help_print(self);
    } else if (ok) {
        ok = list_go(operands, &err);
    }
    int status = ok ? EXIT_OK : command_refuse(&err);
    g_ptr_array_free(operands, TRUE);
    return status;
}

static const struct flag list_flags[] = {{NULL, NULL, NULL, NULL}};

const struct command command_list = {
    .name = "list",
    .usage = "[workloads] [strategies] [mallocs] [lists]",
    .summary = "Lists what can be measured here: workloads, strategies, mallocs, named lists.",
    .flags = list_flags,
    .examples = {"heapmark list", "heapmark list workloads"},
    .run = cmd_list,
};
