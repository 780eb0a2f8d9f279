/*
 * The graph of goheap-graph and its shadow: which nodes there are, where their edges lead, and how
 * many lead to each. graph_mutations.c tells the idea.
 */
#ifndef HEAPMARK_TESTS_GRAPH_SHADOW_H
#define HEAPMARK_TESTS_GRAPH_SHADOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "allocators/goheap/goheap.h"

enum { LAYERS = 6, TOPS = 8, WIDTH_MOST = 1024, STRIPES = 256 };

struct node {
    uint32_t refs; /* atomic; edges to it, and threads that hold it; 0: there is no such node */
    uint32_t layer, width, capacity;
    bool is_boxed;   /* word 0 points to the stamp; else it is the stamp */
    uint32_t *edges; /* numbers of nodes; 0: NULL. Guarded by the node's stripe */
    uint64_t stamp;
    uintptr_t hidden; /* its address, inverted */
    uint32_t next_free;
};

struct worker {
    struct goheap_mutator *m;
    void *stack_base;
    uint64_t random, while_marking;
    pthread_t thread;
};

struct graph {
    struct node *nodes; /* by number, from 1 on: the tops, then layer after layer */
    uint32_t per_layer;
    uint32_t free[LAYERS]; /* lists of numbers */
    pthread_mutex_t free_lock;
    pthread_mutex_t stripes[STRIPES];
    void *tops[TOPS]; /* a registered range */
};
extern struct graph graph;

uint64_t mix(uint64_t x);
uint32_t draw(struct worker *w, uint64_t below);

uint32_t number_of(const struct node *n);
/* In the heap: word 0, then the edges. */
void **node_words(const struct node *n);
void *address_of(uint32_t number); /* 0: NULL */

/* The object is what the shadow says, or the program ends with the reason. */
void node_check(const struct node *n);
void edge_check(const struct node *n, uint32_t edge);
void die(const char *what, const struct node *n) __attribute__((noreturn));
/* p, which must not be NULL. */
void *checked(void *p);

/* The object of a node that nobody knows of, with no edge yet; the caller holds it. Safepoints. */
void node_make(struct worker *w, struct node *n, uint32_t width);
/* A number without a node, or NULL: the layer is full. */
struct node *node_take_free(uint32_t layer);

/* False: the node is gone. What is held, or has an edge to it, stays; 0 is no node. */
bool node_hold(struct node *n);
void node_release(uint32_t number);
/* A node of the layer, held, or NULL. */
struct node *node_draw(struct worker *w, uint32_t layer);

void graph_init(uint32_t nodes);
/* Every node and edge is as the shadow says, and the counts are those of the edges. No thread
   mutates. */
void graph_check(void);

#endif
