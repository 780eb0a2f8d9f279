/*
 * The flags of the gate's three commands, and which of them go together.
 *
 * Reports come in pairs: each --format begins one, and the --out after it says where it goes;
 * without one it goes to standard output. Without any --format there is a text on standard output.
 */
#include "harness/cli/gate_options.h"

#include <math.h>
#include <string.h>

#include "harness/base/text.h"

enum {
    BUDGET_S_MAX = 24 * 60 * 60,
    BUDGET_S = 300,
    SELFTEST_BUDGET_S = 600,
    DRAWS = 200,
    DRAWS_MAX = 100000
};

#define SIDE_FLAGS                                                                                 \
    { "base", "STRATEGY", NULL, "what it is measured against, as run's --strategies has it" }
#define CELL_FLAGS                                                                                 \
    {"workloads", "LIST", "gate", "names, groups, globs or named lists, by commas"},               \
        {"threads", "LIST", "1", "thread counts, as for run"},                                     \
        {"param", "NAME=V[,V...]", NULL, "a parameter's values, a cell each, as for run"},         \
        {"effort", "quick|full", "quick", "how many operations a cell makes"},                     \
        {"ops", "N", NULL, "operations per thread, instead of the workload's own"},                \
        {"seed", "N", "1", "seed of the workloads' random numbers and of every order"},            \
        {"timeout", "S", "60", "seconds until a cell program is ended"}, {                         \
        "memory-limit", "BYTES", NULL, "limit per cell program, as for run"                        \
    }

const struct flag gate_flags[] = {
    SIDE_FLAGS,
    {"candidate", "STRATEGY", NULL, "what is judged"},
    {"base-cells", "DIR", NULL, "cell programs of one build of heapmark, and"},
    {"candidate-cells", "DIR", NULL, "of another, instead of two strategies; then"},
    {"strategies", "LIST", "goheap", "are the strategies that both builds measure"},
    {"base-cmd", "CMD", NULL, "a command line, and"},
    {"candidate-cmd", "CMD", NULL, "another, instead of two strategies"},
    CELL_FLAGS,
    {"tiers", "LIST", "exact,memory,time", "what is judged: counts, peaks and pauses, time"},
    {"exact-workloads", "LIST", NULL,
     "more workloads of which the counts alone are judged;\nwhat --workloads names, too, is timed"},
    {"budget", "S", "300",
     "seconds for times and memory; more see smaller effects.\nCounts need no budget"},
    {"margin", "PCT", "each metric's own", "a change of time up to this is none"},
    {"pass-margin", "PCT", "each metric's own", "PASS when time is surely below this"},
    {"limit", "CELL:METRIC=PCT", NULL,
     "the margin of the cells and metrics that two globs name;\nmay be repeated"},
    {"calibration", "FILE", NULL, "noise floors that gate calibrate has written"},

    {"inconclusive", "fail|warn|ok", "fail",
     "what an INCONCLUSIVE gate ends with: 3, a warning\nand 0, 0"},
    {"format", "FORMAT", "text", "text, markdown, github, junit or json; may be repeated"},
    {"out", "FILE", NULL,
     "where the report of the --format before goes, instead of\nstandard output"},
    {"dir", "DIR", NULL, "keep every row that is measured in this new directory"},
    {"from", "DIR", NULL, "judge the rows of such a directory; measure nothing"},
    {NULL, NULL, NULL, NULL},
};

const struct flag gate_calibrate_flags[] = {
    SIDE_FLAGS,
    CELL_FLAGS,
    {"budget", "S", "300", "seconds for all cells"},
    {"out", "FILE", "heapmark-calibration.csv", "the file to write"},
    {"dir", "DIR", NULL, "keep every row that is measured in this new directory"},
    {NULL, NULL, NULL, NULL},
};

const struct flag gate_selftest_flags[] = {
    SIDE_FLAGS,
    CELL_FLAGS,
    {"budget", "S", "600", "seconds for all cells and planted effects"},
    {"draws", "N", "200", "decisions to draw for each point of the curve"},
    {"margin", "PCT", "each metric's own", "as the gate's"},
    {"dir", "DIR", NULL, "a new directory for the rows, the curve and its plot"},
    {NULL, NULL, NULL, NULL},
};

const struct flag gate_baseline_flags[] = {
    {"base", "STRATEGY", NULL, "what is counted now"},
    {"file", "FILE", NULL, "the baseline"},
    {"save", NULL, NULL, "write it instead of comparing with it"},
    CELL_FLAGS,
    {"limit", "CELL:METRIC=PCT", NULL, "the band of the cells and metrics that two globs name"},
    {NULL, NULL, NULL, NULL},
};

/* ---- values ---- */

static void text_set(char **slot, const char *value) {
    g_free(*slot);
    *slot = g_strdup(value);
}

static bool percent_parse(double *share, const char *what, const char *value, struct error *err) {
    char *end;
    double percent = g_ascii_strtod(value, &end);
    if (*value == '\0' || *end != '\0' || !(percent >= 0 && percent <= 1000))
        return error_set(err, EXIT_USAGE, "%s is a number of percent from 0 to 1000, not \"%s\"",
                         what, value);
    *share = percent / 100;
    return true;
}

static bool metric_is_known(const char *pattern) {
    for (const struct gate_metric *m = gate_metrics; m->name != NULL; m++) {
        if (g_pattern_match_simple(pattern, m->name))
            return true;
    }
    return false;
}

static bool metric_unknown(const char *pattern, struct error *err) {
    GPtrArray *names = g_ptr_array_new();
    for (const struct gate_metric *m = gate_metrics; m->name != NULL; m++)
        g_ptr_array_add(names, (char *)(uintptr_t)m->name);
    char *all;
    g_ptr_array_add(names, NULL);
    all = g_strjoinv(", ", (char **)names->pdata);
    char *advice = nearest_advice(pattern, (const char *const *)names->pdata);
    error_set(err, EXIT_USAGE, "the gate knows no metric %s%s (there are %s)", pattern, advice,
              all);
    g_free(advice);
    g_free(all);
    g_ptr_array_free(names, TRUE);
    return false;
}

/* Parameters hold "=" and a label may hold ":", so the halves are found from the end. */
bool gate_limit_parse(struct gate_limit *out, const char *value, GStringChunk *text,
                      struct error *err) {
    const char *equals = strrchr(value, '=');
    const char *colon = equals == NULL ? NULL : g_strrstr_len(value, equals - value, ":");
    if (colon == NULL || colon == value || colon + 1 == equals || !g_utf8_validate(value, -1, NULL))
        return error_set(err, EXIT_USAGE, "--limit is CELL:METRIC=PCT, not \"%s\"", value);
    if (!percent_parse(&out->share, "--limit", equals + 1, err))
        return false;
    out->cell = g_string_chunk_insert_len(text, value, colon - value);
    out->metric = g_string_chunk_insert_len(text, colon + 1, equals - colon - 1);
    return metric_is_known(out->metric) || metric_unknown(out->metric, err);
}

static bool limit_set(struct gate_options *o, const char *value, struct error *err) {
    struct gate_limit limit;
    if (!gate_limit_parse(&limit, value, o->text, err))
        return false;
    g_array_append_val(o->limits, limit);
    return true;
}

static bool tiers_set(struct gate_options *o, const char *value, struct error *err) {
    static const char *const names[] = {"exact", "memory", "time", NULL};
    GPtrArray *words = list_split(value, ',');
    unsigned tiers = 0;
    bool ok = true;
    for (guint i = 0; ok && i < words->len; i++) {
        const char *word = words->pdata[i];
        size_t tier = 0;
        while (names[tier] != NULL && strcmp(names[tier], word) != 0)
            tier++;
        ok = names[tier] != NULL ||
             error_set(err, EXIT_USAGE, "--tiers is a list of exact, memory and time, not \"%s\"",
                       value);
        tiers |= 1u << tier;
    }
    g_ptr_array_free(words, TRUE);
    o->tiers = ok ? tiers : o->tiers;
    return ok;
}

static bool exact_workloads_set(struct gate_options *o, const char *value, struct error *err) {
    if (*value == '\0' || !g_utf8_validate(value, -1, NULL))
        return error_set(err, EXIT_USAGE, "--exact-workloads is empty or not UTF-8");
    text_set(&o->exact_workloads, value);
    return true;
}

static bool inconclusive_set(struct gate_options *o, const char *value, struct error *err) {
    static const char *const names[] = {"fail", "warn", "ok"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], value) == 0) {
            o->policy = (enum gate_policy)i;
            o->has_policy = true;
            return true;
        }
    }
    return error_set(err, EXIT_USAGE, "--inconclusive is fail, warn or ok, not \"%s\"", value);
}

static bool format_set(struct gate_options *o, const char *value, struct error *err) {
    struct gate_output output = {gate_format_find(value), NULL};
    if (output.format == NULL)
        return error_set(err, EXIT_USAGE,
                         "--format is text, markdown, github, junit or json, not \"%s\"", value);
    g_array_append_val(o->outputs, output);
    return true;
}

/* Of calibrate there is one file; of the gate, one to a format. */
static bool out_set(struct gate_options *o, const char *value, struct error *err) {
    struct gate_output *last =
        o->outputs->len == 0 ? NULL
                             : &g_array_index(o->outputs, struct gate_output, o->outputs->len - 1);
    if (*value == '\0')
        return error_set(err, EXIT_USAGE, "--out is empty");
    if (last != NULL && last->path != NULL)
        return error_set(err, EXIT_USAGE,
                         "--out %s: the report before has a file already (%s); each file follows a "
                         "--format of its own",
                         value, last->path);
    text_set(last != NULL ? &last->path : &o->out, value);
    return true;
}

static bool budget_set(struct gate_options *o, const char *value, struct error *err) {
    return count_parse(value, 1, BUDGET_S_MAX, &o->budget_s) ||
           error_set(err, EXIT_USAGE,
                     "--budget is a whole number of seconds from 1 to %d, not \"%s\"", BUDGET_S_MAX,
                     value);
}

/* A side: of which kind it is, and its text. */
static bool side_set(struct gate_options *o, const char *name, const char *value,
                     struct error *err) {
    enum gate_sides_kind kind = g_str_has_suffix(name, "-cells") ? GATE_SIDES_BUILDS
                                : g_str_has_suffix(name, "-cmd") ? GATE_SIDES_COMMANDS
                                                                 : GATE_SIDES_STRATEGIES;
    bool has_side = o->base != NULL || o->candidate != NULL;
    if (has_side && kind != o->sides.kind)
        return error_set(
            err, EXIT_USAGE,
            "--%s: both sides are strategies, cell programs or commands; these two are "
            "of different kinds",
            name);
    if (*value == '\0' || !g_utf8_validate(value, -1, NULL))
        return error_set(err, EXIT_USAGE, "--%s is empty or not UTF-8", name);
    o->sides.kind = kind;
    text_set(g_str_has_prefix(name, "base") ? &o->base : &o->candidate, value);
    return true;
}

/* ---- flag by flag ---- */

static bool judging_set(struct gate_options *o, const char *name, const char *value,
                        struct error *err) {
    if (strcmp(name, "margin") == 0)
        return percent_parse(&o->margin, "--margin", value, err);
    if (strcmp(name, "pass-margin") == 0)
        return percent_parse(&o->pass_margin, "--pass-margin", value, err);
    if (strcmp(name, "limit") == 0)
        return limit_set(o, value, err);
    if (strcmp(name, "inconclusive") == 0)
        return inconclusive_set(o, value, err);
    if (strcmp(name, "format") == 0)
        return format_set(o, value, err);
    if (strcmp(name, "out") == 0)
        return out_set(o, value, err);
    text_set(strcmp(name, "calibration") == 0 ? &o->calibration
             : strcmp(name, "dir") == 0       ? &o->dir
                                              : &o->from,
             value);
    return true;
}

static bool measuring_set(struct gate_options *o, const char *name, const char *value,
                          struct error *err) {
    static const char *const sides[] = {
        "base", "candidate", "base-cells", "candidate-cells", "base-cmd", "candidate-cmd", NULL};
    o->has_measuring = true;
    if (g_strv_contains(sides, name))
        return side_set(o, name, value, err);
    if (strcmp(name, "tiers") == 0)
        return tiers_set(o, value, err);
    if (strcmp(name, "exact-workloads") == 0)
        return exact_workloads_set(o, value, err);
    if (strcmp(name, "budget") == 0)
        return budget_set(o, value, err);
    if (strcmp(name, "save") == 0) {
        o->is_save = true;
        return true;
    }
    if (strcmp(name, "file") == 0) {
        text_set(&o->file, value);
        return true;
    }
    if (strcmp(name, "draws") == 0)
        return count_parse(value, 1, DRAWS_MAX, &o->draws) ||
               error_set(err, EXIT_USAGE, "--draws is a whole number from 1 to %d, not \"%s\"",
                         DRAWS_MAX, value);
    o->has_strategies |= strcmp(name, "strategies") == 0;
    return config_set(&o->config, name, value, err);
}

static bool option_set(void *context, const char *name, const char *value, struct error *err) {
    static const char *const judging[] = {"margin", "pass-margin", "limit",       "inconclusive",
                                          "format", "out",         "calibration", "dir",
                                          "from",   NULL};
    return g_strv_contains(judging, name) ? judging_set(context, name, value, err)
                                          : measuring_set(context, name, value, err);
}

static void output_clear(gpointer pointer) {
    g_free(((struct gate_output *)pointer)->path);
}

bool gate_options_parse(struct gate_options *o, const struct command *command, int argc,
                        char **argv, struct error *err) {
    struct error ignored;
    *o = (struct gate_options){.tiers = GATE_TIERS,
                               .draws = DRAWS,
                               .margin = NAN,
                               .pass_margin = NAN,
                               .limits = g_array_new(FALSE, FALSE, sizeof(struct gate_limit)),
                               .outputs = g_array_new(FALSE, FALSE, sizeof(struct gate_output)),
                               .text = g_string_chunk_new(256)};
    g_array_set_clear_func(o->outputs, output_clear);
    config_init(&o->config);
    config_set(&o->config, "workloads", "gate", &ignored);
    config_set(&o->config, "strategies", "goheap", &ignored);
    return flags_parse(command, argc, argv, option_set, o, NULL, &o->help, err);
}

void gate_options_release(struct gate_options *o) {
    char *texts[] = {o->base, o->candidate, o->calibration, o->dir,
                     o->from, o->out,       o->file,        o->exact_workloads};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    config_release(&o->config);
    g_array_free(o->limits, TRUE);
    g_array_free(o->outputs, TRUE);
    g_string_chunk_free(o->text);
}

/* ---- what goes together ---- */

static bool from_check(const struct gate_options *o, struct error *err) {
    if (o->has_measuring)
        return error_set(
            err, EXIT_USAGE,
            "--from judges what was measured: sides, workloads, tiers and budget are in "
            "%s already",
            o->from);
    return o->dir == NULL ||
           error_set(err, EXIT_USAGE, "--from measures nothing, so --dir %s has nothing to keep",
                     o->dir);
}

static bool sides_check(const struct gate_options *o, enum gate_command which, struct error *err) {
    static const char *const suffixes[] = {"", "-cells", "-cmd"};
    const char *suffix = suffixes[o->sides.kind];
    if (o->base == NULL && o->candidate == NULL)
        return error_set(err, EXIT_USAGE,
                         which == GATE_JUDGE
                             ? "the gate needs two sides: --base STRATEGY --candidate STRATEGY"
                             : "what is measured against itself is missing: --base STRATEGY");
    if (which == GATE_JUDGE && (o->base == NULL || o->candidate == NULL))
        return error_set(err, EXIT_USAGE, "--%s%s is missing: the gate compares two sides",
                         o->base == NULL ? "base" : "candidate", suffix);
    if (o->has_strategies && o->sides.kind != GATE_SIDES_BUILDS)
        return error_set(
            err, EXIT_USAGE,
            "--strategies is for two builds (--base-cells, --candidate-cells); here the "
            "sides are %s",
            o->sides.kind == GATE_SIDES_COMMANDS ? "commands" : "strategies");
    return true;
}

static bool tiers_check(const struct gate_options *o, struct error *err) {
    if (o->exact_workloads == NULL)
        return true;
    if ((o->tiers & GATE_TIER_EXACT) == 0)
        return error_set(err, EXIT_USAGE,
                         "--exact-workloads %s is to be counted, but --tiers leaves out exact",
                         o->exact_workloads);
    return o->sides.kind != GATE_SIDES_COMMANDS ||
           error_set(err, EXIT_USAGE,
                     "--exact-workloads chooses among workloads, and these sides are commands");
}

/* Two reports on standard output are fine (text for people, github's for the runner); a --out that
   no --format goes before is not. */
static bool outputs_check(struct gate_options *o, struct error *err) {
    const struct gate_output text = {&gate_formats[0], NULL};
    if (o->out != NULL)
        return error_set(err, EXIT_USAGE, "--out %s follows the --format that it is for", o->out);
    if (o->outputs->len == 0)
        g_array_append_val(o->outputs, text);
    return true;
}

bool gate_options_check(struct gate_options *o, enum gate_command which, struct error *err) {
    if (which == GATE_JUDGE && !outputs_check(o, err))
        return false;
    if (o->budget_s == 0)
        o->budget_s = which == GATE_SELFTEST ? SELFTEST_BUDGET_S : BUDGET_S;
    if (o->from != NULL)
        return from_check(o, err);
    if (!sides_check(o, which, err) || !tiers_check(o, err))
        return false;
    o->sides.base = o->base;
    o->sides.candidate = which == GATE_JUDGE ? o->candidate : o->base;
    return true;
}
