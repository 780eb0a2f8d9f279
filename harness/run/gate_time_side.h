/*
 * A side as a block starts it: its cell, with what must not differ between sides made equal or
 * random.
 *
 *   path          the program (and a preloaded library) is reached through a link in link_dir whose
 *                 name has one length, wherever it lies: a path's length moves the stack
 *   A/A           the candidate's place is taken by byte copies of the base's files, under names of
 *                 the same length: what a file's place in the page cache does to time is in both
 *                 kinds of pair
 *   layout        addresses are drawn once per block, and both sides get the same: a variable of
 * the environment whose length moves the stack within a page, and a limit of the stack that moves
 * mappings by whole pages, instead of the kernel's drawing for each process. Where a stack and a
 * heap lie decides about ten per cent of a malloc loop's time, so with a drawing for each side a
 * block's log ratio has a standard deviation of 4 to 8 %, with one for both 1.5 to 2 %
 * (create-pointer, churn-pointer, stack-it-2)
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_TIME_SIDE_H
#define HEAPMARK_HARNESS_RUN_GATE_TIME_SIDE_H

#include "harness/run/gate_pair.h"
#include "harness/run/gate_time_random.h"
#include "harness/run/process.h"

/* Where the memory of both sides of a block lies. */
struct gate_layout {
    size_t padding_bytes; /* of the environment */
    struct process_layout process;
};
struct gate_layout gate_layout_draw(struct gate_random *random);

/* Texts and the environment are its own. */
struct gate_start {
    struct cell cell; /* its strategy is the one below */
    struct strategy strategy;
    guint own_variables; /* the last ones of its environment */
};

/* out stays where it is: the cell points into it. */

struct gate_start_request {
    const struct cell *cell;
    const char *link_dir; /* NULL: files are reached by their own paths, as the allocator's name may
                             follow from its file's */
    bool is_copy;         /* byte copies instead of links */
    bool is_aa;           /* of an A/A pair: libraries that came with the program have copies too */
    size_t padding_bytes;
};

/* False (EXIT_CANNOT): a link or a copy cannot be made in link_dir. */
bool gate_start_init(struct gate_start *out, const struct gate_start_request *request,
                     struct error *err);
void gate_start_release(struct gate_start *s);

#endif
