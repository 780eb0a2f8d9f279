/* Interning by one table: a key is a letter for the kind and the bytes that make the thing equal.
 */
#include "harness/capture/profile.h"

#include <string.h>

void profile_init(struct profile *p) {
    *p = (struct profile){
        .functions = g_array_new(FALSE, TRUE, sizeof(struct profile_function)),
        .lines = g_array_new(FALSE, TRUE, sizeof(struct profile_line)),
        .locations = g_array_new(FALSE, TRUE, sizeof(struct profile_location)),
        .modules = g_array_new(FALSE, TRUE, sizeof(struct profile_module)),
        .frames = g_array_new(FALSE, TRUE, sizeof(uint32_t)),
        .stacks = g_array_new(FALSE, TRUE, sizeof(struct profile_stack)),
        .threads = g_ptr_array_new(),
        .entries = g_array_new(FALSE, TRUE, sizeof(struct profile_entry)),
        .text = g_string_chunk_new(4096),
        .index =
            g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL),
    };
}

void profile_release(struct profile *p) {
    GArray *const arrays[] = {p->functions, p->lines,  p->locations, p->modules,
                              p->frames,    p->stacks, p->entries};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_free(arrays[i], TRUE);
    g_ptr_array_free(p->threads, TRUE);
    g_string_chunk_free(p->text);
    g_hash_table_destroy(p->index);
    g_free(p->event);
    *p = (struct profile){0};
}

/* ---- interning ---- */

static const char *profile_text(struct profile *p, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert_const(p->text, text);
}

static bool index_find(const struct profile *p, GBytes *key, uint32_t *out) {
    gpointer number;
    bool found = g_hash_table_lookup_extended(p->index, key, NULL, &number);
    if (found)
        *out = GPOINTER_TO_UINT(number);
    return found;
}

/* Takes the key. */
static uint32_t index_add(struct profile *p, GBytes *key, uint32_t number) {
    g_hash_table_insert(p->index, key, GUINT_TO_POINTER(number));
    return number;
}

static GBytes *key_new(char kind, const void *bytes, size_t count) {
    GByteArray *key = g_byte_array_sized_new((guint)count + 1);
    g_byte_array_append(key, (const guint8 *)&kind, 1);
    g_byte_array_append(key, bytes, (guint)count);
    return g_byte_array_free_to_bytes(key);
}

/* Texts with their ends, so that no two lists make one key. */
static GBytes *key_of_texts(char kind, const char *const *texts, size_t count) {
    GByteArray *key = g_byte_array_new();
    g_byte_array_append(key, (const guint8 *)&kind, 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = texts[i] == NULL ? "" : texts[i];
        g_byte_array_append(key, (const guint8 *)text, (guint)strlen(text) + 1);
    }
    return g_byte_array_free_to_bytes(key);
}

static uint32_t function_append(struct profile *p, const struct profile_function *function) {
    struct profile_function kept = {.name = profile_text(p, function->name),
                                    .module = profile_text(p, function->module),
                                    .file = profile_text(p, function->file),
                                    .is_kernel = function->is_kernel};
    g_array_append_val(p->functions, kept);
    return p->functions->len - 1;
}

/* Debug information does not name the file at every address of a function: with one and without are
   the same function, whichever came first. Two files make two functions (static ones). */
uint32_t profile_function_add(struct profile *p, const struct profile_function *function) {
    const char *const texts[] = {function->name, function->module, function->file};
    GBytes *whole = key_of_texts('f', texts, 3), *nameless = key_of_texts('F', texts, 2);
    uint32_t number;
    bool is_known = index_find(p, whole, &number), has_first = false;
    if (!is_known) {
        has_first = index_find(p, nameless, &number);
        struct profile_function *first =
            has_first ? &g_array_index(p->functions, struct profile_function, number) : NULL;
        if (first == NULL || (first->file != NULL && function->file != NULL))
            number = function_append(p, function);
        else if (function->file != NULL)
            first->file = profile_text(p, function->file);
        index_add(p, g_bytes_ref(whole), number);
        if (!has_first)
            index_add(p, g_bytes_ref(nameless), number);
    }
    g_bytes_unref(whole);
    g_bytes_unref(nameless);
    return number;
}

uint32_t profile_module_add(struct profile *p, const struct profile_module *module) {
    const char *const texts[] = {module->path, module->build_id};
    GBytes *key = key_of_texts('m', texts, G_N_ELEMENTS(texts));
    uint32_t number;
    if (index_find(p, key, &number)) {
        g_bytes_unref(key);
        return number;
    }
    struct profile_module kept = {.path = profile_text(p, module->path),
                                  .build_id = profile_text(p, module->build_id),
                                  .has_symbols = module->has_symbols};
    g_array_append_val(p->modules, kept);
    return index_add(p, key, p->modules->len - 1);
}

uint32_t profile_thread_add(struct profile *p, const char *name) {
    for (guint i = 0; i < p->threads->len; i++) {
        if (strcmp(g_ptr_array_index(p->threads, i), name) == 0)
            return i;
    }
    g_ptr_array_add(p->threads, (gpointer)profile_text(p, name));
    return p->threads->len - 1;
}

static GBytes *key_of_location(uint32_t module, uint64_t address) {
    const uint64_t words[] = {module, address};
    return key_new('l', words, sizeof words);
}

bool profile_location_find(const struct profile *p, uint32_t module, uint64_t address,
                           uint32_t *out) {
    GBytes *key = key_of_location(module, address);
    bool found = index_find(p, key, out);
    g_bytes_unref(key);
    return found;
}

uint32_t profile_location_add(struct profile *p, uint32_t module, uint64_t address,
                              const struct profile_line *lines, uint32_t count) {
    uint32_t number;
    g_assert(count > 0);
    if (profile_location_find(p, module, address, &number))
        return number;
    struct profile_location location = {
        .module = module, .address = address, .first = p->lines->len, .line_count = count};
    g_array_append_vals(p->lines, lines, count);
    g_array_append_val(p->locations, location);
    return index_add(p, key_of_location(module, address), p->locations->len - 1);
}

uint32_t profile_stack_add(struct profile *p, const uint32_t *locations, uint32_t depth,
                           bool is_broken) {
    GBytes *key = key_new(is_broken ? 'b' : 's', locations, depth * sizeof *locations);
    uint32_t number;
    g_assert(depth <= PROFILE_DEPTH_MAX);
    if (index_find(p, key, &number)) {
        g_bytes_unref(key);
        return number;
    }
    struct profile_stack stack = {.first = p->frames->len, .depth = depth, .is_broken = is_broken};
    g_array_append_vals(p->frames, locations, depth);
    g_array_append_val(p->stacks, stack);
    return index_add(p, key, p->stacks->len - 1);
}

void profile_entry_add(struct profile *p, uint32_t stack, uint32_t thread, uint64_t first,
                       uint64_t second) {
    const uint32_t words[] = {stack, thread};
    GBytes *key = key_new('e', words, sizeof words);
    uint32_t number;
    if (index_find(p, key, &number)) {
        g_bytes_unref(key);
        struct profile_entry *entry = &g_array_index(p->entries, struct profile_entry, number);
        entry->values[0] += first;
        entry->values[1] += second;
        return;
    }
    struct profile_entry entry = {.stack = stack, .thread = thread, .values = {first, second}};
    g_array_append_val(p->entries, entry);
    index_add(p, key, p->entries->len - 1);
}

/* ---- reading ---- */

uint64_t profile_total(const struct profile *p, unsigned value) {
    uint64_t sum = 0;
    for (guint i = 0; i < p->entries->len; i++)
        sum += g_array_index(p->entries, struct profile_entry, i).values[value];
    return sum;
}

uint64_t profile_broken(const struct profile *p) {
    uint64_t sum = 0;
    for (guint i = 0; i < p->entries->len; i++) {
        const struct profile_entry *entry = &g_array_index(p->entries, struct profile_entry, i);
        sum += profile_stack_at(p, entry->stack)->is_broken ? entry->values[0] : 0;
    }
    return sum;
}

uint32_t profile_functions(const struct profile *p, uint32_t stack, uint32_t *out, uint32_t most) {
    const struct profile_stack *s = profile_stack_at(p, stack);
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->depth; i++) {
        uint32_t number = g_array_index(p->frames, uint32_t, s->first + i);
        const struct profile_location *location = profile_location_at(p, number);
        for (uint32_t line = 0; line < location->line_count && count < most; line++)
            out[count++] =
                g_array_index(p->lines, struct profile_line, location->first + line).function;
    }
    return count;
}
