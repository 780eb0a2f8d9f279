/*
 * stack-growth: three ways to give many tasks a stack each. A model.
 *
 * A program cannot move C's own frames, so the stacks here are modelled: arrays of words taken from
 * the allocator, on which frames of FRAME_WORDS words are pushed and popped by index. What is
 * measured is what the three schemes ask of an allocator, and their checks.
 *
 *   contiguous  (Go since 1.3) 2 KB at first; each prologue compares with the end; when a frame
 * does not fit, a stack of twice the size is allocated and the old one copied and freed fixed (a
 * thread's) 8 MB whose pages cost something only when they are touched; no check, because a guard
 * page ends it segmented   (Go before 1.3) 4 KB at a time, linked; the same check; what does not
 * fit goes to a new segment, which is freed when its first frame returns. A loop that calls across
 * the end of a segment pays for it each time: the "hot split" that Go gave up segments for
 *
 * An operation is a task's life: its stack is made, it calls down to a depth chosen at random (8 to
 * 511 frames, half of them below 64), calls a leaf LEAF_CALLS times from there, returns all the way
 * and is done. Links are indices into the task's table of segments.
 */
#include "workloads/batch.h"
#include "workloads/random.h"

#include <string.h>

enum {
    FRAME_WORDS = 16, /* 128 bytes, a small Go frame */
    LEAF_CALLS = 32,
    DEPTH_MOST = 512,       /* exclusive */
    CONTIGUOUS_WORDS = 256, /* 2 KB */
    FIXED_WORDS = 1 << 20,  /* 8 MB */
    SEGMENT_WORDS = 512,    /* 4 KB */
    SEGMENTS_MOST = (DEPTH_MOST + 1) * FRAME_WORDS / SEGMENT_WORDS + 1,
};

struct growth_state {
    uint64_t random;
};

static const struct shape growth_state_shape = {sizeof(struct growth_state), 0};

static void *growth_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct growth_state *s = heap_new(m, &growth_state_shape);
    s->random = random_start(arguments->seed, arguments->thread);
    return s;
}

static void growth_teardown(struct mutator *m, void *state) {
    heap_delete(m, state, sizeof(struct growth_state));
}

/* 8...511: 8 times a power of two from 1 to 32, plus a remainder below that. */
TIMED_INLINE uint64_t growth_depth(struct growth_state *s) {
    uint64_t number = random_next(&s->random);
    uint64_t least = UINT64_C(8) << (number >> 32) % 6;
    return least + number % least;
}

TIMED_INLINE uint64_t *words_new(struct mutator *m, size_t words) {
    struct shape shape = {words * sizeof(uint64_t), 0};
    return heap_new_raw(m, &shape);
}

TIMED_INLINE void words_delete(struct mutator *m, uint64_t *words, size_t count) {
    heap_delete(m, words, count * sizeof *words);
}

/* A frame's words, written on entry and summed before the return. */
TIMED_INLINE void frame_enter(uint64_t *frame, uint64_t depth) {
    for (unsigned i = 0; i < FRAME_WORDS; i++)
        frame[i] = depth + i;
}

TIMED_INLINE uint64_t frame_leave(const uint64_t *frame) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < FRAME_WORDS; i++)
        sum += frame[i];
    return sum;
}

/* Contiguous and fixed: one array of words. */

struct stack {
    uint64_t *words;
    size_t used, capacity;
};

static TIMED_OPAQUE void stack_double(struct mutator *m, struct stack *stack) {
    uint64_t *grown = words_new(m, 2 * stack->capacity);
    memcpy(grown, stack->words, stack->used * sizeof *grown);
    words_delete(m, stack->words, stack->capacity);
    stack->words = grown;
    stack->capacity *= 2;
}

static TIMED_OPAQUE void contiguous_call(struct mutator *m, struct stack *stack, uint64_t depth) {
    if (stack->used + FRAME_WORDS > stack->capacity)
        stack_double(m, stack);
    frame_enter(&stack->words[stack->used], depth);
    stack->used += FRAME_WORDS;
}

static TIMED_OPAQUE void fixed_call(struct stack *stack, uint64_t depth) {
    frame_enter(&stack->words[stack->used], depth);
    stack->used += FRAME_WORDS;
}

static TIMED_OPAQUE uint64_t stack_return(struct stack *stack) {
    stack->used -= FRAME_WORDS;
    return frame_leave(&stack->words[stack->used]);
}

TIMED_INLINE uint64_t contiguous_once(struct mutator *m, void *state) {
    const uint64_t depth = growth_depth(state);
    struct stack stack = {words_new(m, CONTIGUOUS_WORDS), 0, CONTIGUOUS_WORDS};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < depth; i++)
        contiguous_call(m, &stack, i);
    for (unsigned i = 0; i < LEAF_CALLS; i++) {
        contiguous_call(m, &stack, i);
        sum += stack_return(&stack);
    }
    for (uint64_t i = 0; i < depth; i++)
        sum += stack_return(&stack);
    words_delete(m, stack.words, stack.capacity);
    return heap_mix(sum);
}

TIMED_INLINE uint64_t fixed_once(struct mutator *m, void *state) {
    const uint64_t depth = growth_depth(state);
    struct stack stack = {words_new(m, FIXED_WORDS), 0, FIXED_WORDS};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < depth; i++)
        fixed_call(&stack, i);
    for (unsigned i = 0; i < LEAF_CALLS; i++) {
        fixed_call(&stack, i);
        sum += stack_return(&stack);
    }
    for (uint64_t i = 0; i < depth; i++)
        sum += stack_return(&stack);
    words_delete(m, stack.words, stack.capacity);
    return heap_mix(sum);
}

/* Segmented: `used` words of segment `current` are in use, and all of those before it. */

struct segmented {
    size_t current, used;
    uint64_t *segments[SEGMENTS_MOST];
};

static TIMED_OPAQUE void segment_add(struct mutator *m, struct segmented *stack) {
    stack->segments[++stack->current] = words_new(m, SEGMENT_WORDS);
    stack->used = 0;
}

static TIMED_OPAQUE void segment_drop(struct mutator *m, struct segmented *stack) {
    words_delete(m, stack->segments[stack->current], SEGMENT_WORDS);
    stack->segments[stack->current--] = NULL;
    stack->used = SEGMENT_WORDS;
}

static TIMED_OPAQUE void segmented_call(struct mutator *m, struct segmented *stack,
                                        uint64_t depth) {
    if (stack->used + FRAME_WORDS > SEGMENT_WORDS)
        segment_add(m, stack);
    frame_enter(&stack->segments[stack->current][stack->used], depth);
    stack->used += FRAME_WORDS;
}

static TIMED_OPAQUE uint64_t segmented_return(struct mutator *m, struct segmented *stack) {
    stack->used -= FRAME_WORDS;
    uint64_t sum = frame_leave(&stack->segments[stack->current][stack->used]);
    if (stack->used == 0 && stack->current > 0)
        segment_drop(m, stack);
    return sum;
}

TIMED_INLINE uint64_t segmented_once(struct mutator *m, void *state) {
    const uint64_t depth = growth_depth(state);
    struct segmented stack = {0, 0, {words_new(m, SEGMENT_WORDS)}};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < depth; i++)
        segmented_call(m, &stack, i);
    for (unsigned i = 0; i < LEAF_CALLS; i++) {
        segmented_call(m, &stack, i);
        sum += segmented_return(m, &stack);
    }
    for (uint64_t i = 0; i < depth; i++)
        sum += segmented_return(m, &stack);
    words_delete(m, stack.segments[0], SEGMENT_WORDS);
    return heap_mix(sum);
}

BATCH_RUN_STATEFUL(contiguous_run, contiguous_once)
BATCH_RUN_STATEFUL(fixed_run, fixed_once)
BATCH_RUN_STATEFUL(segmented_run, segmented_once)

static uint64_t growth_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 100000 : 10000;
}

/* Each takes 8 MB from the allocator. */
static uint64_t fixed_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 20000 : 2000;
}

WORKLOAD(stack_growth_contiguous) = {
    .name = "stack-growth-contiguous",
    .group = "stack-growth",
    .article = "",
    .summary = "a model: a task's stack starts with 2 KB and is copied to twice the size",
    .stresses = "growth by copying, and large objects now and then",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = growth_ops,
    .setup = growth_setup,
    .run = contiguous_run,
    .teardown = growth_teardown,
};

WORKLOAD(stack_growth_fixed) = {
    .name = "stack-growth-fixed",
    .group = "stack-growth",
    .article = "",
    .summary = "a model: a task's stack is 8 MB, of which only what is used is touched",
    .stresses = "very large objects, hardly touched",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = fixed_ops,
    .setup = growth_setup,
    .run = fixed_run,
    .teardown = growth_teardown,
};

WORKLOAD(stack_growth_segmented) = {
    .name = "stack-growth-segmented",
    .group = "stack-growth",
    .article = "",
    .summary = "a model: a task's stack is made of segments of 4 KB that come and go",
    .stresses = "allocation in prologues, and the hot split at a segment's end",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = growth_ops,
    .setup = growth_setup,
    .run = segmented_run,
    .teardown = growth_teardown,
};
