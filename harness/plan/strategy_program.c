/* From binding and settings to a cell program: the plain one, or the variant a setting asks for. */
#include "harness/plan/strategy_program.h"

#include <string.h>

#define ALL_OF_HEAPMARK "install all of heapmark"

const struct known_binding known_bindings[] = {
    {"malloc", ALL_OF_HEAPMARK, "zero", ALL_OF_HEAPMARK, false},
    {"goheap", ALL_OF_HEAPMARK, "link", ALL_OF_HEAPMARK, false},
    {"boehm", "install libgc-dev and build heapmark again", NULL, NULL, false},
    {"bump", ALL_OF_HEAPMARK, NULL, NULL, false},
    {"pool", ALL_OF_HEAPMARK, NULL, NULL, false},
    {"go", "install Go (package golang-go) and build heapmark again", "experiment",
     "build heapmark again with a Go toolchain that knows it", true},
    {NULL, NULL, NULL, NULL, false},
};

const struct known_binding *known_binding_find(const char *name) {
    for (const struct known_binding *known = known_bindings; known->name != NULL; known++) {
        if (strcmp(known->name, name) == 0)
            return known;
    }
    return NULL;
}

static const char *setting_initial(const struct binding_info *binding, const char *name) {
    for (guint i = 0; i < binding->settings->len; i++) {
        const struct setting_info *setting = binding->settings->pdata[i];
        if (strcmp(setting->name, name) == 0)
            return setting->initial;
    }
    return "";
}

/* Whether values of the setting are programs of their own. One program of them is proof; where none
   is here, the table knows. */
static bool setting_is_program(const struct binding_info *binding, const char *name) {
    const struct known_binding *known = known_binding_find(binding->name);
    for (guint i = 0; i < binding->variants->len; i++) {
        const struct variant_info *variant = binding->variants->pdata[i];
        if (strcmp(variant->setting, name) == 0)
            return true;
    }
    return known != NULL && g_strcmp0(known->program_setting, name) == 0;
}

static const char *variant_program(const struct binding_info *binding,
                                   const struct setting_value *set) {
    for (guint i = 0; i < binding->variants->len; i++) {
        const struct variant_info *variant = binding->variants->pdata[i];
        if (strcmp(variant->setting, set->name) == 0 && strcmp(variant->value, set->value) == 0)
            return variant->program;
    }
    return NULL;
}

static void variant_miss(struct strategy *s, const struct setting_value *set, GStringChunk *text) {
    const struct known_binding *known = known_binding_find(s->binding->name);
    const char *advice =
        known != NULL && known->program_advice != NULL ? known->program_advice : ALL_OF_HEAPMARK;
    char *why = g_strdup_printf("no cell program of %s with %s=%s is here; %s", s->binding->name,
                                set->name, set->value, advice);
    if (s->unavailable == NULL)
        s->unavailable = g_string_chunk_insert(text, why);
    g_free(why);
}

void strategy_program_select(struct strategy *s, GStringChunk *text) {
    if (s->binding == NULL)
        return;
    s->program = s->binding->program;
    for (guint i = 0; i < s->settings->len; i++) {
        const struct setting_value *set = &g_array_index(s->settings, struct setting_value, i);
        const char *program = variant_program(s->binding, set);
        if (program != NULL)
            s->program = program;
        else if (setting_is_program(s->binding, set->name) &&
                 strcmp(set->value, setting_initial(s->binding, set->name)) != 0)
            variant_miss(s, set, text);
    }
}
