/* Folded stacks, as FlameGraph's scripts, inferno and Perfetto read them: root first, the thread in
   front of it, kernel functions marked _[k], a count behind the last blank. */
#include <stdlib.h>
#include <string.h>

#include "harness/present/profile_view.h"

enum { FUNCTIONS_MAX = 4 * PROFILE_DEPTH_MAX };

/* A name must not hold what separates names, or a new line. */
static void name_append(GString *out, const char *name) {
    for (; *name != '\0'; name++)
        g_string_append_c(out, *name == ';' || *name == '\n' ? ':' : *name);
}

static char *stack_text(const struct profile_data *d, const struct profile_entry *entry) {
    const struct profile *p = &d->profile;
    uint32_t functions[FUNCTIONS_MAX];
    uint32_t count = profile_functions_inside(p, &d->sums, entry->stack, functions, FUNCTIONS_MAX);
    GString *line = g_string_new(NULL);
    name_append(line, g_ptr_array_index(p->threads, entry->thread));
    if (profile_stack_at(p, entry->stack)->is_broken)
        g_string_append(line, ";[broken]");
    for (uint32_t i = count; i-- > 0;) {
        const struct profile_function *f = profile_function_at(p, functions[i]);
        g_string_append_c(line, ';');
        name_append(line, f->name);
        if (f->is_kernel)
            g_string_append(line, "_[k]");
    }
    return g_string_free(line, FALSE);
}

static int text_compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Samples of one stack at different addresses are one line. */
GString *profile_folded(const struct profile_data *d) {
    const struct profile *p = &d->profile;
    /* bytes are what an allocation profile is about; a CPU profile counts samples */
    unsigned value = p->period == 0 ? 1 : 0;
    GHashTable *sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < p->entries->len; i++) {
        const struct profile_entry *entry = &g_array_index(p->entries, struct profile_entry, i);
        char *line = stack_text(d, entry);
        uint64_t *sum = g_hash_table_lookup(sums, line);
        if (sum == NULL) {
            sum = g_new0(uint64_t, 1);
            g_hash_table_insert(sums, g_strdup(line), sum);
        }
        *sum += entry->values[value];
        g_free(line);
    }
    guint count;
    gpointer *lines = g_hash_table_get_keys_as_array(sums, &count);
    GString *out = g_string_new(NULL);
    qsort(lines, count, sizeof *lines, text_compare);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", (const char *)lines[i],
                               *(const uint64_t *)g_hash_table_lookup(sums, lines[i]));
    g_free(lines);
    g_hash_table_destroy(sums);
    return out;
}
