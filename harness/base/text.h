/* Text that people typed: names near a misspelt one, numbers, lists. */
#ifndef HEAPMARK_HARNESS_BASE_TEXT_H
#define HEAPMARK_HARNESS_BASE_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The name (of those given, ending with NULL) nearest to a misspelt one by edit distance, or NULL
   when none is near enough to be meant. */
const char *nearest_name(const char *misspelt, const char *const *names);

/* "; did you mean NAME?" for the nearest name, "" when there is none: the end of a refusal. Caller
   frees with g_free. */
char *nearest_advice(const char *misspelt, const char *const *names);

/* A whole decimal number within least..most, nothing before or after it. */
bool count_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out);

/* Splits at a separator outside double quotes and braces; the pieces are trimmed of blanks, quotes
   are kept. Two separators in a row, or one at an end, give an empty piece; an empty text is one
   empty piece. Caller frees the array (its free function frees the pieces). */
GPtrArray *list_split(const char *text, char separator);

#endif
