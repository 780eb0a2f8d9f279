/* Colours, points and dashes. */
#include "harness/present/palette.h"

#include <math.h>
#include <stddef.h>

/* Okabe and Ito, "Color Universal Design" (2008), yellow left out: it does not show on white.
   Then grey, and wine and olive from Tol's "Colour Schemes" (2021), so that the ten usual
   strategies differ: four mallocs, the C library's, goheap, go, bdwgc, bump and pool. */
static const uint32_t colours[] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00,
                                   0x56B4E9, 0x000000, 0x7F7F7F, 0x882255, 0x999933};
enum { COLOURS = sizeof colours / sizeof colours[0] };

/* Filled circle, square, triangle, diamond, triangle down; then the same ones open, and a filled
   pentagon. Their number and that of the colours share no factor, so that looks repeat late. */
static const unsigned points[] = {7, 5, 9, 13, 11, 6, 4, 8, 12, 10, 15};
enum { POINTS = sizeof points / sizeof points[0] };

/* Solid, dashed, dash-dot, dash-dot-dot; gnuplot's 3 is dots, which nobody can follow. */
static const unsigned dashes[] = {1, 2, 4, 5};
enum { DASHES = sizeof dashes / sizeof dashes[0] };

struct look palette_look(unsigned strategy_index) {
    return (struct look){
        .rgb = colours[strategy_index % COLOURS],
        .point = points[strategy_index % POINTS],
        .dash = dashes[strategy_index % DASHES],
    };
}

/* Stops of a light-to-dark ramp (ColorBrewer's YlGnBu), evenly spaced. */
static const uint32_t ramp[] = {0xFFFFD9, 0xEDF8B1, 0xC7E9B4, 0x7FCDBB, 0x41B6C4,
                                0x1D91C0, 0x225EA8, 0x253494, 0x081D58};
enum { RAMP_STOPS = sizeof ramp / sizeof ramp[0] };

static uint32_t channel_mix(uint32_t from, uint32_t to, unsigned shift, double part) {
    double a = from >> shift & 0xFF;
    double b = to >> shift & 0xFF;
    return (uint32_t)lround(a + (b - a) * part) << shift;
}

uint32_t palette_heat(double ratio, double most) {
    double share = most > 1 && ratio > 1 ? log(ratio) / log(most) : 0;
    double place = fmin(share, 1) * (RAMP_STOPS - 1);
    size_t stop = (size_t)place;
    if (stop + 1 >= RAMP_STOPS) {
        return ramp[RAMP_STOPS - 1];
    }
    double part = place - (double)stop;
    uint32_t from = ramp[stop];
    uint32_t to = ramp[stop + 1];
    return channel_mix(from, to, 16, part) | channel_mix(from, to, 8, part) |
           channel_mix(from, to, 0, part);
}

int palette_is_dark(uint32_t rgb) {
    double red = rgb >> 16 & 0xFF;
    double green = rgb >> 8 & 0xFF;
    double blue = rgb & 0xFF;
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140;
}
