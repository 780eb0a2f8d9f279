/* SplitMix64 (Steele, Lea, Flood 2014), as for the orders of rounds. */
#include "harness/run/gate_time_random.h"

static uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct gate_random gate_random_of(uint64_t seed, uint64_t cell, uint64_t block) {
    uint64_t state = seed;
    state = random_next(&state) ^ cell;
    state = random_next(&state) ^ block;
    return (struct gate_random){random_next(&state)};
}

uint64_t gate_random_below(struct gate_random *r, uint64_t limit) {
    return random_next(&r->state) % limit;
}

bool gate_random_coin(struct gate_random *r) {
    return random_next(&r->state) >> 63 != 0;
}
