/* Looks for cell programs and asks each what it is. */
#include "harness/run/discover.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/outcome.h"
#include "harness/run/process.h"

#define ANSWER_NS_MAX UINT64_C(10000000000)

static char *program_dir(void) {
    char *program = g_file_read_link("/proc/self/exe", NULL);
    char *dir = program == NULL ? g_strdup(".") : g_path_get_dirname(program);
    g_free(program);
    return dir;
}

/* DIR/../below, without the dots. */
static char *dir_beside(const char *dir, const char *below) {
    char *parent = g_path_get_dirname(dir);
    char *beside = g_build_filename(parent, below, NULL);
    g_free(parent);
    return beside;
}

static int name_compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of the executables called cell-* in dir, sorted by name, so that the catalogue's order does
   not depend on the file system. */
static GPtrArray *cells_list(const char *dir) {
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    GDir *entries = g_dir_open(dir, 0, NULL);
    for (const char *name; entries != NULL && (name = g_dir_read_name(entries)) != NULL;) {
        char *path = g_build_filename(dir, name, NULL);
        if (g_str_has_prefix(name, "cell-") && g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
            access(path, X_OK) == 0)
            g_ptr_array_add(paths, path);
        else
            g_free(path);
    }
    if (entries != NULL)
        g_dir_close(entries);
    g_ptr_array_sort(paths, name_compare);
    return paths;
}

static bool cells_are_in(const char *dir) {
    GPtrArray *paths = cells_list(dir);
    bool found = paths->len > 0;
    g_ptr_array_free(paths, TRUE);
    return found;
}

char *cells_dir_find(void) {
    const char *given = g_getenv("HEAPMARK_LIBEXEC");
    if (given != NULL && *given != '\0')
        return g_strdup(given);
    char *dir = program_dir();
    if (cells_are_in(dir))
        return dir;
    char *beside = dir_beside(dir, "libexec/heapmark");
    g_free(dir);
    return beside;
}

char *share_dir_find(void) {
    const char *given = g_getenv("HEAPMARK_SHARE");
    if (given != NULL && *given != '\0')
        return g_strdup(given);
    char *dir = program_dir();
    char *beside = dir_beside(dir, "share/heapmark");
    g_free(dir);
    return beside;
}

/* Why an answer is none; NULL when it is one. Caller frees. */
static char *answer_refuse(const struct process_result *r) {
    struct outcome_facts facts = {.exec_error = r->exec_error,
                                  .timed_out = r->timed_out,
                                  .timeout_s = ANSWER_NS_MAX / 1000000000,
                                  .wait_status = r->wait_status,
                                  .said = r->errors->str};
    if (r->exec_error == 0 && !r->timed_out && WIFEXITED(r->wait_status) &&
        WEXITSTATUS(r->wait_status) == 0)
        return NULL;
    return outcome_decide(&facts).reason;
}

static bool cell_ask(struct catalogue *c, const char *path, struct error *err) {
    char *arguments[] = {(char *)path, (char *)"--describe", NULL};
    char **environment = g_environ_unsetenv(g_get_environ(), "LD_PRELOAD");
    struct process_request request = {.arguments = arguments,
                                      .environment = environment,
                                      .answers_on_stdout = true,
                                      .timeout_ns = ANSWER_NS_MAX};
    struct process_result result;
    process_result_init(&result);
    bool ok = process_run(&request, &result, err);
    char *refusal = ok ? answer_refuse(&result) : NULL;
    if (refusal != NULL)
        ok = error_set(err, EXIT_CANNOT, "%s", refusal);
    if (ok)
        ok = catalogue_add(c, path, result.report->str, err);
    g_free(refusal);
    process_result_release(&result);
    g_strfreev(environment);
    return ok;
}

bool catalogue_discover(struct catalogue *c, const char *dir, char **notice, struct error *err) {
    GPtrArray *paths = cells_list(dir);
    GString *left_out = g_string_new(NULL);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        struct error refused;
        if (!cell_ask(c, path, &refused))
            g_string_append_printf(left_out, "%s%s is left out: %s", left_out->len > 0 ? "\n" : "",
                                   path, refused.text);
    }
    g_ptr_array_free(paths, TRUE);
    bool ok = c->bindings->len > 0;
    if (!ok)
        error_set(err, EXIT_CANNOT,
                  "no cell programs found in %s%s%s: build them, or set HEAPMARK_LIBEXEC to "
                  "where they are",
                  dir, left_out->len > 0 ? ": " : "", left_out->str);
    bool is_said = ok && left_out->len > 0;
    *notice = g_string_free(left_out, !is_said);
    return ok;
}
