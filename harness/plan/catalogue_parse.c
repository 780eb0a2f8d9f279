/*
 * The text of `cell-NAME --describe` (harness/base/wire.h) to structures.
 *
 * A line is a key and its fields; a table says how many fields a key has and who takes them. What
 * takes them answers with NULL, or with why it cannot.
 */
#include "harness/plan/catalogue_parse.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/base/wire.h"
#include "workloads/workload.h"

static void parameter_info_free(void *parameter) {
    struct parameter_info *p = parameter;
    g_array_free(p->choices, TRUE);
    g_free(p);
}

void workload_info_free(void *workload) {
    struct workload_info *w = workload;
    g_ptr_array_free(w->parameters, TRUE);
    g_free(w);
}

void binding_info_free(void *binding) {
    struct binding_info *b = binding;
    g_ptr_array_free(b->variants, TRUE);
    g_ptr_array_free(b->settings, TRUE);
    g_ptr_array_free(b->workloads, TRUE);
    g_free(b);
}

static const char *keep(struct description *d, const char *text) {
    return g_string_chunk_insert_const(d->text, text);
}

/* Names stand in lists and before "=", ".", ":"; so they are letters, digits, "-" and "_". */
static bool name_is_plain(const char *name) {
    const char *p = name;
    while (g_ascii_isalnum(*p) || *p == '-' || *p == '_')
        p++;
    return p > name && *p == '\0';
}

static const char *binding_take(struct description *d, char **fields) {
    if (d->binding->name != NULL)
        return "a second binding";
    if (!name_is_plain(fields[0]))
        return "the binding's name is not one";
    d->binding->name = keep(d, fields[0]);
    return NULL;
}

static const char *summary_take(struct description *d, char **fields) {
    if (d->binding->summary != NULL)
        return "a second summary";
    d->binding->summary = keep(d, fields[0]);
    return NULL;
}

static const char *link_take(struct description *d, char **fields) {
    static const char *const words[] = {"shared", "static", "inline", NULL};
    if (d->binding->link != NULL)
        return "a second link";
    if (!g_strv_contains(words, fields[0]))
        return "link is not shared, static or inline";
    d->binding->link = keep(d, fields[0]);
    return NULL;
}

static const char *offers_take(struct description *d, char **fields) {
    return traits_parse(fields[0], &d->binding->offers) ? NULL : "an unknown trait";
}

static const char *variant_take(struct description *d, char **fields) {
    const char *equals = strchr(fields[0], '=');
    if (d->variant != NULL)
        return "a second variant";
    if (equals == NULL || equals == fields[0] || equals[1] == '\0')
        return "a variant is NAME=VALUE";
    char *setting = g_strndup(fields[0], (gsize)(equals - fields[0]));
    d->variant = g_new0(struct variant_info, 1);
    d->variant->setting = keep(d, setting);
    d->variant->value = keep(d, equals + 1);
    d->variant->program = d->binding->program;
    g_free(setting);
    return NULL;
}

static const char *setting_take(struct description *d, char **fields) {
    if (!name_is_plain(fields[0]))
        return "a setting's name is not one";
    struct setting_info *s = g_new0(struct setting_info, 1);
    s->name = keep(d, fields[0]);
    s->values = keep(d, fields[1]);
    s->initial = keep(d, fields[2]);
    s->summary = keep(d, fields[3]);
    g_ptr_array_add(d->binding->settings, s);
    return NULL;
}

static const char *workload_take(struct description *d, char **fields) {
    if (!name_is_plain(fields[0]) || !name_is_plain(fields[1]))
        return "the name of a workload or group is not one";
    for (guint i = 0; i < d->workloads->len; i++) {
        const struct workload_info *other = d->workloads->pdata[i];
        if (strcmp(other->name, fields[0]) == 0)
            return "the workload comes twice";
    }
    struct workload_info *w = g_new0(struct workload_info, 1);
    w->parameters = g_ptr_array_new_with_free_func(parameter_info_free);
    g_ptr_array_add(d->workloads, w);
    w->name = keep(d, fields[0]);
    w->group = keep(d, fields[1]);
    w->article = keep(d, fields[2]);
    w->summary = keep(d, fields[3]);
    w->stresses = keep(d, fields[4]);
    if (!traits_parse(fields[5], &w->needs) || !traits_parse(fields[6], &w->traits))
        return "an unknown trait";
    return NULL;
}

static bool choices_parse(GArray *choices, const char *text, const struct parameter_info *p) {
    if (*text == '\0')
        return true;
    GPtrArray *pieces = list_split(text, ',');
    bool ok = true;
    for (guint i = 0; ok && i < pieces->len; i++) {
        uint64_t choice;
        ok = count_parse(pieces->pdata[i], p->least, p->most, &choice);
        if (ok)
            g_array_append_val(choices, choice);
    }
    g_ptr_array_free(pieces, TRUE);
    return ok;
}

static const char *parameter_take(struct description *d, char **fields) {
    if (d->workloads->len == 0)
        return "a parameter before any workload";
    struct workload_info *w = d->workloads->pdata[d->workloads->len - 1];
    if (w->parameters->len == WORKLOAD_PARAMETERS_MAX)
        return "too many parameters";
    if (!name_is_plain(fields[0]))
        return "a parameter's name is not one";
    struct parameter_info *p = g_new0(struct parameter_info, 1);
    p->choices = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_ptr_array_add(w->parameters, p);
    p->name = keep(d, fields[0]);
    p->summary = keep(d, fields[1]);
    if (!count_parse(fields[3], 0, UINT64_MAX, &p->least) ||
        !count_parse(fields[4], p->least, UINT64_MAX, &p->most) ||
        !count_parse(fields[2], p->least, p->most, &p->initial))
        return "least, initial and most are not numbers in order";
    return choices_parse(p->choices, fields[5], p) ? NULL : "a choice is not a number in range";
}

static const struct describe_key {
    const char *key;
    unsigned fields;
    const char *(*take)(struct description *d, char **fields);
} describe_keys[] = {
    {"binding", 1, binding_take},   {"summary", 1, summary_take},     {"link", 1, link_take},
    {"offers", 1, offers_take},     {"variant", 1, variant_take},     {"setting", 4, setting_take},
    {"workload", 7, workload_take}, {"parameter", 6, parameter_take},
};

static const struct describe_key *key_find(const char *line, size_t length) {
    for (size_t i = 0; i < G_N_ELEMENTS(describe_keys); i++) {
        const char *key = describe_keys[i].key;
        if (strlen(key) == length && memcmp(key, line, length) == 0)
            return &describe_keys[i];
    }
    return NULL;
}

/* Where a line is, for refusals. */
struct line_place {
    const char *program;
    unsigned number;
};

static bool refuse(const struct line_place *place, const char *reason, struct error *err) {
    return error_set(err, EXIT_CANNOT, "%s --describe, line %u: %s", place->program, place->number,
                     reason);
}

static bool line_take(struct description *d, const char *line, const struct line_place *place,
                      struct error *err) {
    size_t length = strcspn(line, " ");
    const struct describe_key *key = key_find(line, length);
    if (key == NULL)
        return error_set(err, EXIT_CANNOT, "%s --describe, line %u: unknown key \"%.*s\"",
                         place->program, place->number, (int)MIN(length, 40), line);
    char **fields = g_strsplit(line[length] == ' ' ? line + length + 1 : "", "\t", -1);
    /* An empty value is one empty field, which g_strsplit makes none of. */
    guint count = MAX(g_strv_length(fields), 1);
    char *empty[] = {(char[]){""}, NULL};
    char **given = fields[0] == NULL ? empty : fields;
    const char *reason = count == key->fields ? key->take(d, given) : "the wrong number of fields";
    g_strfreev(fields);
    if (key->take == workload_take && reason == NULL)
        g_array_append_val(d->lines, place->number);
    return reason == NULL || refuse(place, reason, err);
}

/* Takes every line between the first and "end". */
static bool lines_take(struct description *d, char **lines, struct line_place *place,
                       struct error *err) {
    for (char **line = lines; *line != NULL; line++) {
        place->number++;
        if (strcmp(*line, "end") == 0) {
            bool last = line[1] == NULL || (line[1][0] == '\0' && line[2] == NULL);
            return last || refuse(place, "text after the end", err);
        }
        if (**line == '\0' && line[1] == NULL) /* what follows the last newline */
            break;
        if (!line_take(d, *line, place, err))
            return false;
    }
    return refuse(place, "the answer stops before its end", err);
}

static bool description_check(const struct description *d, const struct line_place *place,
                              struct error *err) {
    const struct binding_info *b = d->binding;
    if (b->name == NULL || b->summary == NULL || b->link == NULL)
        return refuse(place, "binding, summary or link is missing", err);
    return true;
}

bool description_parse(struct description *d, const char *program, const char *described,
                       GStringChunk *text, struct error *err) {
    struct line_place place = {program, 1};
    char *version = g_strdup_printf("heapmark-describe %d", WIRE_DESCRIBE_VERSION);
    *d = (struct description){
        .binding = g_new0(struct binding_info, 1),
        .workloads = g_ptr_array_new_with_free_func(workload_info_free),
        .lines = g_array_new(FALSE, FALSE, sizeof(unsigned)),
        .text = text,
    };
    d->binding->settings = g_ptr_array_new_with_free_func(g_free);
    d->binding->variants = g_ptr_array_new_with_free_func(g_free);
    d->binding->workloads = g_ptr_array_new();
    d->binding->program = keep(d, program);
    char **lines = g_strsplit(described, "\n", -1);
    bool ok;
    if (!g_utf8_validate(described, -1, NULL))
        ok = refuse(&place, "the answer is not UTF-8", err);
    else if (lines[0] == NULL || strcmp(lines[0], version) != 0)
        ok =
            refuse(&place, "the answer is not of this version; install all of heapmark again", err);
    else
        ok = lines_take(d, lines + 1, &place, err) && description_check(d, &place, err);
    g_strfreev(lines);
    g_free(version);
    return ok;
}

void description_release(struct description *d) {
    if (d->binding != NULL)
        binding_info_free(d->binding);
    g_free(d->variant);
    g_ptr_array_free(d->workloads, TRUE);
    g_array_free(d->lines, TRUE);
}
