/* What several conformance tests share: patterns, lists, garbage, threads, the shadow model. */
#include "conformance.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const struct shape node_shape = {sizeof(struct node), SHAPE_POINTER(struct node, next)};
const struct shape pointer_shape = {sizeof(void *), 1};

void pattern_write(void *p, size_t bytes, uint64_t seed) {
    unsigned char *out = p;
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word = conformance_mix(seed + i);
        memcpy(out + i, &word, bytes - i < 8 ? bytes - i : 8);
    }
}

bool pattern_is(const void *p, size_t bytes, uint64_t seed) {
    const unsigned char *in = p;
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word = conformance_mix(seed + i);
        if (memcmp(in + i, &word, bytes - i < 8 ? bytes - i : 8) != 0)
            return false;
    }
    return true;
}

bool bytes_are_zero(const void *p, size_t bytes) {
    const unsigned char *in = p;
    return bytes == 0 || (in[0] == 0 && memcmp(in, in + 1, bytes - 1) == 0);
}

NOINLINE struct node *list_build(struct mutator *m, uint64_t count) {
    struct node *list = NULL;
    for (uint64_t i = 0; i < count; i++) {
        struct node *node = mem_new(m, &node_shape);
        if (node == NULL)
            return NULL;
        node->value = i;
        mem_init(m, &node->next, list);
        list = node;
    }
    return list;
}

NOINLINE bool list_is_whole(const struct node *list, uint64_t count) {
    for (; list != NULL && count > 0; list = list->next)
        if (list->value != --count)
            return false;
    return list == NULL && count == 0;
}

NOINLINE void list_delete(struct mutator *m, struct node *list) {
    while (list != NULL) {
        struct node *next = list->next;
        mem_delete(m, list, sizeof *list);
        list = next;
    }
}

NOINLINE void garbage_make(struct mutator *m, size_t bytes) {
    uint64_t random = bytes;
    while (bytes > 0) {
        struct shape shape = {.bytes = random_next(&random) % 512 + 1};
        if (shape.bytes >= 8 && random_next(&random) % 2 == 0)
            shape.pointers = 1;
        void *p = mem_new(m, &shape);
        mem_delete(m, p, shape.bytes);
        bytes -= bytes < shape.bytes ? bytes : shape.bytes;
    }
}

NOINLINE void stack_scrub(void) {
    volatile char below[32768];
    for (size_t i = 0; i < sizeof below; i++)
        below[i] = 0;
}

/* The calls of the cold half know no mutator. */
void conformance_collect(struct mutator *m) {
    (void)m;
    if (allocator_binding.collect != NULL)
        allocator_binding.collect();
}

void conformance_stats(struct mutator *m, struct allocator_stats *out) {
    (void)m;
    memset(out, 0xff, sizeof *out);
    if (allocator_binding.stats != NULL)
        allocator_binding.stats(out);
}

void *hidden_page_map(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    return page;
}

/* Threads. */

struct thread_call {
    conformance_thread *function;
    void *argument;
    size_t index;
    bool ok;
};

static void *thread_main(void *argument) {
    struct thread_call *call = argument;
    struct mutator m;
    if (!mem_attach(&m, __builtin_frame_address(0)))
        return NULL;
    call->ok = call->function(&m, call->index, call->argument);
    mem_detach(&m);
    return NULL;
}

bool threads_run(size_t n, conformance_thread *function, void *argument) {
    enum { THREADS_MAX = 16 };
    pthread_t threads[THREADS_MAX];
    struct thread_call calls[THREADS_MAX];
    bool ok = n <= THREADS_MAX;
    mem_block(&conformance_mutator);
    size_t started = 0;
    for (; ok && started < n; started++) {
        calls[started] = (struct thread_call){function, argument, started, false};
        ok = pthread_create(&threads[started], NULL, thread_main, &calls[started]) == 0;
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        ok = ok && calls[i].ok;
    }
    mem_unblock(&conformance_mutator);
    return ok;
}

/* The shadow model. The table is an object that holds the pointers; the shadow, outside the heap,
   knows what each should point to. */

enum { SHADOW_SLOTS = 1024 };

struct shadow {
    uintptr_t address[SHADOW_SLOTS]; /* as a number, and inverted: a collector must not find it */
    size_t bytes[SHADOW_SLOTS];
    uint64_t seed[SHADOW_SLOTS];
};

/* Mostly small, some of some pages, few large. */
static size_t shadow_bytes_choose(uint64_t *random) {
    uint64_t r = random_next(random);
    switch (r % 32) {
    case 0:
        return r / 32 % 100000 + 1;
    case 1:
    case 2:
    case 3:
        return r / 32 % 8192 + 1;
    default:
        return r / 32 % 300 + 1;
    }
}

static bool shadow_complain(const char *what, size_t slot, size_t bytes) {
    fprintf(stderr, "slot %zu of %zu bytes: %s\n", slot, bytes, what);
    return false;
}

static bool shadow_check(void **table, const struct shadow *shadow, size_t slot) {
    void *p = table[slot];
    if (p == NULL)
        return shadow->bytes[slot] == 0;
    if ((uintptr_t)p != ~shadow->address[slot])
        return shadow_complain("the table's entry changed", slot, shadow->bytes[slot]);
    if (!pattern_is(p, shadow->bytes[slot], shadow->seed[slot]))
        return shadow_complain("the object changed", slot, shadow->bytes[slot]);
    return true;
}

static void shadow_note(struct shadow *shadow, size_t slot, void *p, size_t bytes, uint64_t seed) {
    pattern_write(p, bytes, seed);
    shadow->address[slot] = ~(uintptr_t)p;
    shadow->bytes[slot] = bytes;
    shadow->seed[slot] = seed;
}

static NOINLINE bool shadow_new(struct mutator *m, void **table, struct shadow *shadow, size_t slot,
                                uint64_t *random) {
    struct shape shape = {.bytes = shadow_bytes_choose(random)};
    bool raw = random_next(random) % 2 == 0;
    void *p = raw ? mem_new_raw(m, &shape) : mem_new(m, &shape);
    if (p == NULL)
        return shadow_complain("no memory", slot, shape.bytes);
    if (!raw && !bytes_are_zero(p, shape.bytes))
        return shadow_complain("a new object is not zero", slot, shape.bytes);
    shadow_note(shadow, slot, p, shape.bytes, random_next(random));
    mem_store(m, &table[slot], p);
    return true;
}

static NOINLINE bool shadow_resize(struct mutator *m, void **table, struct shadow *shadow,
                                   size_t slot, uint64_t *random) {
    size_t old_bytes = shadow->bytes[slot];
    size_t new_bytes = shadow_bytes_choose(random);
    const struct shape byte_shape = {.bytes = 1};
    void *p = mem_resize(m, table[slot], &byte_shape, old_bytes, new_bytes);
    if (p == NULL)
        return shadow_complain("no memory to resize", slot, new_bytes);
    if (!pattern_is(p, old_bytes < new_bytes ? old_bytes : new_bytes, shadow->seed[slot]))
        return shadow_complain("resizing changed what is kept", slot, old_bytes);
    shadow_note(shadow, slot, p, new_bytes, random_next(random));
    mem_store(m, &table[slot], p);
    return true;
}

static NOINLINE void shadow_delete(struct mutator *m, void **table, struct shadow *shadow,
                                   size_t slot) {
    mem_delete(m, table[slot], shadow->bytes[slot]);
    mem_store(m, &table[slot], NULL);
    shadow->bytes[slot] = 0;
}

static int address_compare(const void *a, const void *b) {
    uintptr_t x = **(const uintptr_t *const *)a;
    uintptr_t y = **(const uintptr_t *const *)b;
    return (x < y) - (x > y); /* inverted, as the addresses are */
}

/* Sorts the live objects by address: none may begin before the one below has ended. Patterns alone
   would not see two objects that share padding. */
static bool shadow_is_disjoint(const struct shadow *shadow) {
    const uintptr_t *order[SHADOW_SLOTS] = {NULL};
    size_t count = 0;
    for (size_t slot = 0; slot < SHADOW_SLOTS; slot++)
        if (shadow->bytes[slot] != 0)
            order[count++] = &shadow->address[slot];
    qsort(order, count, sizeof order[0], address_compare);
    for (size_t i = 1; i < count; i++) {
        size_t below = (size_t)(order[i - 1] - shadow->address);
        if (~*order[i - 1] + shadow->bytes[below] > ~*order[i])
            return shadow_complain("overlaps the object above", below, shadow->bytes[below]);
    }
    return true;
}

static bool shadow_check_all(void **table, const struct shadow *shadow) {
    for (size_t slot = 0; slot < SHADOW_SLOTS; slot++)
        if (!shadow_check(table, shadow, slot))
            return false;
    return shadow_is_disjoint(shadow);
}

static bool shadow_step(struct mutator *m, void **table, struct shadow *shadow, uint64_t *random) {
    size_t slot = random_next(random) % SHADOW_SLOTS;
    if (!shadow_check(table, shadow, slot))
        return false;
    if (table[slot] == NULL)
        return shadow_new(m, table, shadow, slot, random);
    if (random_next(random) % 8 == 0)
        return shadow_resize(m, table, shadow, slot, random);
    shadow_delete(m, table, shadow, slot);
    return true;
}

bool shadow_run(struct mutator *m, uint64_t seed, size_t operations) {
    struct shadow *shadow =
        mmap(NULL, sizeof *shadow, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void **table = mem_new_array(m, &pointer_shape, SHADOW_SLOTS);
    bool ok = shadow != MAP_FAILED && table != NULL;
    uint64_t random = seed;
    for (size_t i = 0; ok && i < operations; i++) {
        ok = shadow_step(m, table, shadow, &random);
        if (i % 8192 == 0)
            ok = ok && shadow_check_all(table, shadow);
        mem_poll(m);
    }
    ok = ok && shadow_check_all(table, shadow);
    for (size_t slot = 0; ok && slot < SHADOW_SLOTS; slot++)
        shadow_delete(m, table, shadow, slot);
    mem_delete(m, table, SHADOW_SLOTS * sizeof(void *));
    munmap(shadow, sizeof *shadow);
    return ok;
}
