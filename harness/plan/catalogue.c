/*
 * What can be measured here: bindings and workloads, as their cell programs describe them.
 *
 * A description is parsed whole before anything of it joins the catalogue, so that a program that
 * answers nonsense is left out and nothing else is.
 */
#include "harness/plan/catalogue.h"

#include <string.h>

#include "harness/plan/catalogue_parse.h"

static const struct {
    uint32_t trait;
    const char *word;
} trait_words[] = {
#define TRAIT(name, word, bit, meaning) {TRAIT_##name, #word},
#include "allocators/traits.def"
#undef TRAIT
};

char *traits_text(uint32_t traits, const char *joint) {
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(trait_words); i++) {
        if ((traits & trait_words[i].trait) == 0)
            continue;
        g_string_append_printf(out, "%s%s", out->len > 0 ? joint : "", trait_words[i].word);
    }
    return g_string_free(out, FALSE);
}

static bool trait_parse(const char *word, uint32_t *traits) {
    for (size_t i = 0; i < G_N_ELEMENTS(trait_words); i++) {
        if (strcmp(trait_words[i].word, word) == 0) {
            *traits |= trait_words[i].trait;
            return true;
        }
    }
    return false;
}

bool traits_parse(const char *words, uint32_t *traits) {
    char **each = g_strsplit(words, " ", -1);
    bool ok = true;
    for (char **word = each; ok && *word != NULL; word++)
        ok = **word == '\0' || trait_parse(*word, traits);
    g_strfreev(each);
    return ok;
}

void catalogue_init(struct catalogue *c) {
    c->bindings = g_ptr_array_new_with_free_func(binding_info_free);
    c->workloads = g_ptr_array_new_with_free_func(workload_info_free);
    c->text = g_string_chunk_new(4096);
}

void catalogue_release(struct catalogue *c) {
    g_ptr_array_free(c->bindings, TRUE);
    g_ptr_array_free(c->workloads, TRUE);
    g_string_chunk_free(c->text);
}

const struct binding_info *catalogue_binding_find(const struct catalogue *c, const char *name) {
    for (guint i = 0; i < c->bindings->len; i++) {
        const struct binding_info *b = c->bindings->pdata[i];
        if (strcmp(b->name, name) == 0)
            return b;
    }
    return NULL;
}

/* The index of a workload, or -1. */
static int workload_index(const struct catalogue *c, const char *name) {
    for (guint i = 0; i < c->workloads->len; i++) {
        const struct workload_info *w = c->workloads->pdata[i];
        if (strcmp(w->name, name) == 0)
            return (int)i;
    }
    return -1;
}

const struct workload_info *catalogue_workload_find(const struct catalogue *c, const char *name) {
    int index = workload_index(c, name);
    return index < 0 ? NULL : c->workloads->pdata[index];
}

static bool parameters_agree(const struct parameter_info *a, const struct parameter_info *b) {
    return strcmp(a->name, b->name) == 0 && a->initial == b->initial && a->least == b->least &&
           a->most == b->most && a->choices->len == b->choices->len &&
           (a->choices->len == 0 ||
            memcmp(a->choices->data, b->choices->data, a->choices->len * sizeof(uint64_t)) == 0);
}

/* Whether two programs mean the same workload: what is shown may differ, what is done may not. */
static bool workloads_agree(const struct workload_info *a, const struct workload_info *b) {
    if (strcmp(a->group, b->group) != 0 || a->needs != b->needs || a->traits != b->traits ||
        a->parameters->len != b->parameters->len)
        return false;
    for (guint i = 0; i < a->parameters->len; i++) {
        if (!parameters_agree(a->parameters->pdata[i], b->parameters->pdata[i]))
            return false;
    }
    return true;
}

static struct binding_info *binding_of_variant(const struct catalogue *c,
                                               const struct description *d) {
    for (guint i = 0; i < c->bindings->len; i++) {
        struct binding_info *b = c->bindings->pdata[i];
        for (guint j = 0; strcmp(b->name, d->binding->name) == 0 && j < b->settings->len; j++) {
            const struct setting_info *setting = b->settings->pdata[j];
            if (strcmp(setting->name, d->variant->setting) == 0)
                return b;
        }
    }
    return NULL;
}

/* Hands a variant over to its binding. */
static bool variant_add(struct catalogue *c, struct description *d, struct error *err) {
    struct binding_info *b = binding_of_variant(c, d);
    if (b == NULL)
        return error_set(err, EXIT_CANNOT,
                         "%s: no cell program of the binding %s has the setting %s; install all of "
                         "heapmark again",
                         d->binding->program, d->binding->name, d->variant->setting);
    g_ptr_array_add(b->variants, d->variant);
    d->variant = NULL;
    return true;
}

static bool description_agrees(const struct catalogue *c, const struct description *d,
                               struct error *err) {
    if (catalogue_binding_find(c, d->binding->name) != NULL)
        return error_set(err, EXIT_CANNOT, "%s: the binding %s is described by another program too",
                         d->binding->program, d->binding->name);
    for (guint i = 0; i < d->workloads->len; i++) {
        const struct workload_info *w = d->workloads->pdata[i];
        const struct workload_info *known = catalogue_workload_find(c, w->name);
        if (known != NULL && !workloads_agree(w, known))
            return error_set(err, EXIT_CANNOT,
                             "%s --describe, line %u: %s is not the %s of the other cell programs; "
                             "install all of heapmark again",
                             d->binding->program, g_array_index(d->lines, unsigned, i), w->name,
                             w->name);
    }
    return true;
}

/* Merges workloads: a new one comes after the one it follows in its description, so that the order
   of workloads.def holds although no program need have them all. */
static void workloads_merge(struct catalogue *c, struct description *d) {
    int place = -1;
    while (d->workloads->len > 0) {
        struct workload_info *w = g_ptr_array_steal_index(d->workloads, 0);
        int known = workload_index(c, w->name);
        if (known >= 0) {
            workload_info_free(w);
            place = known;
        } else {
            g_ptr_array_insert(c->workloads, ++place, w);
        }
        const struct workload_info *kept = c->workloads->pdata[place];
        g_ptr_array_add(d->binding->workloads, (char *)(uintptr_t)kept->name);
    }
}

bool catalogue_add(struct catalogue *c, const char *program, const char *described,
                   struct error *err) {
    struct description d;
    bool ok = description_parse(&d, program, described, c->text, err);
    if (ok && d.variant != NULL) {
        ok = variant_add(c, &d, err);
    } else if (ok && (ok = description_agrees(c, &d, err))) {
        workloads_merge(c, &d);
        g_ptr_array_add(c->bindings, d.binding);
        d.binding = NULL;
    }
    description_release(&d);
    return ok;
}
