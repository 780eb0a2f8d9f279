/*
 * How a strategy looks: the same in every picture of a run.
 *
 * Colours are those of Okabe and Ito's palette, which the colour-blind tell apart; so that a grey
 * print does too, each also has its own point and dash.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PALETTE_H
#define HEAPMARK_HARNESS_PRESENT_PALETTE_H

#include <stdint.h>

struct look {
    uint32_t rgb;   /* 0xRRGGBB */
    unsigned point; /* gnuplot's point type */
    unsigned dash;  /* gnuplot's dash type */
};

/* Of the strategy with that place in the run, from 0. Looks repeat after 220 strategies,
   colours after 10. */
struct look palette_look(unsigned strategy_index);

/* The colour of a ratio >= 1 in a heat map whose greatest ratio is `most`: from light (1) to dark,
   even in lightness over the logarithm, so that it reads in grey. */
uint32_t palette_heat(double ratio, double most);

/* Whether text on that colour must be light. */
int palette_is_dark(uint32_t rgb);

#endif
