/*
 * collector: what is hard for a collector that works while the program runs.
 *
 *   linked-list    a queue of `nodes` nodes, each reached only through the one before it. A marker
 *                  that recurses needs a stack as deep as the list is long, and several markers
 *                  have nothing to share. An operation takes the first node and appends one.
 *                  10,000,000 nodes are the size at which recursion has ended on any usual stack.
 *   graph-mutate   a graph whose edges are linked anew while it is marked, and whose nodes are
 *                  replaced: the work of a write barrier. Four rings go through all nodes: edge k
 *                  of a node leads to its successor in ring k, and back edges lead to predecessors,
 *                  so that whoever replaces or frees a node knows who points to it. Ring 0 is never
 *                  taken apart, so that every node stays reachable; exchanging two edges of another
 *                  ring splits or joins cycles. There is no table: a node is found through others.
 *   thread-churn   a thread per operation: it is born, attaches, builds a list of `objects`
 * objects, hands their sum over in an object of its own, and dies, while the thread that started it
 * builds such a list, too.
 */
#include "workloads/batch.h"
#include "workloads/random.h"

#include <pthread.h>

struct node {
    struct node *next;
    uint64_t value;
};

static const struct shape node_shape = {sizeof(struct node), SHAPE_POINTER(struct node, next)};

TIMED_INLINE struct node *node_new(struct mutator *m, struct node *next, uint64_t value) {
    struct node *node = heap_new_raw(m, &node_shape);
    mem_init(m, &node->next, next);
    node->value = value;
    return node;
}

/* A C programmer has to walk a list once more to free it; a program with a collector has not. */
TIMED_INLINE void list_drop(struct mutator *m, struct node *node) {
    while (MEM_DELETE_FREES && node != NULL) {
        struct node *next = node->next;
        heap_delete(m, node, sizeof *node);
        node = next;
    }
}

/* linked-list */

struct queue {
    struct node *first, *last;
    uint64_t random;
};

static const struct shape queue_shape = {
    sizeof(struct queue),
    SHAPE_POINTER(struct queue, first) | SHAPE_POINTER(struct queue, last),
};

static TIMED_OPAQUE void queue_append(struct mutator *m, struct queue *queue) {
    struct node *node = node_new(m, NULL, random_next(&queue->random));
    mem_store(m, &queue->last->next, node);
    mem_store(m, &queue->last, node);
}

/* The node that leaves lets go of its successor: whatever still named it, as a stale word on a
   stack may, would keep all the list behind it (H.-J. Boehm, "Bounding space usage of conservative
   garbage collectors", POPL 2002). */
static TIMED_OPAQUE uint64_t queue_take(struct mutator *m, struct queue *queue) {
    struct node *node = queue->first;
    mem_store(m, &queue->first, node->next);
    mem_store(m, &node->next, NULL);
    uint64_t value = node->value;
    heap_delete(m, node, sizeof *node);
    return value;
}

TIMED_INLINE uint64_t linked_list_once(struct mutator *m, void *state) {
    queue_append(m, state);
    return heap_mix(queue_take(m, state));
}

static void *linked_list_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct queue *queue = heap_new(m, &queue_shape);
    queue->random = random_start(arguments->seed, arguments->thread);
    struct node *only = node_new(m, NULL, random_next(&queue->random));
    mem_store(m, &queue->first, only);
    mem_store(m, &queue->last, only);
    for (uint64_t i = 1; i < arguments->parameters[0]; i++)
        queue_append(m, queue);
    return queue;
}

static void linked_list_teardown(struct mutator *m, void *state) {
    struct queue *queue = state;
    list_drop(m, queue->first);
    heap_delete(m, queue, sizeof *queue);
}

/* graph-mutate */

enum { RINGS = 4, STEPS = 4 };

struct vertex {
    struct vertex *to[RINGS], *from[RINGS]; /* v->to[k]->from[k] == v == v->from[k]->to[k] */
    uint64_t value;
};

struct graph {
    struct vertex *at; /* where the next operation begins */
    uint64_t random;
};

static const struct shape vertex_shape = {sizeof(struct vertex), UINT64_C(0xff)}; /* words 0...7 */
static const struct shape vertex_slot_shape = {sizeof(struct vertex *), 1};
static const struct shape graph_shape = {sizeof(struct graph), SHAPE_POINTER(struct graph, at)};

TIMED_INLINE void edge_link(struct mutator *m, struct vertex *from, unsigned k, struct vertex *to) {
    mem_store(m, &from->to[k], to);
    mem_store(m, &to->from[k], from);
}

/* Edge k of each of the two leads to where the other's led. */
static TIMED_OPAQUE void edges_exchange(struct mutator *m, struct vertex *a, struct vertex *b,
                                        unsigned k) {
    struct vertex *after_a = a->to[k];
    struct vertex *after_b = b->to[k];
    edge_link(m, a, k, after_b);
    edge_link(m, b, k, after_a);
}

/* A vertex in the place of `old`, which is gone then. Its neighbours may be `old` itself. */
static TIMED_OPAQUE struct vertex *vertex_replace(struct mutator *m, struct vertex *old,
                                                  uint64_t value) {
    struct vertex *vertex = heap_new_raw(m, &vertex_shape);
    vertex->value = value;
    for (unsigned k = 0; k < RINGS; k++) {
        mem_init(m, &vertex->to[k], old->to[k] == old ? vertex : old->to[k]);
        mem_init(m, &vertex->from[k], old->from[k] == old ? vertex : old->from[k]);
    }
    for (unsigned k = 0; k < RINGS; k++) {
        mem_store(m, &vertex->to[k]->from[k], vertex);
        mem_store(m, &vertex->from[k]->to[k], vertex);
    }
    heap_delete(m, old, sizeof *old);
    return vertex;
}

/* Walks on along edges chosen at random. At each step the vertex reached exchanges an edge with the
   one before; the last one is replaced. */
TIMED_INLINE uint64_t graph_mutate_once(struct mutator *m, void *state) {
    struct graph *graph = state;
    struct vertex *at = graph->at;
    uint64_t choices = random_next(&graph->random);
    uint64_t sum = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        struct vertex *next = at->to[choices % RINGS];
        edges_exchange(m, at, next, (unsigned)(1 + (choices >> 8) % (RINGS - 1)));
        sum += heap_mix(next->value + i);
        at = next;
        choices >>= 16;
    }
    mem_store(m, &graph->at, vertex_replace(m, at, random_next(&graph->random)));
    return sum;
}

/* Puts the table's vertices into random order (Fisher and Yates) and links them to ring k. */
static void ring_make(struct mutator *m, struct vertex **table, uint64_t nodes, unsigned k,
                      uint64_t *random) {
    for (uint64_t i = nodes; i > 1; i--) {
        uint64_t j = random_next(random) % i;
        struct vertex *other = table[j];
        mem_store(m, &table[j], table[i - 1]);
        mem_store(m, &table[i - 1], other);
    }
    for (uint64_t i = 0; i < nodes; i++)
        edge_link(m, table[i], k, table[(i + 1) % nodes]);
}

static void *graph_mutate_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct graph *graph = heap_new(m, &graph_shape);
    graph->random = random_start(arguments->seed, arguments->thread);
    uint64_t nodes = arguments->parameters[0];
    struct vertex **table = heap_new_array(m, &vertex_slot_shape, nodes);
    for (uint64_t i = 0; i < nodes; i++) {
        struct vertex *vertex = heap_new(m, &vertex_shape);
        vertex->value = random_next(&graph->random);
        mem_store(m, &table[i], vertex);
    }
    for (unsigned k = 0; k < RINGS; k++)
        ring_make(m, table, nodes, k, &graph->random);
    mem_store(m, &graph->at, table[0]);
    heap_delete(m, table, nodes * sizeof *table);
    return graph;
}

/* Ring 0 goes through all. */
static void ring_delete(struct mutator *m, struct vertex *first) {
    for (struct vertex *next, *vertex = first->to[0]; vertex != first; vertex = next) {
        next = vertex->to[0];
        heap_delete(m, vertex, sizeof *vertex);
    }
    heap_delete(m, first, sizeof *first);
}

static void graph_mutate_teardown(struct mutator *m, void *state) {
    struct graph *graph = state;
    if (MEM_DELETE_FREES) /* else they die with the graph */
        ring_delete(m, graph->at);
    heap_delete(m, graph, sizeof *graph);
}

/* thread-churn */

/* What a thread is given, and leaves. Between the two ends of its life only the thread uses it. */
struct errand {
    struct receipt *receipt; /* left */
    uint64_t random, objects;
    struct heap_counts counts; /* left: what the count pass has seen of the thread */
};

struct receipt {
    uint64_t sum;
};

static const struct shape errand_shape = {sizeof(struct errand),
                                          SHAPE_POINTER(struct errand, receipt)};
static const struct shape receipt_shape = {sizeof(struct receipt), 0};

struct churn {
    uint64_t random, objects;
};

static const struct shape churn_shape = {sizeof(struct churn), 0};

/* Builds a list of random values, sums it and drops it. */
static TIMED_OPAQUE uint64_t list_work(struct mutator *m, uint64_t objects, uint64_t random) {
    struct node *list = NULL;
    for (uint64_t i = 0; i < objects; i++)
        list = node_new(m, list, random_next(&random));
    uint64_t sum = 0;
    for (const struct node *node = list; node != NULL; node = node->next)
        sum = heap_mix(sum + node->value);
    list_drop(m, list);
    return sum;
}

static TIMED_OPAQUE void errand_run(struct mutator *m, struct errand *errand) {
    struct receipt *receipt = heap_new_raw(m, &receipt_shape);
    receipt->sum = list_work(m, errand->objects, errand->random);
    mem_store(m, &errand->receipt, receipt);
    heap_counts_leave(&errand->counts);
}

/* A thread's life; its frame is the base of its stack. */
static TIMED void *errand_thread(void *errand) {
    struct mutator m;
    if (!mem_attach(&m, __builtin_frame_address(0)))
        heap_exhausted(sizeof m);
    errand_run(&m, errand);
    mem_detach(&m);
    return NULL;
}

/* Starting a thread and waiting for its end are system calls: no collection waits for them. */
TIMED_INLINE pthread_t errand_start(struct mutator *m, struct errand *errand) {
    pthread_t thread;
    mem_block(m);
    if (pthread_create(&thread, NULL, errand_thread, errand) != 0)
        heap_exhausted(sizeof thread);
    mem_unblock(m);
    return thread;
}

TIMED_INLINE void errand_end(struct mutator *m, pthread_t thread) {
    mem_block(m);
    pthread_join(thread, NULL);
    mem_unblock(m);
}

TIMED_INLINE uint64_t thread_churn_once(struct mutator *m, void *state) {
    struct churn *churn = state;
    struct errand *errand = heap_new(m, &errand_shape);
    errand->objects = churn->objects;
    errand->random = random_next(&churn->random);
    pthread_t thread = errand_start(m, errand);
    uint64_t sum = list_work(m, churn->objects, random_next(&churn->random));
    errand_end(m, thread);
    heap_keep(errand); /* until here the stack has held it */
    sum += errand->receipt->sum;
    heap_counts_add(&errand->counts);
    heap_delete(m, errand->receipt, sizeof *errand->receipt);
    heap_delete(m, errand, sizeof *errand);
    return sum;
}

static void *thread_churn_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct churn *churn = heap_new(m, &churn_shape);
    churn->random = random_start(arguments->seed, arguments->thread);
    churn->objects = arguments->parameters[0];
    return churn;
}

static void thread_churn_teardown(struct mutator *m, void *state) {
    heap_delete(m, state, sizeof(struct churn));
}

BATCH_RUN_STATEFUL(linked_list_run, linked_list_once)
BATCH_RUN_STATEFUL(graph_mutate_run, graph_mutate_once)
BATCH_RUN_STATEFUL(thread_churn_run, thread_churn_once)

/* Every node is replaced twice (quick), so that about two collections find the list whole. */
static uint64_t linked_list_ops(const uint64_t *parameters, enum effort effort) {
    uint64_t nodes = parameters[0] > 1000000 ? parameters[0] : 1000000;
    return nodes * (effort == EFFORT_FULL ? 20 : 2);
}

static uint64_t graph_mutate_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 2000000 : 200000;
}

static uint64_t thread_churn_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000 : 1000;
}

static const struct workload_parameter linked_list_parameters[] = {
    {"nodes", "nodes of 16 bytes in the list", 1000000, 1, 100000000, NULL},
    {0},
};

static const struct workload_parameter graph_mutate_parameters[] = {
    {"nodes", "nodes of 72 bytes in the graph", 65536, 1, 16777216, NULL},
    {0},
};

static const struct workload_parameter thread_churn_parameters[] = {
    {"objects", "objects of 16 bytes in a thread's list", 1000, 1, 100000, NULL},
    {0},
};

WORKLOAD(linked_list) = {
    .name = "linked-list",
    .group = "collector",
    .article = "",
    .summary = "the first node of a long linked list is taken, and one is appended",
    .stresses = "marking as deep as the list is long: no recursion, nothing to share out",
    .parameters = linked_list_parameters,
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = linked_list_ops,
    .setup = linked_list_setup,
    .run = linked_list_run,
    .teardown = linked_list_teardown,
};

WORKLOAD(graph_mutate) = {
    .name = "graph-mutate",
    .group = "collector",
    .article = "",
    .summary = "four edges of a live graph are linked anew, and a node is replaced",
    .stresses = "pointer stores while marking: the write barrier",
    .parameters = graph_mutate_parameters,
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = graph_mutate_ops,
    .setup = graph_mutate_setup,
    .run = graph_mutate_run,
    .teardown = graph_mutate_teardown,
};

WORKLOAD(thread_churn) = {
    .name = "thread-churn",
    .group = "collector",
    .article = "",
    .summary = "a thread is born, builds a list, leaves its sum and dies, while others go on",
    .stresses = "mutators that come and go during a collection: their caches and stacks",
    .parameters = thread_churn_parameters,
    .needs = TRAIT_RECLAIMS | TRAIT_THREADS,
    .traits = TRAIT_SLICEABLE,
    .ops = thread_churn_ops,
    .setup = thread_churn_setup,
    .run = thread_churn_run,
    .teardown = thread_churn_teardown,
};
