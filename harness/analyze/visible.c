#include "harness/analyze/visible.h"

#include <math.h>
#include <stdbool.h>

#include "harness/analyze/normal.h"

/* As many values as an interval needs; fewer have no quantile of t either. */
enum { COUNT_LEAST = 6 };

static bool can_reach(size_t count, double level) {
    return count >= COUNT_LEAST && ldexp(1, -(int)(count < 1000 ? count : 1000)) <= level;
}

static double errors_needed(size_t count, struct visible_rule rule) {
    return student_quantile(1 - rule.level, (double)count - 1) + normal_quantile(rule.power);
}

double visible_shift(const struct shift *interval, size_t count, struct visible_rule rule) {
    if (!shift_is_bounded(interval) || !can_reach(count, rule.level))
        return NAN;
    double half = (interval->high - interval->low) / 2;
    double error = half / student_quantile((1 + interval->coverage) / 2, (double)count - 1);
    return errors_needed(count, rule) * error;
}

double visible_of_deviation(double deviation, size_t count, struct visible_rule rule) {
    if (!can_reach(count, rule.level))
        return NAN;
    return errors_needed(count, rule) * deviation / sqrt((double)count * 3 / M_PI);
}

size_t visible_count(double visible, size_t count, double effect) {
    double times = visible / effect;
    double needed = ceil((double)count * times * times);
    return needed < 1e6 ? (size_t)needed : 1000000;
}
