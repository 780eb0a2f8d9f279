/*
 * Flags, config file and defaults become one config: defaults first, the file over them, the flags
 * over both. So flags are collected before the first is applied.
 */
#include "harness/cli/run_options.h"

#include <string.h>

const struct flag run_flags[] = {
    {"workloads", "LIST", "quick",
     "names, groups, globs or named lists, by commas\n"
     "(heapmark list tells them)"},
    {"strategies", "LIST", "malloc,jemalloc,mimalloc,goheap,go",
     "allocators with their settings, by commas: name,\nname:setting=value, alias=name:...,\n"
     "alias=./lib.so"},
    {"threads", "LIST", "1", "thread counts, by commas; WORKLOAD=LIST for one\nworkload only"},
    {"cpus", "LIST", NULL, "bind the cell programs to CPUs, such as 0,2-3"},
    {"param", "NAME=V[,V...]", NULL,
     "a parameter's values, a cell each;\nWORKLOAD.NAME=... for one workload only"},
    {"effort", "quick|full", "quick", "how many operations a cell makes"},
    {"repetitions", "N", "5", "fresh processes per cell"},
    {"ops", "N", NULL, "operations per thread, instead of the workload's own"},
    {"seed", "N", "1", "seed of the workloads' random numbers and the order"},
    {"out", "DIR", "results/UTC-TIME", "the run directory to write"},
    {"config", "FILE", NULL, "YAML with these flags' names as keys; flags win"},
    {"timeout", "S", "60", "seconds until a cell program is ended"},
    {"memory-limit", "BYTES", NULL,
     "limit per cell program, instead of three quarters of\nwhat is available; suffixes K, M, G"},
    {"counters", "LIST", NULL, "events to count, by libpfm4 name, instead of the\ndefault ones"},
    {"dry-run", NULL, NULL, "print the cells and the command of each; run nothing"},
    {"resume", NULL, NULL, "complete the run that --out names, as its\nconfig.txt says"},
    {NULL, NULL, NULL, NULL},
};

struct given_flag {
    const char *name, *value; /* value NULL: a switch */
};

static bool given_add(void *context, const char *name, const char *value, struct error *err) {
    GArray *given = context;
    struct given_flag flag = {name, value};
    (void)err;
    g_array_append_val(given, flag);
    return true;
}

static const char *given_find(const GArray *given, const char *name) {
    const char *value = NULL;
    for (guint i = 0; i < given->len; i++) {
        const struct given_flag *flag = &g_array_index(given, struct given_flag, i);
        if (strcmp(flag->name, name) == 0)
            value = flag->value == NULL ? "" : flag->value;
    }
    return value;
}

/* Whether a flag is about the run as a whole and no part of its config. */
static bool flag_is_ours(const char *name) {
    static const char *const ours[] = {"out", "config", "dry-run", "resume", NULL};
    return g_strv_contains(ours, name);
}

static bool given_apply(struct run_options *o, const GArray *given, struct error *err) {
    const char *file = given_find(given, "config");
    if (file != NULL && !config_read(&o->config, file, err))
        return false;
    for (guint i = 0; i < given->len; i++) {
        const struct given_flag *flag = &g_array_index(given, struct given_flag, i);
        if (!flag_is_ours(flag->name) && !config_set(&o->config, flag->name, flag->value, err))
            return false;
    }
    return true;
}

/* A resumed run is completed as it was begun: any other config would make a run of two kinds. */
static bool given_apply_resume(struct run_options *o, const GArray *given, struct error *err) {
    if (o->out == NULL)
        return error_set(err, EXIT_USAGE,
                         "--resume needs --out: the directory of the run to complete");
    for (guint i = 0; i < given->len; i++) {
        const struct given_flag *flag = &g_array_index(given, struct given_flag, i);
        if (!flag_is_ours(flag->name) || strcmp(flag->name, "config") == 0)
            return error_set(err, EXIT_USAGE,
                             "--%s cannot be given with --resume: the run is completed as its "
                             "config.txt says",
                             flag->name);
    }
    char *file = g_build_filename(o->out, "config.txt", NULL);
    bool ok =
        g_file_test(file, G_FILE_TEST_EXISTS)
            ? config_read(&o->config, file, err)
            : error_set(err, EXIT_USAGE, "%s holds no run to resume: it has no config.txt", o->out);
    g_free(file);
    return ok;
}

bool run_options_parse(struct run_options *o, const struct command *command, int argc, char **argv,
                       struct error *err) {
    GArray *given = g_array_new(FALSE, FALSE, sizeof(struct given_flag));
    *o = (struct run_options){0};
    config_init(&o->config);
    bool ok = flags_parse(command, argc, argv, given_add, given, NULL, &o->help, err);
    if (ok && !o->help) {
        o->out = g_strdup(given_find(given, "out"));
        o->dry_run = given_find(given, "dry-run") != NULL;
        o->resume = given_find(given, "resume") != NULL;
        ok = o->resume ? given_apply_resume(o, given, err) : given_apply(o, given, err);
    }
    g_array_free(given, TRUE);
    return ok;
}

void run_options_release(struct run_options *o) {
    config_release(&o->config);
    g_free(o->out);
}
