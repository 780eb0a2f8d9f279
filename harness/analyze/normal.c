/* Quantiles by Newton's method on the error function of the C library. */
#include "harness/analyze/normal.h"

#include <assert.h>
#include <math.h>

double normal_below(double z) {
    return erfc(-z / sqrt(2)) / 2;
}

static double normal_density(double z) {
    return exp(-z * z / 2) / sqrt(2 * M_PI);
}

/* In the lower half the distribution is convex, so that Newton's steps from 0, right of the root,
   come nearer and never pass it. The upper half is its mirror image, which keeps the quantiles of p
   and 1 - p negatives of each other. */
double normal_quantile(double p) {
    assert(p > 0 && p < 1);
    if (p > 0.5)
        return -normal_quantile(1 - p);
    double z = 0;
    for (int step = 0; step < 100; step++) {
        double change = (normal_below(z) - p) / normal_density(z);
        z -= change;
        if (fabs(change) < 1e-15)
            break;
    }
    return z;
}

double student_quantile(double p, double degrees) {
    assert(degrees >= 4);
    double z = normal_quantile(p);
    double z2 = z * z;
    double first = (z2 + 1) * z / 4;
    double second = ((5 * z2 + 16) * z2 + 3) * z / 96;
    double third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
    return z + (first + (second + third / degrees) / degrees) / degrees;
}
