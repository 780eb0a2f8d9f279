/*
 * create: is a struct cheaper handed back as a value or as a pointer?
 *
 * The article writes the same struct twice. CreateCopy returns it by value: the callee writes it
 * into room that the caller's frame has for results, the caller copies it into its variable,
 * nothing is allocated. CreatePointer returns its address: the struct outlives the frame that made
 * it, so it is allocated, and somebody has to find out that it is dead. So a value costs a copy
 * that grows with its size, and a pointer an allocation that hardly does: "pointers avoid copies"
 * is poor advice for small structs, and the parameter `bytes` asks from which size on it is good
 * advice. In C the variants are the same but for who decides: Go's escape analysis allocates where
 * C's author writes the allocation.
 *
 * At 80 bytes the struct is the article's; at any other size it is that many bytes of words, made
 * from a constant as Go makes a literal. (Words stored one by one and copied at once in wider units
 * would measure failed store forwarding.) The functions are made once per size and chosen outside
 * the loop, so the loop calls its function directly.
 */
#include "workloads/batch.h"
#include "workloads/big_struct.h"
#include "workloads/series.h"

static TIMED_OPAQUE struct big_struct create_copy_big(void) {
    return big_struct_value();
}

static TIMED_OPAQUE struct big_struct *create_pointer_big(struct mutator *m) {
    return big_struct_new(m);
}

TIMED_INLINE uint64_t create_copy_once_big(struct mutator *m, void *state) {
    (void)m, (void)state;
    struct big_struct result = create_copy_big();
    heap_keep(&result);
    struct big_struct copy = result;
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

#define CREATE_SIZES(X) X(8) X(16) X(32) X(64) X(128) X(256) X(512) X(1024) X(2048) X(4096)

#define DEFINE_WORDS(BYTES)                                                                        \
    struct words_##BYTES {                                                                         \
        uint64_t words[BYTES / 8];                                                                 \
    };                                                                                             \
    static const struct shape words_##BYTES##_shape = {BYTES, 0};
CREATE_SIZES(DEFINE_WORDS)

/* The literal of every size: word k is 123 + k. The checksum takes the first and the last. */
#define WORDS_MEMBER(BYTES) struct words_##BYTES as_##BYTES;
static const union {
    uint64_t words[512];
    CREATE_SIZES(WORDS_MEMBER)
} words_literal = {.words = {SERIES_256(123), SERIES_256(123 + 256)}};

/* Up to 16 bytes come back in registers: there is no room for results to copy them from. */
#define DEFINE_CREATE(BYTES)                                                                       \
    TIMED_INLINE const struct words_##BYTES *words_literal_of_##BYTES(void) {                      \
        const struct words_##BYTES *literal = &words_literal.as_##BYTES;                           \
        heap_forget(literal);                                                                      \
        return literal;                                                                            \
    }                                                                                              \
                                                                                                   \
    static TIMED_OPAQUE struct words_##BYTES create_copy_##BYTES(void) {                           \
        return *words_literal_of_##BYTES();                                                        \
    }                                                                                              \
                                                                                                   \
    static TIMED_OPAQUE struct words_##BYTES *create_pointer_##BYTES(struct mutator *m) {          \
        struct words_##BYTES *pointer = heap_new_raw(m, &words_##BYTES##_shape);                   \
        *pointer = *words_literal_of_##BYTES();                                                    \
        return pointer;                                                                            \
    }                                                                                              \
                                                                                                   \
    TIMED_INLINE uint64_t create_copy_once_##BYTES(struct mutator *m, void *state) {               \
        (void)m, (void)state;                                                                      \
        struct words_##BYTES result = create_copy_##BYTES();                                       \
        if (BYTES > 16)                                                                            \
            heap_keep(&result);                                                                    \
        struct words_##BYTES copy = result;                                                        \
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
