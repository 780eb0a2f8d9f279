/* Flags that are run's go to the config; the others are ours. */
#include "harness/cli/profile_options.h"

#include <string.h>

#include "harness/base/text.h"

enum {
    DURATION_S = 3,
    DURATION_S_MAX = 24 * 3600,
    REPETITIONS_MAX = 1000,
    FREQUENCY_HZ = 997, /* a prime: no round period of the program keeps step with it */
    FREQUENCY_HZ_MAX = 10000,
    STACK_BYTES = 16 << 10,
    STACK_BYTES_LEAST = 1 << 10,
    STACK_BYTES_MAX = 60 << 10, /* a record is shorter than 64 KiB */
};

const struct flag profile_flags[] = {
    {"workloads", "LIST", "stack-it,stack-it-2", "names, groups, globs or named lists, by commas"},
    {"strategies", "LIST", "goheap,go", "allocators with their settings, by commas, as run's"},
    {"out", "DIR", "profiles/UTC-TIME", "the directory to write"},
    {"duration", "S", "3", "seconds of timed runs to sample, per cell"},
    {"repetitions", "N", NULL, "processes to sample per cell, instead of --duration"},
    {"frequency", "HZ", "997", "samples a second of every running thread"},
    {"stack", "BYTES", "16384", "copied of the stack with a sample: deeper stacks break"},
    {"only", "cpu|allocations", NULL, "one of the two profiles instead of both"},
    {"threads", "LIST", "1", "thread counts, by commas; WORKLOAD=LIST for one\nworkload only"},
    {"cpus", "LIST", NULL, "bind the cell programs to CPUs, such as 0,2-3"},
    {"param", "NAME=V[,V...]", NULL, "a parameter's values, a cell each, as run's"},
    {"effort", "quick|full", "quick", "how many operations a cell makes"},
    {"ops", "N", NULL,
     "operations per thread; without it, a workload whose\nslices are alike runs for a second"},
    {"seed", "N", "1", "seed of the workloads' random numbers"},
    {"timeout", "S", "60", "seconds until a cell program is ended"},
    {"memory-limit", "BYTES", NULL,
     "limit per cell program, instead of three quarters of\nwhat is available; suffixes K, M, G"},
    {NULL, NULL, NULL, NULL},
};

static bool number_set(const char *name, const char *value, uint64_t least, uint64_t most,
                       uint64_t *out, struct error *err) {
    return count_parse(value, least, most, out) ||
           error_set(err, EXIT_USAGE,
                     "%s is a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                     ", not \"%s\"",
                     name, least, most, value);
}

static bool unsigned_set(const char *name, const char *value, unsigned least, unsigned most,
                         unsigned *out, struct error *err) {
    uint64_t number;
    if (!number_set(name, value, least, most, &number, err))
        return false;
    *out = (unsigned)number;
    return true;
}

static bool only_set(struct profile_options *o, const char *value, struct error *err) {
    o->wants_cpu = strcmp(value, "cpu") == 0;
    o->wants_sites = strcmp(value, "allocations") == 0;
    return o->wants_cpu || o->wants_sites ||
           error_set(err, EXIT_USAGE, "only is cpu or allocations, not \"%s\"", value);
}

static bool duration_set(struct profile_options *o, const char *value, struct error *err) {
    uint64_t seconds;
    if (!number_set("duration", value, 1, DURATION_S_MAX, &seconds, err))
        return false;
    o->duration_ns = seconds * UINT64_C(1000000000);
    return true;
}

static bool option_set(void *context, const char *name, const char *value, struct error *err) {
    struct profile_options *o = context;
    if (strcmp(name, "out") == 0) {
        g_free(o->out);
        o->out = g_strdup(value);
        return *value != '\0' || error_set(err, EXIT_USAGE, "out is empty");
    }
    if (strcmp(name, "duration") == 0)
        return duration_set(o, value, err);
    if (strcmp(name, "repetitions") == 0)
        return unsigned_set(name, value, 1, REPETITIONS_MAX, &o->repetitions, err);
    if (strcmp(name, "frequency") == 0)
        return unsigned_set(name, value, 1, FREQUENCY_HZ_MAX, &o->frequency_hz, err);
    if (strcmp(name, "only") == 0)
        return only_set(o, value, err);
    if (strcmp(name, "stack") == 0) {
        bool ok =
            unsigned_set(name, value, STACK_BYTES_LEAST, STACK_BYTES_MAX, &o->stack_bytes, err);
        o->stack_bytes &= ~7U;
        return ok;
    }
    return config_set(&o->config, name, value, err);
}

bool profile_options_parse(struct profile_options *o, const struct command *command, int argc,
                           char **argv, struct error *err) {
    *o = (struct profile_options){.duration_ns = DURATION_S * UINT64_C(1000000000),
                                  .frequency_hz = FREQUENCY_HZ,
                                  .stack_bytes = STACK_BYTES,
                                  .wants_cpu = true,
                                  .wants_sites = true};
    config_init(&o->config);
    /* a counter that costs nothing, instead of the default list: the samples are what is wanted */
    return config_set(&o->config, "counters", "task-clock", err) &&
           config_set(&o->config, "workloads", "stack-it,stack-it-2", err) &&
           config_set(&o->config, "strategies", "goheap,go", err) &&
           flags_parse(command, argc, argv, option_set, o, NULL, &o->help, err);
}

void profile_options_release(struct profile_options *o) {
    config_release(&o->config);
    g_free(o->out);
}
