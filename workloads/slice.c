/*
 * slice: what is stored in a slice escapes, and a slice that grows is allocated again and again.
 *
 * Storing. The article: "storing pointers or values that contain pointers in a slice" makes their
 * target escape even when the backing array itself stays on the stack. Here the backing array is
 * SLICE_ITEMS elements in the caller's frame, filled, read and emptied:
 *
 *   slice-store-value               []item       the item is copied           0 allocs/op
 *   slice-store-pointer             []*item      the item is allocated        1 alloc/op
 *   slice-store-value-with-pointer  []priced     its price is allocated       1 alloc/op
 *
 * Growing. An operation appends `elements` integers one by one. slice-grow-append starts with
 * nothing and grows as Go's append does (twice up to 256 elements, then more slowly towards a
 * factor of 1.25, Go 1.18); Go rounds the result up to its size class, which C's caller cannot
 * know. slice-grow-reserved knows the number in advance: one allocation. The appending loop is the
 * same.
 */
#include "workloads/batch.h"

enum { SLICE_ITEMS = 64 };

struct item {
    uint64_t number, price;
};

struct priced {
    uint64_t number;
    uint64_t *price;
};

static const struct shape item_shape = {sizeof(struct item), 0};
static const struct shape price_shape = {sizeof(uint64_t), 0};

/* Terms of the checksum: numbers are compared with the position where they were stored, so that a
   slice filled in two runs gives what one filled at once does. */

static TIMED_OPAQUE struct item item_value(uint64_t number) {
    uint64_t price = 7;
    heap_forget(price);
    return (struct item){number, price};
}

static TIMED_OPAQUE struct item *item_pointer(struct mutator *m, uint64_t number) {
    struct item *item = heap_new_raw(m, &item_shape);
    *item = (struct item){number, 7};
    return item;
}

static TIMED_OPAQUE struct priced item_priced(struct mutator *m, uint64_t number) {
    struct priced priced = {number, heap_new_raw(m, &price_shape)};
    *priced.price = 7;
    return priced;
}

static TIMED uint64_t store_value_run(struct mutator *m, void *state, uint64_t ops) {
    (void)state;
    struct item slice[SLICE_ITEMS];
    uint64_t sum = 0;
    for (uint64_t left = ops; left > 0;) {
        uint64_t n = batch_take(&left, SLICE_ITEMS);
        for (uint64_t i = 0; i < n; i++)
            slice[i] = item_value(i);
        heap_keep(slice);
        for (uint64_t i = 0; i < n; i++)
            sum += slice[i].number - i + slice[i].price;
        batch_end(m);
    }
    return sum;
}

static TIMED uint64_t store_pointer_run(struct mutator *m, void *state, uint64_t ops) {
    (void)state;
    struct item *slice[SLICE_ITEMS];
    uint64_t sum = 0;
    for (uint64_t left = ops; left > 0;) {
        uint64_t n = batch_take(&left, SLICE_ITEMS);
        for (uint64_t i = 0; i < n; i++)
            slice[i] = item_pointer(m, i);
        heap_keep(slice);
        for (uint64_t i = 0; i < n; i++) {
            sum += slice[i]->number - i + slice[i]->price;
            heap_delete(m, slice[i], sizeof *slice[i]);
        }
        batch_end(m);
    }
    return sum;
}

static TIMED uint64_t store_value_with_pointer_run(struct mutator *m, void *state, uint64_t ops) {
    (void)state;
    struct priced slice[SLICE_ITEMS];
    uint64_t sum = 0;
    for (uint64_t left = ops; left > 0;) {
        uint64_t n = batch_take(&left, SLICE_ITEMS);
        for (uint64_t i = 0; i < n; i++)
            slice[i] = item_priced(m, i);
        heap_keep(slice);
        for (uint64_t i = 0; i < n; i++) {
            sum += slice[i].number - i + *slice[i].price;
            heap_delete(m, slice[i].price, sizeof *slice[i].price);
        }
        batch_end(m);
    }
    return sum;
}

/* Growing. */

static const struct shape element_shape = {sizeof(uint64_t), 0};

struct growing {
    uint64_t *elements;
    size_t length, capacity;
};

static TIMED_OPAQUE void growing_grow(struct mutator *m, struct growing *slice) {
    size_t old = slice->capacity;
    if (old == 0) {
        slice->capacity = 1;
        slice->elements = heap_new_raw(m, &element_shape);
        return;
    }
    slice->capacity = old < 256 ? 2 * old : old + (old + 768) / 4;
    slice->elements = heap_resize(m, slice->elements, &element_shape, old, slice->capacity);
}

TIMED_INLINE void growing_append(struct mutator *m, struct growing *slice, uint64_t element) {
    if (slice->length == slice->capacity)
        growing_grow(m, slice);
    slice->elements[slice->length++] = element;
}

TIMED_INLINE uint64_t growing_fill(struct mutator *m, struct growing *slice, uint64_t elements) {
    for (uint64_t i = 0; i < elements; i++)
        growing_append(m, slice, 3 * i);
    heap_keep(slice->elements);
    uint64_t sum = 0;
    for (size_t i = 0; i < slice->length; i++)
        sum += slice->elements[i];
    heap_delete(m, slice->elements, slice->capacity * sizeof slice->elements[0]);
    return sum;
}

/* The state is the number of elements. */
static void *grow_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m;
    return (void *)(uintptr_t)arguments->parameters[0];
}

TIMED_INLINE uint64_t grow_append_once(struct mutator *m, void *state) {
    struct growing slice = {NULL, 0, 0};
    return growing_fill(m, &slice, (uintptr_t)state);
}

TIMED_INLINE uint64_t grow_reserved_once(struct mutator *m, void *state) {
    size_t elements = (uintptr_t)state;
    if (elements == 0)
        return 0; /* the parameter's range excludes it */
    struct shape reserved = {elements * sizeof(uint64_t), 0};
    struct growing slice = {heap_new_raw(m, &reserved), 0, elements};
    return growing_fill(m, &slice, elements);
}

/* Growing allocates about three times the final size in all. */
BATCH_RUN(grow_append_run, grow_append_once, 4 * sizeof(uint64_t) * (uintptr_t)state)
BATCH_RUN(grow_reserved_run, grow_reserved_once, sizeof(uint64_t) * (uintptr_t)state)

static uint64_t store_value_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 50000000 : 5000000;
}

static uint64_t store_pointer_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

/* 20,000,000 elements (quick), but no more than 100,000 slices. */
static uint64_t grow_ops(const uint64_t *parameters, enum effort effort) {
    uint64_t fit = 20000000 / parameters[0];
    fit = fit < 1 ? 1 : fit > 100000 ? 100000 : fit;
    return fit * (effort == EFFORT_FULL ? 10 : 1);
}

static const struct workload_parameter grow_parameters[] = {
    {"elements", "integers of 8 bytes appended to a slice", 1000, 1, 10000000, NULL},
    {0},
};

WORKLOAD(slice_store_value) = {
    .name = "slice-store-value",
    .group = "slice",
    .article = "",
    .summary = "a struct of 16 bytes is stored in a slice on the stack",
    .stresses = "copied into the backing array: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = store_value_ops,
    .run = store_value_run,
};

WORKLOAD(slice_store_pointer) = {
    .name = "slice-store-pointer",
    .group = "slice",
    .article = "",
    .summary = "a pointer to a struct of 16 bytes is stored in a slice on the stack",
    .stresses = "what the slice points to escapes: 1 alloc/op, 64 alive",
    .traits = TRAIT_SLICEABLE,
    .ops = store_pointer_ops,
    .run = store_pointer_run,
};

WORKLOAD(slice_store_value_with_pointer) = {
    .name = "slice-store-value-with-pointer",
    .group = "slice",
    .article = "",
    .summary = "a struct that holds a pointer is stored in a slice on the stack",
    .stresses = "the struct is copied, but its target escapes: 1 alloc/op of 8 B",
    .traits = TRAIT_SLICEABLE,
    .ops = store_pointer_ops,
    .run = store_value_with_pointer_run,
};

WORKLOAD(slice_grow_append) = {
    .name = "slice-grow-append",
    .group = "slice",
    .article = "",
    .summary = "integers are appended to an empty slice, which grows as Go's does",
    .stresses = "reallocation: 12 allocs/op for 1000 elements, and their copying",
    .parameters = grow_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = grow_ops,
    .setup = grow_setup,
    .run = grow_append_run,
};

WORKLOAD(slice_grow_reserved) = {
    .name = "slice-grow-reserved",
    .group = "slice",
    .article = "",
    .summary = "integers are appended to a slice with room for all of them",
    .stresses = "the same appending when the capacity is known: 1 alloc/op",
    .parameters = grow_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = grow_ops,
    .setup = grow_setup,
    .run = grow_reserved_run,
};
