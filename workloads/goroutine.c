/*
 * goroutine: a variable that another task captures outlives its frame.
 *
 *   x := i
 *   go func() { total += x }()
 *
 * The task runs at some time after the frame that started it is gone, so the captured variable is
 * allocated: 1 alloc/op. Nothing else is: a task that is done is used again for the next one, as
 * Go's runtime keeps its dead goroutines. A task here is a heap object that holds what it captured;
 * an operation starts one and runs the one that was started TASKS operations before.
 */
#include "workloads/batch.h"

enum { TASKS = 16 };

struct task {
    uint64_t started; /* number of the operation that started it */
    uint64_t *captured;
};

struct scheduler {
    uint64_t started;
    struct task *tasks[TASKS]; /* the run queue: a ring, full between two operations */
};

static const struct shape captured_shape = {sizeof(uint64_t), 0};
static const struct shape task_shape = {sizeof(struct task), SHAPE_POINTER(struct task, captured)};
/* Words 1...16. */
static const struct shape scheduler_shape = {sizeof(struct scheduler), UINT64_C(0xffff) << 1};

static TIMED_OPAQUE void task_start(struct mutator *m, struct task *task, uint64_t number) {
    uint64_t *x = heap_new_raw(m, &captured_shape);
    *x = number * 5 + 1;
    task->started = number;
    mem_store(m, &task->captured, x);
}

static TIMED_OPAQUE uint64_t task_run(struct mutator *m, struct task *task) {
    uint64_t sum = heap_mix(task->started + *task->captured);
    heap_delete(m, task->captured, sizeof *task->captured);
    mem_store(m, &task->captured, NULL);
    return sum;
}

TIMED_INLINE uint64_t capture_once(struct mutator *m, void *state) {
    struct scheduler *scheduler = state;
    struct task *task = scheduler->tasks[scheduler->started % TASKS];
    uint64_t sum = task_run(m, task);
    task_start(m, task, scheduler->started++);
    return sum;
}

BATCH_RUN_STATEFUL(capture_run, capture_once)

static void *capture_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    struct scheduler *scheduler = heap_new(m, &scheduler_shape);
    for (; scheduler->started < TASKS; scheduler->started++) {
        struct task *task = heap_new(m, &task_shape);
        mem_store(m, &scheduler->tasks[scheduler->started], task);
        task_start(m, task, scheduler->started);
    }
    return scheduler;
}

static void capture_teardown(struct mutator *m, void *state) {
    struct scheduler *scheduler = state;
    for (unsigned i = 0; MEM_DELETE_FREES && i < TASKS; i++) { /* else they die with the state */
        task_run(m, scheduler->tasks[i]);
        heap_delete(m, scheduler->tasks[i], sizeof(struct task));
    }
    heap_delete(m, scheduler, sizeof *scheduler);
}

static uint64_t capture_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

WORKLOAD(goroutine_capture) = {
    .name = "goroutine-capture",
    .group = "goroutine",
    .article = "",
    .summary = "a task is started with a captured variable and runs later",
    .stresses = "the captured variable escapes to another task: 1 alloc/op, and a write barrier",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = capture_ops,
    .setup = capture_setup,
    .run = capture_run,
    .teardown = capture_teardown,
};
