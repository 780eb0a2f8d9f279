/* The random order of a round. */
#ifndef HEAPMARK_HARNESS_RUN_ORDER_H
#define HEAPMARK_HARNESS_RUN_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Fills order with 0 ... count - 1, shuffled by (seed, round): the same every time. */
void order_shuffle(size_t *order, size_t count, uint64_t seed, uint64_t round);

#endif
