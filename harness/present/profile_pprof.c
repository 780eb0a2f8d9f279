/*
 * profile.proto (github.com/google/pprof, proto/profile.proto), gzipped as its specification says.
 *
 * The wire format of protocol buffers is small enough to be written by hand: a field is a tag, that
 * is its number and kind, and a varint or a length with as many bytes.
 */
#include <string.h>
#include <zlib.h>

#include "harness/present/profile_view.h"

enum { KIND_VARINT = 0, KIND_BYTES = 2 };

/* Numbers of fields, by message. */
enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE_ = 2, PROFILE_MAPPING_ = 3, PROFILE_LOCATION = 4 };
enum { PROFILE_FUNCTION = 5, PROFILE_STRING = 6, PROFILE_DURATION_NS = 10 };
enum { PROFILE_PERIOD_TYPE = 11, PROFILE_PERIOD = 12, PROFILE_COMMENT = 13 };
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_TEXT = 2 };
enum { MAPPING_ID = 1, MAPPING_START = 2, MAPPING_LIMIT = 3, MAPPING_FILE = 5 };
enum { MAPPING_BUILD_ID = 6, MAPPING_HAS_FUNCTIONS = 7 };
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILE = 4 };

struct pprof {
    GByteArray *out;
    GHashTable *strings; /* text to its number + 1 */
    GPtrArray *order;    /* of the strings */
};

static void varint_append(GByteArray *out, uint64_t value) {
    uint8_t byte;
    do {
        byte = (uint8_t)(value & 0x7f);
        value >>= 7;
        if (value != 0)
            byte |= 0x80;
        g_byte_array_append(out, &byte, 1);
    } while (value != 0);
}

static void number_append(GByteArray *out, unsigned field, uint64_t value) {
    varint_append(out, field << 3 | KIND_VARINT);
    varint_append(out, value);
}

static void bytes_append(GByteArray *out, unsigned field, const void *bytes, size_t count) {
    varint_append(out, field << 3 | KIND_BYTES);
    varint_append(out, count);
    g_byte_array_append(out, bytes, (guint)count);
}

/* Appends a message and frees it. */
static void message_append(GByteArray *out, unsigned field, GByteArray *message) {
    bytes_append(out, field, message->data, message->len);
    g_byte_array_free(message, TRUE);
}

/* Entry 0 of the table is "", as the format wants. */
static uint64_t string_number(struct pprof *w, const char *text) {
    if (text == NULL)
        text = "";
    gpointer number = g_hash_table_lookup(w->strings, text);
    if (number == NULL) {
        char *kept = g_utf8_make_valid(text, -1);
        g_ptr_array_add(w->order, kept);
        number = GUINT_TO_POINTER(w->order->len);
        g_hash_table_insert(w->strings, g_strdup(text), number);
    }
    return GPOINTER_TO_UINT(number) - 1;
}

static void type_append(struct pprof *w, unsigned field, const struct profile_value_type *type) {
    GByteArray *m = g_byte_array_new();
    number_append(m, TYPE_TYPE, string_number(w, type->type));
    number_append(m, TYPE_UNIT, string_number(w, type->unit));
    message_append(w->out, field, m);
}

static void label_append(struct pprof *w, GByteArray *sample, const char *key, const char *text) {
    GByteArray *m = g_byte_array_new();
    number_append(m, LABEL_KEY, string_number(w, key));
    number_append(m, LABEL_TEXT, string_number(w, text));
    message_append(sample, SAMPLE_LABEL, m);
}

static void sample_append(struct pprof *w, const struct profile_view *v, const struct profile *p,
                          const struct profile_entry *entry) {
    const struct profile_stack *stack = profile_stack_at(p, entry->stack);
    GByteArray *m = g_byte_array_new(), *packed = g_byte_array_new();
    for (uint32_t i = 0; i < stack->depth; i++)
        varint_append(packed, g_array_index(p->frames, uint32_t, stack->first + i) + 1);
    message_append(m, SAMPLE_LOCATION, packed);
    packed = g_byte_array_new();
    varint_append(packed, entry->values[0]);
    varint_append(packed, entry->values[1]);
    message_append(m, SAMPLE_VALUE, packed);
    label_append(w, m, "thread", g_ptr_array_index(p->threads, entry->thread));
    label_append(w, m, "strategy", v->strategy);
    label_append(w, m, "workload", v->workload);
    message_append(w->out, PROFILE_SAMPLE_, m);
}

/* Addresses are those of the files, and each has its functions: nobody looks into the mappings.
   They get ranges of their own all the same, since readers expect that. */
static void mapping_append(struct pprof *w, const struct profile_module *module, uint64_t id) {
    GByteArray *m = g_byte_array_new();
    number_append(m, MAPPING_ID, id);
    number_append(m, MAPPING_START, id << 48);
    number_append(m, MAPPING_LIMIT, (id + 1) << 48);
    number_append(m, MAPPING_FILE, string_number(w, module->path));
    number_append(m, MAPPING_BUILD_ID, string_number(w, module->build_id));
    number_append(m, MAPPING_HAS_FUNCTIONS, 1);
    message_append(w->out, PROFILE_MAPPING_, m);
}

static void location_append(struct pprof *w, const struct profile *p, uint32_t number) {
    const struct profile_location *location = profile_location_at(p, number);
    uint64_t mapping = location->module + UINT64_C(1);
    GByteArray *m = g_byte_array_new();
    number_append(m, LOCATION_ID, number + UINT64_C(1));
    number_append(m, LOCATION_MAPPING, mapping);
    number_append(m, LOCATION_ADDRESS,
                  (mapping << 48) + (location->address & ((UINT64_C(1) << 48) - 1)));
    for (uint32_t i = 0; i < location->line_count; i++) {
        const struct profile_line *line =
            &g_array_index(p->lines, struct profile_line, location->first + i);
        GByteArray *l = g_byte_array_new();
        number_append(l, LINE_FUNCTION, line->function + UINT64_C(1));
        number_append(l, LINE_LINE, line->line);
        message_append(m, LOCATION_LINE, l);
    }
    message_append(w->out, PROFILE_LOCATION, m);
}

static void function_append(struct pprof *w, const struct profile_function *f, uint64_t id) {
    GByteArray *m = g_byte_array_new();
    number_append(m, FUNCTION_ID, id);
    number_append(m, FUNCTION_NAME, string_number(w, f->name));
    number_append(m, FUNCTION_SYSTEM_NAME, string_number(w, f->name));
    number_append(m, FUNCTION_FILE, string_number(w, f->file != NULL ? f->file : f->module));
    message_append(w->out, PROFILE_FUNCTION, m);
}

/* The cell program's mapping first: pprof calls the profile after it. */
static void mappings_append(struct pprof *w, const struct profile *p, const char *program) {
    for (int is_program = 1; is_program >= 0; is_program--) {
        for (guint i = 0; i < p->modules->len; i++) {
            const struct profile_module *m = &g_array_index(p->modules, struct profile_module, i);
            const char *slash = strrchr(m->path, '/');
            if ((strcmp(slash == NULL ? m->path : slash + 1, program) == 0) == is_program)
                mapping_append(w, m, i + UINT64_C(1));
        }
    }
}

static void tables_append(struct pprof *w, const struct profile *p, const char *program) {
    mappings_append(w, p, program);
    for (guint i = 0; i < p->locations->len; i++)
        location_append(w, p, i);
    for (guint i = 0; i < p->functions->len; i++)
        function_append(w, profile_function_at(p, i), i + UINT64_C(1));
}

static void head_append(struct pprof *w, const struct profile *p) {
    type_append(w, PROFILE_SAMPLE_TYPE, &p->types[0]);
    type_append(w, PROFILE_SAMPLE_TYPE, &p->types[1]); /* the last one is shown first */
    if (p->period != 0) {
        type_append(w, PROFILE_PERIOD_TYPE, &p->types[1]);
        number_append(w->out, PROFILE_PERIOD, p->period);
    }
    number_append(w->out, PROFILE_DURATION_NS, p->duration_ns);
    number_append(w->out, PROFILE_COMMENT, string_number(w, p->event));
}

static GByteArray *gzip(const GByteArray *bytes) {
    enum { GZIP_WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8 };
    z_stream z = {.next_in = bytes->data, .avail_in = bytes->len};
    GByteArray *out = g_byte_array_new();
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        g_error("zlib has no memory");
    g_byte_array_set_size(out, (guint)deflateBound(&z, bytes->len));
    z.next_out = out->data;
    z.avail_out = out->len;
    deflate(&z, Z_FINISH); /* the bound is enough for all of it at once */
    g_byte_array_set_size(out, (guint)z.total_out);
    deflateEnd(&z);
    return out;
}

GByteArray *profile_pprof(const struct profile_view *v, enum profile_kind kind) {
    const struct profile *p = &v->data[kind].profile;
    struct pprof w = {.out = g_byte_array_new(),
                      .strings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                      .order = g_ptr_array_new_with_free_func(g_free)};
    string_number(&w, "");
    head_append(&w, p);
    for (guint i = 0; i < p->entries->len; i++)
        sample_append(&w, v, p, &g_array_index(p->entries, struct profile_entry, i));
    tables_append(&w, p, v->program);
    for (guint i = 0; i < w.order->len; i++) {
        const char *text = g_ptr_array_index(w.order, i);
        bytes_append(w.out, PROFILE_STRING, text, strlen(text));
    }
    GByteArray *zipped = gzip(w.out);
    g_byte_array_free(w.out, TRUE);
    g_hash_table_destroy(w.strings);
    g_ptr_array_free(w.order, TRUE);
    return zipped;
}
