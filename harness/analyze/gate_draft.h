/*
 * A finding in the making, and the rows it is made from.
 *
 * The rows are sorted into groups, one per metric of a cell; whoever judges a group fills a draft
 * with a verdict, or leaves it open until all groups have been seen, because the correction for
 * many tests needs them together.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_DRAFT_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_DRAFT_H

#include "harness/analyze/gate.h"
#include "harness/analyze/gate_margin.h"
#include "harness/analyze/shift.h"

/* All blocks, or all counts, of one metric of one cell. Borrowed from the rows. */
struct gate_group {
    uint64_t cell;
    const char *metric; /* NULL when the row has none */
    GPtrArray *blocks;  /* of const struct gate_block_row *, by number; or NULL */
    GPtrArray *counts;  /* of const struct gate_count_row *, by repeat; or NULL */
};

/* The groups, ordered by cell, metric, blocks before counts: an array of struct gate_group. Free
   with gate_groups_free. */
GArray *gate_groups_new(const struct gate_rows *rows);
void gate_groups_free(GArray *groups);

enum gate_draft_state {
    GATE_DRAFT_DONE,   /* has its verdict */
    GATE_DRAFT_ABSENT, /* neither side can be measured here */
    GATE_DRAFT_OPEN,   /* has p-values, waits for the others */
};

struct gate_draft {
    struct gate_finding finding;
    enum gate_draft_state state;
    struct gate_margin margin;
    struct shift ab, aa;     /* log ratios at 95 %, of the first stage and of the A/A blocks */
    double p_more, p_less;   /* of the first stage: "not more (less) than the margin" */
    double aa_more, aa_less; /* of the A/A blocks: "not more (less) than half the margin" */
    double beyond_more, beyond_less;   /* "not more (less) than the A/A blocks"; 0 without any */
    double confirm_more, confirm_less; /* of the confirmation blocks alone; 1 without any */
    bool is_presence;                  /* the metric comes or goes: see gate_presence.h */
    unsigned base_only,
        candidate_only; /* blocks of the first stage in which only one side has it */
};

/* An empty finding of a metric (NULL: of the cell as a whole) of a cell. */
struct gate_draft gate_draft_of(const char *label, uint64_t cell, const struct gate_metric *metric);

/* Ends a draft with its verdict and reason (printf's format), kept in the pool. */
void gate_draft_end(struct gate_draft *draft, GStringChunk *text, enum gate_verdict verdict,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
