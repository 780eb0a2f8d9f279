/*
 * Threads change one graph while it is collected, against a shadow of it.
 *
 *      goheap-graph MUTATIONS [THREADS 4] [SEED 1] [NODES 20000] [GOGC 25] [CHECK 1]
 *
 * The graph is layered: the tops are registered, and the edges of a node lead to nodes of the next
 * layer. So the number of its edges tells whether a node is alive, and the shadow, outside the
 * heap, counts them. Nodes have up to 1024 edges, the tops many more (they are marked in parts),
 * the last layer none; some share spans with others of another layout, some have a tiny object.
 *
 * A mutation links, drops, moves or bulk-copies edges, or puts a new node in place of an edge.
 * Moves are what a concurrent marker must not miss: the only pointer to a subgraph goes from where
 * the marker will come to where it has been. Between mutations, threads poll, wait in safe regions,
 * collect, end and begin as mutators.
 *
 * The shadow has each node's address, inverted; that is how threads get at nodes. It is as if they
 * had walked there: a node that is counted is reachable, or in the hands of a thread that has not
 * come to a safepoint since it was. No mutation has a safepoint inside. Each mutation compares what
 * it touches with the shadow; so does, for the whole graph, the end, where all is dropped and
 * nothing may remain. CHECK 1: checkmark in every cycle; 2: threads meet at random times; 3: both.
 */
#include "graph_shadow.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { DROPS = 8, THREADS_MOST = 64 };

static uint64_t mutations_per_thread;
static struct worker workers[THREADS_MOST];

/* ---- mutations: of held nodes, and without a safepoint ---- */

static void stripes_lock(const struct node *a, const struct node *b) {
    uint32_t i = number_of(a) % STRIPES, j = number_of(b) % STRIPES;
    pthread_mutex_lock(&graph.stripes[i < j ? i : j]);
    if (i != j)
        pthread_mutex_lock(&graph.stripes[i < j ? j : i]);
}

static void stripes_unlock(const struct node *a, const struct node *b) {
    uint32_t i = number_of(a) % STRIPES, j = number_of(b) % STRIPES;
    pthread_mutex_unlock(&graph.stripes[i]);
    if (i != j)
        pthread_mutex_unlock(&graph.stripes[j]);
}

/* The edge leads to `number` from now on, which is counted already. Returns where it led. */
static uint32_t edge_set(struct worker *w, struct node *n, uint32_t edge, uint32_t number) {
    uint32_t before = n->edges[edge];
    edge_check(n, edge);
    goheap_store(w->m, &node_words(n)[1 + edge], address_of(number));
    n->edges[edge] = number;
    return before;
}

static void edge_replace(struct worker *w, struct node *n, uint32_t number) {
    stripes_lock(n, n);
    uint32_t before = edge_set(w, n, draw(w, n->width), number);
    stripes_unlock(n, n);
    node_release(before);
}

static void edge_link(struct worker *w, struct node *n) {
    struct node *target = node_draw(w, n->layer + 1);
    if (target == NULL)
        return;
    node_check(target);
    edge_replace(w, n, number_of(target));
}

static void edge_move(struct worker *w, struct node *from, struct node *to) {
    stripes_lock(from, to);
    uint32_t number = edge_set(w, from, draw(w, from->width), 0);
    uint32_t before = edge_set(w, to, draw(w, to->width), number);
    stripes_unlock(from, to);
    node_release(before);
}

/* Copies `count` edges; `before` becomes where they led. Both stripes are held. */
static void edges_copy_locked(struct worker *w, const struct node *from, struct node *to,
                              uint32_t count, uint32_t *before) {
    for (uint32_t i = 0; i < count; i++) {
        edge_check(from, i);
        edge_check(to, to->width - count + i);
        before[i] = to->edges[to->width - count + i];
        to->edges[to->width - count + i] = from->edges[i];
        if (from->edges[i] != 0)
            __atomic_fetch_add(&graph.nodes[from->edges[i]].refs, 1, __ATOMIC_RELAXED);
    }
    void **words = node_words(to) + 1 + to->width - count;
    bool in_pairs = count % 2 == 0 && draw(w, 2) == 0;
    if (in_pairs)
        goheap_copy(w->m, words, node_words(from) + 1, count / 2, 16, 3);
    else
        goheap_copy(w->m, words, node_words(from) + 1, count, 8, 1);
}

static void edges_copy(struct worker *w, const struct node *from, struct node *to) {
    uint32_t before[WIDTH_MOST];
    uint32_t most = from->width < to->width ? from->width : to->width;
    if (most > 8 && draw(w, 16) != 0)
        most = 8;
    if (most > WIDTH_MOST)
        most = WIDTH_MOST;
    uint32_t count = 1 + draw(w, most);
    if (from == to)
        return;
    stripes_lock(from, to);
    edges_copy_locked(w, from, to, count, before);
    stripes_unlock(from, to);
    for (uint32_t i = 0; i < count; i++)
        node_release(before[i]);
}

/* ---- steps ---- */

/* The layer below is full: a node loses some edges. */
static void step_drop(struct worker *w, uint32_t layer) {
    struct node *n = node_draw(w, layer);
    for (uint32_t i = 0; n != NULL && i < DROPS; i++)
        edge_replace(w, n, 0);
    if (n != NULL)
        node_release(number_of(n));
}

/* The new node is made first, for that is a safepoint; a thread that draws it may link it earlier.
 */
static void step_new(struct worker *w, uint32_t layer) {
    struct node *made = node_take_free(layer + 1);
    if (made == NULL) {
        step_drop(w, layer);
        return;
    }
    node_make(w, made, 1 + draw(w, made->capacity));
    struct node *n = node_draw(w, layer);
    if (n == NULL) {
        node_release(number_of(made));
        return;
    }
    edge_replace(w, n, number_of(made));
    node_release(number_of(n));
}

static void step_two(struct worker *w, struct node *n, bool moves) {
    struct node *other = node_draw(w, n->layer);
    if (other == NULL)
        return;
    node_check(other);
    if (moves)
        edge_move(w, n, other);
    else
        edges_copy(w, n, other);
    node_release(number_of(other));
}

static __attribute__((noinline)) void step(struct worker *w) {
    uint32_t layer = draw(w, LAYERS - 1), choice = draw(w, 16);
    w->while_marking += w->m->marking != 0;
    if (choice < 6) {
        step_new(w, layer);
        return;
    }
    struct node *n = node_draw(w, layer);
    if (n == NULL)
        return;
    node_check(n);
    if (choice < 10)
        edge_link(w, n);
    else if (choice < 11)
        edge_replace(w, n, 0);
    else
        step_two(w, n, choice < 14);
    node_release(number_of(n));
}

/* Nothing of the heap is on the stack here. */
static __attribute__((noinline)) void pause_somehow(struct worker *w) {
    uint32_t choice = draw(w, 1024);
    if (choice < 512) {
        goheap_poll(w->m);
    } else if (choice < 1000) {
        goheap_block(w->m);
        sched_yield();
        goheap_unblock(w->m);
    } else if (choice < 1022) {
        goheap_detach(w->m);
        w->m = checked(goheap_attach(w->stack_base));
    } else {
        goheap_collect(w->m);
    }
}

static void *worker_main(void *argument) {
    struct worker *w = argument;
    w->stack_base = __builtin_frame_address(0);
    w->m = checked(goheap_attach(w->stack_base));
    for (uint64_t i = 0; i < mutations_per_thread; i++) {
        step(w);
        if (i % 256 == 255)
            pause_somehow(w);
    }
    goheap_detach(w->m);
    return NULL;
}

/* ---- beginning and end ---- */

static void *tops_make(void *unused) {
    struct worker w = {.m = checked(goheap_attach(__builtin_frame_address(0)))};
    for (uint32_t i = 0; i < TOPS; i++) {
        struct node *n = node_take_free(0);
        node_make(&w, n, n->capacity);
        goheap_store_first(&graph.tops[i], node_words(n));
    }
    goheap_detach(w.m);
    return unused;
}

static bool nothing_remains(void) {
    static struct goheap_memstats stats;
    for (uint32_t i = 0; i < TOPS; i++)
        graph.tops[i] = NULL;
    goheap_collect(NULL);
    goheap_verify(NULL);
    goheap_read_memstats(NULL, &stats);
    printf("%llu objects made, %llu collections, %llu of them partial, heap at most %llu KB\n",
           (unsigned long long)stats.mallocs, (unsigned long long)stats.num_gc,
           (unsigned long long)stats.num_partial_gc, (unsigned long long)stats.heap_sys_peak >> 10);
    if (stats.heap_objects != 0)
        fprintf(stderr, "goheap-graph: all was dropped, but %llu objects remain\n",
                (unsigned long long)stats.heap_objects);
    return stats.heap_objects == 0;
}

static bool run(size_t threads, uint64_t seed) {
    uint64_t while_marking = 0;
    for (size_t i = 0; i < threads; i++) {
        workers[i].random = mix(seed + i);
        if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        while_marking += workers[i].while_marking;
    }
    graph_check();
    printf("%llu of %llu mutations while marking, ", (unsigned long long)while_marking,
           (unsigned long long)(mutations_per_thread * threads));
    return nothing_remains();
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise) {
    return i < argc ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    uint64_t mutations = argument(argc, argv, 1, 0), threads = argument(argc, argv, 2, 4);
    uint64_t nodes = argument(argc, argv, 4, 20000), check = argument(argc, argv, 6, 1);
    if (mutations == 0 || threads == 0 || threads > THREADS_MOST || nodes < 100) {
        fprintf(stderr, "usage: goheap-graph MUTATIONS [THREADS] [SEED] [NODES] [GOGC] [CHECK]\n");
        return 2;
    }
    struct goheap_options options = goheap_options_default();
    options.gogc = (int64_t)argument(argc, argv, 5, 25);
    options.checkmark = (check & 1) != 0;
    options.handshake_delays = (check & 2) != 0;
    if (!goheap_init(&options) || !goheap_root(graph.tops, sizeof graph.tops))
        return 1;
    mutations_per_thread = mutations / threads;
    graph_init((uint32_t)nodes);
    pthread_t maker;
    if (pthread_create(&maker, NULL, tops_make, NULL) != 0)
        return 1;
    pthread_join(maker, NULL);
    return run(threads, argument(argc, argv, 3, 1)) ? 0 : 1;
}
