/*
 * The gate's measurement of time: a block is a fresh pair of processes, and one observation.
 *
 * What one process measures is not independent: where its heap, stack and code happen to lie moves
 * all its numbers together (a malloc loop in fresh processes: 16 % spread, two modes). So a block
 * starts both sides afresh, laid out at random, and gives one number per metric, the log of
 * candidate / base.
 *
 *   slices      one thread, no thread of the allocator's own: both programs are held open on one
 *               CPU and asked by turns, in randomly chosen ABBA or BAAB rounds, for slices of about
 *               2 ms; only one of them ever runs. The block's ratio is the median over pairs of
 *               neighbouring slices (gate_slices.h).
 *   processes   everything else, commands included: whole processes in ABBA or BAAB order, not
 *               bound to a CPU; the mean of the pairs' log ratios (gate_process.h).
 *
 * All randomness comes from the options' seed, the cell's number and the block's: which side is
 * spawned first, which one starts a round, the padding of the environment, the CPU.
 *
 * Whatever happens to a side is the status and reason of its cell's row, and true is returned; the
 * gate goes on with its other cells. False, with err: interrupted (EXIT_INTERRUPTED), or no process
 * can be made here (EXIT_CANNOT). No process is left behind either way.
 */
#ifndef HEAPMARK_HARNESS_RUN_GATE_TIME_H
#define HEAPMARK_HARNESS_RUN_GATE_TIME_H

#include "harness/base/error.h"
#include "harness/run/gate_pair.h"

/* Which block. All rows of a block carry these three. */
struct gate_block_request {
    uint64_t block;    /* from 1, over all stages and both kinds of pair of the cell */
    const char *stage; /* "measure" or "confirm"; static text */
    bool is_aa;        /* base against base, started from a byte copy of its program */
};

/*
 * Chooses pair->method and pair->operations from the base, checks that both sides start, are the
 * allocators that they should be and do equal work, and fills the columns plan and validity of the
 * row whose number is pair->number, which the caller has put into rows->cells with its keys. Status
 * "ok" when all is well. Skipped and unavailable cells get that status without a process.
 *
 * options->link_dir must outlive the blocks: links to the programs and, for A/A, their copies are
 * kept there as plain files, for the caller to remove with the directory.
 */
bool gate_time_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                       struct gate_rows *rows, struct error *err);

/*
 * Measures one block of a prepared pair and appends a row to rows->blocks: wall_ns; of pairs by
 * process also rss_peak_bytes and, where a side has stops of the world, gc_pause_ns_max and
 * gc_pause_ns_p99: void, with 0 of a side that has none, where not all its processes have them. A
 * block that broke the rule (gate_slices.h) has its reason and no log_ratio. A side that fails
 * makes the cell's status, and no row. A cell whose status is not "ok" is left alone.
 */
bool gate_time_block(const struct gate_pair *pair, const struct gate_block_request *request,
                     const struct gate_measure_options *options, struct gate_rows *rows,
                     struct error *err);

/*
 * The same for memory and pauses of a pair whose time is measured by slices: whole processes that
 * do the work of ten slices; the row of wall_ns is left out. Nothing is done for other pairs,
 * because gate_time_block has measured it all.
 */
bool gate_memory_block(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_measure_options *options, struct gate_rows *rows,
                       struct error *err);

/* The row of the pair's cell; it is there. */
struct gate_cell_row *gate_pair_row(const struct gate_pair *pair, struct gate_rows *rows);

/* "slices" or "processes", as in cells.csv. */
const char *gate_method_name(enum gate_method method);

#endif
