/*
 * segments: the same value in each place a program has for one.
 *
 * The article's picture of a process: the stack grows and shrinks with calls, the heap is handed
 * out and taken back, the data segment holds initialised variables for the whole run, read-only
 * data the constants. An operation gets at a BigStruct in one of them and hands its address down to
 * the same reader. In the frame the value has to be made each time, in the heap made and allocated;
 * data and rodata were filled by the loader before main.
 */
#include "workloads/batch.h"
#include "workloads/big_struct.h"

static struct big_struct segments_data = BIG_STRUCT_LITERAL;

/* The state is the value's address: timed code refers to no writable data by itself, and the
   compiler cannot take for granted what the value is. */
static void *segments_data_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m, (void)arguments;
    return &segments_data;
}

static void *segments_rodata_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m, (void)arguments;
    return (void *)(uintptr_t)&big_struct_literal;
}

/* Reads every field. */
static TIMED_OPAQUE uint64_t segments_read(const struct big_struct *big) {
    uint64_t sum = (uint64_t)(big->a + big->b + big->c);
    sum += (uint64_t)(big->d.length + big->e.length + big->f.length);
    sum += (uint64_t)big->d.bytes[0] + (uint64_t)big->e.bytes[0] + (uint64_t)big->f.bytes[0];
    return sum + big->g + big->h + big->i;
}

TIMED_INLINE uint64_t segments_stack_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    struct big_struct value = big_struct_value();
    heap_keep(&value);
    return segments_read(&value);
}

TIMED_INLINE uint64_t segments_heap_once(struct mutator *m, void *state) {
    (void)state;
    struct big_struct *value = big_struct_new(m);
    heap_keep(value);
    uint64_t sum = segments_read(value);
    heap_delete(m, value, sizeof *value);
    return sum;
}

TIMED_INLINE uint64_t segments_loaded_once(struct mutator *m, void *state) {
    (void)m;
    heap_keep(state); /* or one call does for all operations */
    return segments_read(state);
}

BATCH_RUN(segments_stack_run, segments_stack_once, 0)
BATCH_RUN(segments_heap_run, segments_heap_once, sizeof(struct big_struct))
BATCH_RUN(segments_data_run, segments_loaded_once, 0)
BATCH_RUN(segments_rodata_run, segments_loaded_once, 0)

static uint64_t segments_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 50000000 : 5000000;
}

static uint64_t segments_heap_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

WORKLOAD(segments_stack) = {
    .name = "segments-stack",
    .group = "segments",
    .article = "",
    .summary = "a BigStruct is made in the frame and read",
    .stresses = "the stack: made anew, never allocated",
    .traits = TRAIT_SLICEABLE,
    .ops = segments_ops,
    .run = segments_stack_run,
};

WORKLOAD(segments_heap) = {
    .name = "segments-heap",
    .group = "segments",
    .article = "",
    .summary = "a BigStruct is made in the heap and read",
    .stresses = "the heap: made anew and allocated, 1 alloc/op",
    .traits = TRAIT_SLICEABLE,
    .ops = segments_heap_ops,
    .run = segments_heap_run,
};

WORKLOAD(segments_data) = {
    .name = "segments-data",
    .group = "segments",
    .article = "",
    .summary = "a BigStruct in the data segment is read",
    .stresses = "initialised data: there since the program started",
    .traits = TRAIT_SLICEABLE,
    .ops = segments_ops,
    .setup = segments_data_setup,
    .run = segments_data_run,
};

WORKLOAD(segments_rodata) = {
    .name = "segments-rodata",
    .group = "segments",
    .article = "",
    .summary = "a BigStruct in read-only data is read",
    .stresses = "constants: there since the program started, shared by all who run it",
    .traits = TRAIT_SLICEABLE,
    .ops = segments_ops,
    .setup = segments_rodata_setup,
    .run = segments_rodata_run,
};
