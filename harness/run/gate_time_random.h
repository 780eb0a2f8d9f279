/* Random numbers of one block: orders, paddings, starts. The same seed gives the same ones. */
#ifndef HEAPMARK_HARNESS_RUN_GATE_TIME_RANDOM_H
#define HEAPMARK_HARNESS_RUN_GATE_TIME_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct gate_random {
    uint64_t state;
};

/* A stream of its own for each block of each cell. */
struct gate_random gate_random_of(uint64_t seed, uint64_t cell, uint64_t block);

uint64_t gate_random_below(struct gate_random *r, uint64_t limit); /* limit > 0 */
bool gate_random_coin(struct gate_random *r);

#endif
