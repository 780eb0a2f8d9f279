/* The directory of a run before its rows: made, claimed, and given its text files. Within store
 * only. */
#ifndef HEAPMARK_HARNESS_STORE_RUN_DIRECTORY_H
#define HEAPMARK_HARNESS_STORE_RUN_DIRECTORY_H

#include <stdbool.h>

#include "harness/base/error.h"

/* Makes dir and its parents; one that is there already is fine. */
bool run_directory_make(const char *dir, struct error *err);

/* Locks dir and refuses one that holds another run or other files (EXIT_USAGE). Returns a
   descriptor that keeps the lock until it is closed, -1 when refused. */
int run_directory_claim(const char *dir, struct error *err);

/* Whether dir holds a run that was ended before its first file of rows: a config and nothing that
   rows could be lost from. */
bool run_directory_is_begun(const char *dir);

#endif
