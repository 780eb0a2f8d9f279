/*
 * Pauses and cycles, kept one by one until they are read.
 *
 * Two buffers of 65,536 events, address space only until they fill: each is made ready in pieces of
 * 64 KB. Writers hold the collection lock; readers are alone, by contract.
 */
#ifndef HEAPMARK_GOHEAP_EVENTS_H
#define HEAPMARK_GOHEAP_EVENTS_H

#include <stdbool.h>

#include "allocators/goheap/goheap.h"

enum { EVENTS_MAX = 65536 };

/* Reserves the buffers. False: no address space; nothing is left behind. */
bool events_init(void);
void events_release(void);

void events_add_pause(const struct goheap_pause *pause);
void events_add_cycle(const struct goheap_cycle *cycle);

#endif
