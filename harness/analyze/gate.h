/*
 * The gate's judgement: a pure function of what was measured (harness/store/gate_rows.h) and the
 * rule. The same rows and rule give the same findings, whatever the order of the rows.
 *
 * Validity comes first: a declared cell without measurement, sides that did not do equal work, a
 * constant or collapsed metric are INVALID, never green (gate_cell.h, gate_sample.h, gate_exact.h
 * list the rules). Then each metric by its tier:
 *
 *   exact   candidate == base, or within a stated band; a metric whose repeats differ is told as
 *           not exact and judged by the greater of the band and a multiple of its own range
 *           (gate_exact.h)
 *   banded  peak memory, pauses: block log-ratios as for time, with margins of their own
 *   time    Hodges-Lehmann over block log-ratios, exact signed-rank interval
 *
 * REGRESSED: "candidate/base <= 1 + margin" is rejected, Benjamini-Hochberg at `rate` over all
 * banded and timed metrics, and rejected again on confirmation blocks alone. IMPROVED is its mirror
 * image: swapping the sides negates every log_ratio exactly and makes one of the other. PASS: the
 * upper 97.5 % bound lies below 1 + pass_margin. INCONCLUSIVE: anything else, or live A/A blocks
 * that show (signed-rank, 1 %) a bias beyond half the margin, or from which the blocks of base and
 * candidate do not differ (rank-sum, 5 %). The margin is the greater of the user's and the
 * calibrated noise floor (gate_margin.h). A banded metric that one side has and the other has not
 * is judged by that (gate_presence.h).
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_GATE_H
#define HEAPMARK_HARNESS_ANALYZE_GATE_H

#include <stdbool.h>

#include "harness/store/gate_rows.h"

/* From good to bad: a gate's verdict is its worst, REGRESSED before INCONCLUSIVE. */
enum gate_verdict {
    GATE_IMPROVED,
    GATE_PASS,
    GATE_INCONCLUSIVE,
    GATE_REGRESSED,
    GATE_INVALID,
    GATE_VERDICT_COUNT
};

enum gate_tier { GATE_VALIDITY, GATE_EXACT, GATE_BANDED, GATE_TIME };

enum gate_trait {
    GATE_OF_WORK = 1 << 0,  /* decided by the workload: half of it is a broken counter */
    GATE_POSITIVE = 1 << 1, /* never 0 */
    GATE_SIGNED = 1 << 2,   /* a difference: negative where more was given back than taken */
};

/* Metrics the gate knows: name, unit, tier, default margins (shares: 0.01 is 1 %). */
struct gate_metric {
    const char *name, *unit, *summary;
    enum gate_tier tier;
    double margin;      /* smallest effect that counts; exact: the band, 0: equality */
    double pass_margin; /* PASS when the upper bound lies below it */
    double slack;       /* exact: a difference of so many, in its unit, is within the band, too */
    unsigned traits;    /* of enum gate_trait */
};
extern const struct gate_metric gate_metrics[]; /* ends with a NULL name */
const struct gate_metric *gate_metric_find(const char *name);

/* One --limit CELL:METRIC=PCT, or a calibrated noise floor: for the cells that a glob names. Of
   several limits the last counts, of several floors the greatest. */
struct gate_limit {
    const char *cell;   /* glob over gate_cell_label, or over the workload alone */
    const char *metric; /* glob */
    double share;
};

struct gate_rule {
    double margin;         /* of times; NaN: the metric's own */
    double pass_margin;    /* NaN: the metric's own */
    double rate;           /* of false discoveries, 0.01 */
    double confirm_p;      /* what confirmation blocks must reach, 0.05 */
    unsigned blocks_least; /* fewer ab blocks of stage "measure" than this: INCONCLUSIVE; fewer than
                              6 have no interval and are INVALID */
    const struct gate_limit *limits, *floors;
    size_t limit_count, floor_count;
};
extern const struct gate_rule gate_rule_initial;

/* What is to be said of one metric of one cell. Effects are shares: 0.03 is 3 % more than the base;
   NaN: not known. Text lives in the pool of the findings. */
struct gate_finding {
    uint64_t cell;      /* number in cells.csv */
    const char *label;  /* "create-pointer bytes=80, 2 threads" */
    const char *metric; /* NULL: the cell as a whole (validity) */
    enum gate_tier tier;
    enum gate_verdict verdict;
    double base, candidate;   /* medians over blocks, or counts per operation */
    double effect, low, high; /* estimate and 95 % interval */
    double log_ratio;         /* the estimate as ln(candidate / base): swapped sides negate it */
    double p;                 /* one-sided, against the margin, before correction */
    double margin;            /* that counted here */
    double visible;       /* smallest effect that this many blocks of this spread show with 90 %,
                             margin included; exact: 0 or the band */
    double visible_count; /* exact: the band as a difference of counts, where it is that and no
                             share (eight page faults of one are no "800 %"); else NaN */
    double aa_effect;     /* of the live A/A blocks */
    unsigned blocks, confirm_blocks, aa_blocks, void_blocks;
    const char *reason; /* one sentence; never NULL but for a plain PASS */
};

struct gate_findings {
    GArray
        *findings; /* of struct gate_finding: worst first, then by size of effect, cell, metric */
    enum gate_verdict verdict; /* the worst; a gate without findings is INVALID */
    unsigned counts[GATE_VERDICT_COUNT];
    GArray *absent; /* of struct gate_finding: what neither side can measure here (no valgrind, no
                       ptrace), with the reason; counts for no verdict, but must be told */
    GStringChunk *text;
};

void gate_decide(struct gate_findings *out, const struct gate_rows *rows,
                 const struct gate_rule *rule);
void gate_findings_release(struct gate_findings *f);

/* Which (cell, metric) need confirmation blocks: what would be REGRESSED or IMPROVED had they been
   confirmed, and has none yet. An array of struct gate_finding (verdict, cell and metric matter;
   label and reason are NULL), REGRESSED first, then by size of effect. Caller frees with
   g_array_free. */
GArray *gate_to_confirm(const struct gate_rows *rows, const struct gate_rule *rule);

const char *gate_verdict_name(enum gate_verdict verdict); /* "REGRESSED" */
/* EXIT_OK, EXIT_FAILED (REGRESSED), EXIT_INCONCLUSIVE, EXIT_CANNOT (INVALID). */
int gate_exit_status(enum gate_verdict verdict);

/* "create-pointer bytes=80, 2 threads"; caller frees with g_free. */
char *gate_cell_label(const struct gate_cell_row *cell);

#endif
