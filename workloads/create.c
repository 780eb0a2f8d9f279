/*
 * create: is a struct cheaper handed back as a value or as a pointer?
 *
 * The article writes the same struct twice. CreateCopy returns it by value: the caller's frame has
 * room for it, the callee fills that room, nothing is allocated. CreatePointer returns its address:
 * the struct outlives the frame that made it, so it is allocated, and somebody has to find out that
 * it is dead. That is the whole difference, and the reason why "pointers avoid copies" is poor
 * advice for small structs. In C the variants are the same but for who decides: Go's escape
 * analysis allocates where C's author writes the allocation.
 *
 * The parameter `bytes` asks from which size on the pointer wins. At 80 the struct is the
 * article's; at any other size it is that many bytes of words, each written by the callee. The
 * functions are made once per size and chosen outside the loop, so the loop calls its function
 * directly.
 */
#include "workloads/batch.h"
#include "workloads/big_struct.h"

static TIMED_OPAQUE struct big_struct create_copy_big(void) {
    return big_struct_value();
}

static TIMED_OPAQUE struct big_struct *create_pointer_big(struct mutator *m) {
    return big_struct_new(m);
}

TIMED_INLINE uint64_t create_copy_once_big(struct mutator *m, void *state) {
    (void)m, (void)state;
    struct big_struct copy = create_copy_big();
    heap_keep(&copy);
    return big_struct_sum(&copy);
}

TIMED_INLINE uint64_t create_pointer_once_big(struct mutator *m, void *state) {
    (void)state;
    struct big_struct *pointer = create_pointer_big(m);
    heap_keep(pointer);
    uint64_t sum = big_struct_sum(pointer);
    heap_delete(m, pointer, sizeof *pointer);
    return sum;
}

BATCH_RUN(create_copy_loop_big, create_copy_once_big, 0)
BATCH_RUN(create_pointer_loop_big, create_pointer_once_big, sizeof(struct big_struct))

/* Word k of a struct of words is 123 + k; the checksum takes the first and the last. */
TIMED_INLINE void words_fill(uint64_t *words, size_t count) {
    uint64_t first = 123;
    heap_forget(first);
    for (size_t k = 0; k < count; k++)
        words[k] = first + k;
}

#define DEFINE_CREATE(BYTES)                                                                       \
    struct words_##BYTES {                                                                         \
        uint64_t words[BYTES / 8];                                                                 \
    };                                                                                             \
    static const struct shape words_##BYTES##_shape = {BYTES, 0};                                  \
                                                                                                   \
    static TIMED_OPAQUE struct words_##BYTES create_copy_##BYTES(void) {                           \
        struct words_##BYTES value;                                                                \
        words_fill(value.words, BYTES / 8);                                                        \
        return value;                                                                              \
    }                                                                                              \
                                                                                                   \
    static TIMED_OPAQUE struct words_##BYTES *create_pointer_##BYTES(struct mutator *m) {          \
        struct words_##BYTES *pointer = heap_new_raw(m, &words_##BYTES##_shape);                   \
        words_fill(pointer->words, BYTES / 8);                                                     \
        return pointer;                                                                            \
    }                                                                                              \
                                                                                                   \
    TIMED_INLINE uint64_t create_copy_once_##BYTES(struct mutator *m, void *state) {               \
        (void)m, (void)state;                                                                      \
        struct words_##BYTES copy = create_copy_##BYTES();                                         \
        heap_keep(&copy);                                                                          \
        return copy.words[0] + copy.words[BYTES / 8 - 1];                                          \
    }                                                                                              \
                                                                                                   \
    TIMED_INLINE uint64_t create_pointer_once_##BYTES(struct mutator *m, void *state) {            \
        (void)state;                                                                               \
        struct words_##BYTES *pointer = create_pointer_##BYTES(m);                                 \
        heap_keep(pointer);                                                                        \
        uint64_t sum = pointer->words[0] + pointer->words[BYTES / 8 - 1];                          \
        heap_delete(m, pointer, BYTES);                                                            \
        return sum;                                                                                \
    }                                                                                              \
                                                                                                   \
    BATCH_RUN(create_copy_loop_##BYTES, create_copy_once_##BYTES, 0)                               \
    BATCH_RUN(create_pointer_loop_##BYTES, create_pointer_once_##BYTES, BYTES)

#define CREATE_SIZES(X) X(8) X(16) X(32) X(64) X(128) X(256) X(512) X(1024) X(2048) X(4096)

CREATE_SIZES(DEFINE_CREATE)

/* The state is the size itself. */
static void *create_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m;
    return (void *)(uintptr_t)arguments->parameters[0];
}

static TIMED uint64_t create_copy_run(struct mutator *m, void *state, uint64_t ops) {
#define CREATE_COPY_CASE(BYTES)                                                                    \
    case BYTES:                                                                                    \
        return create_copy_loop_##BYTES(m, state, ops);
    switch ((uintptr_t)state) {
        CREATE_SIZES(CREATE_COPY_CASE)
    default:
        return create_copy_loop_big(m, state, ops);
    }
}

static TIMED uint64_t create_pointer_run(struct mutator *m, void *state, uint64_t ops) {
#define CREATE_POINTER_CASE(BYTES)                                                                 \
    case BYTES:                                                                                    \
        return create_pointer_loop_##BYTES(m, state, ops);
    switch ((uintptr_t)state) {
        CREATE_SIZES(CREATE_POINTER_CASE)
    default:
        return create_pointer_loop_big(m, state, ops);
    }
}

static const uint64_t create_sizes[] = {8, 16, 32, 64, 80, 128, 256, 512, 1024, 2048, 4096, 0};

static const struct workload_parameter create_parameters[] = {
    {"bytes", "size of the struct in bytes; 80 is the article's BigStruct", 80, 8, 4096,
     create_sizes},
    {0},
};

/* Small structs: `most`. Large ones: as many as fill 256 MiB (quick), so that a size sweep stays
   short. */
static uint64_t create_ops(uint64_t bytes, uint64_t most, enum effort effort) {
    uint64_t fit = (UINT64_C(256) << 20) / bytes;
    return (fit < most ? fit : most) * (effort == EFFORT_FULL ? 10 : 1);
}

static uint64_t create_copy_ops(const uint64_t *parameters, enum effort effort) {
    return create_ops(parameters[0], 5000000, effort);
}

static uint64_t create_pointer_ops(const uint64_t *parameters, enum effort effort) {
    return create_ops(parameters[0], 1000000, effort);
}

WORKLOAD(create_copy) = {
    .name = "create-copy",
    .group = "create",
    .article = "CreateCopy",
    .summary = "a function returns a struct by value",
    .stresses = "what a copy costs that no allocator ever sees: 0 allocs/op",
    .parameters = create_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = create_copy_ops,
    .setup = create_setup,
    .run = create_copy_run,
};

WORKLOAD(create_pointer) = {
    .name = "create-pointer",
    .group = "create",
    .article = "CreatePointer",
    .summary = "a function returns a pointer to a struct it made",
    .stresses = "one short-lived object per call: 1 alloc/op, 80 B/op",
    .parameters = create_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = create_pointer_ops,
    .setup = create_setup,
    .run = create_pointer_run,
};
