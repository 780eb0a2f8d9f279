/*
 * Whether values grow or shrink from repetition to repetition: Mann's and Kendall's test (1945),
 * the number of pairs in which the later value is the greater less those in which it is the
 * smaller.
 *
 * Sums of cells are tests of a whole run: a machine that slows down moves every cell a little, and
 * none of them enough to be noticed alone.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_DRIFT_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_DRIFT_H

#include <stddef.h>

struct drift {
    double rises;    /* pairs that rise less pairs that fall */
    double variance; /* of that number when there is no drift */
    double change;   /* sum of ln (last / first) */
    unsigned cells;
};

/* Adds the values of a cell, > 0 and in the order of its repetitions; fewer than 2 add nothing. */
void drift_add(struct drift *d, const double *values, size_t count);

/* Standard deviations that the rises are from none, continuity corrected; 0 without values. */
double drift_deviations(const struct drift *d);

/* By what factor the last repetition is the first one, on average over the cells; 1 without. */
double drift_factor(const struct drift *d);

#endif
