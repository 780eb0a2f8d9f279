/* The flags of `heapmark trace`: some are run's, and go to the config as they do there. */
#include "harness/cli/trace_options.h"

#include <string.h>

#include "harness/base/text.h"

enum { PAIRS_MAX = 1000 };

const struct flag trace_flags[] = {
    {"workloads", "LIST", "churn", "as in heapmark run"},
    {"strategies", "LIST", "goheap,go", "as in heapmark run"},
    {"threads", "LIST", "1", "thread counts, by commas"},
    {"param", "NAME=V[,V...]", NULL, "a parameter's values, a cell each"},
    {"ops", "N", NULL, "operations per thread, instead of the workload's own"},
    {"effort", "quick|full", "quick", "how many operations a cell makes"},
    {"seed", "N", "1", "seed of the workloads' random numbers"},
    {"cpus", "LIST", NULL, "bind the cell programs to CPUs, such as 0,2-3"},
    {"timeout", "S", "60", "seconds until a cell program is ended"},
    {"pairs", "N", "3",
     "runs with and without tracing, alternating, for what\ntracing costs; 0: none"},
    {"format", "LIST", "perfetto",
     "perfetto (protobuf) and chrome (JSON, in files below\n100 MiB), by commas"},
    {"out", "DIR", "results/trace-UTC-TIME", "where the trace and the pictures go"},
    {"csv", NULL, NULL, "print the tables as CSV"},
    {"keep-raw", NULL, NULL, "keep what the cell programs recorded, a file each"},
    {NULL, NULL, NULL, NULL},
};

static bool format_set(struct trace_options *o, const char *value, struct error *err) {
    GPtrArray *names = list_split(value, ',');
    const char *unknown = NULL;
    o->wants_perfetto = o->wants_chrome = false;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (strcmp(name, "perfetto") == 0)
            o->wants_perfetto = true;
        else if (strcmp(name, "chrome") == 0)
            o->wants_chrome = true;
        else
            unknown = name;
    }
    bool ok = unknown == NULL ||
              error_set(err, EXIT_USAGE,
                        "--format takes perfetto and chrome, by commas, not \"%s\"", unknown);
    g_ptr_array_free(names, TRUE);
    return ok;
}

static bool pairs_set(struct trace_options *o, const char *value, struct error *err) {
    uint64_t pairs;
    if (!count_parse(value, 0, PAIRS_MAX, &pairs))
        return error_set(err, EXIT_USAGE, "--pairs is a whole number from 0 to %d, not \"%s\"",
                         PAIRS_MAX, value);
    o->pairs = (unsigned)pairs;
    return true;
}

static bool option_set(void *context, const char *name, const char *value, struct error *err) {
    struct trace_options *o = context;
    if (strcmp(name, "format") == 0)
        return format_set(o, value, err);
    if (strcmp(name, "pairs") == 0)
        return pairs_set(o, value, err);
    if (strcmp(name, "csv") == 0) {
        o->is_csv = true;
    } else if (strcmp(name, "keep-raw") == 0) {
        o->keeps_raw = true;
    } else if (strcmp(name, "out") == 0) {
        g_free(o->out);
        o->out = g_strdup(value);
        return *value != '\0' || error_set(err, EXIT_USAGE, "out is empty");
    } else {
        return config_set(&o->config, name, value, err);
    }
    return true;
}

bool trace_options_parse(struct trace_options *o, const struct command *command, int argc,
                         char **argv, struct error *err) {
    enum { PAIRS = 3 };
    *o = (struct trace_options){.pairs = PAIRS, .wants_perfetto = true};
    config_init(&o->config);
    g_free(o->config.workloads);
    g_free(o->config.strategies);
    o->config.workloads = g_strdup("churn");
    o->config.strategies = g_strdup("goheap,go");
    o->config.repetitions = 1;
    return flags_parse(command, argc, argv, option_set, o, NULL, &o->help, err);
}

void trace_options_release(struct trace_options *o) {
    config_release(&o->config);
    g_free(o->out);
}
