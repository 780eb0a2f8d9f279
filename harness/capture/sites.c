/* Line by line: a site begins, its calls follow, the next site or the end closes it. */
#include "harness/capture/sites.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/wire.h"
#include "harness/capture/unwind.h"

struct site_counts {
    uint32_t stack;
    uint64_t objects, requested, handed_out;
};

struct sites_reader {
    struct profile *profile;
    struct sites_total *total;
    struct unwinder *unwinder;
    const char *module; /* of frames that come with names */
    uint32_t thread;
    bool is_open; /* a site is being read */
    struct site_counts counts;
    GArray *sites; /* of struct site_counts: those that are whole */
    uint32_t locations[PROFILE_DEPTH_MAX], depth;
    uint64_t line;
    const char *rest; /* what the sites may lack, in words; NULL: nothing */
    bool has_ended;
};

void sites_describe(struct profile *p) {
    p->types[0] = (struct profile_value_type){"alloc_objects", "count"};
    p->types[1] = (struct profile_value_type){"alloc_space", "bytes"};
    p->event = g_strdup("every allocation of the count pass, exact");
}

static void site_close(struct sites_reader *r) {
    if (!r->is_open)
        return;
    if (r->depth == 0)
        r->locations[r->depth++] = symbols_unknown(r->profile, 0);
    r->counts.stack = profile_stack_add(r->profile, r->locations, r->depth, false);
    g_array_append_val(r->sites, r->counts);
    r->is_open = false;
}

/* Splits at tabs into exactly `count` fields. */
static bool fields_split(char *text, char **fields, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        char *tab = strchr(text, '\t');
        if ((tab == NULL) != (i == count - 1))
            return false;
        fields[i] = text;
        if (tab != NULL)
            *tab = '\0';
        text = tab == NULL ? text : tab + 1;
    }
    return true;
}

static bool numbers_read(char *text, uint64_t out[3]) {
    char *fields[3];
    return fields_split(text, fields, 3) && count_parse(fields[0], 0, UINT64_MAX, &out[0]) &&
           count_parse(fields[1], 0, UINT64_MAX, &out[1]) &&
           count_parse(fields[2], 0, UINT64_MAX, &out[2]);
}

static bool total_read(struct sites_reader *r, char *text) {
    uint64_t n[3];
    if (!numbers_read(text, n))
        return false;
    *r->total = (struct sites_total){.ops = n[0], .allocs = n[1], .bytes = n[2]};
    return true;
}

static bool site_read(struct sites_reader *r, char *text) {
    uint64_t n[3];
    site_close(r);
    if (!numbers_read(text, n))
        return false;
    r->is_open = true;
    r->counts = (struct site_counts){.objects = n[0], .requested = n[1], .handed_out = n[2]};
    r->depth = 0;
    return true;
}

static bool call_add(struct sites_reader *r, uint32_t location) {
    if (!r->is_open)
        return false;
    if (r->depth < PROFILE_DEPTH_MAX)
        r->locations[r->depth++] = location;
    return true;
}

static bool address_read(struct sites_reader *r, char *text) {
    char *end;
    uint64_t address = g_ascii_strtoull(text, &end, 16);
    if (end == text || *end != '\0' || strlen(text) > 16)
        return false;
    return call_add(r, unwinder_location(r->unwinder, r->profile, address));
}

/* The module of what comes with names. */
static uint32_t module_of_names(const struct sites_reader *r) {
    return profile_module_add(
        r->profile,
        &(struct profile_module){.path = r->module, .build_id = "", .has_symbols = true});
}

/* A call that comes with its name: its address is its place in the list of names. */
static bool frame_read(struct sites_reader *r, char *text) {
    char *fields[3];
    uint64_t line;
    if (!fields_split(text, fields, 3) || fields[0][0] == '\0' ||
        !count_parse(fields[2], 0, INT32_MAX, &line))
        return false;
    uint32_t function = profile_function_add(
        r->profile, &(struct profile_function){.name = fields[0],
                                               .module = r->module,
                                               .file = *fields[1] == '\0' ? NULL : fields[1]});
    struct profile_line at = {.function = function, .line = (unsigned)line};
    uint64_t address = (uint64_t)function << 32 | line;
    return call_add(r, profile_location_add(r->profile, module_of_names(r), address, &at, 1));
}

static bool rest_read(struct sites_reader *r, char *text) {
    r->rest = text;
    return *text != '\0';
}

static bool end_read(struct sites_reader *r, char *text) {
    site_close(r);
    r->has_ended = true;
    return *text == '\0';
}

static const struct {
    const char *key;
    bool (*read)(struct sites_reader *r, char *text);
} sites_keys[] = {{"total ", total_read},     {"rest ", rest_read},   {"site ", site_read},
                  {"address ", address_read}, {"frame ", frame_read}, {"end", end_read}};

/* Bytes are those handed out, unless only those asked for make the total: an allocator that puts
   small objects into a shared block tells of the whole block for each of them. */
static void sites_add(const struct sites_reader *r) {
    uint64_t requested = 0, handed_out = 0;
    for (guint i = 0; i < r->sites->len; i++) {
        const struct site_counts *c = &g_array_index(r->sites, struct site_counts, i);
        requested += c->requested;
        handed_out += c->handed_out;
    }
    bool as_asked =
        handed_out == 0 || (handed_out != r->total->bytes && requested == r->total->bytes);
    for (guint i = 0; i < r->sites->len; i++) {
        const struct site_counts *c = &g_array_index(r->sites, struct site_counts, i);
        profile_entry_add(r->profile, c->stack, r->thread, c->objects,
                          as_asked ? c->requested : c->handed_out);
    }
}

/* What is in the total and in no site, as an entry. Sites that have more than the total stay as
   they are, for everybody to see. */
static void rest_add(const struct sites_reader *r) {
    uint64_t objects = profile_total(r->profile, 0), bytes = profile_total(r->profile, 1);
    if (r->rest == NULL || objects > r->total->allocs || bytes > r->total->bytes ||
        (objects == r->total->allocs && bytes == r->total->bytes))
        return;
    char *name = g_strdup_printf(SITES_REST "%s]", r->rest);
    struct profile_line at = {
        .function = profile_function_add(
            r->profile, &(struct profile_function){.name = name, .module = r->module})};
    uint32_t location =
        profile_location_add(r->profile, module_of_names(r), (uint64_t)at.function << 32, &at, 1);
    profile_entry_add(r->profile, profile_stack_add(r->profile, &location, 1, false), r->thread,
                      r->total->allocs - objects, r->total->bytes - bytes);
    g_free(name);
}

static bool line_read(struct sites_reader *r, char *line, struct error *err) {
    bool ok = false;
    if (++r->line == 1) {
        char *expected = g_strdup_printf("heapmark-sites %d", WIRE_SITES_VERSION);
        ok = strcmp(line, expected) == 0;
        g_free(expected);
    } else if (!r->has_ended) {
        for (size_t i = 0; i < G_N_ELEMENTS(sites_keys); i++)
            if (g_str_has_prefix(line, sites_keys[i].key)) {
                ok = sites_keys[i].read(r, line + strlen(sites_keys[i].key));
                break;
            }
    }
    return ok || error_set(err, EXIT_CANNOT,
                           "line %" G_GUINT64_FORMAT
                           " of the allocation sites is not what a cell program of this version "
                           "writes: build them again",
                           r->line);
}

static bool lines_read(struct sites_reader *r, char *text, struct error *err) {
    for (char *line = text, *next; *line != '\0'; line = next) {
        char *end = strchr(line, '\n');
        if (end == NULL) /* the program died here */
            break;
        *end = '\0';
        next = end + 1;
        if (!line_read(r, line, err))
            return false;
    }
    return r->has_ended || error_set(err, EXIT_CANNOT,
                                     "the allocation sites end without their last line: the cell "
                                     "program ended before it had told all");
}

bool sites_read(struct profile *p, struct sites_total *total, const char *program, const char *text,
                size_t length, struct error *err) {
    *total = (struct sites_total){.bytes = UINT64_MAX};
    const char *slash = strrchr(program, '/');
    struct sites_reader r = {.profile = p,
                             .total = total,
                             .unwinder = unwinder_of_program(program),
                             .module = slash == NULL ? program : slash + 1,
                             .sites = g_array_new(FALSE, FALSE, sizeof(struct site_counts)),
                             .thread = profile_thread_add(p, "all threads")};
    char *copy = g_strndup(text, length);
    bool ok = lines_read(&r, copy, err);
    sites_add(&r);
    if (ok)
        rest_add(&r);
    g_array_free(r.sites, TRUE);
    g_free(copy);
    unwinder_free(r.unwinder);
    return ok;
}
