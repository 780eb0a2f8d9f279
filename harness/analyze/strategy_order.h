/*
 * In which order the user named the strategies of a run.
 *
 * Rounds are in random order, so the rows do not tell; config.txt beside them does. The first
 * strategy is what every other one is compared with.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_STRATEGY_ORDER_H
#define HEAPMARK_HARNESS_ANALYZE_STRATEGY_ORDER_H

#include <glib.h>

/* The names (char *, owned by the array) that a list of strategies gives: aliases, else the specs
   with {a,b} expanded. No name is checked. */
GPtrArray *strategy_names_of(const char *list);

/* Those of the run in dir, an empty array when it has no readable config.txt. dir may be NULL. */
GPtrArray *strategy_order_read(const char *dir);

#endif
