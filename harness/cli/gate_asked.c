/* What a gate was asked, to and from gate.txt. */
#include "harness/cli/gate_asked.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/store/csv.h"

static const char *const policies[] = {"fail", "warn", "ok"};
static const char *const kinds[] = {"strategies", "builds", "commands"};

void gate_judging_init(struct gate_judging *j) {
    *j = (struct gate_judging){.rule = gate_rule_initial,
                               .limits = g_array_new(FALSE, FALSE, sizeof(struct gate_limit)),
                               .floors = g_array_new(FALSE, FALSE, sizeof(struct gate_limit)),
                               .text = g_string_chunk_new(256),
                               .base = "",
                               .candidate = ""};
}

void gate_judging_release(struct gate_judging *j) {
    g_array_free(j->limits, TRUE);
    g_array_free(j->floors, TRUE);
    g_string_chunk_free(j->text);
}

/* The rule looks at the arrays, which may have moved. */
static void judging_refresh(struct gate_judging *j) {
    j->rule.limits = (const struct gate_limit *)(const void *)j->limits->data;
    j->rule.limit_count = j->limits->len;
    j->rule.floors = (const struct gate_limit *)(const void *)j->floors->data;
    j->rule.floor_count = j->floors->len;
}

void gate_judging_apply(struct gate_judging *j, const struct gate_options *o,
                        const GArray *floors) {
    if (!isnan(o->margin))
        j->rule.margin = o->margin;
    if (!isnan(o->pass_margin))
        j->rule.pass_margin = o->pass_margin;
    if (o->has_policy)
        j->policy = o->policy;
    g_array_append_vals(j->limits, o->limits->data, o->limits->len);
    if (floors != NULL)
        g_array_append_vals(j->floors, floors->data, floors->len);
    if (o->base != NULL) {
        j->base = o->sides.base;
        j->candidate = o->sides.candidate;
    }
    judging_refresh(j);
}

/* ---- to lines ---- */

/* What filling needs at hand. */
struct asked_writer {
    GArray *asked;
    GStringChunk *text;
};

static void line_add(struct asked_writer *w, const char *key, const char *value) {
    struct gate_line line = {key, g_string_chunk_insert(w->text, value)};
    g_array_append_val(w->asked, line);
}

static void count_add(struct asked_writer *w, const char *key, uint64_t count) {
    char digits[32];
    g_snprintf(digits, sizeof digits, "%" PRIu64, count);
    line_add(w, key, digits);
}

/* What is not known has no line. */
static void real_add(struct asked_writer *w, const char *key, double value) {
    GString *digits = g_string_new(NULL);
    csv_real_append(digits, value);
    if (digits->len > 0)
        line_add(w, key, digits->str);
    g_string_free(digits, TRUE);
}

static void texts_add(struct asked_writer *w, const char *key, const GPtrArray *texts) {
    for (guint i = 0; i < texts->len; i++)
        line_add(w, key, texts->pdata[i]);
}

static void limits_add(struct asked_writer *w, const char *key, const GArray *limits) {
    for (guint i = 0; i < limits->len; i++) {
        const struct gate_limit *limit = &g_array_index(limits, struct gate_limit, i);
        GString *value = g_string_new(NULL);
        csv_real_append(value, limit->share);
        g_string_append_printf(value, " %s %s", limit->metric, limit->cell);
        line_add(w, key, value->str);
        g_string_free(value, TRUE);
    }
}

static void tiers_add(struct asked_writer *w, unsigned tiers) {
    char value[32];
    g_snprintf(value, sizeof value, "%s%s%s", tiers & GATE_TIER_EXACT ? "exact " : "",
               tiers & GATE_TIER_MEMORY ? "memory " : "", tiers & GATE_TIER_TIME ? "time " : "");
    line_add(w, "tiers", g_strchomp(value));
}

static void work_add(struct asked_writer *w, const struct gate_options *o) {
    const struct config *c = &o->config;
    if (o->sides.kind == GATE_SIDES_BUILDS)
        line_add(w, "strategies", c->strategies);
    if (o->sides.kind != GATE_SIDES_COMMANDS)
        line_add(w, "workloads", c->workloads);
    texts_add(w, "threads", c->threads);
    texts_add(w, "param", c->parameters);
    line_add(w, "effort", c->effort == EFFORT_FULL ? "full" : "quick");
    if (c->ops != 0)
        count_add(w, "ops", c->ops);
    count_add(w, "seed", c->seed);
    tiers_add(w, o->tiers);
    if (o->exact_workloads != NULL)
        line_add(w, "exact-workloads", o->exact_workloads);
    count_add(w, "budget", o->budget_s);
}

void gate_asked_fill(GArray *asked, const struct gate_options *o, const struct gate_judging *j,
                     GStringChunk *text) {
    struct asked_writer w = {asked, text};
    line_add(&w, "sides", kinds[o->sides.kind]);
    line_add(&w, "base", j->base);
    line_add(&w, "candidate", j->candidate);
    work_add(&w, o);
    real_add(&w, "margin", j->rule.margin);
    real_add(&w, "pass-margin", j->rule.pass_margin);
    real_add(&w, "rate", j->rule.rate);
    real_add(&w, "confirm-p", j->rule.confirm_p);
    count_add(&w, "blocks-least", j->rule.blocks_least);
    limits_add(&w, "limit", j->limits);
    limits_add(&w, "floor", j->floors);
    line_add(&w, "inconclusive", policies[j->policy]);
}

/* ---- from lines ---- */

static bool real_take(double *out, const char *value) {
    char *end;
    double real = g_ascii_strtod(value, &end);
    if (*value == '\0' || *end != '\0' || !isfinite(real) || real < 0)
        return false;
    *out = real;
    return true;
}

/* Between 0 and 1, both excluded: 0 would never find anything, 1 would find noise. */
static bool probability_take(double *out, const char *value) {
    double probability;
    if (!real_take(&probability, value) || !(probability > 0 && probability < 1))
        return false;
    *out = probability;
    return true;
}

/* "SHARE METRIC CELL"; the cell stays where the line's text is. */
static bool limit_take(struct gate_judging *j, GArray *limits, const char *value) {
    char *end;
    struct gate_limit limit = {.share = g_ascii_strtod(value, &end)};
    const char *metric = *end == ' ' ? end + 1 : NULL;
    const char *blank = metric == NULL ? NULL : strchr(metric, ' ');
    if (end == value || blank == NULL || blank == metric || !(limit.share >= 0) ||
        !isfinite(limit.share))
        return false;
    limit.metric = g_string_chunk_insert_len(j->text, metric, blank - metric);
    limit.cell = blank + 1;
    g_array_append_val(limits, limit);
    return true;
}

static bool policy_take(struct gate_judging *j, const char *value) {
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        if (strcmp(policies[i], value) == 0) {
            j->policy = (enum gate_policy)i;
            return true;
        }
    }
    return false;
}

static bool blocks_take(struct gate_judging *j, const char *value) {
    double blocks;
    if (!real_take(&blocks, value) || blocks > 1e6)
        return false;
    j->rule.blocks_least = (unsigned)blocks;
    return true;
}

static bool line_take(struct gate_judging *j, const struct gate_line *line) {
    const char *key = line->key, *value = line->value;
    if (strcmp(key, "margin") == 0)
        return real_take(&j->rule.margin, value);
    if (strcmp(key, "pass-margin") == 0)
        return real_take(&j->rule.pass_margin, value);
    if (strcmp(key, "rate") == 0)
        return probability_take(&j->rule.rate, value);
    if (strcmp(key, "confirm-p") == 0)
        return probability_take(&j->rule.confirm_p, value);
    if (strcmp(key, "blocks-least") == 0)
        return blocks_take(j, value);
    if (strcmp(key, "limit") == 0)
        return limit_take(j, j->limits, value);
    if (strcmp(key, "floor") == 0)
        return limit_take(j, j->floors, value);
    if (strcmp(key, "inconclusive") == 0)
        return policy_take(j, value);
    return true;
}

static bool key_is_known(const char *key) {
    static const char *const known[] = {
        "sides",           "base",   "candidate", "strategies",   "workloads",
        "threads",         "param",  "effort",    "ops",          "seed",
        "tiers",           "budget", "margin",    "pass-margin",  "rate",
        "confirm-p",       "limit",  "floor",     "inconclusive", "blocks-least",
        "exact-workloads", NULL};
    return g_strv_contains(known, key);
}

bool gate_asked_read(struct gate_judging *j, const GArray *asked, const char *name,
                     struct error *err) {
    for (guint i = 0; i < asked->len; i++) {
        const struct gate_line *line = &g_array_index(asked, struct gate_line, i);
        /* The first line is the version, so line i of `asked` is line i + 2 of the file. */
        if (!key_is_known(line->key))
            return error_set(err, EXIT_USAGE, "%s:%u: nothing is called %s here", name, i + 2,
                             line->key);
        if (!line_take(j, line))
            return error_set(err, EXIT_USAGE, "%s:%u: %s cannot be \"%s\"", name, i + 2, line->key,
                             line->value);
    }
    j->base = gate_line_find(asked, "base");
    j->candidate = gate_line_find(asked, "candidate");
    judging_refresh(j);
    return (j->base != NULL && j->candidate != NULL) ||
           error_set(err, EXIT_USAGE, "%s does not say which sides it compares", name);
}
