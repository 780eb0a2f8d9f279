/*
 * stack-it: when does a local variable leave the stack?
 *
 * The article's rule of thumb is "sharing down typically stays on the stack, sharing up typically
 * escapes to the heap", shown with one function in three forms, none of them inlined:
 *
 *   stackIt() int      y := 2; return y * 2                 the result is copied up        no
 * allocation stackIt2() *int    y := 2; res := y * 2; return &res    its address is handed up 8 B
 * allocated stackIt3(y *int)   res := *y * 2; return res            an address is handed down no
 * allocation
 *
 * Handing down is safe because the caller's frame outlives the callee; handing up is not, as the
 * frame is gone. Three more forms mark the rule's edges: inlined, the callee has no frame of its
 * own, so even stackIt2 allocates nothing; new(int) is no allocation either when the pointer stays;
 * and a local that is too large for a stack (70,000 B) is allocated though it never escapes: nine
 * pages, 73,728 B.
 *
 * In C the author makes the choice that Go's escape analysis makes; the forms show what it costs.
 */
#include "workloads/batch.h"

static const struct shape int_shape = {sizeof(int64_t), 0};

/* stack-it: a value copied up. */

static TIMED_OPAQUE int64_t stack_it_value(void) {
    int64_t y = 2;
    heap_forget(y);
    return y * 2;
}

TIMED_INLINE uint64_t stack_it_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    return (uint64_t)stack_it_value();
}

/* stack-it-2: an address handed up. */

static TIMED_OPAQUE int64_t *stack_it_address_up(struct mutator *m) {
    int64_t y = 2;
    heap_forget(y);
    int64_t *res = heap_new_raw(m, &int_shape);
    *res = y * 2;
    return res;
}

TIMED_INLINE uint64_t stack_it_2_once(struct mutator *m, void *state) {
    (void)state;
    int64_t *res = stack_it_address_up(m);
    uint64_t sum = (uint64_t)*res;
    heap_delete(m, res, sizeof *res);
    return sum;
}

/* stack-it-3: an address handed down. */

static TIMED_OPAQUE int64_t stack_it_address_down(const int64_t *y) {
    int64_t res = *y * 2;
    heap_forget(res);
    return res;
}

TIMED_INLINE uint64_t stack_it_3_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    int64_t y = 2;
    heap_keep(&y);
    return (uint64_t)stack_it_address_down(&y);
}

/* stack-it-2-inlined: the callee's variables are the caller's, so the address does not leave a
 * frame. */

TIMED_INLINE int64_t *stack_it_address_inlined(int64_t *res) {
    int64_t y = 2;
    heap_forget(y);
    *res = y * 2;
    return res;
}

TIMED_INLINE uint64_t stack_it_2_inlined_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    int64_t frame;
    int64_t *res = stack_it_address_inlined(&frame);
    heap_keep(res);
    return (uint64_t)*res;
}

/* new-local: new(int), zeroed, whose pointer stays. */

static TIMED_OPAQUE int64_t new_local(void) {
    int64_t zeroed = 0;
    int64_t *p = &zeroed;
    heap_keep(p);
    *p += 2;
    heap_keep(p);
    return *p * 2;
}

TIMED_INLINE uint64_t new_local_once(struct mutator *m, void *state) {
    (void)m, (void)state;
    return (uint64_t)new_local();
}

/* large-local: too large for a stack. */

enum { LARGE_LOCAL_BYTES = 70000, PAGE_BYTES = 4096 };

static const struct shape large_local_shape = {LARGE_LOCAL_BYTES, 0};

static TIMED_OPAQUE uint64_t large_local(struct mutator *m) {
    unsigned char *local = heap_new(m, &large_local_shape);
    for (size_t i = 0; i < LARGE_LOCAL_BYTES; i += PAGE_BYTES)
        local[i] = (unsigned char)(i / PAGE_BYTES + 1);
    heap_keep(local);
    uint64_t sum = local[LARGE_LOCAL_BYTES - 1];
    for (size_t i = 0; i < LARGE_LOCAL_BYTES; i += PAGE_BYTES)
        sum += local[i];
    heap_delete(m, local, LARGE_LOCAL_BYTES);
    return sum;
}

TIMED_INLINE uint64_t large_local_once(struct mutator *m, void *state) {
    (void)state;
    return large_local(m);
}

BATCH_RUN(stack_it_run, stack_it_once, 0)
BATCH_RUN(stack_it_2_run, stack_it_2_once, sizeof(int64_t))
BATCH_RUN(stack_it_3_run, stack_it_3_once, 0)
BATCH_RUN(stack_it_2_inlined_run, stack_it_2_inlined_once, 0)
BATCH_RUN(new_local_run, new_local_once, 0)
BATCH_RUN(large_local_run, large_local_once, LARGE_LOCAL_BYTES)

static uint64_t stack_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 100000000 : 10000000;
}

static uint64_t heap_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

static uint64_t large_local_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 100000 : 10000;
}

WORKLOAD(stack_it) = {
    .name = "stack-it",
    .group = "stack-it",
    .article = "stackIt",
    .summary = "a function returns an integer by value",
    .stresses = "a call and a copy: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = stack_ops,
    .run = stack_it_run,
};

WORKLOAD(stack_it_2) = {
    .name = "stack-it-2",
    .group = "stack-it",
    .article = "stackIt2",
    .summary = "a function returns the address of its local integer",
    .stresses = "sharing up escapes: the smallest allocation, 1 alloc/op, 8 B/op",
    .traits = TRAIT_SLICEABLE,
    .ops = heap_ops,
    .run = stack_it_2_run,
};

WORKLOAD(stack_it_3) = {
    .name = "stack-it-3",
    .group = "stack-it",
    .article = "stackIt3",
    .summary = "a function is given the address of its caller's integer",
    .stresses = "sharing down stays on the stack: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = stack_ops,
    .run = stack_it_3_run,
};

WORKLOAD(stack_it_2_inlined) = {
    .name = "stack-it-2-inlined",
    .group = "stack-it",
    .article = "stackIt2 without noinline",
    .summary = "stack-it-2 with the callee inlined into its caller",
    .stresses = "inlining takes the allocation away: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = stack_ops,
    .run = stack_it_2_inlined_run,
};

WORKLOAD(new_local) = {
    .name = "new-local",
    .group = "stack-it",
    .article = "",
    .summary = "new(int) whose pointer does not leave the function",
    .stresses = "new is no allocation when nothing escapes: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = stack_ops,
    .run = new_local_run,
};

WORKLOAD(large_local) = {
    .name = "large-local",
    .group = "stack-it",
    .article = "",
    .summary = "a local of 70,000 zeroed bytes, touched page by page",
    .stresses = "too large for a stack: 1 alloc/op, 73,728 B/op, and its zeroing",
    .traits = TRAIT_SLICEABLE,
    .ops = large_local_ops,
    .run = large_local_run,
};
