/* The command line of a cell program, and the work it selects. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/cell.h"
#include "workloads/registry.h"

enum { COUNT_OPS_MAX = 100 * 1000 };

static bool number_parse(const char *name, const char *text, uint64_t least, uint64_t most,
                         uint64_t *out, struct error *err) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || *out < least || *out > most)
        return error_set(err, EXIT_USAGE,
                         "%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                         name, least, most, text);
    return true;
}

static bool fd_parse(const char *name, const char *text, int *out, struct error *err) {
    uint64_t number = 0;
    bool is_number = number_parse(name, text, 0, 1 << 20, &number, err);
    if (is_number)
        *out = (int)number;
    return is_number;
}

/* "NAME=VALUE": cuts at the first = and adds a pair. */
static bool pair_add(char *text, struct setting_value *pairs, size_t *count, size_t most,
                     struct error *err) {
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return error_set(err, EXIT_USAGE, "\"%s\" is not of the form NAME=VALUE", text);
    if (*count == most)
        return error_set(err, EXIT_USAGE, "more than %zu of a kind at \"%s\"", most, text);
    *equals = '\0';
    pairs[(*count)++] = (struct setting_value){.name = text, .value = equals + 1};
    return true;
}

static bool counters_parse(struct cell_options *o, const char *text, struct error *err) {
    while (*text != '\0') {
        char *end;
        long fd = strtol(text, &end, 10);
        if (end == text || (*end != ',' && *end != '\0') || fd < -1 || fd > 1 << 20)
            return error_set(err, EXIT_USAGE, "--counter-fds takes descriptors, not \"%s\"", text);
        if (o->counter_count == CELL_COUNTERS_MAX)
            return error_set(err, EXIT_USAGE, "more than %d counters", CELL_COUNTERS_MAX);
        o->counter_fds[o->counter_count++] = (int)fd;
        text = *end == ',' ? end + 1 : end;
    }
    return true;
}

static bool effort_parse(const char *text, enum effort *out, struct error *err) {
    if (strcmp(text, "quick") == 0)
        *out = EFFORT_QUICK;
    else if (strcmp(text, "full") == 0)
        *out = EFFORT_FULL;
    else
        return error_set(err, EXIT_USAGE, "--effort is quick or full, not \"%s\"", text);
    return true;
}

static bool option_set(struct cell_options *o, const char *name, char *value, struct error *err) {
    uint64_t number = 0;
    if (strcmp(name, "--workload") == 0) {
        o->workload = value;
        return true;
    }
    if (strcmp(name, "--parameter") == 0)
        return pair_add(value, o->parameters, &o->parameter_count, WORKLOAD_PARAMETERS_MAX, err);
    if (strcmp(name, "--setting") == 0)
        return pair_add(value, o->settings, &o->setting_count, CELL_SETTINGS_MAX - 1, err);
    if (strcmp(name, "--library") == 0) {
        o->settings[o->setting_count++] = (struct setting_value){.name = "library", .value = value};
        return true;
    }
    if (strcmp(name, "--effort") == 0)
        return effort_parse(value, &o->effort, err);
    if (strcmp(name, "--ops") == 0)
        return number_parse(name, value, 1, UINT64_C(1) << 50, &o->ops, err);
    if (strcmp(name, "--count-ops") == 0) {
        o->count_ops = COUNT_OPS_ALL;
        return strcmp(value, "all") == 0 ||
               number_parse(name, value, 1, UINT64_C(1) << 50, &o->count_ops, err);
    }
    if (strcmp(name, "--seed") == 0)
        return number_parse(name, value, 0, UINT64_MAX, &o->seed, err);
    if (strcmp(name, "--memory-limit") == 0)
        return number_parse(name, value, 1, INT64_MAX, &o->memory_limit, err);
    if (strcmp(name, "--counter-fds") == 0)
        return counters_parse(o, value, err);
    if (strcmp(name, "--threads") == 0) {
        if (!number_parse(name, value, 1, CELL_THREADS_MAX, &number, err))
            return false;
        o->threads = (unsigned)number;
        return true;
    }
    if (strcmp(name, "--requests-fd") == 0)
        return fd_parse(name, value, &o->requests_fd, err);
    if (strcmp(name, "--sites-fd") == 0)
        return fd_parse(name, value, &o->sites_fd, err);
    if (strcmp(name, "--report-fd") == 0)
        return fd_parse(name, value, &o->report_fd, err);
    if (strcmp(name, "--trace-fd") == 0)
        return fd_parse(name, value, &o->trace_fd, err);
    return error_set(err, EXIT_USAGE, "unknown option %s", name);
}

bool cell_options_parse(struct cell_options *o, int argc, char **argv, struct error *err) {
    *o = (struct cell_options){
        .threads = 1, .seed = 1, .report_fd = 1, .sites_fd = -1, .requests_fd = -1};
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals == NULL)
            return error_set(err, EXIT_USAGE, "%s needs a value, as --name=value", argv[i]);
        *equals = '\0';
        if (!option_set(o, argv[i], equals + 1, err))
            return false;
    }
    if (o->workload == NULL)
        return error_set(err, EXIT_USAGE, "--workload=NAME is missing");
    return true;
}

static const struct workload *workload_find(const struct workload *const *list, const char *name) {
    for (; *list != NULL; list++)
        if (strcmp((*list)->name, name) == 0)
            return *list;
    return NULL;
}

static bool choice_has(const uint64_t *choices, uint64_t value) {
    if (choices == NULL)
        return true;
    while (*choices != 0 && *choices != value)
        choices++;
    return *choices == value && value != 0;
}

static bool parameter_set(struct cell_work *work, const struct setting_value *given,
                          struct error *err) {
    const struct workload_parameter *p = work->time->parameters;
    for (size_t i = 0; p != NULL && p[i].name != NULL; i++) {
        if (strcmp(p[i].name, given->name) != 0)
            continue;
        if (!number_parse(p[i].name, given->value, p[i].least, p[i].most, &work->parameters[i],
                          err))
            return false;
        if (!choice_has(p[i].choices, work->parameters[i]))
            return error_set(err, EXIT_USAGE, "%s of %s cannot be %s", p[i].name, work->time->name,
                             given->value);
        return true;
    }
    return error_set(err, EXIT_USAGE, "%s has no parameter \"%s\"", work->time->name, given->name);
}

/* Not asked for: of a sliceable workload every slice is alike, so the first ones tell of all. */
static uint64_t work_count_ops(const struct cell_work *work, uint64_t asked) {
    if (asked != 0)
        return asked == COUNT_OPS_ALL ? work->ops : asked;
    bool sliceable = (work->time->traits & TRAIT_SLICEABLE) != 0;
    return sliceable && work->ops > COUNT_OPS_MAX ? COUNT_OPS_MAX : work->ops;
}

bool cell_work_resolve(struct cell_work *work, const struct cell_options *o, struct error *err) {
    *work = (struct cell_work){.threads = o->threads, .seed = o->seed};
    work->time = workload_find(time_workloads, o->workload);
    work->count = workload_find(count_workloads, o->workload);
    if (work->time == NULL || work->count == NULL)
        return error_set(err, EXIT_USAGE, "no workload is called \"%s\"", o->workload);
    const struct workload_parameter *p = work->time->parameters;
    for (size_t i = 0; p != NULL && p[i].name != NULL; i++)
        work->parameters[i] = p[i].initial;
    for (size_t i = 0; i < o->parameter_count; i++)
        if (!parameter_set(work, &o->parameters[i], err))
            return false;
    work->ops = o->ops != 0 ? o->ops : work->time->ops(work->parameters, o->effort);
    work->count_ops = work_count_ops(work, o->count_ops);
    return true;
}
