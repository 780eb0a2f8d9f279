/* Finds the cell programs and asks each to describe itself. */
#ifndef HEAPMARK_HARNESS_RUN_DISCOVER_H
#define HEAPMARK_HARNESS_RUN_DISCOVER_H

#include "harness/plan/catalogue.h"

/*
 * Where cell programs live: $HEAPMARK_LIBEXEC when set, else beside the running program (a build
 * tree), else ../libexec/heapmark from it (an installation). Caller frees with g_free.
 */
char *cells_dir_find(void);

/* Where plot scripts live, by the same rule: $HEAPMARK_SHARE, share/ of the build tree or
   ../share/heapmark. Caller frees with g_free. */
char *share_dir_find(void);

/* Fills the catalogue from every `cell-*` in dir. A program that cannot be asked is left out, and
   said in *notice (caller frees; NULL when all answered). False (EXIT_CANNOT): no cell programs
   found. */
bool catalogue_discover(struct catalogue *c, const char *dir, char **notice, struct error *err);

#endif
