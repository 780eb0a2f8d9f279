/* Counting in a sorted array; see the header. */
#include "harness/analyze/shift.h"

#include <glib.h>
#include <math.h>

#include "harness/analyze/normal.h"
#include "harness/analyze/statistics.h"

void rank_null_release(struct rank_null *null) {
    g_free(null->below);
}

double rank_null_below(const struct rank_null *null, size_t k) {
    if (k >= null->most)
        return 1;
    if (null->below == NULL)
        return normal_below(((double)k + 0.5 - (double)null->most / 2) / null->deviation);
    if (k <= null->most / 2)
        return null->below[k];
    return 1 - null->below[null->most - k - 1];
}

size_t rank_null_rank(const struct rank_null *null, double tail) {
    size_t rank = 0; /* P(T <= rank - 1) <= tail holds here ... */
    size_t over = null->most / 2 + 1;
    while (over - rank > 1) { /* ... and not for over */
        size_t middle = rank + (over - rank) / 2;
        if (rank_null_below(null, middle - 1) <= tail)
            rank = middle;
        else
            over = middle;
    }
    return rank;
}

void shifts_release(struct shifts *s) {
    g_free(s->values);
    rank_null_release(&s->null);
}

/* Halfway between the two in the middle. The sum does not depend on their order, so that the mirror
   image has the negated middle; adding 0 makes -0 into 0. */
static double shifts_middle(const struct shifts *s) {
    return (s->values[(s->count - 1) / 2] + s->values[s->count / 2]) / 2 + 0.0;
}

struct shift shifts_estimate(const struct shifts *s, double level) {
    struct shift shift = {NAN, NAN, NAN, NAN};
    if (s->count == 0)
        return shift;
    shift.estimate = shifts_middle(s);
    size_t rank = rank_null_rank(&s->null, (1 - level) / 2);
    if (rank > 0) {
        shift.low = s->values[rank - 1] + 0.0;
        shift.high = s->values[s->count - rank] + 0.0;
        shift.coverage = 1 - 2 * rank_null_below(&s->null, rank - 1);
    }
    return shift;
}

bool shift_is_bounded(const struct shift *shift) {
    return !isnan(shift->low);
}

/* How many elementary shifts are below d; with `equal`, or equal to it. */
static size_t shifts_below(const struct shifts *s, double d, bool equal) {
    size_t least = 0;
    size_t most = s->count;
    while (least < most) {
        size_t middle = least + (most - least) / 2;
        bool is_below = equal ? s->values[middle] <= d : s->values[middle] < d;
        if (is_below)
            least = middle + 1;
        else
            most = middle;
    }
    return least;
}

/* P(T >= above) = P(T <= count - above), and count - above are not above. */
double shifts_p_above(const struct shifts *s, double d) {
    return rank_null_below(&s->null, shifts_below(s, d, true));
}

double shifts_p_below(const struct shifts *s, double d) {
    return rank_null_below(&s->null, s->count - shifts_below(s, d, false));
}
