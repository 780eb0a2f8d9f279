/*
 * Why random: a machine drifts (heat, neighbours, page cache). In a fixed order the drift would
 * fall on the same cells each time and look like a difference between them.
 *
 * Fisher-Yates with SplitMix64 (Steele, Lea, Flood 2014). Its modulo is biased by less than 2^-40
 * for any matrix that fits a disk.
 */
#include "harness/run/order.h"

static uint64_t order_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void order_shuffle(size_t *order, size_t count, uint64_t seed, uint64_t round) {
    uint64_t state = seed;
    state = order_random(&state) ^ round;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t left = count; left > 1; left--) {
        size_t chosen = (size_t)(order_random(&state) % left);
        size_t kept = order[left - 1];
        order[left - 1] = order[chosen];
        order[chosen] = kept;
    }
}
