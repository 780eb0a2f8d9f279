/*
 * Which call sites allocate how much, exactly, in the count pass: for `heapmark profile`.
 *
 * heap_site walks the frame pointers up to the edge of the program, which is compiled with them,
 * and counts in a table that is part of the program: nothing is allocated. Written when the cell is
 * done, as text (harness/base/wire.h).
 */
#ifndef HEAPMARK_HARNESS_RUN_CELL_SITES_H
#define HEAPMARK_HARNESS_RUN_CELL_SITES_H

#include "harness/run/cell.h"

/* Where they shall go; negative: nowhere, and nothing is counted. */
void cell_sites_begin(int fd);
/* Thread 0, all others waiting: whether allocations are attributed from here on. */
void cell_sites_count(bool counts);
/* Writes them; nothing without a descriptor. */
void cell_sites_write(const struct cell_measurement *measured);

#endif
