/*
 * The command line of a cell. What --dry-run prints and what the executor starts come from here, so
 * that a cell run by hand is the cell that was measured.
 */
#include "harness/run/command.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/run/executor.h"

/* Variables that allocators and runtimes read: a record knows the strategy's, never the shell's. */
static const char *const allocator_variables[] = {"LD_PRELOAD",     "MALLOC_",     "GLIBC_TUNABLES",
                                                  "JE_MALLOC_CONF", "MIMALLOC_",   "TCMALLOC_",
                                                  "TBB_MALLOC_",    "GC_",         "GOGC",
                                                  "GOMEMLIMIT",     "GODEBUG",     "GOMAXPROCS",
                                                  "GOTRACEBACK",    "HEAPPROFILE", NULL};

/* ---- memory limit ---- */

/* The number after `key` at a line's start, times `unit`; UINT64_MAX when it is not there. */
static uint64_t file_number(const char *path, const char *key, uint64_t unit) {
    char *text = NULL;
    uint64_t number = UINT64_MAX;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return number;
    const char *at = strstr(text, key);
    if (at != NULL) {
        char *end = NULL;
        const char *digits = at + strlen(key);
        uint64_t value = g_ascii_strtoull(digits, &end, 10);
        if (end != digits)
            number = value * unit;
    }
    g_free(text);
    return number;
}

uint64_t memory_limit_bytes(const struct config *config) {
    if (config->memory_bytes != 0)
        return config->memory_bytes;
    uint64_t available = file_number("/proc/meminfo", "MemAvailable:", 1024);
    uint64_t limit = file_number("/sys/fs/cgroup/memory.max", "", 1);
    uint64_t used = file_number("/sys/fs/cgroup/memory.current", "", 1);
    if (limit != UINT64_MAX && used != UINT64_MAX && limit > used)
        available = MIN(available, limit - used);
    return available == UINT64_MAX ? 0 : available / 4 * 3;
}

/* ---- arguments ---- */

static void arguments_add(GPtrArray *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void arguments_add(GPtrArray *out, const char *format, ...) {
    va_list values;
    va_start(values, format);
    g_ptr_array_add(out, g_strdup_vprintf(format, values));
    va_end(values);
}

static void arguments_add_workload(GPtrArray *out, const struct cell *cell) {
    const GPtrArray *parameters = cell->workload->parameters;
    arguments_add(out, "--workload=%s", cell->workload->name);
    for (guint i = 0; i < parameters->len; i++) {
        const struct parameter_info *p = g_ptr_array_index(parameters, i);
        arguments_add(out, "--parameter=%s=%" G_GUINT64_FORMAT, p->name, cell->parameters[i]);
    }
    arguments_add(out, "--threads=%u", cell->threads);
}

static void arguments_add_strategy(GPtrArray *out, const struct strategy *s) {
    for (guint i = 0; i < s->settings->len; i++) {
        const struct setting_value *v = &g_array_index(s->settings, struct setting_value, i);
        arguments_add(out, "--setting=%s=%s", v->name, v->value);
    }
    if (s->preload != NULL)
        arguments_add(out, "--library=%s", s->preload);
}

char **cell_arguments(const struct cell *cell, const struct config *config, uint64_t memory_limit) {
    GPtrArray *out = g_ptr_array_new();
    arguments_add(out, "%s", cell->strategy->program);
    arguments_add_workload(out, cell);
    arguments_add_strategy(out, cell->strategy);
    arguments_add(out, "--effort=%s", config->effort == EFFORT_FULL ? "full" : "quick");
    if (config->ops != 0)
        arguments_add(out, "--ops=%" G_GUINT64_FORMAT, config->ops);
    arguments_add(out, "--seed=%" G_GUINT64_FORMAT, config->seed);
    if (memory_limit != 0)
        arguments_add(out, "--memory-limit=%" G_GUINT64_FORMAT, memory_limit);
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
}

/* ---- environment ---- */

char **cell_environment(const struct strategy *strategy, const char *preload) {
    char **environment = g_get_environ();
    char **names = g_strdupv(environment);
    for (char **name = names; *name != NULL; name++) {
        char *equals = strchr(*name, '=');
        if (equals != NULL)
            *equals = '\0';
        for (const char *const *v = allocator_variables; *v != NULL; v++) {
            if (g_str_has_prefix(*name, *v))
                environment = g_environ_unsetenv(environment, *name);
        }
    }
    g_strfreev(names);
    for (guint i = 0; i < strategy->environment->len; i++) {
        const struct setting_value *v =
            &g_array_index(strategy->environment, struct setting_value, i);
        environment = g_environ_setenv(environment, v->name, v->value, TRUE);
    }
    if (preload != NULL)
        environment = g_environ_setenv(environment, "LD_PRELOAD", preload, TRUE);
    return environment;
}

bool preload_is_plain(const char *path) {
    return strpbrk(path, " :\t\n$") == NULL;
}

/* One name per library, so that two libraries of one base name do not share a link. */
static char *preload_link(const char *library, const char *link_dir) {
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, library, -1);
    char *link = g_strdup_printf("%s/heapmark-preload-%.12s.so", link_dir, sum);
    g_free(sum);
    return link;
}

char *preload_path(const char *library, const char *link_dir, struct error *err) {
    if (preload_is_plain(library))
        return g_strdup(library);
    char *link = preload_link(library, link_dir);
    if (symlink(library, link) == 0 || errno == EEXIST)
        return link;
    error_set(err, EXIT_CANNOT, "cannot make the link %s to preload '%s': %s", link, library,
              g_strerror(errno));
    g_free(link);
    return NULL;
}

/* ---- by hand ---- */

char *shell_word(const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./,:@%";
    bool is_plain = *word != '\0' && word[strspn(word, plain)] == '\0';
    return is_plain ? g_strdup(word) : g_shell_quote(word);
}

static void command_add(GString *out, const char *word) {
    char *quoted = shell_word(word);
    g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", quoted);
    g_free(quoted);
}

/* NAME=VALUE; the value alone is quoted, else a shell would not see an assignment. */
static void command_add_variable(GString *out, const char *name, const char *value) {
    char *quoted = shell_word(value);
    g_string_append_printf(out, "%s%s=%s", out->len > 0 ? " " : "", name, quoted);
    g_free(quoted);
}

static void command_add_preload(GString *out, const char *library) {
    if (preload_is_plain(library)) {
        command_add_variable(out, "LD_PRELOAD", library);
        return;
    }
    char *link = preload_link(library, "/tmp");
    g_string_append(out, "ln -sfn");
    command_add(out, library);
    command_add(out, link);
    g_string_append(out, " &&");
    command_add_variable(out, "LD_PRELOAD", link);
    g_free(link);
}

char *cell_command_text(const struct cell *cell, const struct config *config) {
    const struct strategy *s = cell->strategy;
    GString *out = g_string_new(NULL);
    if (s->preload != NULL)
        command_add_preload(out, s->preload);
    for (guint i = 0; i < s->environment->len; i++) {
        const struct setting_value *v = &g_array_index(s->environment, struct setting_value, i);
        command_add_variable(out, v->name, v->value);
    }
    if (config->cpus != NULL) {
        command_add(out, "taskset");
        command_add(out, "-c");
        command_add(out, config->cpus);
    }
    char **arguments = cell_arguments(cell, config, memory_limit_bytes(config));
    for (char **word = arguments; *word != NULL; word++)
        command_add(out, *word);
    g_strfreev(arguments);
    return g_string_free(out, FALSE);
}
