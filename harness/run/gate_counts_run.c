#include "harness/run/gate_counts_run.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/command.h"
#include "harness/run/identity.h"
#include "harness/run/outcome.h"

#define NS_PER_S UINT64_C(1000000000)
#define PADDING  "HEAPMARK_PADDING"

void count_run_init(struct count_run *run) {
    *run = (struct count_run){
        .totals = {COUNT_EMPTY, COUNT_EMPTY, COUNT_EMPTY, COUNT_EMPTY, INT64_MIN},
        .instructions = COUNT_EMPTY};
    observation_init(&run->observation);
}

void count_run_release(struct count_run *run) {
    observation_release(&run->observation);
}

/* ---- what the process is started with ---- */

struct count_start {
    char **arguments, **environment;
    char *out_prefix; /* of callgrind's files; NULL: not simulated */
};

static void count_start_release(struct count_start *s) {
    g_strfreev(s->arguments);
    g_strfreev(s->environment);
    g_free(s->out_prefix);
}

/* A link to the program whose path has the same length for both sides. */
static char *program_link(const struct count_request *r, struct error *err) {
    const char *program = r->side->cell->strategy->program;
    char *link = g_strdup_printf("%s/heapmark-counted-%u", r->options->link_dir, r->place);
    char *real = g_canonicalize_filename(program, NULL);
    unlink(link);
    bool ok = symlink(real, link) == 0;
    g_free(real);
    if (ok)
        return link;
    error_set(err, EXIT_CANNOT, "cannot make the link %s to %s: %s", link, program,
              g_strerror(errno));
    g_free(link);
    return NULL;
}

static bool offers_totals(const struct cell *cell) {
    const struct binding_info *binding = cell->strategy->binding;
    return binding != NULL && (binding->offers & TRAIT_TOTALS) != 0;
}

/* Under valgrind nothing is counted of the counting pass, so it is kept short where any slice will
   do. */
static const char *count_operations(const struct count_request *r) {
    if (r->tool == NULL)
        return "--count-ops=all";
    return (r->side->cell->workload->traits & TRAIT_SLICEABLE) != 0 ? "--count-ops=1" : NULL;
}

static char **cell_words(const struct count_request *r, struct error *err) {
    struct config config = *r->options->config;
    char *link = program_link(r, err);
    if (link == NULL)
        return NULL;
    if (r->operations != 0)
        config.ops = r->operations;
    char **words = cell_arguments(r->side->cell, &config, r->memory_limit_bytes);
    g_free(words[0]);
    words[0] = link;
    const char *counted = offers_totals(r->side->cell) ? count_operations(r) : NULL;
    if (counted == NULL)
        return words;
    guint length = g_strv_length(words);
    words = g_renew(char *, words, length + 2);
    words[length] = g_strdup(counted);
    words[length + 1] = NULL;
    return words;
}

/* The program's path; execve looks nowhere. */
static char **command_words(const struct count_request *r) {
    char **words = g_strdupv((char **)(gpointer)r->side->command);
    char *found = g_find_program_in_path(words[0]);
    if (found != NULL) {
        g_free(words[0]);
        words[0] = found;
    }
    return words;
}

/* The strategy's variables and what every cell has. A strategy's own tunables come last, so they
   win. */
static char **cell_variables(const struct count_request *r, const char *preload) {
    const struct strategy *s = r->side->cell->strategy;
    char **variables = g_environ_setenv(NULL, "LC_ALL", "C", TRUE);
    variables = g_environ_setenv(variables, "LD_BIND_NOW", "1", TRUE);
    if (g_getenv("LD_LIBRARY_PATH") != NULL)
        variables =
            g_environ_setenv(variables, "LD_LIBRARY_PATH", g_getenv("LD_LIBRARY_PATH"), TRUE);
    if (r->tool != NULL)
        variables = g_environ_setenv(variables, "GLIBC_TUNABLES", INSTRUCTION_TUNABLES, TRUE);
    for (guint i = 0; i < s->environment->len; i++) {
        const struct setting_value *v = &g_array_index(s->environment, struct setting_value, i);
        const char *pinned = strcmp(v->name, "GLIBC_TUNABLES") == 0
                                 ? g_environ_getenv(variables, "GLIBC_TUNABLES")
                                 : NULL;
        char *value =
            pinned == NULL ? g_strdup(v->value) : g_strdup_printf("%s:%s", pinned, v->value);
        variables = g_environ_setenv(variables, v->name, value, TRUE);
        g_free(value);
    }
    if (preload != NULL)
        variables = g_environ_setenv(variables, "LD_PRELOAD", preload, TRUE);
    return variables;
}

static char **command_variables(const struct count_request *r) {
    char **variables = g_environ_setenv(g_get_environ(), "LD_BIND_NOW", "1", TRUE);
    if (r->tool == NULL)
        return variables;
    const char *own = g_environ_getenv(variables, "GLIBC_TUNABLES");
    char *tunables = own == NULL ? g_strdup(INSTRUCTION_TUNABLES)
                                 : g_strdup_printf("%s:%s", INSTRUCTION_TUNABLES, own);
    variables = g_environ_setenv(variables, "GLIBC_TUNABLES", tunables, TRUE);
    g_free(tunables);
    return variables;
}

/* What a list of words takes on the stack: its bytes and a pointer each. */
static size_t words_bytes(char *const *words) {
    size_t bytes = 0;
    for (; *words != NULL; words++)
        bytes += strlen(*words) + 1 + sizeof(char *);
    return bytes;
}

static bool count_start_init(struct count_start *s, const struct count_request *r,
                             struct error *err) {
    const struct cell *cell = r->side->cell;
    char *preload = NULL;
    *s = (struct count_start){NULL, NULL, NULL};
    if (cell != NULL && cell->strategy->preload != NULL) {
        preload = preload_path(cell->strategy->preload, r->options->link_dir, err);
        if (preload == NULL)
            return false;
    }
    s->arguments = cell != NULL ? cell_words(r, err) : command_words(r);
    s->environment = cell != NULL ? cell_variables(r, preload) : command_variables(r);
    g_free(preload);
    return s->arguments != NULL;
}

size_t count_run_bytes(const struct count_request *request) {
    struct count_start s;
    struct error err;
    size_t bytes = 0;
    if (count_start_init(&s, request, &err))
        bytes = words_bytes(s.arguments) + words_bytes(s.environment);
    count_start_release(&s);
    return bytes;
}

/* Pads the environment so that words take padding_bytes in all. */
static void count_start_pad(struct count_start *s, const struct count_request *r) {
    size_t taken = words_bytes(s->arguments) + words_bytes(s->environment) + sizeof(char *) +
                   strlen(PADDING "=") + 1;
    size_t missing = r->padding_bytes > taken ? r->padding_bytes - taken : 0;
    char *padding = g_strnfill(missing, '.');
    s->environment = g_environ_setenv(s->environment, PADDING, padding, TRUE);
    g_free(padding);
}

static void count_start_simulate(struct count_start *s, const struct count_request *r) {
    s->out_prefix = g_strdup_printf("%s/heapmark-callgrind-%u-", r->options->link_dir, r->place);
    char **words = instruction_arguments(
        r->tool, &(struct instruction_request){.arguments = s->arguments,
                                               .out_prefix = s->out_prefix,
                                               .is_marked = r->side->cell != NULL});
    g_strfreev(s->arguments);
    s->arguments = words;
}

/* ---- what came of it ---- */

static void run_status(struct count_run *out, const char *status, const char *reason) {
    out->status = g_string_chunk_insert(out->observation.text, status);
    out->reason = reason == NULL ? NULL : g_string_chunk_insert(out->observation.text, reason);
}

static void cell_outcome(const struct count_request *r, const struct process_result *result,
                         struct count_run *out) {
    struct report report;
    struct error refused = {0};
    report_init(&report);
    struct outcome_facts facts = {.exec_error = result->exec_error,
                                  .timed_out = result->timed_out,
                                  .timeout_s = r->options->config->timeout_s,
                                  .wait_status = result->wait_status,
                                  .said = result->errors->str,
                                  .said_first = result->errors_first->str};
    if (!report_parse(result->report->str, result->report->len, &out->observation, &report,
                      &refused))
        facts.report_error = refused.text;
    const struct record *record = &out->observation.record;
    facts.status = report.status;
    facts.reason = report.reason;
    facts.missing = record->ops == COUNT_EMPTY || record->ops == 0 ? "ops"
                    : record->checksum == NULL                     ? "checksum"
                                                                   : NULL;
    struct outcome outcome = outcome_decide(&facts);
    run_status(out, outcome.status, outcome.reason);
    out->totals = report.totals;
    g_free(outcome.reason);
    report_release(&report);
}

/* A command's word is its exit status. */
static void command_outcome(const struct count_request *r, const struct process_result *result,
                            struct count_run *out) {
    const bool is_ok = WIFEXITED(result->wait_status) && WEXITSTATUS(result->wait_status) == 0;
    struct outcome_facts facts = {.exec_error = result->exec_error,
                                  .timed_out = result->timed_out,
                                  .timeout_s = r->options->config->timeout_s,
                                  .wait_status = result->wait_status,
                                  .status = is_ok ? "ok" : NULL,
                                  .said = result->errors->str,
                                  .said_first = result->errors_first->str};
    if (WIFEXITED(result->wait_status) && !is_ok && result->exec_error == 0 && !result->timed_out) {
        char *said = last_lines(result->errors->str);
        char *reason = g_strdup_printf("exit status %d%s%s", WEXITSTATUS(result->wait_status),
                                       said == NULL ? "" : "; it said: ", said == NULL ? "" : said);
        run_status(out, "crashed", reason);
        g_free(reason);
        g_free(said);
        return;
    }
    struct outcome outcome = outcome_decide(&facts);
    run_status(out, outcome.status, outcome.reason);
    g_free(outcome.reason);
    out->observation.record.ops = 1;
    if (out->syscalls.refusal == NULL || out->syscalls.minor_faults != 0)
        out->observation.record.minor_faults = out->syscalls.minor_faults;
}

/* Callgrind's files are always taken away, and believed only of a run that went well. */
static void simulated_outcome(const char *out_prefix, struct count_run *out) {
    struct error refused = {0};
    uint64_t count = 0;
    bool ok = instruction_collect(out_prefix, &count, &refused);
    if (strcmp(out->status, "ok") != 0)
        return;
    if (ok)
        out->instructions = count;
    else
        run_status(out, "unavailable", refused.text);
}

bool count_run_execute(const struct count_request *request, struct count_run *out,
                       struct error *err) {
    const struct gate_measure_options *o = request->options;
    struct count_start s;
    struct process_result result;
    process_result_init(&result);
    bool ok = count_start_init(&s, request, err);
    if (ok) {
        count_start_pad(&s, request);
        if (request->tool != NULL)
            count_start_simulate(&s, request);
        struct process_request process = {.arguments = s.arguments,
                                          .environment = s.environment,
                                          .answers_on_stdout = request->side->cell == NULL,
                                          .timeout_ns = o->config->timeout_s * NS_PER_S,
                                          .interrupted = o->interrupted};
        ok = request->tool != NULL ? syscall_plain_run(&process, &result, err)
                                   : syscall_count_run(&process, &result, &out->syscalls, err);
    }
    if (ok && result.interrupted)
        ok = error_set(err, EXIT_INTERRUPTED, "interrupted");
    if (ok && request->side->cell != NULL)
        cell_outcome(request, &result, out);
    else if (ok)
        command_outcome(request, &result, out);
    if (ok && request->tool != NULL)
        simulated_outcome(s.out_prefix, out);
    count_start_release(&s);
    process_result_release(&result);
    return ok;
}
