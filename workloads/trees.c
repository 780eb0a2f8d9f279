/*
 * trees: binary trees, the classic test of a collector (Boehm's GCBench; the Computer Language
 * Benchmarks Game).
 *
 * One tree of `depth` lives through the run. Beside it short-lived trees are built, counted and
 * dropped; an operation is one of them. They come in rounds: for each depth d = 4, 6, ... up to
 * `depth`, 2^(depth - d) trees of depth d, so that every depth makes the same number of nodes,
 * about 2^(depth + 1). At the end of a round the long-lived tree is counted, too. Sixteen rounds
 * are the Benchmarks Game's run; that is full effort, quick is one round.
 *
 * A node is two pointers and nothing else, the most a collector can be given to follow per byte.
 */
#include "workloads/batch.h"

enum { TREES_DEPTH_LEAST = 4, TREES_ROUNDS = 16 };

struct tree {
    struct tree *left, *right;
};

struct trees_state {
    struct tree *long_lived;
    uint64_t depth;
    uint64_t current; /* depth of the next short-lived tree */
    uint64_t left;    /* of that depth in this round */
};

static const struct shape tree_shape = {
    sizeof(struct tree),
    SHAPE_POINTER(struct tree, left) | SHAPE_POINTER(struct tree, right),
};
static const struct shape trees_state_shape = {
    sizeof(struct trees_state),
    SHAPE_POINTER(struct trees_state, long_lived),
};

static TIMED_OPAQUE struct tree *tree_new(struct mutator *m, uint64_t depth) {
    struct tree *left = NULL;
    struct tree *right = NULL;
    if (depth > 0) {
        left = tree_new(m, depth - 1);
        right = tree_new(m, depth - 1);
    }
    struct tree *tree = heap_new_raw(m, &tree_shape);
    mem_init(m, &tree->left, left);
    mem_init(m, &tree->right, right);
    return tree;
}

/* A walk without allocation, and as long as the tree is large, so there is a safepoint in it, where
   a compiler for a collected language puts one: at the entry of a recursive function. */
static TIMED_OPAQUE uint64_t tree_count(struct mutator *m, const struct tree *tree) {
    mem_poll(m);
    if (tree->left == NULL)
        return 1;
    return 1 + tree_count(m, tree->left) + tree_count(m, tree->right);
}

static TIMED_OPAQUE void tree_delete(struct mutator *m, struct tree *tree) {
    if (tree->left != NULL) {
        tree_delete(m, tree->left);
        tree_delete(m, tree->right);
    }
    heap_delete(m, tree, sizeof *tree);
}

/* A C programmer has to walk a tree once more to free it; a program with a collector has not. */
TIMED_INLINE void tree_drop(struct mutator *m, struct tree *tree) {
    if (MEM_DELETE_FREES)
        tree_delete(m, tree);
}

TIMED_INLINE void trees_depth_start(struct trees_state *s, uint64_t depth) {
    s->current = depth;
    s->left = UINT64_C(1) << (s->depth - depth);
}

/* Goes on to the next depth or round. Returns the long-lived tree's term where a round ends. */
TIMED_INLINE uint64_t trees_advance(struct mutator *m, struct trees_state *s) {
    if (--s->left > 0)
        return 0;
    if (s->current + 2 <= s->depth) {
        trees_depth_start(s, s->current + 2);
        return 0;
    }
    trees_depth_start(s, TREES_DEPTH_LEAST);
    return heap_mix(tree_count(m, s->long_lived));
}

TIMED_INLINE uint64_t trees_once(struct mutator *m, void *state) {
    struct trees_state *s = state;
    struct tree *tree = tree_new(m, s->current);
    uint64_t sum = heap_mix(s->current ^ tree_count(m, tree) << 8);
    tree_drop(m, tree);
    return sum + trees_advance(m, s);
}

/* A tree may be large, so a safepoint each. */
static TIMED uint64_t trees_run(struct mutator *m, void *state, uint64_t ops) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < ops; i++) {
        sum += trees_once(m, state);
        mem_poll(m);
    }
    return sum;
}

static void *trees_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct trees_state *s = heap_new(m, &trees_state_shape);
    s->depth = arguments->parameters[0];
    trees_depth_start(s, TREES_DEPTH_LEAST);
    mem_store(m, &s->long_lived, tree_new(m, s->depth));
    return s;
}

static void trees_teardown(struct mutator *m, void *state) {
    struct trees_state *s = state;
    tree_drop(m, s->long_lived);
    heap_delete(m, s, sizeof *s);
}

static uint64_t trees_ops(const uint64_t *parameters, enum effort effort) {
    uint64_t round = 0;
    for (uint64_t depth = TREES_DEPTH_LEAST; depth <= parameters[0]; depth += 2)
        round += UINT64_C(1) << (parameters[0] - depth);
    return round * (effort == EFFORT_FULL ? TREES_ROUNDS : 1);
}

static const struct workload_parameter trees_parameters[] = {
    {"depth", "depth of the long-lived tree and of the largest short-lived one", 16,
     TREES_DEPTH_LEAST, 24, NULL},
    {0},
};

WORKLOAD(binary_trees) = {
    .name = "binary-trees",
    .group = "trees",
    .article = "",
    .summary = "a short-lived binary tree is built, counted and dropped beside a long-lived one",
    .stresses = "marking a deep heap of small objects that are all pointers",
    .parameters = trees_parameters,
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = trees_ops,
    .setup = trees_setup,
    .run = trees_run,
    .teardown = trees_teardown,
};
