/* Which cells meet, and which may not be compared. Within analyze only. */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_CELLS_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_CELLS_H

#include "harness/analyze/compare.h"

/* Fills c->cells, in the order of names, from c->strategies, c->base and the workloads (a set of
   names). Every cell of either side is there once, with its fate. */
void compare_cells_build(struct comparison *c, GHashTable *workloads);

/* Appends to c->surroundings what differs in who answered for a strategy of both runs. */
void compare_answers_add(struct comparison *c);

#endif
