/*
 * The page: flame.html, which is compiled in, with the profiles where it says @DATA@.
 *
 * A stack is one string, "thread value function function ...", root first: JSON without a bracket
 * per number, and names once per profile.
 */
#include <string.h>

#include "harness/present/profile_view.h"
#include "harness/present/quantity.h"

enum { FUNCTIONS_MAX = 4 * PROFILE_DEPTH_MAX };

extern const char profile_flame_page[]; /* made of flame.html at build time */

#define DATA_MARK "@DATA@"

/* Under which stacks lie whose chain broke; its number is the one behind all functions. */
#define BROKEN "[broken call chain]"

/* Name, module, part, and whether a rule for the whole module is all that says so. */
static void functions_append(GString *out, const struct profile_data *d) {
    g_string_append(out, "\"functions\":[");
    for (guint i = 0; i < d->profile.functions->len; i++) {
        const struct profile_function *f = profile_function_at(&d->profile, i);
        const struct profile_rule_found *rule = profile_rule_of(&d->sums, i);
        enum profile_part part = rule->part;
        if (f->is_kernel && part != PROFILE_FAULTS)
            part = PROFILE_KERNEL;
        g_string_append(out, i == 0 ? "[" : ",\n[");
        profile_json_text(out, f->name);
        g_string_append_c(out, ',');
        profile_json_text(out, f->module);
        g_string_append_printf(out, ",%d,%d]", (int)part, rule->is_weak);
    }
    g_string_append_printf(out, "%s[\"" BROKEN "\",\"\",%d,0]],\n",
                           d->profile.functions->len == 0 ? "" : ",\n", (int)PROFILE_OTHER);
}

static char *stack_text(const struct profile_data *d, const struct profile_entry *entry) {
    uint32_t functions[FUNCTIONS_MAX];
    uint32_t count =
        profile_functions_inside(&d->profile, &d->sums, entry->stack, functions, FUNCTIONS_MAX);
    GString *text = g_string_new(NULL);
    if (profile_stack_at(&d->profile, entry->stack)->is_broken)
        g_string_append_printf(text, " %u", d->profile.functions->len);
    for (uint32_t i = count; i-- > 0;)
        g_string_append_printf(text, " %u", functions[i]);
    return g_string_free(text, FALSE);
}

/* Stacks that differ only in addresses are one. */
static void stacks_append(GString *out, const struct profile_data *d) {
    GHashTable *sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GPtrArray *order = g_ptr_array_new(); /* as they came, so that the page is the same each time */
    for (guint i = 0; i < d->profile.entries->len; i++) {
        const struct profile_entry *entry =
            &g_array_index(d->profile.entries, struct profile_entry, i);
        char *stack = stack_text(d, entry);
        char *key = g_strdup_printf("%u%s", entry->thread, stack);
        uint64_t *sum = g_hash_table_lookup(sums, key);
        if (sum == NULL) {
            sum = g_new0(uint64_t, 1);
            g_ptr_array_add(order, key);
            g_hash_table_insert(sums, key, sum);
        } else {
            g_free(key);
        }
        *sum += entry->values[1];
        g_free(stack);
    }
    g_string_append(out, "\"stacks\":[");
    for (guint i = 0; i < order->len; i++) {
        const char *key = g_ptr_array_index(order, i), *blank = strchr(key, ' ');
        g_string_append_printf(out, "%s\"%.*s %" G_GUINT64_FORMAT "%s\"", i == 0 ? "" : ",\n",
                               (int)(blank - key), key,
                               *(const uint64_t *)g_hash_table_lookup(sums, key), blank);
    }
    g_string_append(out, "]");
    g_ptr_array_free(order, TRUE);
    g_hash_table_destroy(sums);
}

static char *note_text(const struct profile_view *v, const struct profile_data *d) {
    const struct profile *p = &d->profile;
    if (p->period == 0)
        return g_strdup_printf("%s: %s", v->strategy, p->event);
    return g_strdup_printf("%s: %" G_GUINT64_FORMAT " samples of %s over %s, %" G_GUINT64_FORMAT
                           " lost, %" G_GUINT64_FORMAT " broken call chains",
                           v->strategy, profile_total(p, 0), p->event,
                           quantity_time((double)p->duration_ns).text, p->lost, profile_broken(p));
}

static void kind_append(GString *out, const struct profile_view *v, enum profile_kind kind) {
    const struct profile_data *d = &v->data[kind];
    char *note = note_text(v, d);
    profile_json_text(out, profile_kind_names[kind]);
    g_string_append(out, ":{\"unit\":");
    profile_json_text(out, d->profile.types[1].unit);
    g_string_append(out, ",\"note\":");
    profile_json_text(out, note);
    g_string_append(out, ",\"threads\":[");
    for (guint i = 0; i < d->profile.threads->len; i++) {
        g_string_append(out, i == 0 ? "" : ",");
        profile_json_text(out, g_ptr_array_index(d->profile.threads, i));
    }
    g_string_append(out, "],\n");
    functions_append(out, d);
    stacks_append(out, d);
    g_string_append_c(out, '}');
    g_free(note);
}

static void cell_append(GString *out, const struct profile_view *v) {
    char *name = g_strdup_printf("%s, %s", v->workload, v->strategy);
    const char *comma = "";
    g_string_append(out, "{\"name\":");
    profile_json_text(out, name);
    g_string_append(out, ",\"kinds\":{");
    for (int kind = 0; kind < PROFILE_KINDS; kind++) {
        if (!v->data[kind].is_there)
            continue;
        g_string_append(out, comma);
        kind_append(out, v, (enum profile_kind)kind);
        comma = ",\n";
    }
    g_string_append(out, "}}");
    g_free(name);
}

static bool kind_is_there(const GPtrArray *views, int kind) {
    for (guint i = 0; i < views->len; i++)
        if (((const struct profile_view *)g_ptr_array_index(views, i))->data[kind].is_there)
            return true;
    return false;
}

static void data_append(GString *out, const GPtrArray *views) {
    const char *comma = "";
    g_string_append(out, "{\"parts\":[");
    for (int part = 0; part < PROFILE_PARTS; part++) {
        g_string_append(out, part == 0 ? "" : ",");
        profile_json_text(out, profile_part_names[part]);
    }
    g_string_append(out, "],\"kinds\":[");
    for (int kind = 0; kind < PROFILE_KINDS; kind++) {
        if (!kind_is_there(views, kind))
            continue;
        g_string_append(out, comma);
        profile_json_text(out, profile_kind_names[kind]);
        comma = ",";
    }
    g_string_append(out, "],\"cells\":[");
    for (guint i = 0; i < views->len; i++) {
        g_string_append(out, i == 0 ? "\n" : ",\n");
        cell_append(out, g_ptr_array_index(views, i));
    }
    g_string_append(out, "]}");
}

GString *profile_flame(const GPtrArray *views) {
    const char *mark = strstr(profile_flame_page, DATA_MARK);
    GString *out = g_string_new_len(profile_flame_page, mark - profile_flame_page);
    data_append(out, views);
    g_string_append(out, mark + strlen(DATA_MARK));
    return out;
}
