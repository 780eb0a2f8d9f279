/* Reads benchmark lines: "BenchmarkX-2  1000  123 ns/op  16 B/op  1 allocs/op". */
#include "harness/analyze/escape_bench.h"

#include <math.h>
#include <string.h>

static const char bench_prefix[] = "Benchmark";

static void bench_clear(gpointer pointer) {
    g_free(((struct escape_bench *)pointer)->name);
}

GArray *escape_benches_new(void) {
    GArray *benches = g_array_new(FALSE, FALSE, sizeof(struct escape_bench));
    g_array_set_clear_func(benches, bench_clear);
    return benches;
}

/* Without "-2" at the end, which is GOMAXPROCS. */
static char *name_without_cpus(const char *name) {
    const char *dash = strrchr(name, '-');
    bool cpus = dash != NULL && dash[1] != '\0' && dash[1 + strspn(dash + 1, "0123456789")] == '\0';
    return cpus ? g_strndup(name, (size_t)(dash - name)) : g_strdup(name);
}

static void bench_set(struct escape_bench *bench, const char *number, const char *unit) {
    double *const figures[] = {&bench->ns_per_op, &bench->bytes_per_op, &bench->allocs_per_op};
    static const char *const units[] = {"ns/op", "B/op", "allocs/op"};
    char *end = NULL;
    double value = g_ascii_strtod(number, &end);
    if (end == number || *end != '\0')
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(unit, units[i]) == 0)
            *figures[i] = value;
    }
}

/* The words of a line; a line's blanks are several. */
static GPtrArray *words_of(char *line) {
    GPtrArray *words = g_ptr_array_new();
    char *at = line;
    while (*(at += strspn(at, " \t\r")) != '\0') {
        g_ptr_array_add(words, at);
        at += strcspn(at, " \t\r");
        if (*at != '\0')
            *at++ = '\0';
    }
    return words;
}

static void bench_read(GArray *out, char *line) {
    GPtrArray *words = words_of(line);
    struct escape_bench bench = {NULL, NAN, NAN, NAN};
    bool is_bench = words->len >= 4 && g_str_has_prefix(words->pdata[0], bench_prefix);
    for (guint i = 2; is_bench && i + 1 < words->len; i += 2)
        bench_set(&bench, words->pdata[i], words->pdata[i + 1]);
    if (is_bench && !isnan(bench.ns_per_op)) {
        bench.name = name_without_cpus(words->pdata[0]);
        g_array_append_val(out, bench);
    }
    g_ptr_array_free(words, TRUE);
}

void escape_benches_read(GArray *out, const char *output) {
    char *valid = g_utf8_make_valid(output, -1);
    char **lines = g_strsplit(valid, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        bench_read(out, *line);
    g_strfreev(lines);
    g_free(valid);
}

/* Letters and digits alone, in small letters: how names are compared. */
static char *letters_of(const char *text, size_t length) {
    GString *letters = g_string_new(NULL);
    for (size_t i = 0; i < length; i++) {
        if (g_ascii_isalnum(text[i]) || (unsigned char)text[i] >= 0x80)
            g_string_append_c(letters, g_ascii_tolower(text[i]));
    }
    return g_string_free(letters, FALSE);
}

/* Whether the first `length` bytes of a benchmark's name and a function's are the same letters. */
static bool letters_match(const char *bench, size_t length, const char *function) {
    char *one = letters_of(bench, length), *other = letters_of(function, strlen(function));
    bool match = *one != '\0' && strcmp(one, other) == 0;
    g_free(other);
    g_free(one);
    return match;
}

bool escape_bench_exercises(const char *bench, const char *function) {
    if (!g_str_has_prefix(bench, bench_prefix))
        return false;
    const char *name = bench + strlen(bench_prefix);
    size_t whole = strcspn(name, "/");
    for (size_t length = 1; length <= whole; length++) {
        if ((length == whole || name[length] == '_') && letters_match(name, length, function))
            return true;
    }
    return false;
}
