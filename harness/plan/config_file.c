/*
 * A config as YAML, read and written with libyaml.
 *
 * Reading goes event by event: one mapping, a scalar or a list of scalars per key. Anything else
 * (nested mappings, anchors, a second document) is refused where it stands.
 */
#include "harness/plan/config_file.h"

#include <inttypes.h>
#include <string.h>
#include <yaml.h>

/* A scalar and where it stands. */
struct config_scalar {
    char *text;
    size_t line, column; /* from 1 */
};

struct config_parser {
    yaml_parser_t yaml;
    const char *name;
    struct config *config;
    GPtrArray *seen; /* of char *: keys so far */
    struct error *err;
};

static bool refuse_at(struct config_parser *p, size_t line, size_t column, const char *reason) {
    return error_set(p->err, EXIT_USAGE, "%s:%zu:%zu: %s", p->name, line, column, reason);
}

static bool refuse_mark(struct config_parser *p, const yaml_mark_t *mark, const char *reason) {
    return refuse_at(p, mark->line + 1, mark->column + 1, reason);
}

static bool event_next(struct config_parser *p, yaml_event_t *event) {
    if (yaml_parser_parse(&p->yaml, event))
        return true;
    const char *reason = p->yaml.problem == NULL ? "cannot be read" : p->yaml.problem;
    /* The reader's own errors (encoding) come with a byte offset, not with a mark. */
    if (p->yaml.error == YAML_READER_ERROR)
        return error_set(p->err, EXIT_USAGE, "%s:%zu:%zu: byte %zu: %s", p->name,
                         p->yaml.mark.line + 1, p->yaml.mark.column + 1, p->yaml.problem_offset,
                         reason);
    return refuse_mark(p, &p->yaml.problem_mark, reason);
}

/* Takes the next event, which must be of a type; it holds nothing to keep. */
static bool event_expect(struct config_parser *p, yaml_event_type_t type, const char *otherwise) {
    yaml_event_t event;
    if (!event_next(p, &event))
        return false;
    bool ok = event.type == type || refuse_mark(p, &event.start_mark, otherwise);
    yaml_event_delete(&event);
    return ok;
}

static bool scalar_take(struct config_parser *p, const yaml_event_t *event,
                        struct config_scalar *out) {
    const char *text = (const char *)event->data.scalar.value;
    out->line = event->start_mark.line + 1;
    out->column = event->start_mark.column + 1;
    if (strlen(text) != event->data.scalar.length)
        return refuse_at(p, out->line, out->column, "a zero character");
    out->text = g_strdup(text);
    return true;
}

static void scalar_clear(void *scalar) {
    g_free(((struct config_scalar *)scalar)->text);
}

static GArray *scalars_new(void) {
    GArray *scalars = g_array_new(FALSE, FALSE, sizeof(struct config_scalar));
    g_array_set_clear_func(scalars, scalar_clear);
    return scalars;
}

/* Takes the items of a list after its start. */
static bool items_read(struct config_parser *p, GArray *items) {
    for (;;) {
        yaml_event_t event;
        struct config_scalar item;
        if (!event_next(p, &event))
            return false;
        bool ended = event.type == YAML_SEQUENCE_END_EVENT, ok = true;
        if (event.type == YAML_SCALAR_EVENT) {
            ok = scalar_take(p, &event, &item);
            if (ok)
                g_array_append_val(items, item);
        } else if (!ended) {
            ok = refuse_mark(p, &event.start_mark, "a list holds plain values only");
        }
        yaml_event_delete(&event);
        if (ended || !ok)
            return ok;
    }
}

/* Reads a value, a scalar or a list of scalars. */
static bool value_read(struct config_parser *p, GArray *items) {
    yaml_event_t event;
    struct config_scalar item;
    if (!event_next(p, &event))
        return false;
    bool ok = true;
    bool is_list = event.type == YAML_SEQUENCE_START_EVENT;
    if (event.type == YAML_SCALAR_EVENT) {
        ok = scalar_take(p, &event, &item);
        if (ok)
            g_array_append_val(items, item);
    } else if (!is_list) {
        ok = refuse_mark(p, &event.start_mark, "a value is plain text or a list of it");
    }
    yaml_event_delete(&event);
    return ok && (!is_list || items_read(p, items));
}

static bool item_set(struct config_parser *p, const char *key, const struct config_scalar *item) {
    struct error inner;
    return config_set(p->config, key, item->text, &inner) ||
           refuse_at(p, item->line, item->column, inner.text);
}

/* Joins items [from, to) with commas and sets the result. */
static bool joined_set(struct config_parser *p, const char *key, const GArray *items, guint from,
                       guint to) {
    const struct config_scalar *first = &g_array_index(items, struct config_scalar, from);
    GString *joined = g_string_new(NULL);
    for (guint i = from; i < to; i++)
        g_string_append_printf(joined, "%s%s", i > from ? "," : "",
                               g_array_index(items, struct config_scalar, i).text);
    struct config_scalar whole = {joined->str, first->line, first->column};
    bool ok = item_set(p, key, &whole);
    g_string_free(joined, TRUE);
    return ok;
}

/* "threads: [1, 2, small=4]" is "1,2" and "small=4": bare numbers in a row belong together. */
static bool threads_items_set(struct config_parser *p, const GArray *items) {
    bool ok = true;
    for (guint from = 0, to; ok && from < items->len; from = to) {
        to = from + 1;
        const struct config_scalar *item = &g_array_index(items, struct config_scalar, from);
        while (strchr(item->text, '=') == NULL && to < items->len &&
               strchr(g_array_index(items, struct config_scalar, to).text, '=') == NULL)
            to++;
        ok = joined_set(p, "threads", items, from, to);
    }
    return ok;
}

static bool items_set(struct config_parser *p, const struct config_scalar *key,
                      const GArray *items) {
    static const char *const lists[] = {"workloads", "strategies", "cpus", "counters", NULL};
    bool ok = true;
    if (items->len == 0)
        return refuse_at(p, key->line, key->column, "the list is empty");
    if (strcmp(key->text, "threads") == 0)
        return threads_items_set(p, items);
    if (g_strv_contains(lists, key->text))
        return joined_set(p, key->text, items, 0, items->len);
    if (items->len > 1 && strcmp(key->text, "param") != 0) {
        char *reason = g_strdup_printf("%s takes one value", key->text);
        refuse_at(p, key->line, key->column, reason);
        g_free(reason);
        return false;
    }
    for (guint i = 0; ok && i < items->len; i++)
        ok = item_set(p, key->text, &g_array_index(items, struct config_scalar, i));
    return ok;
}

/* An unknown key is refused at the key, not at its value. */
static bool key_check(struct config_parser *p, const struct config_scalar *key) {
    struct error inner;
    for (guint i = 0; i < p->seen->len; i++) {
        if (strcmp(p->seen->pdata[i], key->text) == 0)
            return refuse_at(p, key->line, key->column, "the key is there already");
    }
    bool known = config_has(key->text, &inner);
    g_ptr_array_add(p->seen, g_strdup(key->text));
    return known || refuse_at(p, key->line, key->column, inner.text);
}

/* Reads one "key: value"; *ended at the mapping's end. */
static bool entry_read(struct config_parser *p, bool *ended) {
    yaml_event_t event;
    struct config_scalar key = {NULL, 0, 0};
    if (!event_next(p, &event))
        return false;
    *ended = event.type == YAML_MAPPING_END_EVENT;
    bool ok = *ended || (event.type == YAML_SCALAR_EVENT
                             ? scalar_take(p, &event, &key)
                             : refuse_mark(p, &event.start_mark, "a key is plain text"));
    yaml_event_delete(&event);
    if (ok && !*ended) {
        GArray *items = scalars_new();
        ok = key_check(p, &key) && value_read(p, items) && items_set(p, &key, items);
        g_array_free(items, TRUE);
    }
    g_free(key.text);
    return ok;
}

static bool mapping_read(struct config_parser *p) {
    bool ended = false;
    while (!ended) {
        if (!entry_read(p, &ended))
            return false;
    }
    return event_expect(p, YAML_DOCUMENT_END_EVENT, "text after the mapping") &&
           event_expect(p, YAML_STREAM_END_EVENT, "a second document");
}

static bool document_read(struct config_parser *p) {
    yaml_event_t event;
    if (!event_expect(p, YAML_STREAM_START_EVENT, "no text") || !event_next(p, &event))
        return false;
    yaml_event_type_t type = event.type;
    yaml_event_delete(&event);
    if (type == YAML_STREAM_END_EVENT) /* an empty file, or comments only */
        return true;
    return event_expect(p, YAML_MAPPING_START_EVENT,
                        "a config is one mapping, with lines such as \"ops: 1000\"") &&
           mapping_read(p);
}

bool config_text_read(struct config *c, const char *name, const char *text, size_t length,
                      struct error *err) {
    struct config_parser p = {.name = name, .config = c, .err = err};
    if (!yaml_parser_initialize(&p.yaml))
        return error_set(err, EXIT_CANNOT, "no memory to read %s", name);
    p.seen = g_ptr_array_new_with_free_func(g_free);
    yaml_parser_set_input_string(&p.yaml, (const unsigned char *)text, length);
    bool ok = document_read(&p);
    yaml_parser_delete(&p.yaml);
    g_ptr_array_free(p.seen, TRUE);
    return ok;
}

bool config_read(struct config *c, const char *path, struct error *err) {
    GError *failure = NULL;
    char *text;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, &failure)) {
        error_set(err, EXIT_USAGE, "cannot read the config: %s", failure->message);
        g_error_free(failure);
        return false;
    }
    bool ok = config_text_read(c, path, text, length, err);
    g_free(text);
    return ok;
}

/* ---- writing ---- */

/* A double-quoted scalar: whatever the UTF-8 text is, it reads back as itself. YAML forbids some
   characters in plain sight; what does not print is escaped. */
static void scalar_append(GString *out, const char *text) {
    g_string_append_c(out, '"');
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", *text);
        else if (g_unichar_isprint(c))
            g_string_append_unichar(out, c);
        else
            g_string_append_printf(out, "\\U%08x", c);
    }
    g_string_append_c(out, '"');
}

static void text_append(GString *out, const char *key, const char *text) {
    if (text == NULL)
        return;
    g_string_append_printf(out, "%s: ", key);
    scalar_append(out, text);
    g_string_append_c(out, '\n');
}

static void texts_append(GString *out, const char *key, const GPtrArray *texts) {
    if (texts->len == 0)
        return;
    g_string_append_printf(out, "%s:\n", key);
    for (guint i = 0; i < texts->len; i++) {
        g_string_append(out, "  - ");
        scalar_append(out, texts->pdata[i]);
        g_string_append_c(out, '\n');
    }
}

static void count_append(GString *out, const char *key, uint64_t count) {
    g_string_append_printf(out, "%s: %" PRIu64 "\n", key, count);
}

char *config_text(const struct config *c) {
    GString *out = g_string_new("# heapmark run --config THIS-FILE does the same again.\n");
    text_append(out, "workloads", c->workloads);
    text_append(out, "strategies", c->strategies);
    texts_append(out, "threads", c->threads);
    texts_append(out, "param", c->parameters);
    text_append(out, "cpus", c->cpus);
    g_string_append_printf(out, "effort: %s\n", c->effort == EFFORT_FULL ? "full" : "quick");
    count_append(out, "repetitions", c->repetitions);
    if (c->ops != 0)
        count_append(out, "ops", c->ops);
    count_append(out, "seed", c->seed);
    count_append(out, "timeout", c->timeout_s);
    if (c->memory_bytes != 0)
        count_append(out, "memory-limit", c->memory_bytes);
    text_append(out, "counters", c->counters);
    return g_string_free(out, FALSE);
}
