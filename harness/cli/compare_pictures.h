/* The pictures of a comparison. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_COMPARE_PICTURES_H
#define HEAPMARK_HARNESS_CLI_COMPARE_PICTURES_H

#include "harness/analyze/compare.h"

/* Writes tables and pictures into dir, which is made, and says on stderr what was drawn. Tables are
   written before gnuplot is looked for. False (EXIT_CANNOT) when one could not be drawn. */
bool compare_draw(const struct comparison *c, const char *dir, struct error *err);

#endif
