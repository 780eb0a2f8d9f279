/* Random numbers for simulated measurements: the same seed, the same numbers. */
#ifndef HEAPMARK_TESTS_UNIT_DRAWS_H
#define HEAPMARK_TESTS_UNIT_DRAWS_H

#include <glib.h>

/* Standard normal. */
double draw_normal(GRand *random);

/* Normal, but one in ten has a deviation ten times as large: the tails of a shared machine. */
double draw_heavy(GRand *random);

#endif
