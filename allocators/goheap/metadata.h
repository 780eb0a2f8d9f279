/*
 * Memory for the heap's own small structures: span descriptors and their bitmaps.
 *
 * Blocks are carved from 64 KB pieces and never go back to the operating system; a freed block is
 * kept on the list of its size (a multiple of 64 bytes, a cache line) and handed out again. So a
 * descriptor's memory stays a descriptor's memory, or at least readable, for ever.
 *
 * The heap lock guards all of it.
 */
#ifndef HEAPMARK_GOHEAP_METADATA_H
#define HEAPMARK_GOHEAP_METADATA_H

#include <stddef.h>
#include <stdint.h>

enum { METADATA_BYTES_MAX = 1152 };

/* Forgets everything: before goheap_init, and after a goheap_init that failed. Gives back the
 * pieces. */
void metadata_reset(void);

/* A zeroed block of 0 < bytes <= METADATA_BYTES_MAX, 64-byte aligned; NULL: no memory. */
void *metadata_new(size_t bytes);

/* Gives back a block of the same bytes. NULL is no block. */
void metadata_free(void *block, size_t bytes);

/* Bytes in blocks that are handed out. */
uint64_t metadata_used_bytes(void);

#endif
