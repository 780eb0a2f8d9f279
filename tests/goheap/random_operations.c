/*
 * Random operations on several threads against a shadow model.
 *
 *      goheap-random OPERATIONS [THREADS 4] [SEED 1] [STRESS 0] [CHECK 0]
 *
 * Each thread owns chains of nodes. A node is an object of random size and shape: one pointer to
 * the next node in a random word, or in a random element of an array, a pattern in all others.
 * Noscan nodes end a chain. The shadow, outside the heap, knows of each chain what its nodes must
 * be. The operations: put a node in front, take the first off, drop the chain, check it, swap it
 * with one in a registered table that all threads share, poll, wait in a safe region, collect.
 * Every 100,000 operations the heap verifies itself; with CHECK 1 each marking is checked, with 2
 * threads also meet at random times. At the end, statistics must agree with our own
 * counts.
 */
#include "allocators/goheap/goheap.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CHAINS = 256,    /* per thread */
    DEPTH_MOST = 24, /* nodes of a chain */
    SHARED = 64,     /* chains in the shared table */
    THREADS_MOST = 64,
    VERIFY_EVERY = 100000
};

static uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* What a node must be. */
struct expected {
    uint64_t seed;
    uint32_t bytes;
    int32_t link;  /* the word that points to the next node; -1: none, the chain ends here */
    bool is_array; /* of pairs: a pointer, NULL but for the link, and a word of pattern */
};

struct shadow {
    uint32_t depth;
    struct expected nodes[DEPTH_MOST]; /* [depth - 1] is the first of the chain */
};

struct worker {
    struct goheap_mutator *m;
    void **chains; /* an object: CHAINS pointers */
    struct shadow *shadows;
    uint64_t random, operations, allocations;
    pthread_t thread;
};

static struct {
    void *chains[SHARED]; /* a registered range */
    struct shadow shadows[SHARED];
    pthread_mutex_t lock; /* held without a safepoint */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t seed;
static uint64_t operations_per_thread;
static struct worker workers[THREADS_MOST];

static uint64_t draw(struct worker *w, uint64_t below) {
    return mix(w->random++) % below;
}

static void die(const char *what, const struct expected *node, const void *p) {
    fprintf(stderr, "goheap-random: %s: object %p of %u bytes, link %d, seed %llx\n", what, p,
            node->bytes, node->link, (unsigned long long)node->seed);
    abort();
}

enum word { WORD_LINK, WORD_NULL, WORD_PATTERN };

static enum word node_word(const struct expected *node, size_t word) {
    if ((int64_t)word == node->link)
        return WORD_LINK;
    return node->is_array && word % 2 == 0 ? WORD_NULL : WORD_PATTERN;
}

/* The pattern covers the last bytes as well, where they are less than a word. */
static size_t word_bytes(const struct expected *node, size_t offset) {
    return node->bytes - offset < 8 ? node->bytes - offset : 8;
}

static void node_fill(char *p, const struct expected *node) {
    for (size_t i = 0; i < node->bytes; i += 8) {
        uint64_t pattern = mix(node->seed + i);
        if (node_word(node, i / 8) == WORD_PATTERN)
            memcpy(p + i, &pattern, word_bytes(node, i));
    }
}

static void node_check(const char *p, const struct expected *node) {
    for (size_t i = 0; i < node->bytes; i += 8) {
        enum word kind = node_word(node, i / 8);
        uint64_t must_be = kind == WORD_NULL ? 0 : mix(node->seed + i);
        if (kind != WORD_LINK && memcmp(p + i, &must_be, word_bytes(node, i)) != 0)
            die("changed", node, p);
    }
}

static void chain_check(void *first, const struct shadow *shadow) {
    char *p = first;
    for (uint32_t i = shadow->depth; i-- > 0;) {
        const struct expected *node = &shadow->nodes[i];
        if (p == NULL)
            die("lost", node, p);
        node_check(p, node);
        p = node->link < 0 ? NULL : *(char **)(void *)(p + (size_t)node->link * 8);
    }
    if (p != NULL)
        die("too long", &shadow->nodes[0], p);
}

static uint32_t bytes_draw(struct worker *w) {
    switch (draw(w, 64)) {
    case 0:
        return (uint32_t)draw(w, 200000) + 1;
    case 1:
    case 2:
    case 3:
        return (uint32_t)draw(w, 20000) + 1;
    default:
        return (uint32_t)draw(w, 400) + 1;
    }
}

static void zero_check(const char *p, const struct expected *node) {
    if (p[0] != 0 || memcmp(p, p + 1, node->bytes - 1) != 0)
        die("not zero", node, p);
}

/* Without pointers; only at the end of a chain. */
static char *node_new_noscan(struct worker *w, struct expected *node) {
    bool raw = draw(w, 2) == 0;
    node->link = -1;
    char *p = raw ? goheap_new_raw(w->m, node->bytes) : goheap_new(w->m, node->bytes, 0);
    if (p != NULL && !raw)
        zero_check(p, node);
    return p;
}

/* One object whose link is one of its first 64 words. */
static char *node_new_object(struct worker *w, struct expected *node) {
    if (node->bytes < 8)
        node->bytes = 8;
    uint64_t words = node->bytes / 8 < 64 ? node->bytes / 8 : 64;
    node->link = (int32_t)draw(w, words);
    char *p = goheap_new(w->m, node->bytes, UINT64_C(1) << node->link);
    if (p != NULL)
        zero_check(p, node);
    return p;
}

static char *node_new_array(struct worker *w, struct expected *node) {
    size_t n = node->bytes / 16 + 1;
    node->is_array = true;
    node->bytes = (uint32_t)(n * 16);
    node->link = (int32_t)(draw(w, n) * 2);
    char *p = goheap_new_array(w->m, n, 16, 1);
    if (p != NULL)
        zero_check(p, node);
    return p;
}

static char *node_new(struct worker *w, struct expected *node, bool may_end) {
    switch (draw(w, 4)) {
    case 0:
        return node_new_array(w, node);
    case 1:
        return node_new_object(w, node);
    default:
        return may_end ? node_new_noscan(w, node) : node_new_object(w, node);
    }
}

static void node_push(struct worker *w, size_t c) {
    struct shadow *shadow = &w->shadows[c];
    if (shadow->depth == DEPTH_MOST)
        return;
    struct expected node = {.seed = mix(w->random++), .bytes = bytes_draw(w)};
    char *p = node_new(w, &node, shadow->depth == 0);
    if (p == NULL)
        die("no memory", &node, p);
    w->allocations++;
    node_fill(p, &node);
    if (node.link >= 0)
        goheap_store_first(p + (size_t)node.link * 8, w->chains[c]);
    goheap_store(w->m, &w->chains[c], p);
    shadow->nodes[shadow->depth++] = node;
}

static void node_pop(struct worker *w, size_t c) {
    struct shadow *shadow = &w->shadows[c];
    if (shadow->depth == 0)
        return;
    const struct expected *node = &shadow->nodes[--shadow->depth];
    char *p = w->chains[c];
    node_check(p, node);
    void *next = node->link < 0 ? NULL : *(void **)(void *)(p + (size_t)node->link * 8);
    goheap_store(w->m, &w->chains[c], next);
}

static void chain_drop(struct worker *w, size_t c) {
    goheap_store(w->m, &w->chains[c], NULL);
    w->shadows[c].depth = 0;
}

static void chain_swap(struct worker *w, size_t c) {
    size_t s = draw(w, SHARED);
    pthread_mutex_lock(&shared.lock);
    void *chain = shared.chains[s];
    struct shadow shadow = shared.shadows[s];
    goheap_store(w->m, &shared.chains[s], w->chains[c]);
    shared.shadows[s] = w->shadows[c];
    goheap_store(w->m, &w->chains[c], chain);
    w->shadows[c] = shadow;
    pthread_mutex_unlock(&shared.lock);
    chain_check(w->chains[c], &w->shadows[c]);
}

static void wait_safely(struct worker *w) {
    goheap_block(w->m);
    sched_yield();
    goheap_unblock(w->m);
}

static void step(struct worker *w) {
    size_t c = draw(w, CHAINS);
    uint64_t choice = draw(w, 4096);
    if (choice < 2500)
        node_push(w, c);
    else if (choice < 3500)
        node_pop(w, c);
    else if (choice < 3700)
        chain_drop(w, c);
    else if (choice < 3900)
        chain_check(w->chains[c], &w->shadows[c]);
    else if (choice < 4080)
        chain_swap(w, c);
    else if (choice < 4090)
        goheap_poll(w->m);
    else if (choice < 4095)
        wait_safely(w);
    else if (draw(w, 16) == 0)
        goheap_collect(w->m);
}

static __attribute__((noinline)) void worker_run(struct worker *w) {
    /* Kept here too, for w lies outside of what the collector sees. */
    void **volatile chains = goheap_new_array(w->m, CHAINS, sizeof(void *), 1);
    w->chains = chains;
    w->allocations++;
    for (; w->operations < operations_per_thread; w->operations++) {
        step(w);
        if (w->operations % VERIFY_EVERY == VERIFY_EVERY - 1)
            goheap_verify(w->m);
    }
    for (size_t c = 0; c < CHAINS; c++)
        chain_check(chains[c], &w->shadows[c]);
}

static void *worker_main(void *argument) {
    struct worker *w = argument;
    w->m = goheap_attach(__builtin_frame_address(0));
    if (w->m == NULL)
        abort();
    worker_run(w);
    goheap_detach(w->m);
    return NULL;
}

static bool statistics_agree(uint64_t allocations) {
    static struct goheap_memstats stats;
    goheap_verify(NULL);
    goheap_read_memstats(NULL, &stats);
    printf("%llu objects made, %llu collections, %llu of them partial, heap at most %llu KB\n",
           (unsigned long long)stats.mallocs, (unsigned long long)stats.num_gc,
           (unsigned long long)stats.num_partial_gc, (unsigned long long)stats.heap_sys_peak >> 10);
    if (stats.mallocs == allocations && stats.heap_objects == stats.mallocs - stats.frees)
        return true;
    fprintf(stderr, "goheap-random: mallocs %llu, own count %llu, frees %llu, objects %llu\n",
            (unsigned long long)stats.mallocs, (unsigned long long)allocations,
            (unsigned long long)stats.frees, (unsigned long long)stats.heap_objects);
    return false;
}

static struct shadow *shadows_new(void) {
    struct shadow *shadows = mmap(NULL, CHAINS * sizeof *shadows, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (shadows == MAP_FAILED)
        abort();
    return shadows;
}

static uint64_t run(size_t threads) {
    uint64_t allocations = 0;
    for (size_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){.shadows = shadows_new(), .random = mix(seed + i)};
        if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        allocations += workers[i].allocations;
    }
    for (size_t s = 0; s < SHARED; s++)
        chain_check(shared.chains[s], &shared.shadows[s]);
    return allocations;
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise) {
    return i < argc ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    uint64_t operations = argument(argc, argv, 1, 0);
    uint64_t threads = argument(argc, argv, 2, 4);
    if (operations == 0 || threads == 0 || threads > THREADS_MOST) {
        fprintf(stderr, "usage: goheap-random OPERATIONS [THREADS] [SEED] [STRESS] [CHECK]\n");
        return 2;
    }
    seed = argument(argc, argv, 3, 1);
    operations_per_thread = operations / threads;
    struct goheap_options options = goheap_options_default();
    options.stress = argument(argc, argv, 4, 0);
    options.checkmark = argument(argc, argv, 5, 0) >= 1;
    options.handshake_delays = argument(argc, argv, 5, 0) >= 2;
    if (!goheap_init(&options) || !goheap_root(shared.chains, sizeof shared.chains))
        return 1;
    return statistics_agree(run(threads)) ? 0 : 1;
}
