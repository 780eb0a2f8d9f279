/*
 * What a gate can see and how often it errs, by drawing decisions from measured blocks.
 *
 * A decision is drawn as a gate is run: `blocks` blocks of the pool, with replacement, moved by the
 * planted effect; A/A blocks of the pool as it is; confirmation blocks when gate_to_confirm asks
 * for them; then gate_decide, nothing simplified. The rate is divided by the number of tests that
 * the whole gate makes (`family`), which is the threshold of a cell that is alone in having
 * changed.
 *
 * The pool is what one machine did in one hour: a share drawn from 400 blocks holds for that
 * machine, and says little of events rarer than 1 in 400 blocks. The same seed draws the same
 * decisions.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_POWER_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_POWER_H

#include "harness/analyze/gate.h"
#include "harness/analyze/proportion.h"

/* Borrowed. */
struct gate_power_request {
    const double *pool; /* log ratios of A/A blocks: the base against itself */
    size_t pool_count;  /* > 0 */
    const char *metric; /* of the banded or timed ones */
    unsigned blocks, aa_blocks, confirm_blocks; /* of one decision */
    unsigned family;                            /* tests of the whole gate, >= 1 */
    unsigned decisions;                         /* drawn for each effect */
    uint32_t seed;
    const struct gate_rule *rule;
};

struct gate_power_point {
    double effect; /* planted, as a share */
    unsigned decisions;
    unsigned counts[GATE_VERDICT_COUNT];
    struct proportion regressed, improved; /* Wilson, 95 % */
};

/* One point of the curve. */
struct gate_power_point gate_power_at(const struct gate_power_request *request, double effect);

/*
 * The noise floor: how large an effect the gate's estimate shows for equal sides.
 *
 * Consecutive blocks of the pool are cut into groups of `blocks`, each estimated as a gate would;
 * the floor is the upper tolerance bound of their size: with the confidence, at least the share
 * `content` of all such estimates lies below it, whatever the distribution (Wilks 1941: the r-th
 * smallest of n, r the least with P(Binomial(n, content) < r) >= confidence). For 95 % content and
 * confidence that takes 59 groups, for 99 % 299. With fewer there is no bound, only a maximum:
 * `floor` is NaN, and `groups_needed` says how many there must be.
 */
struct gate_floor_request {
    const double *pool; /* log ratios of A/A blocks, in the order of measurement */
    size_t pool_count;
    unsigned blocks; /* of one estimate, > 0 */
    double content, confidence;
};

struct gate_floor {
    double floor;    /* a share, as in struct gate_limit; NaN: refused */
    double greatest; /* of the estimates; NaN without any */
    size_t groups, groups_needed;
};

struct gate_floor gate_floor_of(const struct gate_floor_request *request);

#endif
