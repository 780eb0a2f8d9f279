/* Commands and their flags: the parser and the help text, both from the command's table. */
#include "harness/base/flags.h"

#include <string.h>

#include "harness/base/text.h"

static const struct flag help_flag = {"help", NULL, NULL, "print this text and do nothing"};

static const struct flag *flag_find(const struct command *command, const char *name) {
    for (const struct flag *f = command->flags; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    return strcmp(name, help_flag.name) == 0 ? &help_flag : NULL;
}

static bool flag_unknown(const struct command *command, const char *name, struct error *err) {
    GPtrArray *names = g_ptr_array_new();
    for (const struct flag *f = command->flags; f->name != NULL; f++)
        g_ptr_array_add(names, (char *)(uintptr_t)f->name);
    g_ptr_array_add(names, (char *)(uintptr_t)help_flag.name);
    g_ptr_array_add(names, NULL);
    const char *nearest = nearest_name(name, (const char *const *)names->pdata);
    if (nearest != NULL)
        error_set(err, EXIT_USAGE, "%s has no flag --%s; did you mean --%s?", command->name, name,
                  nearest);
    else
        error_set(err, EXIT_USAGE, "%s has no flag --%s; heapmark %s --help lists them",
                  command->name, name, command->name);
    g_ptr_array_free(names, TRUE);
    return false;
}

/* One flag, written at argv[*at] and perhaps argv[*at + 1]; *at is left on its last word. */
struct flag_words {
    int argc;
    char **argv;
    int at;
};

/* Finds the value of a flag that takes one: after "=", else the next word. */
static bool flag_value(const struct flag *flag, struct flag_words *words, const char **value,
                       struct error *err) {
    if (*value != NULL)
        return true;
    /* A word that looks like a flag is one that was forgotten a value for; "--name=--x" means it.
     */
    if (words->at + 1 >= words->argc || strncmp(words->argv[words->at + 1], "--", 2) == 0)
        return error_set(err, EXIT_USAGE, "--%s needs a value: --%s %s", flag->name, flag->name,
                         flag->value);
    *value = words->argv[++words->at];
    return true;
}

struct flag_target {
    flag_setter set;
    void *context;
    bool *help;
};

/* Finds the flag a word names; *value is what follows its "=", or NULL. NULL when refused. */
static const struct flag *flag_named(const struct command *command, const char *word,
                                     const char **value, struct error *err) {
    const char *equals = strchr(word, '=');
    char *name = equals == NULL ? g_strdup(word) : g_strndup(word, (size_t)(equals - word));
    const struct flag *flag = flag_find(command, name);
    *value = equals == NULL ? NULL : equals + 1;
    if (flag == NULL)
        flag_unknown(command, name, err);
    g_free(name);
    return flag;
}

static bool flag_take(const struct command *command, struct flag_words *words,
                      const struct flag_target *target, struct error *err) {
    const char *value;
    const struct flag *flag = flag_named(command, words->argv[words->at] + 2, &value, err);
    if (flag == NULL)
        return false;
    if (flag->value == NULL && value != NULL)
        return error_set(err, EXIT_USAGE, "--%s takes no value", flag->name);
    if (flag == &help_flag) {
        *target->help = true;
        return true;
    }
    if (flag->value != NULL && !flag_value(flag, words, &value, err))
        return false;
    return target->set(target->context, flag->name, value, err);
}

static bool operand_take(const struct command *command, char *word, GPtrArray *operands,
                         struct error *err) {
    if (operands == NULL)
        return error_set(err, EXIT_USAGE, "%s takes flags only, and \"%s\" is none", command->name,
                         word);
    g_ptr_array_add(operands, word);
    return true;
}

bool flags_parse(const struct command *command, int argc, char **argv, flag_setter set,
                 void *context, GPtrArray *operands, bool *help, struct error *err) {
    struct flag_words words = {argc, argv, 0};
    const struct flag_target target = {set, context, help};
    bool ended = false;
    *help = false;
    for (; words.at < argc && !*help; words.at++) {
        char *word = argv[words.at];
        bool ok;
        if (!ended && strcmp(word, "--") == 0) {
            ended = true;
            continue;
        }
        if (!ended && strncmp(word, "--", 2) == 0)
            ok = flag_take(command, &words, &target, err);
        else if (!ended && word[0] == '-' && word[1] != '\0')
            ok = error_set(err, EXIT_USAGE,
                           "%s: flags begin with two dashes; heapmark %s --help"
                           " lists them",
                           word, command->name);
        else
            ok = operand_take(command, word, operands, err);
        if (!ok)
            return false;
    }
    return true;
}

static char *flag_left_column(const struct flag *flag) {
    return flag->value == NULL ? g_strdup_printf("  --%s", flag->name)
                               : g_strdup_printf("  --%s %s", flag->name, flag->value);
}

static size_t left_column_width(const struct command *command) {
    size_t width = strlen("  --help");
    for (const struct flag *f = command->flags; f->name != NULL; f++) {
        char *left = flag_left_column(f);
        width = MAX(width, strlen(left));
        g_free(left);
    }
    return width + 2;
}

static void flag_help_append(GString *out, const struct flag *flag, size_t width) {
    char *left = flag_left_column(flag);
    char **lines = g_strsplit(flag->summary, "\n", -1);
    g_string_append_printf(out, "%-*s%s", (int)width, left, lines[0] == NULL ? "" : lines[0]);
    for (size_t i = 1; lines[0] != NULL && lines[i] != NULL; i++)
        g_string_append_printf(out, "\n%*s%s", (int)width, "", lines[i]);
    if (flag->initial != NULL)
        g_string_append_printf(out, " (%s)", flag->initial);
    g_string_append_c(out, '\n');
    g_strfreev(lines);
    g_free(left);
}

char *command_help(const struct command *command) {
    GString *out = g_string_new(NULL);
    size_t width = left_column_width(command);
    g_string_append_printf(out, "usage: heapmark %s", command->name);
    if (command->usage != NULL && command->usage[0] != '\0')
        g_string_append_printf(out, " %s", command->usage);
    g_string_append_printf(out, "\n\n%s\n\noptions (defaults in brackets):\n", command->summary);
    for (const struct flag *f = command->flags; f->name != NULL; f++)
        flag_help_append(out, f, width);
    flag_help_append(out, &help_flag, width);
    g_string_append(out, "\nexamples:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(command->examples); i++) {
        if (command->examples[i] != NULL)
            g_string_append_printf(out, "  %s\n", command->examples[i]);
    }
    return g_string_free(out, FALSE);
}
