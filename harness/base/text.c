/* Names near a misspelt one, numbers and lists. */
#include "harness/base/text.h"

#include <string.h>

/* Longer words are nobody's misspelling, and the table stays on the stack. */
enum { NAME_LENGTH_MAX = 63 };

static unsigned least_of(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours each count
   one (Damerau 1964), because swapped letters are the commonest slip of all. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    unsigned cost[NAME_LENGTH_MAX + 1][NAME_LENGTH_MAX + 1];
    for (size_t i = 0; i <= a_length; i++)
        cost[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_length; j++)
        cost[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            unsigned best = least_of(replaced, least_of(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least_of(best, cost[i - 2][j - 2] + 1);
            cost[i][j] = best;
        }
    }
    return cost[a_length][b_length];
}

const char *nearest_name(const char *misspelt, const char *const *names) {
    size_t length = strlen(misspelt);
    if (length == 0 || length > NAME_LENGTH_MAX)
        return NULL;
    /* A slip per three letters: "jemaloc" is jemalloc, but "seed" is not "speed-up". */
    unsigned best_distance = least_of((unsigned)length / 3 + 1, (unsigned)length - 1) + 1;
    const char *best = NULL;
    for (; *names != NULL; names++) {
        size_t name_length = strlen(*names);
        if (name_length > NAME_LENGTH_MAX)
            continue;
        unsigned distance = edit_distance(misspelt, length, *names, name_length);
        if (distance < best_distance) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}

char *nearest_advice(const char *misspelt, const char *const *names) {
    const char *name = nearest_name(misspelt, names);
    return name == NULL ? g_strdup("") : g_strdup_printf("; did you mean %s?", name);
}

bool count_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out) {
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!g_ascii_isdigit(*text))
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value < least || value > most)
        return false;
    *out = value;
    return true;
}

static void piece_append(GPtrArray *pieces, const char *start, const char *end) {
    char *piece = g_strndup(start, (size_t)(end - start));
    g_ptr_array_add(pieces, g_strstrip(piece));
}

GPtrArray *list_split(const char *text, char separator) {
    GPtrArray *pieces = g_ptr_array_new_with_free_func(g_free);
    const char *start = text;
    bool quoted = false;
    unsigned depth = 0;
    for (; *text != '\0'; text++) {
        if (*text == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (*text == '{')
            depth++;
        else if (*text == '}' && depth > 0)
            depth--;
        else if (*text == separator && depth == 0) {
            piece_append(pieces, start, text);
            start = text + 1;
        }
    }
    piece_append(pieces, start, text);
    return pieces;
}
