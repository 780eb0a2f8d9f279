#include "tests/unit/draws.h"

#include <math.h>

/* Box and Muller's way; one of the pair is enough. */
double draw_normal(GRand *random) {
    double radius = sqrt(-2 * log(1 - g_rand_double(random)));
    return radius * cos(2 * M_PI * g_rand_double(random));
}

double draw_heavy(GRand *random) {
    double deviation = g_rand_double(random) < 0.1 ? 10 : 1;
    return deviation * draw_normal(random);
}
