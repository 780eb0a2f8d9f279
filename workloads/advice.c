/*
 * advice: the first article's advice, each piece against doing without.
 *
 * "Reuse what you have allocated" (Go's sync.Pool): an operation needs a buffer of 1 KB for a
 * message of 64 B. reuse-naive makes one, zeroed as Go makes it, and drops it; reuse-pooled takes
 * it from a pool and puts it back, at the price of a buffer that holds what its last user left in
 * it.
 *
 * "Allocate in chunks": an operation builds a list of `nodes` nodes, walks it, and drops it.
 * preallocate-naive allocates each node, preallocate-chunks all of them at once, which works
 * because they die together.
 */
#include "workloads/batch.h"

/* Reuse. */

enum { BUFFER_BYTES = 1024, MESSAGE_WORDS = 8, POOL_BUFFERS = 8 };

struct buffer {
    uint64_t words[BUFFER_BYTES / 8];
};

struct pool {
    uint64_t count;
    struct buffer *buffers[POOL_BUFFERS]; /* the first `count` are free to take */
};

static const struct shape buffer_shape = {sizeof(struct buffer), 0};
/* Words 1...8. */
static const struct shape pool_shape = {sizeof(struct pool), UINT64_C(0xff) << 1};

static TIMED_OPAQUE void message_write(struct buffer *buffer) {
    uint64_t word = 123;
    heap_forget(word);
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        buffer->words[i] = word + i;
}

static TIMED_OPAQUE uint64_t message_read(const struct buffer *buffer) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        sum += buffer->words[i];
    return sum;
}

TIMED_INLINE struct buffer *buffer_take(struct mutator *m, struct pool *pool) {
    if (pool->count == 0)
        return heap_new(m, &buffer_shape);
    struct buffer **slot = &pool->buffers[--pool->count];
    struct buffer *buffer = *slot;
    mem_store(m, slot, NULL);
    return buffer;
}

TIMED_INLINE void buffer_give(struct mutator *m, struct pool *pool, struct buffer *buffer) {
    if (pool->count == POOL_BUFFERS)
        heap_delete(m, buffer, sizeof *buffer);
    else
        mem_store(m, &pool->buffers[pool->count++], buffer);
}

TIMED_INLINE uint64_t reuse_naive_once(struct mutator *m, void *state) {
    (void)state;
    struct buffer *buffer = heap_new(m, &buffer_shape);
    message_write(buffer);
    uint64_t sum = message_read(buffer);
    heap_delete(m, buffer, sizeof *buffer);
    return sum;
}

TIMED_INLINE uint64_t reuse_pooled_once(struct mutator *m, void *state) {
    struct buffer *buffer = buffer_take(m, state);
    message_write(buffer);
    uint64_t sum = message_read(buffer);
    buffer_give(m, state, buffer);
    return sum;
}

static void *reuse_pooled_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    struct pool *pool = heap_new(m, &pool_shape);
    buffer_give(m, pool, heap_new(m, &buffer_shape));
    return pool;
}

static void reuse_pooled_teardown(struct mutator *m, void *state) {
    struct pool *pool = state;
    while (MEM_DELETE_FREES && pool->count > 0) /* a walk for a C programmer only */
        heap_delete(m, buffer_take(m, pool), sizeof(struct buffer));
    heap_delete(m, pool, sizeof *pool);
}

/* Preallocate. */

struct node {
    struct node *next;
    uint64_t value;
};

static const struct shape node_shape = {sizeof(struct node), SHAPE_POINTER(struct node, next)};

TIMED_INLINE struct node *node_init(struct mutator *m, struct node *node, struct node *next,
                                    uint64_t value) {
    mem_init(m, &node->next, next);
    node->value = value;
    return node;
}

static TIMED_OPAQUE uint64_t list_sum(const struct node *node) {
    uint64_t sum = 0;
    for (; node != NULL; node = node->next)
        sum += node->value;
    return sum;
}

/* A C programmer has to walk a list once more to free it; a program with a collector has not. */
TIMED_INLINE void list_drop(struct mutator *m, struct node *head) {
    while (MEM_DELETE_FREES && head != NULL) {
        struct node *next = head->next;
        heap_delete(m, head, sizeof *head);
        head = next;
    }
}

TIMED_INLINE uint64_t preallocate_naive_once(struct mutator *m, void *state) {
    const uint64_t nodes = (uintptr_t)state;
    struct node *head = NULL;
    for (uint64_t i = 0; i < nodes; i++)
        head = node_init(m, heap_new_raw(m, &node_shape), head, 3 * i + 1);
    uint64_t sum = list_sum(head);
    list_drop(m, head);
    return sum;
}

TIMED_INLINE uint64_t preallocate_chunks_once(struct mutator *m, void *state) {
    const uint64_t nodes = (uintptr_t)state;
    struct node *chunk = heap_new_array(m, &node_shape, nodes);
    struct node *head = NULL;
    for (uint64_t i = 0; i < nodes; i++)
        head = node_init(m, &chunk[i], head, 3 * i + 1);
    uint64_t sum = list_sum(head);
    heap_delete(m, chunk, nodes * sizeof *chunk);
    return sum;
}

/* The state is the number of nodes. */
static void *preallocate_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m;
    return (void *)(uintptr_t)arguments->parameters[0];
}

BATCH_RUN(reuse_naive_run, reuse_naive_once, sizeof(struct buffer))
BATCH_RUN_STATEFUL(reuse_pooled_run, reuse_pooled_once)
BATCH_RUN(preallocate_naive_run, preallocate_naive_once, sizeof(struct node) * (uintptr_t)state)
BATCH_RUN(preallocate_chunks_run, preallocate_chunks_once, sizeof(struct node) * (uintptr_t)state)

static uint64_t reuse_naive_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 2500000 : 250000;
}

static uint64_t reuse_pooled_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 20000000 : 2000000;
}

/* Two million nodes (quick). */
static uint64_t preallocate_ops(const uint64_t *parameters, enum effort effort) {
    return 2000000 / parameters[0] * (effort == EFFORT_FULL ? 10 : 1);
}

static const struct workload_parameter preallocate_parameters[] = {
    {"nodes", "nodes of 16 bytes in a list", 100, 1, 1000000, NULL},
    {0},
};

WORKLOAD(reuse_naive) = {
    .name = "reuse-naive",
    .group = "advice",
    .article = "",
    .summary = "a buffer of 1 KB is made for each message",
    .stresses = "1 alloc/op and its zeroing",
    .traits = TRAIT_SLICEABLE,
    .ops = reuse_naive_ops,
    .run = reuse_naive_run,
};

WORKLOAD(reuse_pooled) = {
    .name = "reuse-pooled",
    .group = "advice",
    .article = "",
    .summary = "a buffer of 1 KB is taken from a pool for each message and put back",
    .stresses = "reuse instead of allocation: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = reuse_pooled_ops,
    .setup = reuse_pooled_setup,
    .run = reuse_pooled_run,
    .teardown = reuse_pooled_teardown,
};

WORKLOAD(preallocate_naive) = {
    .name = "preallocate-naive",
    .group = "advice",
    .article = "",
    .summary = "a list is built of nodes that are allocated one by one",
    .stresses = "many small objects that die together: an alloc/op for each node",
    .parameters = preallocate_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = preallocate_ops,
    .setup = preallocate_setup,
    .run = preallocate_naive_run,
};

WORKLOAD(preallocate_chunks) = {
    .name = "preallocate-chunks",
    .group = "advice",
    .article = "",
    .summary = "a list is built of nodes that are allocated all at once",
    .stresses = "the same list from one chunk: 1 alloc/op",
    .parameters = preallocate_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = preallocate_ops,
    .setup = preallocate_setup,
    .run = preallocate_chunks_run,
};
