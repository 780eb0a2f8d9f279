/* Links, copies and padding: what a side of a block is started from. */
#include "harness/run/gate_time_side.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASK_NS_MAX        UINT64_C(10000000000)
#define STACK_BYTES_LEAST (UINT64_C(128) << 20)

enum { PADDING_BYTES_MAX = 4095, STACK_PAGES_MAX = 4095, PAGE_BYTES = 4096 };

/* A name of one length for any file; the same file has the same name. Caller frees. */
static char *place_of(const char *link_dir, const char *file, const char *kind) {
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, file, -1);
    char *place = g_strdup_printf("%s/gate-%.12s-%s", link_dir, sum, kind);
    g_free(sum);
    return place;
}

/* Copies the bytes and the right to execute, whole or not at all. */
static bool file_copy(const char *from, const char *to, struct error *err) {
    char *bytes = NULL;
    gsize length = 0;
    GError *failed = NULL;
    bool ok = g_file_get_contents(from, &bytes, &length, &failed) &&
              g_file_set_contents(to, bytes, (gssize)length, &failed);
    g_free(bytes);
    if (ok && chmod(to, S_IRWXU) == 0)
        return true;
    error_set(err, EXIT_CANNOT, "cannot copy %s to %s: %s", from, to,
              failed != NULL ? failed->message : g_strerror(errno));
    g_clear_error(&failed);
    return false;
}

static bool file_link(const char *from, const char *to, struct error *err) {
    char *target = g_canonicalize_filename(from, NULL); /* it may be relative */
    bool ok = symlink(target, to) == 0 || errno == EEXIST;
    g_free(target);
    return ok || error_set(err, EXIT_CANNOT, "cannot make the link %s to %s: %s", to, from,
                           g_strerror(errno));
}

/* Whether a library came with the program; those of the system are the same for everybody. */
static bool library_is_own(const char *path) {
    return *path == '/' && !g_str_has_prefix(path, "/lib") && !g_str_has_prefix(path, "/usr/lib");
}

/* From a line of the loader's list, "\tNAME => PATH (0x...)"; NULL: no such line. Caller frees. */
static char *library_in_line(const char *line) {
    const char *arrow = strstr(line, " => ");
    const char *end = strrchr(line, '(');
    if (arrow == NULL || end == NULL || end < arrow + strlen(" => "))
        return NULL;
    char *path = g_strndup(arrow + strlen(" => "), (gsize)(end - arrow) - strlen(" => "));
    return g_strstrip(path);
}

static bool libraries_copy_listed(const char *list, const char *link_dir, struct error *err) {
    bool ok = true;
    char **lines = g_strsplit(list, "\n", -1);
    for (char **line = lines; ok && *line != NULL; line++) {
        char *path = library_in_line(*line);
        if (path != NULL && library_is_own(path)) {
            char *name = g_path_get_basename(path);
            char *place = g_build_filename(link_dir, name, NULL);
            ok = file_copy(path, place, err);
            g_free(place);
            g_free(name);
        }
        g_free(path);
    }
    g_strfreev(lines);
    return ok;
}

/* Copies the libraries that came with a program, as the loader lists them. A program without a
   loader describes itself instead, and has none. */
static bool libraries_copy(const char *program, const char *link_dir, struct error *err) {
    char *arguments[] = {(char *)program, (char *)"--describe", NULL};
    char **environment = g_environ_unsetenv(g_get_environ(), "LD_PRELOAD");
    environment = g_environ_setenv(environment, "LD_TRACE_LOADED_OBJECTS", "1", TRUE);
    struct process_result result;
    process_result_init(&result);
    bool ok = process_run(&(struct process_request){.arguments = arguments,
                                                    .environment = environment,
                                                    .answers_on_stdout = true,
                                                    .timeout_ns = ASK_NS_MAX},
                          &result, err) &&
              libraries_copy_listed(result.report->str, link_dir, err);
    process_result_release(&result);
    g_strfreev(environment);
    return ok;
}

/* The name of equal length by which `file` is reached; NULL with err. Caller frees. */
static char *file_place(const struct gate_start_request *request, const char *file,
                        struct error *err) {
    if (request->link_dir == NULL)
        return g_strdup(file);
    char *place = place_of(request->link_dir, file, request->is_copy ? "copy" : "link");
    bool ok = true;
    if (!request->is_copy)
        ok = file_link(file, place, err);
    else if (access(place, F_OK) != 0)
        ok = file_copy(file, place, err) && libraries_copy(file, request->link_dir, err);
    if (ok)
        return place;
    g_free(place);
    return NULL;
}

struct gate_layout gate_layout_draw(struct gate_random *random) {
    struct gate_layout layout = {.padding_bytes = gate_random_below(random, PADDING_BYTES_MAX + 1)};
    layout.process.stack_limit_bytes =
        STACK_BYTES_LEAST + gate_random_below(random, STACK_PAGES_MAX + 1) * PAGE_BYTES;
    return layout;
}

static void environment_add(GArray *environment, const char *name, char *value) {
    struct setting_value variable = {.name = name, .value = value};
    g_array_append_val(environment, variable);
}

/* The strategy's variables and ours; the values of the last `ours` are freed with the start. */
static GArray *start_environment(const struct gate_start_request *request, const GArray *theirs) {
    GArray *environment = g_array_new(FALSE, FALSE, sizeof(struct setting_value));
    g_array_append_vals(environment, theirs->data, theirs->len);
    environment_add(environment, "HEAPMARK_PADDING", g_strnfill(request->padding_bytes, '.'));
    /* Where the copies are, or a place of the same length where nothing is. */
    char *libraries = g_strdup(request->is_aa ? request->link_dir : "");
    if (request->is_aa && !request->is_copy)
        libraries[strlen(libraries) - 1] = '-';
    if (request->is_aa)
        environment_add(environment, "LD_LIBRARY_PATH", libraries);
    else
        g_free(libraries);
    return environment;
}

bool gate_start_init(struct gate_start *out, const struct gate_start_request *request,
                     struct error *err) {
    const struct strategy *s = request->cell->strategy;
    char *program = file_place(request, s->program, err);
    char *preload = NULL;
    if (program != NULL && s->preload != NULL)
        preload = file_place(request, s->preload, err);
    if (program == NULL || (s->preload != NULL && preload == NULL)) {
        g_free(program);
        return false;
    }
    *out = (struct gate_start){.cell = *request->cell, .strategy = *s};
    out->strategy.program = program;
    out->strategy.preload = preload;
    out->strategy.environment = start_environment(request, s->environment);
    out->own_variables = out->strategy.environment->len - s->environment->len;
    out->cell.strategy = &out->strategy;
    return true;
}

void gate_start_release(struct gate_start *s) {
    GArray *environment = s->strategy.environment;
    for (guint i = environment->len - s->own_variables; i < environment->len; i++)
        g_free((char *)g_array_index(environment, struct setting_value, i).value);
    g_array_free(environment, TRUE);
    g_free((char *)s->strategy.program);
    g_free((char *)s->strategy.preload);
    *s = (struct gate_start){0};
}
