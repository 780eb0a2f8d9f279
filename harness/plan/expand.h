/* Alternatives in braces: "goheap:gogc={50,100}" is two strategies. */
#ifndef HEAPMARK_HARNESS_PLAN_EXPAND_H
#define HEAPMARK_HARNESS_PLAN_EXPAND_H

#include <glib.h>
#include <stdbool.h>

#include "harness/base/error.h"

enum { EXPANSIONS_MAX = 1000 };

/* Appends every expansion of text (char *, freed with g_free), first alternative first. Braces in
   double quotes are text. Refuses (EXIT_USAGE) a quote or brace that never closes, a closing brace
   too many, and more than EXPANSIONS_MAX expansions. */
bool braces_expand(GPtrArray *out, const char *text, struct error *err);

#endif
