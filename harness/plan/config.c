/*
 * What one run shall do, setting by setting.
 *
 * One table says how each is set, and both flags and config file go through it: so they have the
 * same names, the same ranges and the same refusals. A setter that refuses leaves the config as it
 * was.
 */
#include "harness/plan/config.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/plan/assignment.h"
#include "harness/plan/config_file.h"

enum {
    REPETITIONS_MAX = 10000,
    TIMEOUT_S_MAX = 24 * 60 * 60,
    CPU_MAX = 1023, /* as many as a cpu_set_t has */
};

void config_init(struct config *c) {
    *c = (struct config){
        .workloads = g_strdup("quick"),
        .strategies = g_strdup("malloc,jemalloc,mimalloc,goheap,go"),
        .threads = g_ptr_array_new_with_free_func(g_free),
        .parameters = g_ptr_array_new_with_free_func(g_free),
        .effort = EFFORT_QUICK,
        .repetitions = 5,
        .seed = 1,
        .timeout_s = 60,
    };
}

void config_release(struct config *c) {
    g_free(c->workloads);
    g_free(c->strategies);
    g_ptr_array_free(c->threads, TRUE);
    g_ptr_array_free(c->parameters, TRUE);
    g_free(c->cpus);
    g_free(c->counters);
    *c = (struct config){0};
}

/* ---- how each is set; `name` is for refusals ---- */

static bool text_set(char **slot, const char *name, const char *value, struct error *err) {
    if (*value == '\0')
        return error_set(err, EXIT_USAGE, "%s is empty", name);
    if (!g_utf8_validate(value, -1, NULL))
        return error_set(err, EXIT_USAGE, "%s is not UTF-8", name);
    g_free(*slot);
    *slot = g_strdup(value);
    return true;
}

static bool workloads_set(struct config *c, const char *value, struct error *err) {
    return text_set(&c->workloads, "workloads", value, err);
}

static bool strategies_set(struct config *c, const char *value, struct error *err) {
    return text_set(&c->strategies, "strategies", value, err);
}

static bool counters_set(struct config *c, const char *value, struct error *err) {
    return text_set(&c->counters, "counters", value, err);
}

/* Whether text is "N" or "N-M" of CPUs. */
static bool cpu_range_is(const char *text) {
    uint64_t first, last;
    const char *dash = strchr(text, '-');
    if (dash == NULL)
        return count_parse(text, 0, CPU_MAX, &first);
    char *start = g_strndup(text, (size_t)(dash - text));
    bool ok =
        count_parse(start, 0, CPU_MAX, &first) && count_parse(dash + 1, first, CPU_MAX, &last);
    g_free(start);
    return ok;
}

static bool cpus_set(struct config *c, const char *value, struct error *err) {
    GPtrArray *pieces = list_split(value, ',');
    bool ok = true;
    for (guint i = 0; ok && i < pieces->len; i++)
        ok = cpu_range_is(pieces->pdata[i]);
    g_ptr_array_free(pieces, TRUE);
    if (!ok)
        return error_set(err, EXIT_USAGE,
                         "cpus is a list of CPU numbers and ranges such as 0,2-3, not \"%s\"",
                         value);
    return text_set(&c->cpus, "cpus", value, err);
}

typedef bool (*assignment_parser)(struct assignment *out, const char *text, struct error *err);

/* Adds an assignment; an earlier one of the same target goes, as the later one counts. So a flag
   wins over the file, and at most one assignment has no workload, which config_text relies on. */
static bool assignment_add(GPtrArray *texts, assignment_parser parse, const char *value,
                           struct error *err) {
    struct assignment added, other;
    struct error ignored;
    if (!g_utf8_validate(value, -1, NULL))
        return error_set(err, EXIT_USAGE, "a value of threads or param is not UTF-8");
    if (!parse(&added, value, err))
        return false;
    for (guint i = texts->len; i-- > 0;) {
        if (!parse(&other, texts->pdata[i], &ignored))
            continue;
        bool same = assignments_same_target(&added, &other);
        assignment_release(&other);
        if (same)
            g_ptr_array_remove_index(texts, i);
    }
    assignment_release(&added);
    g_ptr_array_add(texts, g_strdup(value));
    return true;
}

static bool threads_set(struct config *c, const char *value, struct error *err) {
    return assignment_add(c->threads, threads_parse, value, err);
}

static bool param_set(struct config *c, const char *value, struct error *err) {
    return assignment_add(c->parameters, parameter_parse, value, err);
}

static bool effort_set(struct config *c, const char *value, struct error *err) {
    if (strcmp(value, "quick") == 0)
        c->effort = EFFORT_QUICK;
    else if (strcmp(value, "full") == 0)
        c->effort = EFFORT_FULL;
    else
        return error_set(err, EXIT_USAGE, "effort is quick or full, not \"%s\"", value);
    return true;
}

static bool repetitions_set(struct config *c, const char *value, struct error *err) {
    uint64_t count;
    if (!count_parse(value, 1, REPETITIONS_MAX, &count))
        return error_set(err, EXIT_USAGE, "repetitions is a whole number from 1 to %d, not \"%s\"",
                         REPETITIONS_MAX, value);
    c->repetitions = (unsigned)count;
    return true;
}

static bool ops_set(struct config *c, const char *value, struct error *err) {
    return count_parse(value, 1, UINT64_MAX / 2, &c->ops) ||
           error_set(err, EXIT_USAGE, "ops is a whole number from 1, not \"%s\"", value);
}

static bool seed_set(struct config *c, const char *value, struct error *err) {
    return count_parse(value, 0, UINT64_MAX - 1, &c->seed) ||
           error_set(err, EXIT_USAGE, "seed is a whole number below 2^64 - 1, not \"%s\"", value);
}

static bool timeout_set(struct config *c, const char *value, struct error *err) {
    return count_parse(value, 1, TIMEOUT_S_MAX, &c->timeout_s) ||
           error_set(err, EXIT_USAGE,
                     "timeout is a whole number of seconds from 1 to %d, not \"%s\"", TIMEOUT_S_MAX,
                     value);
}

/* The power of two a size's suffix stands for: K, M, G, or none. */
static unsigned suffix_shift(char suffix) {
    switch (suffix) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    default:
        return 0;
    }
}

/* Below 1M no process starts, so a smaller number is a forgotten suffix. */
static bool memory_limit_set(struct config *c, const char *value, struct error *err) {
    uint64_t number;
    size_t length = strlen(value);
    unsigned shift = length == 0 ? 0 : suffix_shift(value[length - 1]);
    char *digits = g_strndup(value, length - (shift > 0));
    bool ok = count_parse(digits, 1, UINT64_MAX >> shift, &number) && number << shift >= UINT64_C(1)
                                                                                             << 20;
    g_free(digits);
    if (!ok)
        return error_set(err, EXIT_USAGE,
                         "memory-limit is at least 1M bytes (K, M, G may follow), not \"%s\"",
                         value);
    c->memory_bytes = number << shift;
    return true;
}

static const struct config_key {
    const char *name;
    bool (*set)(struct config *c, const char *value, struct error *err);
} config_keys[] = {
    {"workloads", workloads_set},
    {"strategies", strategies_set},
    {"threads", threads_set},
    {"cpus", cpus_set},
    {"param", param_set},
    {"effort", effort_set},
    {"repetitions", repetitions_set},
    {"ops", ops_set},
    {"seed", seed_set},
    {"timeout", timeout_set},
    {"memory-limit", memory_limit_set},
    {"counters", counters_set},
};

static bool config_unknown(const char *name, struct error *err) {
    /* What a run is told about itself, not about its work, stays on the command line. */
    static const char *const not_here[] = {"out", "config", "dry-run", "resume", NULL};
    const char *names[G_N_ELEMENTS(config_keys) + 1] = {NULL};
    if (g_strv_contains(not_here, name))
        return error_set(err, EXIT_USAGE, "%s belongs on the command line: --%s", name, name);
    for (size_t i = 0; i < G_N_ELEMENTS(config_keys); i++)
        names[i] = config_keys[i].name;
    char *advice = nearest_advice(name, names);
    error_set(err, EXIT_USAGE, "there is no setting %s%s", name, advice);
    g_free(advice);
    return false;
}

static const struct config_key *config_key_find(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(config_keys); i++) {
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    }
    return NULL;
}

bool config_has(const char *name, struct error *err) {
    return config_key_find(name) != NULL || config_unknown(name, err);
}

bool config_set(struct config *c, const char *name, const char *value, struct error *err) {
    const struct config_key *key = config_key_find(name);
    return key != NULL ? key->set(c, value, err) : config_unknown(name, err);
}
