/* Reads the lines of two machine.txt side by side. */
#include "harness/analyze/compare_machine.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/machine.h"

#define MEMORY_SHARE 0.01

static const enum machine_fact identity[] = {FACT_CPU_MODEL, FACT_CPUS_ONLINE,  FACT_SMT,
                                             FACT_CACHES,    FACT_MEMORY_TOTAL, FACT_HYPERVISOR};
static const enum machine_fact around[] = {
    FACT_CPUS_ALLOWED, FACT_KERNEL,       FACT_C_LIBRARY, FACT_THP,      FACT_ASLR, FACT_GOVERNOR,
    FACT_TURBO,        FACT_CLOCK_SOURCE, FACT_VERSION,   FACT_COMPILER, FACT_BUILD};

/* The value of a line "key: value"; NULL without. */
static char *fact_find(const char *text, enum machine_fact fact) {
    const char *key = machine_key(fact);
    size_t length = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1;
            char *copy = g_strndup(value, end != NULL ? (gsize)(end - value) : strlen(value));
            return g_strstrip(copy);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

static bool memory_is_same(const char *a, const char *b) {
    double x = strtod(a, NULL), y = strtod(b, NULL);
    return x > 0 && y > 0 && fabs(x - y) <= MEMORY_SHARE * fmax(x, y);
}

static bool fact_is_same(enum machine_fact fact, const char *a, const char *b) {
    if (a == NULL || b == NULL)
        return false;
    return strcmp(a, b) == 0 || (fact == FACT_MEMORY_TOTAL && memory_is_same(a, b));
}

static char *fact_phrase(enum machine_fact fact, const char *a, const char *b) {
    return g_strdup_printf("%s: %s in A, %s in B", machine_key(fact), a != NULL ? a : "not told",
                           b != NULL ? b : "not told");
}

/* The phrase of a fact that differs; NULL when it does not. */
static char *fact_differs(enum machine_fact fact, const char *text_a, const char *text_b) {
    char *a = fact_find(text_a, fact), *b = fact_find(text_b, fact);
    char *phrase = fact_is_same(fact, a, b) ? NULL : fact_phrase(fact, a, b);
    g_free(a);
    g_free(b);
    return phrase;
}

static bool is_blank(const char *text) {
    return text[strspn(text, " \t\r\n")] == '\0';
}

char *compare_machines(const char *a, const char *b) {
    if (is_blank(a) || is_blank(b))
        return g_strdup_printf("%s has no machine.txt",
                               is_blank(a) ? is_blank(b) ? "neither run" : "A" : "B");
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(identity); i++) {
        char *phrase = fact_differs(identity[i], a, b);
        if (phrase != NULL)
            g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", phrase);
        g_free(phrase);
    }
    return g_string_free(text, text->len == 0);
}

/* What neither tells is no difference: versions of heapmark know different facts. */
void compare_surroundings(const char *a, const char *b, GPtrArray *out) {
    for (size_t i = 0; i < G_N_ELEMENTS(around); i++) {
        char *in_a = fact_find(a, around[i]), *in_b = fact_find(b, around[i]);
        char *phrase = in_a != NULL && in_b != NULL ? fact_differs(around[i], a, b) : NULL;
        if (phrase != NULL)
            g_ptr_array_add(out, phrase);
        g_free(in_a);
        g_free(in_b);
    }
}
