/*
 * Strategies: an allocator with its settings, as the user names it.
 *
 *   strategy  = [alias "="] spec
 *   spec      = name { ":" setting "=" value }
 *   name      = a binding (goheap, boehm, ...), a malloc that is known by name (jemalloc, ...: see
 *               allocators/malloc_libraries.def), or a path to a .so (has a "/")
 *   setting   = one of the binding's; in capitals: an environment variable of the cell program
 *   value     = text up to ":" or ","; double-quoted text is never split and keeps both
 *   {a,b}     anywhere outside quotes expands to one strategy per alternative
 *
 * A list is strategies joined by commas.
 */
#ifndef HEAPMARK_HARNESS_PLAN_STRATEGY_H
#define HEAPMARK_HARNESS_PLAN_STRATEGY_H

#include "harness/plan/catalogue.h"

struct strategy {
    const char *name;                   /* the alias, else the spec as written */
    const char *spec;                   /* without the alias, alternatives expanded */
    const struct binding_info *binding; /* NULL when its cell program is not here */
    const char *binding_name;
    const char *program;     /* the cell program to run, by binding and settings; NULL as binding */
    const char *allocator;   /* "jemalloc"; NULL when the spec names a binding or a path */
    const char *preload;     /* absolute path of the library to preload, NULL for none */
    GArray *settings;        /* of struct setting_value */
    GArray *environment;     /* of struct setting_value */
    const char *unavailable; /* why it cannot run here, NULL when it can */
};

/* A malloc that heapmark knows by name: one line of data each. */
struct malloc_library {
    const char *name;    /* "jemalloc" */
    const char *soname;  /* "libjemalloc.so.2"; NULL: the C library's own, nothing to preload */
    const char *package; /* Debian's package, for the advice */
};
extern const struct malloc_library malloc_libraries[]; /* ends with a NULL name */

/* Appends the strategies of a list (struct strategy *, freed by the array's free function, text in
   `text`). Refuses (EXIT_USAGE): an unknown name (with the nearest), an unknown setting or a value
   out of its range, a .so that is missing, unreadable or exports no malloc, two strategies of one
   name. A known library that is not installed gives a strategy that is `unavailable`. */
bool strategies_parse(GPtrArray *out, const char *list, const struct catalogue *catalogue,
                      GStringChunk *text, struct error *err);

GPtrArray *strategies_new(void); /* an empty array with the right free function */

/* "NAME=VALUE NAME=VALUE" of settings and environment, for the record; "" for none. */
char *strategy_settings_text(const struct strategy *s); /* caller frees with g_free */

#endif
