/* Callgrind is told to count nothing that it does not need: no caches, no branches; with marks it
   translates the rest of the program without counting, which is several times faster. */
#include "harness/run/instruction_count.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"

/* ---- the tool ---- */

/* What `PROGRAM --version` says, without the line's end; NULL when it cannot be asked. */
static char *tool_version(const char *program) {
    char *said = NULL;
    int status = -1;
    char *arguments[] = {g_strdup(program), (char *)(void *)"--version", NULL};
    bool ok = g_spawn_sync(NULL, arguments, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &said,
                           NULL, &status, NULL) &&
              status == 0;
    g_free(arguments[0]);
    if (ok)
        return g_strstrip(said);
    g_free(said);
    return NULL;
}

/* The value of the first line of /proc/cpuinfo with this name, "?" when there is none. */
static char *cpuinfo_value(const char *cpuinfo, const char *name) {
    const char *line = strstr(cpuinfo, name);
    const char *colon = line == NULL ? NULL : strchr(line, ':');
    if (colon == NULL)
        return g_strdup("?");
    return g_strstrip(g_strndup(colon + 1, strcspn(colon + 1, "\n")));
}

static char *processor_name(void) {
    char *cpuinfo = NULL;
    if (!g_file_get_contents("/proc/cpuinfo", &cpuinfo, NULL, NULL))
        return g_strdup("?");
    char *vendor = cpuinfo_value(cpuinfo, "vendor_id");
    char *family = cpuinfo_value(cpuinfo, "cpu family");
    char *model = cpuinfo_value(cpuinfo, "model\t");
    char *name = g_strdup_printf("%s %s/%s", vendor, family, model);
    g_free(vendor);
    g_free(family);
    g_free(model);
    g_free(cpuinfo);
    return name;
}

bool instruction_tool_find(struct instruction_tool *out, struct error *err) {
    *out = (struct instruction_tool){.valgrind = g_find_program_in_path("valgrind")};
    if (out->valgrind == NULL)
        return error_set(err, EXIT_CANNOT,
                         "valgrind is not installed: apt-get install valgrind to count "
                         "instructions");
    out->version = tool_version(out->valgrind);
    if (out->version == NULL) {
        error_set(err, EXIT_CANNOT, "%s --version fails: install valgrind anew", out->valgrind);
        instruction_tool_release(out);
        return false;
    }
    out->processor = processor_name();
    return true;
}

void instruction_tool_release(struct instruction_tool *t) {
    g_free(t->valgrind);
    g_free(t->version);
    g_free(t->processor);
    *t = (struct instruction_tool){NULL, NULL, NULL};
}

char **instruction_arguments(const struct instruction_tool *t,
                             const struct instruction_request *request) {
    /* --command-line-only: no ~/.valgrindrc and no VALGRIND_OPTS. */
    GPtrArray *out = g_ptr_array_new();
    g_ptr_array_add(out, g_strdup(t->valgrind));
    g_ptr_array_add(out, g_strdup("--command-line-only=yes"));
    g_ptr_array_add(out, g_strdup("-q"));
    g_ptr_array_add(out, g_strdup("--tool=callgrind"));
    g_ptr_array_add(out, g_strdup("--cache-sim=no"));
    g_ptr_array_add(out, g_strdup("--branch-sim=no"));
    g_ptr_array_add(out, g_strdup_printf("--callgrind-out-file=%s%%p", request->out_prefix));
    g_ptr_array_add(out,
                    g_strdup(request->is_marked ? "--instr-atstart=no" : "--trace-children=yes"));
    for (char *const *word = request->arguments; *word != NULL; word++)
        g_ptr_array_add(out, g_strdup(*word));
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
}

/* ---- what it wrote ---- */

struct callgrind_reader {
    bool is_counting_ir; /* the last "events:" line begins with Ir */
    bool has_totals;
    uint64_t total;
};

/* The words after `key` at the line's start; NULL when it begins otherwise. */
static const char *line_value(const char *line, const char *key) {
    if (!g_str_has_prefix(line, key))
        return NULL;
    const char *value = line + strlen(key);
    return value + strspn(value, " \t");
}

static bool callgrind_line(struct callgrind_reader *r, const char *line, const char **complaint) {
    const char *events = line_value(line, "events:");
    const char *totals = line_value(line, "totals:");
    if (events != NULL)
        r->is_counting_ir = strcmp(events, "Ir") == 0 || g_str_has_prefix(events, "Ir ");
    if (totals == NULL)
        return true;
    uint64_t count = 0;
    char *first = g_strndup(totals, strcspn(totals, " \t"));
    bool ok = count_parse(first, 0, UINT64_MAX - 1 - r->total, &count);
    g_free(first);
    *complaint = !r->is_counting_ir ? "totals of something else than instructions (Ir)"
                                    : "totals that are no whole number";
    r->total += count;
    r->has_totals = true;
    return ok && r->is_counting_ir;
}

bool callgrind_totals_parse(const char *text, size_t length, uint64_t *out, struct error *err) {
    struct callgrind_reader r = {.total = 0};
    const char *complaint = NULL;
    size_t number = 0;
    const char *const end = text + length;
    for (const char *at = text, *next; at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline == NULL ? end : newline;
        next = stop == end ? end : stop + 1;
        number++;
        /* Costs of single lines, by far the most, begin with a digit, "+", "-" or "*". */
        if (*at != 'e' && *at != 't')
            continue;
        char *line = g_strndup(at, (size_t)(stop - at));
        bool ok = callgrind_line(&r, line, &complaint);
        g_free(line);
        if (!ok)
            return error_set(err, EXIT_CANNOT, "line %zu of callgrind's file: %s", number,
                             complaint);
    }
    if (!r.has_totals)
        return error_set(err, EXIT_CANNOT, "callgrind's file has no totals: it was cut short");
    *out = r.total;
    return true;
}

static bool file_add(const char *path, uint64_t *total, struct error *err) {
    char *text = NULL;
    gsize length = 0;
    uint64_t count = 0;
    GError *refused = NULL;
    if (!g_file_get_contents(path, &text, &length, &refused)) {
        error_set(err, EXIT_CANNOT, "cannot read what callgrind wrote: %s", refused->message);
        g_error_free(refused);
        return false;
    }
    bool ok = callgrind_totals_parse(text, length, &count, err);
    *total += count;
    g_free(text);
    return ok;
}

/* The files of a run, by the directory's order: they are only added up. */
static GPtrArray *files_of(const char *out_prefix) {
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    char *folder = g_path_get_dirname(out_prefix);
    char *begin = g_path_get_basename(out_prefix);
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_prefix(name, begin))
            g_ptr_array_add(files, g_build_filename(folder, name, NULL));
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_free(folder);
    g_free(begin);
    return files;
}

bool instruction_collect(const char *out_prefix, uint64_t *out, struct error *err) {
    GPtrArray *files = files_of(out_prefix);
    bool ok = true;
    *out = 0;
    for (guint i = 0; i < files->len; i++) {
        ok = ok && file_add(files->pdata[i], out, err);
        unlink(files->pdata[i]);
    }
    if (ok && files->len == 0)
        ok = error_set(err, EXIT_CANNOT, "callgrind wrote nothing");
    else if (ok && *out == 0)
        ok = error_set(err, EXIT_CANNOT,
                       "no instruction was counted: the program does not mark its timed run (built "
                       "without valgrind's headers, or no program in C)");
    g_ptr_array_free(files, TRUE);
    return ok;
}
