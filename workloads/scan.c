/*
 * scan: what pointers cost a collector.
 *
 * A collector has to look into every live object that may hold pointers and at none that cannot.
 * Both workloads keep the same table of `live` objects of 64 bytes and replace one, chosen at
 * random, per operation. An object names seven hubs (objects that live for ever) by pointer in
 * scan-pointers, and by index in scan-noscan. The program reads the same values either way and gets
 * the same checksum; only the collector sees a difference: seven words to follow per live object,
 * or none.
 */
#include "workloads/batch.h"
#include "workloads/random.h"

enum { SCAN_EDGES = 7, SCAN_HUBS = 1024 };

struct hub {
    uint64_t value;
};

struct pointing {
    uint64_t stamp;
    const struct hub *edges[SCAN_EDGES];
};

struct indexing {
    uint64_t stamp;
    uint64_t edges[SCAN_EDGES];
};

struct scan_state {
    uint64_t random;
    uint64_t live;
    void **table;      /* of live objects */
    struct hub **hubs; /* SCAN_HUBS */
};

_Static_assert(sizeof(struct pointing) == 64 && sizeof(struct indexing) == 64, "equal sizes");

static const struct shape pointing_shape = {sizeof(struct pointing), UINT64_C(0xfe)};
static const struct shape indexing_shape = {sizeof(struct indexing), 0};
static const struct shape pointer_shape = {sizeof(void *), 1};
static const struct shape hub_shape = {sizeof(struct hub), 0};
static const struct shape scan_state_shape = {
    sizeof(struct scan_state),
    SHAPE_POINTER(struct scan_state, table) | SHAPE_POINTER(struct scan_state, hubs),
};

/* Edge k of an object stamped s is hub s + k * (a step of the stamp's own), modulo SCAN_HUBS. */
TIMED_INLINE uint64_t edge_hub(uint64_t stamp, unsigned k) {
    return (stamp + k * (stamp >> 32)) % SCAN_HUBS;
}

static TIMED_OPAQUE struct pointing *pointing_new(struct mutator *m, const struct scan_state *s,
                                                  uint64_t stamp) {
    struct pointing *object = heap_new(m, &pointing_shape);
    object->stamp = stamp;
    for (unsigned k = 0; k < SCAN_EDGES; k++)
        mem_init(m, &object->edges[k], s->hubs[edge_hub(stamp, k)]);
    return object;
}

static TIMED_OPAQUE struct indexing *indexing_new(struct mutator *m, uint64_t stamp) {
    struct indexing *object = heap_new(m, &indexing_shape);
    object->stamp = stamp;
    for (unsigned k = 0; k < SCAN_EDGES; k++)
        object->edges[k] = edge_hub(stamp, k);
    return object;
}

static TIMED_OPAQUE uint64_t pointing_read(const struct pointing *object) {
    uint64_t sum = object->stamp;
    for (unsigned k = 0; k < SCAN_EDGES; k++)
        sum += object->edges[k]->value;
    return heap_mix(sum);
}

static TIMED_OPAQUE uint64_t indexing_read(const struct scan_state *s,
                                           const struct indexing *object) {
    uint64_t sum = object->stamp;
    for (unsigned k = 0; k < SCAN_EDGES; k++)
        sum += s->hubs[object->edges[k]]->value;
    return heap_mix(sum);
}

TIMED_INLINE uint64_t scan_pointers_once(struct mutator *m, void *state) {
    struct scan_state *s = state;
    uint64_t stamp = random_next(&s->random);
    void **slot = &s->table[stamp % s->live];
    struct pointing *old = *slot;
    uint64_t sum = pointing_read(old);
    mem_store(m, slot, pointing_new(m, s, stamp));
    heap_delete(m, old, sizeof *old);
    return sum;
}

TIMED_INLINE uint64_t scan_noscan_once(struct mutator *m, void *state) {
    struct scan_state *s = state;
    uint64_t stamp = random_next(&s->random);
    void **slot = &s->table[stamp % s->live];
    struct indexing *old = *slot;
    uint64_t sum = indexing_read(s, old);
    mem_store(m, slot, indexing_new(m, stamp));
    heap_delete(m, old, sizeof *old);
    return sum;
}

BATCH_RUN_STATEFUL(scan_pointers_run, scan_pointers_once)
BATCH_RUN_STATEFUL(scan_noscan_run, scan_noscan_once)

static struct scan_state *scan_state_new(struct mutator *m,
                                         const struct workload_arguments *arguments) {
    struct scan_state *s = heap_new(m, &scan_state_shape);
    s->random = random_start(arguments->seed, arguments->thread);
    s->live = arguments->parameters[0];
    mem_store(m, &s->table, heap_new_array(m, &pointer_shape, s->live));
    mem_store(m, &s->hubs, heap_new_array(m, &pointer_shape, SCAN_HUBS));
    for (unsigned i = 0; i < SCAN_HUBS; i++) {
        struct hub *hub = heap_new(m, &hub_shape);
        hub->value = random_next(&s->random);
        mem_store(m, &s->hubs[i], hub);
    }
    return s;
}

static void *scan_pointers_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct scan_state *s = scan_state_new(m, arguments);
    for (uint64_t i = 0; i < s->live; i++)
        mem_store(m, &s->table[i], pointing_new(m, s, random_next(&s->random)));
    return s;
}

static void *scan_noscan_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct scan_state *s = scan_state_new(m, arguments);
    for (uint64_t i = 0; i < s->live; i++)
        mem_store(m, &s->table[i], indexing_new(m, random_next(&s->random)));
    return s;
}

static void scan_objects_delete(struct mutator *m, const struct scan_state *s) {
    for (uint64_t i = 0; i < s->live; i++)
        heap_delete(m, s->table[i], sizeof(struct pointing));
    for (unsigned i = 0; i < SCAN_HUBS; i++)
        heap_delete(m, s->hubs[i], sizeof(struct hub));
}

static void scan_teardown(struct mutator *m, void *state) {
    struct scan_state *s = state;
    if (MEM_DELETE_FREES) /* else they die with the tables */
        scan_objects_delete(m, s);
    heap_delete(m, s->table, s->live * pointer_shape.bytes);
    heap_delete(m, s->hubs, SCAN_HUBS * pointer_shape.bytes);
    heap_delete(m, s, sizeof *s);
}

static uint64_t scan_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 5000000 : 500000;
}

static const struct workload_parameter scan_parameters[] = {
    {"live", "objects of 64 bytes that are alive", 65536, 64, 16777216, NULL},
    {0},
};

WORKLOAD(scan_pointers) = {
    .name = "scan-pointers",
    .group = "scan",
    .article = "",
    .summary = "one of many live objects that name others by pointer is replaced",
    .stresses = "marking: seven pointers in each live object",
    .parameters = scan_parameters,
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = scan_ops,
    .setup = scan_pointers_setup,
    .run = scan_pointers_run,
    .teardown = scan_teardown,
};

WORKLOAD(scan_noscan) = {
    .name = "scan-noscan",
    .group = "scan",
    .article = "",
    .summary = "one of many live objects that name others by index is replaced",
    .stresses = "the same heap with nothing to follow in it",
    .parameters = scan_parameters,
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = scan_ops,
    .setup = scan_noscan_setup,
    .run = scan_noscan_run,
    .teardown = scan_teardown,
};
