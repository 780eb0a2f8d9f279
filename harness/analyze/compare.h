/*
 * Two sides, cell by cell and metric by metric: by how much B differs from A, and how sure that is.
 *
 * The sides are two runs, or two strategies of one run. A cell of A meets the cell of B that did
 * the same work; where it did not, or there is none, the cell is named with the reason and not
 * compared.
 *
 * Ratios are B / A and are kept as logarithms, so that exchanging the sides negates each one
 * exactly. A measured metric is compared by ranks: nothing is assumed about how its values spread
 * but that B's are A's times a factor.
 *
 *   neighbours  strategies of one run share their rounds, so repetitions of the same number are
 *               paired: Hodges-Lehmann and signed ranks of the log ratios. From COMPARE_PAIRS_LEAST
 *               pairs on only: the least p of n pairs is 2 / 2^n, and 5 pairs can show nothing
 *               at 95 %, where two samples of 5 can (2 / 252).
 *   samples     else: Hodges-Lehmann shift of the logarithms, its interval by rank sums.
 *   exact       a metric that counts, whose repetitions all agree: equal, or how much it differs.
 *               One whose repetitions do not agree is compared as a measured one.
 *
 * Among many cells some intervals miss 1 by chance, one in 20 of cells without a difference. So a
 * difference is sure only when it also stands against all cells of its metric: Benjamini and
 * Hochberg's procedure (1995) at 5 %; else the verdict is "perhaps". A sure difference that lies
 * within the margin is no difference.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_H

#include <glib.h>
#include <stdbool.h>

#include "harness/analyze/compare_metric.h"
#include "harness/analyze/summary.h"
#include "harness/base/error.h"

enum { COMPARE_PAIRS_LEAST = 10 };

/* How sure intervals are, how many false ones may be among the sure differences, and with what
   probability the visible effect is seen. */
#define COMPARE_LEVEL 0.95
#define COMPARE_RATE  0.05
#define COMPARE_POWER 0.9

enum compare_verdict {
    COMPARE_UP,           /* B is more, surely */
    COMPARE_DOWN,         /* B is less, surely */
    COMPARE_PERHAPS_UP,   /* its own interval says so; among so many cells it may be chance */
    COMPARE_PERHAPS_DOWN, /* likewise */
    COMPARE_NOISY,        /* cannot tell: the interval holds 1 and more than the same */
    COMPARE_FEW,          /* cannot tell: no effect could be sure with so few repetitions */
    COMPARE_SAME,         /* the interval lies close around 1 */
    COMPARE_EQUAL,        /* every repetition of both sides has the same value */
    COMPARE_VERDICT_COUNT
};

/* One metric of one cell. Text is borrowed from the comparison. */
struct compare_finding {
    const struct compare_cell *cell;
    enum compare_verdict verdict;
    bool is_exact;             /* compared as a count; then there is no interval */
    bool is_paired;            /* by repetition */
    bool is_constant;          /* each side has one value alone */
    bool is_more;              /* B's values lie above A's rather than below */
    unsigned count_a, count_b; /* values; of pairs: their number in both */
    double a, b;               /* medians */
    double effect;             /* ln (B / A); NaN: one side is 0 */
    double low, high;          /* its interval; NaN: none, or exact */
    double coverage;           /* of that interval: what so few values attain; NaN: none */
    double error;       /* standard error of the effect, from its interval; 0: exact, NaN: none */
    double p;           /* two-sided, for itself alone; NaN: not tested */
    bool is_among_many; /* whether it stands against all cells of the metric, too */
    double visible;     /* smallest effect (a share: 0.03 is 3 %) that so many values of this spread
                           show     with COMPARE_POWER; NaN: none could be shown, infinite: there is no
                           ratio but a     difference could be shown, 0: exact */
};

/* What becomes of a cell. */
enum compare_fate {
    COMPARE_MEETS,    /* both sides measured it */
    COMPARE_GONE,     /* only A did */
    COMPARE_APPEARED, /* only B did */
    COMPARE_FAILED,   /* it failed on a side */
    COMPARE_OTHER,    /* the sides did other work */
    COMPARE_NOWHERE,  /* neither measured it, and none failed: nothing to tell */
    COMPARE_FATE_COUNT
};

/* A cell of A and the cell of B it meets. */
struct compare_cell {
    const struct cell_summary *a, *b; /* NULL: this side has no row of it */
    const struct cell_summary *named; /* a, or b without a: for what both have in common */
    const char *strategy;             /* what tells the pairs of sides apart: B's strategy */
    unsigned strategy_index;          /* among comparison.strategies */
    guint index;                      /* among comparison.cells */
    enum compare_fate fate;
    const char *reason;        /* of the fate; NULL: it meets */
    const char *times_refused; /* why only exact counts of it are compared; NULL: all is */
    const char *remark;        /* what is to be known beside its ratios; NULL */
};

/* Geometric mean of the ratios of a group's cells, or of all. */
struct compare_mean {
    const char *strategy;     /* B's; NULL: over all strategies */
    const char *group;        /* NULL: over all groups */
    double effect, low, high; /* logarithms; low and high NaN: a cell has no interval */
    bool is_exact;            /* of counts alone: no interval is needed */
    unsigned cells;           /* that it is the mean of: present and above 0 on both sides */
    unsigned left_out; /* cells of this group and strategy that are not, though a side has them */
};

/* Everything about one metric. */
struct compare_block {
    const struct compare_metric *metric;
    GArray *findings; /* of struct compare_finding, as compare_order has it */
    GArray *means;    /* of struct compare_mean: strategy by strategy, its groups, then all */
    unsigned counts[COMPARE_VERDICT_COUNT];
    unsigned tested;               /* cells that Benjamini and Hochberg's procedure went over */
    double threshold;              /* the greatest p that stands; negative: none does */
    unsigned unknown_a, unknown_b; /* cells where only that side lacks the metric */
    unsigned times_refused;        /* cells left out for compare_cell.times_refused */
};

enum compare_order {
    COMPARE_BY_SURE,  /* what is surely most different first, then what may be, then the rest */
    COMPARE_BY_RATIO, /* the greatest ratio first */
    COMPARE_BY_NAME   /* by group, workload, parameters, threads, strategy */
};

/* One of the two sides. For strategies of one run both sides have the same summary. */
struct compare_side {
    const char *name;    /* of the run directory or the strategy, as typed */
    const char *machine; /* text of machine.txt, "" when there is none */
    const struct run_summary *summary;
};

/* Lists that are NULL mean the default. */
struct compare_request {
    struct compare_side a, b;
    bool one_run;           /* strategies of a.summary against the first of them */
    const char *workloads;  /* names, groups, globs */
    const char *strategies; /* names, globs */
    const char *metrics;    /* columns, headings, globs, "all" */
    bool across_machines;   /* compare times although the machines differ */
    double margin;          /* a share: what lies within is no difference */
    double same;            /* a share: an interval within is "the same" */
    enum compare_order order;
};

struct comparison {
    const struct compare_request *request;
    GPtrArray *cells;        /* of struct compare_cell *: in the order of names */
    GPtrArray *strategies;   /* of const char *: B's, in the order they were named */
    const char *base;        /* one run: the strategy that all are compared with; else NULL */
    GArray *metrics;         /* of struct compare_metric: those asked for */
    GArray *blocks;          /* of struct compare_block: one per metric */
    const char *machines;    /* how the machines differ; NULL: they do not */
    GPtrArray *surroundings; /* of const char *: what else differs around the runs */
    GStringChunk *text;      /* owns what is borrowed from here */
};

/*
 * Compares. The request and its summaries must outlive c. Refuses names that neither side has, with
 * the nearest (EXIT_USAGE), and sides of which nothing can be compared, with the reasons
 * (EXIT_CANNOT). Caller releases c, also after false.
 */
bool compare_build(struct comparison *c, const struct compare_request *r, struct error *err);
void compare_release(struct comparison *c);

/* "slower", "faster", "perhaps slower", "same", ...: the verdict in the metric's words. */
const char *compare_verdict_word(enum compare_verdict verdict, const struct compare_metric *metric);
/* Whether it says that the sides differ, surely. */
bool compare_verdict_is_sure(enum compare_verdict verdict);

#endif
