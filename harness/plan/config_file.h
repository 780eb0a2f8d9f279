/* A config from the text of a file. Within plan, and for its tests. */
#ifndef HEAPMARK_HARNESS_PLAN_CONFIG_FILE_H
#define HEAPMARK_HARNESS_PLAN_CONFIG_FILE_H

#include <stddef.h>

#include "harness/plan/config.h"

/* config_read of `length` bytes of text; `name` is for refusals. */
bool config_text_read(struct config *c, const char *name, const char *text, size_t length,
                      struct error *err);

/* Whether config_set knows a name; when not, err says so with the nearest. */
bool config_has(const char *name, struct error *err);

#endif
