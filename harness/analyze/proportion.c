/* Wilson's interval, and the exact bound by bisection of the binomial distribution. */
#include "harness/analyze/proportion.h"

#include <assert.h>
#include <math.h>

#include "harness/analyze/normal.h"

struct proportion proportion_wilson(size_t successes, size_t trials, double level) {
    assert(successes <= trials);
    if (trials == 0)
        return (struct proportion){NAN, 0, 1};
    double n = (double)trials;
    double share = (double)successes / n;
    double z = normal_quantile((1 + level) / 2);
    double z2 = z * z / n;
    double centre = (share + z2 / 2) / (1 + z2);
    double half = sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2);
    /* At the ends the bound is the end itself; rounding must not pass it. */
    double low = successes == 0 ? 0 : centre - half;
    double high = successes == trials ? 1 : centre + half;
    return (struct proportion){share, low, high};
}

double binomial_below(size_t successes, size_t trials, double probability) {
    if (successes >= trials || probability <= 0)
        return 1;
    if (probability >= 1)
        return 0;
    double n = (double)trials;
    double sum = 0;
    for (size_t k = 0; k <= successes; k++) {
        double x = (double)k;
        double log_ways = lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1);
        sum += exp(log_ways + x * log(probability) + (n - x) * log1p(-probability));
    }
    return fmin(sum, 1);
}

/* P(at most so many) falls as the probability grows: the bound is where it meets 1 - confidence.
   64 halvings leave less than any printed digit. */
double proportion_upper(size_t successes, size_t trials, double confidence) {
    assert(successes <= trials && confidence > 0 && confidence < 1);
    if (successes == trials)
        return 1;
    double low = 0;
    double high = 1;
    for (int step = 0; step < 64; step++) {
        double middle = (low + high) / 2;
        if (binomial_below(successes, trials, middle) > 1 - confidence)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double proportion_lower(size_t successes, size_t trials, double confidence) {
    return 1 - proportion_upper(trials - successes, trials, confidence);
}
