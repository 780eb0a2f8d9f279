/*
 * A run in brief: one summary per cell (strategy x workload x parameters x threads).
 *
 * Only ok records are aggregated; how many others there were, and why, stands beside. Every numeric
 * column of records.csv gets an estimate, so a new column needs nothing here.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_SUMMARY_H
#define HEAPMARK_HARNESS_ANALYZE_SUMMARY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/analyze/statistics.h"
#include "harness/store/store.h"

enum cell_status {
    CELL_STATUS_OK,
    CELL_STATUS_SKIPPED,
    CELL_STATUS_UNAVAILABLE,
    CELL_STATUS_WRONG,
    CELL_STATUS_CRASHED,
    CELL_STATUS_TIMEOUT,
    CELL_STATUS_OOM,
    CELL_STATUS_KILLED,
    CELL_STATUS_UNKNOWN, /* a word this version does not know; counts as failed */
    CELL_STATUS_COUNT
};

/* The word in records.csv. */
const char *cell_status_name(enum cell_status status);
/* Whether it makes `run` exit 1: neither ok nor skipped nor unavailable. */
bool cell_status_is_failure(enum cell_status status);

/* Text is borrowed from the rows. */
struct cell_summary {
    const char *strategy, *binding, *workload, *group, *parameters; /* "" where empty */
    unsigned strategy_index;                                        /* in run_summary.strategies */
    uint64_t threads;
    unsigned records[CELL_STATUS_COUNT]; /* how many of each status */
    enum cell_status problem;            /* the worst status seen, CELL_STATUS_OK when all are ok */
    const char *reason;                  /* of the first such record, "" when it gave none */
    GPtrArray *ok;                       /* of const struct record *: its ok records */
    struct estimate *estimates;          /* one per column of records.csv, over ok records */
};

struct run_summary {
    const struct run_rows *rows;
    GPtrArray *cells;      /* of struct cell_summary *: by group, workload, parameters, threads and
                              strategy (in the run's order), numbers in names by their value */
    GPtrArray *strategies; /* of const char *: in the order the user named them */
    GHashTable *records;   /* number of a record -> its struct record *, ok ones only */
};

/* Fills s from rows, which must outlive it. order: names of strategies (char *), the first first;
   what is not in it comes after, as the rows show it. NULL or empty: all as the rows show it. */
void summary_build(struct run_summary *s, const struct run_rows *rows, const GPtrArray *order);
void summary_release(struct run_summary *s);

/* The estimate of a column by its name; the column must exist and be numeric. */
const struct estimate *cell_estimate(const struct cell_summary *cell, const char *column);
/* The estimate of something else that each ok record tells; NaN where it does not. */
struct estimate cell_estimate_by(const struct cell_summary *cell,
                                 double (*value)(const struct record *record, const void *context),
                                 const void *context);
/* Whether any ok record has that column. */
bool cell_has(const struct cell_summary *cell, const char *column);

/* Whether two cells differ in nothing but the strategy. */
bool cells_same_work(const struct cell_summary *a, const struct cell_summary *b);
/* The cell of that work under a strategy (by index), or NULL. */
const struct cell_summary *summary_find(const struct run_summary *s,
                                        const struct cell_summary *work, unsigned strategy_index);

/* The value of a parameter, false when the cell has none of that name. */
bool cell_parameter(const struct cell_summary *cell, const char *name, double *value);

/* The record with that number when it is ok, else NULL. */
const struct record *summary_record_find(const struct run_summary *s, uint64_t number);

#endif
