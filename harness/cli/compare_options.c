/* The flags of `heapmark compare`, and which of them go together. */
#include "harness/cli/compare_options.h"

#include <string.h>
#include <sys/stat.h>

#include "harness/base/text.h"

/* A word that stands for a number. */
struct choice {
    const char *word;
    int value;
};

static const struct choice orders[] = {
    {"sure", COMPARE_BY_SURE}, {"ratio", COMPARE_BY_RATIO}, {"name", COMPARE_BY_NAME}, {NULL, 0}};
static const struct choice shows[] = {{"unequal", COMPARE_SHOW_UNEQUAL},
                                      {"sure", COMPARE_SHOW_SURE},
                                      {"all", COMPARE_SHOW_ALL},
                                      {NULL, 0}};

void compare_options_init(struct compare_options *o) {
    *o = (struct compare_options){.format = &compare_formats[0], .show = COMPARE_SHOW_UNEQUAL};
    o->request.margin = 0.01;
    o->request.same = 0.05;
    o->request.order = COMPARE_BY_SURE;
}

static bool word_unknown(const char *flag, const char *word, const char *const *words,
                         struct error *err) {
    char *all = g_strjoinv(", ", (char **)words);
    char *advice = nearest_advice(word, words);
    error_set(err, EXIT_USAGE, "--%s knows no \"%s\"%s%s%s", flag, word, advice,
              *advice != '\0' ? "" : "; it knows ", *advice != '\0' ? "" : all);
    g_free(advice);
    g_free(all);
    return false;
}

static bool choice_set(int *out, const char *flag, const struct choice *choices, const char *word,
                       struct error *err) {
    const char *words[8] = {NULL};
    for (size_t i = 0; choices[i].word != NULL; i++) {
        words[i] = choices[i].word;
        if (strcmp(word, words[i]) == 0) {
            *out = choices[i].value;
            return true;
        }
    }
    return word_unknown(flag, word, words, err);
}

static bool format_set(struct compare_options *o, const char *word, struct error *err) {
    const char *words[8] = {NULL};
    for (size_t i = 0; compare_formats[i].name != NULL; i++) {
        words[i] = compare_formats[i].name;
        if (strcmp(word, words[i]) == 0) {
            o->format = &compare_formats[i];
            return true;
        }
    }
    return word_unknown("format", word, words, err);
}

/* Per cent, with or without the sign. */
static bool percent_set(double *share, const char *flag, const char *text, struct error *err) {
    char *end = NULL;
    double percent = g_ascii_strtod(text, &end);
    bool whole = end != text && g_ascii_isdigit(*text) &&
                 (*end == '\0' || strcmp(end, "%") == 0 || strcmp(end, " %") == 0);
    if (!whole || !(percent >= 0 && percent <= 100))
        return error_set(err, EXIT_USAGE, "--%s is per cent from 0 to 100, not \"%s\"", flag, text);
    *share = percent / 100;
    return true;
}

bool compare_option_set(void *context, const char *name, const char *value, struct error *err) {
    struct compare_options *o = context;
    struct compare_request *r = &o->request;
    int choice = 0;
    bool ok = true;
    if (strcmp(name, "format") == 0)
        return format_set(o, value, err);
    if (strcmp(name, "margin") == 0)
        return percent_set(&r->margin, name, value, err);
    if (strcmp(name, "same") == 0)
        return percent_set(&r->same, name, value, err);
    if (strcmp(name, "sort") == 0) {
        ok = choice_set(&choice, name, orders, value, err);
        r->order = (enum compare_order)choice;
    } else if (strcmp(name, "show") == 0) {
        ok = choice_set(&choice, name, shows, value, err);
        o->show = (enum compare_show)choice;
    } else if (strcmp(name, "across-machines") == 0)
        r->across_machines = true;
    else if (strcmp(name, "workloads") == 0)
        r->workloads = value;
    else if (strcmp(name, "strategies") == 0)
        r->strategies = value;
    else if (strcmp(name, "metric") == 0)
        r->metrics = value;
    else if (strcmp(name, "out") == 0)
        o->out = value;
    else
        o->plot = value;
    return ok;
}

/* Whatever links or dots the names have. */
static bool directories_are_one(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool compare_options_check(struct compare_options *o, const GPtrArray *operands,
                           struct error *err) {
    if (operands->len < 1 || operands->len > 2)
        return error_set(err, EXIT_USAGE,
                         "compare takes two run directories, or one and its --strategies, not %u "
                         "names",
                         operands->len);
    o->dir_a = g_ptr_array_index(operands, 0);
    o->dir_b = operands->len == 2 ? g_ptr_array_index(operands, 1) : NULL;
    o->request.one_run = o->dir_b == NULL;
    if (o->dir_b != NULL && directories_are_one(o->dir_a, o->dir_b))
        return error_set(err, EXIT_USAGE,
                         "%s and %s are one directory; to compare strategies of one run, name it "
                         "once and give --strategies",
                         o->dir_a, o->dir_b);
    return true;
}
