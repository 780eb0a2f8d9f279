/*
 * interface: a method call that does not know its receiver.
 *
 * The article counts "calling methods on an interface type" among the things that escape: the call
 * is dynamic, the compiler cannot see what the method does with its receiver, so the receiver is
 * boxed in the heap. interface-call-direct calls the method on a value in the frame: no allocation.
 * interface-call-boxed converts the value to an interface first, a table of methods and a pointer,
 * and calls through the table: one allocation and one indirect call.
 *
 * That indirect call is the workload's subject and declared as such; it is the only one in timed
 * code.
 */
#include "workloads/batch.h"

struct rectangle {
    uint64_t width, height;
};

struct figure_methods {
    uint64_t (*area)(const void *self);
};

/* Go's interface value: methods and receiver. */
struct figure {
    const struct figure_methods *methods;
    const void *self;
};

static const struct shape rectangle_shape = {sizeof(struct rectangle), 0};

static TIMED_OPAQUE uint64_t rectangle_area(const void *self) {
    const struct rectangle *rectangle = self;
    return rectangle->width * rectangle->height;
}

static const struct figure_methods rectangle_methods = {rectangle_area};

TIMED_INLINE struct rectangle rectangle_value(void) {
    struct rectangle rectangle = {3, 4};
    heap_keep(&rectangle);
    return rectangle;
}

/* What is used after the call keeps the compiler from making it a jump. */
static TIMED_OPAQUE uint64_t figure_area(struct figure figure) {
    heap_forget(figure.methods);
    uint64_t area = figure.methods->area(figure.self);
    heap_forget(area);
    return area;
}

TIMED_INLINE struct figure rectangle_box(struct mutator *m, struct rectangle value) {
    struct rectangle *boxed = heap_new_raw(m, &rectangle_shape);
    *boxed = value;
    return (struct figure){&rectangle_methods, boxed};
}

TIMED_INLINE uint64_t call_direct_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    struct rectangle rectangle = rectangle_value();
    return rectangle_area(&rectangle);
}

TIMED_INLINE uint64_t call_boxed_once(struct mutator *m, void *state) {
    (void)state;
    struct figure figure = rectangle_box(m, rectangle_value());
    uint64_t area = figure_area(figure);
    heap_delete(m, (void *)(uintptr_t)figure.self, sizeof(struct rectangle));
    return area;
}

BATCH_RUN(call_direct_run, call_direct_once, 0)
BATCH_RUN(call_boxed_run, call_boxed_once, sizeof(struct rectangle))

static uint64_t call_direct_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 100000000 : 10000000;
}

static uint64_t call_boxed_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

WORKLOAD(interface_call_direct) = {
    .name = "interface-call-direct",
    .group = "interface",
    .article = "",
    .summary = "a method is called on a struct in the frame",
    .stresses = "receiver known: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = call_direct_ops,
    .run = call_direct_run,
};

WORKLOAD(interface_call_boxed) = {
    .name = "interface-call-boxed",
    .group = "interface",
    .article = "",
    .summary = "a struct is converted to an interface and its method called",
    .stresses = "receiver boxed: 1 alloc/op, and an indirect call",
    .traits = TRAIT_SLICEABLE,
    .indirect_calls = 1,
    .ops = call_boxed_ops,
    .run = call_boxed_run,
};
