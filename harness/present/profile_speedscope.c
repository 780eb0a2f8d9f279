/* speedscope's file format (speedscope.app/file-format-schema.json): one table of frames, a sampled
   profile per thread, stacks root first. */
#include "harness/present/profile_view.h"

enum { FUNCTIONS_MAX = 4 * PROFILE_DEPTH_MAX };

static void frames_append(GString *out, const struct profile *p) {
    g_string_append(out, "\"shared\":{\"frames\":[");
    for (guint i = 0; i < p->functions->len; i++) {
        const struct profile_function *f = profile_function_at(p, i);
        g_string_append(out, i == 0 ? "{\"name\":" : ",\n{\"name\":");
        profile_json_text(out, f->name);
        g_string_append(out, ",\"file\":");
        profile_json_text(out, f->file != NULL ? f->file : f->module);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "]}");
}

static void stack_append(GString *out, const struct profile_data *d, uint32_t stack) {
    uint32_t functions[FUNCTIONS_MAX];
    uint32_t count =
        profile_functions_inside(&d->profile, &d->sums, stack, functions, FUNCTIONS_MAX);
    g_string_append_c(out, '[');
    for (uint32_t i = count; i-- > 0;)
        g_string_append_printf(out, "%u%s", functions[i], i > 0 ? "," : "");
    g_string_append_c(out, ']');
}

/* The stacks of a thread, or its weights; returns their sum. */
static uint64_t thread_append(GString *out, const struct profile_data *d, guint thread,
                              bool stacks) {
    const struct profile *p = &d->profile;
    const char *comma = "";
    uint64_t sum = 0;
    for (guint i = 0; i < p->entries->len; i++) {
        const struct profile_entry *entry = &g_array_index(p->entries, struct profile_entry, i);
        if (entry->thread != thread)
            continue;
        g_string_append(out, comma);
        if (stacks)
            stack_append(out, d, entry->stack);
        else
            g_string_append_printf(out, "%" G_GUINT64_FORMAT, entry->values[1]);
        sum += entry->values[1];
        comma = ",";
    }
    return sum;
}

static void profile_append(GString *out, const struct profile_data *d, guint thread) {
    const char *unit = d->profile.types[1].unit;
    g_string_append(out, "{\"type\":\"sampled\",\"name\":");
    profile_json_text(out, g_ptr_array_index(d->profile.threads, thread));
    g_string_append(out, ",\"unit\":");
    profile_json_text(out, g_str_equal(unit, "count") ? "none" : unit);
    g_string_append(out, ",\"samples\":[");
    uint64_t sum = thread_append(out, d, thread, true);
    g_string_append(out, "],\"weights\":[");
    thread_append(out, d, thread, false);
    g_string_append_printf(out, "],\"startValue\":0,\"endValue\":%" G_GUINT64_FORMAT "}", sum);
}

GString *profile_speedscope(const struct profile_view *v, enum profile_kind kind) {
    const struct profile_data *d = &v->data[kind];
    GString *out = g_string_new(
        "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"name\":");
    char *name = g_strdup_printf("%s, %s, %s: %s", v->workload, v->strategy,
                                 profile_kind_names[kind], d->profile.event);
    profile_json_text(out, name);
    g_free(name);
    g_string_append(out, ",\"exporter\":\"heapmark\",\"activeProfileIndex\":0,\n");
    frames_append(out, &d->profile);
    g_string_append(out, ",\n\"profiles\":[");
    for (guint i = 0; i < d->profile.threads->len; i++) {
        g_string_append(out, i == 0 ? "" : ",\n");
        profile_append(out, d, i);
    }
    g_string_append(out, "]}\n");
    return out;
}
