/* Go and its helpers as processes: arguments, environment, what they said. */
#include "harness/run/escape_build.h"

#include <string.h>
#include <sys/wait.h>

#include "harness/run/discover.h"
#include "harness/run/outcome.h"
#include "harness/run/process.h"

#define NS_PER_S UINT64_C(1000000000)

enum { ANSWER_S = 60, BUILD_S = 900, BENCH_S = 3600, ARGUMENTS_MAX = 16 };

/* A command to be run to its end. */
struct escape_command {
    const char *const *arguments; /* ends with NULL */
    const char *directory;        /* NULL: here */
    uint64_t timeout_s;
    bool joins_errors, is_sealed;
    const volatile int *interrupted;
};

/* NULL: not set. GOFLAGS is a blank and not empty: empty, go would look into its own settings file.
   The sealed ones are those of workloads/go/CMakeLists.txt, which built what is measured. */
static char **go_environment(bool is_sealed) {
    static const char *const settings[][2] = {
        {"LD_PRELOAD", NULL}, {"GOTOOLCHAIN", "local"}, {"GOPROXY", "off"}, {"GOFLAGS", " "},
        {"GOENV", "off"},     {"GO111MODULE", "on"},    {"GOWORK", "off"},  {"CGO_ENABLED", "0"},
        {"GOOS", NULL},       {"GOARCH", NULL},         {"GOAMD64", NULL},  {"GOEXPERIMENT", NULL}};
    enum { FOR_ALL = 4 };
    char **environment = g_get_environ();
    for (size_t i = 0; i < (is_sealed ? G_N_ELEMENTS(settings) : FOR_ALL); i++)
        environment = settings[i][1] != NULL
                          ? g_environ_setenv(environment, settings[i][0], settings[i][1], TRUE)
                          : g_environ_unsetenv(environment, settings[i][0]);
    return environment;
}

/* What kept the command from its end, or from success when `must_succeed`. NULL: nothing. Caller
   frees. */
static char *command_failure(const struct escape_command *c, const struct process_result *r,
                             bool must_succeed) {
    if (r->exec_error != 0)
        return g_strdup_printf("it cannot be started: %s", g_strerror(r->exec_error));
    if (r->timed_out)
        return g_strdup_printf("it did not end within %" G_GUINT64_FORMAT " s", c->timeout_s);
    if (r->is_cut)
        return g_strdup_printf("it printed more than %d MB", REPORT_BYTES_MAX >> 20);
    if (!WIFEXITED(r->wait_status))
        return g_strdup_printf("it was ended by signal %d", WTERMSIG(r->wait_status));
    if (!must_succeed || WEXITSTATUS(r->wait_status) == 0)
        return NULL;
    char *said = last_lines(c->joins_errors ? r->report->str : r->errors->str);
    char *failure = g_strdup_printf("it ended with status %d%s%s", WEXITSTATUS(r->wait_status),
                                    said != NULL ? " and said: " : " and said nothing",
                                    said != NULL ? said : "");
    g_free(said);
    return failure;
}

static bool command_run(const struct escape_command *c, bool must_succeed, struct go_answer *answer,
                        struct error *err) {
    char **environment = go_environment(c->is_sealed);
    struct process_result result;
    process_result_init(&result);
    bool ok = process_run(
        &(struct process_request){.arguments = (char *const *)(const void *)c->arguments,
                                  .environment = environment,
                                  .answers_on_stdout = true,
                                  .joins_errors = c->joins_errors,
                                  .directory = c->directory,
                                  .timeout_ns = c->timeout_s * NS_PER_S,
                                  .interrupted = c->interrupted},
        &result, err);
    if (ok && result.interrupted)
        ok = error_set(err, EXIT_INTERRUPTED, "interrupted");
    char *failure = ok ? command_failure(c, &result, must_succeed) : NULL;
    if (failure != NULL)
        ok = error_set(err, EXIT_CANNOT, "%s %s: %s", c->arguments[0], c->arguments[1], failure);
    if (ok) {
        answer->succeeded = WEXITSTATUS(result.wait_status) == 0;
        answer->output = g_string_free(g_steal_pointer(&result.report), FALSE);
        result.report = g_string_new(NULL);
    }
    g_free(failure);
    process_result_release(&result);
    g_strfreev(environment);
    return ok;
}

/* ---- the toolchain ---- */

/* "go1.26.8", or "devel go1.27-0123456 ..." */
static bool version_is_go(const char *version) {
    const char *number = g_str_has_prefix(version, "devel ") ? version + strlen("devel ") : version;
    return g_str_has_prefix(number, "go") && g_ascii_isdigit(number[2]);
}

bool go_toolchain_find(struct go_toolchain *go, const char *program, struct error *err) {
    struct go_answer answer = {NULL, false};
    char *found = g_find_program_in_path(program != NULL ? program : "go");
    if (found == NULL && program != NULL)
        return error_set(err, EXIT_CANNOT, "there is no program %s: --go takes the path of go",
                         program);
    if (found == NULL)
        return error_set(err, EXIT_CANNOT,
                         "Go is not installed here (no program go on PATH), and only its compiler "
                         "can tell what escapes; install golang-go, or say where it is with --go");
    go->program = g_canonicalize_filename(found, NULL);
    g_free(found);
    const char *const arguments[] = {go->program, "env", "GOVERSION", NULL};
    struct escape_command command = {arguments, NULL,          ANSWER_S,
                                     false,     go->is_sealed, go->interrupted};
    if (!command_run(&command, true, &answer, err))
        return false;
    go->version = g_strstrip(answer.output);
    if (!version_is_go(go->version))
        return error_set(err, EXIT_CANNOT, "%s is not Go: asked for its version it says \"%.60s\"",
                         go->program, go->version);
    return true;
}

void go_toolchain_release(struct go_toolchain *go) {
    g_free(go->program);
    g_free(go->version);
    *go = (struct go_toolchain){0};
}

/* ---- go build, go test ---- */

bool escape_build(const struct go_toolchain *go, const char *directory, const char *gcflags,
                  struct go_answer *answer, struct error *err) {
    char *flags = g_strconcat("-gcflags=", gcflags, NULL);
    const char *const arguments[] = {
        go->program, "build", "-buildvcs=false", "-o", "/dev/null", flags, ".", NULL};
    struct escape_command command = {arguments, directory,     BUILD_S,
                                     true,      go->is_sealed, go->interrupted};
    bool ok = command_run(&command, false, answer, err);
    g_free(flags);
    return ok;
}

bool escape_bench_run(const struct go_toolchain *go, const char *directory, const char *regex,
                      const char *benchtime, struct go_answer *answer, struct error *err) {
    const char *const arguments[ARGUMENTS_MAX] = {
        go->program, "test", "-buildvcs=false", "-run",    "^$", "-bench", regex, "-benchmem",
        "-count",    "1",    "-benchtime",      benchtime, ".",  NULL};
    struct escape_command command = {arguments, directory,     BENCH_S,
                                     true,      go->is_sealed, go->interrupted};
    return command_run(&command, false, answer, err);
}

/* ---- our own programs ---- */

bool escape_functions_print(const char *directory, char **output, struct error *err) {
    struct go_answer answer = {NULL, false};
    char *dir = cells_dir_find();
    char *program = g_build_filename(dir, "go-functions", NULL);
    const char *const arguments[] = {program, directory, NULL};
    struct escape_command command = {arguments, NULL, ANSWER_S, false, false, NULL};
    bool ok = g_file_test(program, G_FILE_TEST_IS_EXECUTABLE);
    if (ok)
        ok = command_run(&command, true, &answer, err);
    else
        error_set(err, EXIT_CANNOT,
                  "%s is not there: it is built where Go is installed; build heapmark again",
                  program);
    *output = answer.output;
    g_free(program);
    g_free(dir);
    return ok;
}

bool escape_subjects_print(const char *program, char **output, struct error *err) {
    struct go_answer answer = {NULL, false};
    const char *const arguments[] = {program, "--functions", NULL};
    struct escape_command command = {arguments, NULL, ANSWER_S, false, false, NULL};
    bool ok = command_run(&command, true, &answer, err);
    *output = answer.output;
    return ok;
}
