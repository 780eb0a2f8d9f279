/* Nodes and their shadow. See graph_shadow.h. */
#include "graph_shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    TOP_WIDTH = 512,       /* the first one's: 40 times that, 160 KB */
    MASKED_WIDTH_MOST = 62 /* a node whose first word is no pointer must be told by one mask */
};

struct graph graph = {.free_lock = PTHREAD_MUTEX_INITIALIZER};

uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint32_t draw(struct worker *w, uint64_t below) {
    return (uint32_t)(mix(w->random++) % below);
}

uint32_t number_of(const struct node *n) {
    return (uint32_t)(n - graph.nodes);
}

void die(const char *what, const struct node *n) {
    fprintf(stderr, "goheap-graph: %s: node %u of layer %u at %p, %u edges, %u refs\n", what,
            number_of(n), n->layer, (void *)~n->hidden, n->width, n->refs);
    abort();
}

/* ---- a node in the heap: word 0, then its edges ---- */

void **node_words(const struct node *n) {
    return (void **)~n->hidden;
}

void *address_of(uint32_t number) {
    return number == 0 ? NULL : (void *)~graph.nodes[number].hidden;
}

void node_check(const struct node *n) {
    void **words = node_words(n);
    const uint64_t *stamp = n->is_boxed ? words[0] : (void *)words;
    if (*stamp != n->stamp)
        die("changed or lost", n);
}

void edge_check(const struct node *n, uint32_t edge) {
    if (node_words(n)[1 + edge] != address_of(n->edges[edge]))
        die("an edge leads elsewhere", n);
}

void *checked(void *p) {
    if (p == NULL) {
        fprintf(stderr, "goheap-graph: no memory\n");
        abort();
    }
    return p;
}

static void **node_new_boxed(struct goheap_mutator *m, const struct node *n) {
    uint64_t *stamp = checked(goheap_new(m, sizeof *stamp, 0));
    *stamp = n->stamp;
    void **words = checked(goheap_new_array(m, 1 + n->width, sizeof *words, 1));
    goheap_store_first(&words[0], stamp);
    return words;
}

static void **node_new_plain(struct goheap_mutator *m, const struct node *n, size_t bytes,
                             uint64_t pointers) {
    uint64_t *stamp = checked(goheap_new(m, bytes, pointers));
    *stamp = n->stamp;
    return (void **)(void *)stamp;
}

/* The object, with no edge yet. Nobody knows of the node. */
void node_make(struct worker *w, struct node *n, uint32_t width) {
    void **words;
    n->stamp = mix(w->random++) | 1;
    n->width = n->layer == LAYERS - 1 ? 0 : width;
    n->is_boxed = n->width > MASKED_WIDTH_MOST || (n->width > 0 && draw(w, 2) == 0);
    if (n->is_boxed)
        words = node_new_boxed(w->m, n);
    else if (n->width > 0)
        words =
            node_new_plain(w->m, n, 8 + (size_t)n->width * 8, ((UINT64_C(1) << n->width) - 1) << 1);
    else
        words = node_new_plain(w->m, n, 8 + draw(w, 200), 0);
    for (uint32_t i = 0; i < n->width; i++)
        n->edges[i] = 0;
    n->hidden = ~(uintptr_t)words;
    __atomic_store_n(&n->refs, 1, __ATOMIC_RELEASE);
}

/* ---- counting ---- */

/* False: the node is gone. */
bool node_hold(struct node *n) {
    uint32_t refs = __atomic_load_n(&n->refs, __ATOMIC_RELAXED);
    while (refs != 0)
        if (__atomic_compare_exchange_n(&n->refs, &refs, refs + 1, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

void node_release(uint32_t number) {
    struct node *n = &graph.nodes[number];
    if (number == 0 || __atomic_fetch_sub(&n->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    for (uint32_t i = 0; i < n->width; i++)
        node_release(n->edges[i]);
    pthread_mutex_lock(&graph.free_lock);
    n->next_free = graph.free[n->layer];
    graph.free[n->layer] = number;
    pthread_mutex_unlock(&graph.free_lock);
}

struct node *node_take_free(uint32_t layer) {
    pthread_mutex_lock(&graph.free_lock);
    uint32_t number = graph.free[layer];
    if (number != 0)
        graph.free[layer] = graph.nodes[number].next_free;
    pthread_mutex_unlock(&graph.free_lock);
    return number != 0 ? &graph.nodes[number] : NULL;
}

/* A node of the layer, held, or NULL. */
struct node *node_draw(struct worker *w, uint32_t layer) {
    for (int tries = 0; tries < 4; tries++) {
        uint32_t number = 1 + draw(w, TOPS);
        if (layer > 0)
            number = 1 + TOPS + (layer - 1) * graph.per_layer + draw(w, graph.per_layer);
        if (node_hold(&graph.nodes[number]))
            return &graph.nodes[number];
    }
    return NULL;
}

static void *shadow_map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return checked(p == MAP_FAILED ? NULL : p);
}

static uint32_t node_capacity(uint32_t number) {
    if (number <= TOPS)
        return number == 1 ? 40 * TOP_WIDTH : TOP_WIDTH;
    return number % 64 == 0 ? WIDTH_MOST : number % 8 == 0 ? 64 : 8;
}

void graph_init(uint32_t nodes) {
    graph.per_layer = nodes / (LAYERS - 1);
    uint32_t last = TOPS + graph.per_layer * (LAYERS - 1);
    graph.nodes = shadow_map((last + 1) * sizeof *graph.nodes);
    for (uint32_t i = last; i > 0; i--) {
        struct node *n = &graph.nodes[i];
        n->layer = i <= TOPS ? 0 : 1 + (i - TOPS - 1) / graph.per_layer;
        n->capacity = node_capacity(i);
        n->edges = shadow_map(n->capacity * sizeof *n->edges);
        n->next_free = graph.free[n->layer];
        graph.free[n->layer] = i;
    }
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_init(&graph.stripes[i], NULL);
}

/* Every node and edge is as the shadow says, and the counts are those of the edges. */
void graph_check(void) {
    uint32_t last = TOPS + graph.per_layer * (LAYERS - 1), alive = 0;
    uint32_t *refs = shadow_map((last + 1) * sizeof *refs);
    for (uint32_t i = 1; i <= last; i++) {
        const struct node *n = &graph.nodes[i];
        if (n->refs == 0)
            continue;
        alive++;
        node_check(n);
        for (uint32_t edge = 0; edge < n->width; edge++) {
            edge_check(n, edge);
            refs[n->edges[edge]]++;
        }
    }
    for (uint32_t i = 1; i <= last; i++)
        if (graph.nodes[i].refs != refs[i] + (i <= TOPS))
            die("the shadow has lost count", &graph.nodes[i]);
    printf("%u nodes alive, ", alive);
}
