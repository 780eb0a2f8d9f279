/*
 * leak: what a collector cannot find, because the program still holds it.
 *
 * The article's three leaks are all of this kind: memory that nobody will use again, but that
 * something long-lived reaches. Each stands beside the twin that gives it up.
 *
 *   leak-task   a task waits for a message that nobody sends; the scheduler's list of all tasks
 * keeps it and its stack. Fixed: it is cancelled and ends. leak-timer  a timer is never stopped;
 * the heap of timers keeps it and its channel. Fixed: Stop. leak-body   a response's body is never
 * closed, so its connection with two buffers of 4 KB stays in the client's table, and the next
 * request makes a new one. Fixed: Close; the connection is idle and the next request takes it.
 *
 * Scheduler, timer heap and client are the workload's state, so every leaked object is reachable,
 * and no strategy may give it back: retained_bytes_per_op is above 0, and 0 for the twins. The
 * memory a leak holds grows with the operations; runs are kept short enough for about 50 MB
 * (quick).
 */
#include "workloads/batch.h"
#include "workloads/random.h"

/* leak-task */

enum { TASK_STACK_WORDS = 256 };

enum task_status { TASK_WAITING = 4, TASK_DONE = 6 };

/* In the list of all tasks, newest first. */
struct task {
    struct task *next;
    uint64_t *stack; /* 2 KB */
    uint64_t status; /* enum task_status */
    uint64_t number;
    uint64_t context[12]; /* saved registers and accounts, as Go's g has */
};

struct scheduler {
    struct task *all;
    uint64_t started;
};

static const struct shape task_shape = {
    sizeof(struct task),
    SHAPE_POINTER(struct task, next) | SHAPE_POINTER(struct task, stack),
};
static const struct shape task_stack_shape = {TASK_STACK_WORDS * sizeof(uint64_t), 0};
static const struct shape scheduler_shape = {sizeof(struct scheduler),
                                             SHAPE_POINTER(struct scheduler, all)};

/* Starts a task, which runs until it waits: its frame holds its number. */
static TIMED_OPAQUE struct task *task_start(struct mutator *m, struct scheduler *scheduler) {
    struct task *task = heap_new(m, &task_shape);
    uint64_t *stack = heap_new_raw(m, &task_stack_shape);
    mem_store(m, &task->stack, stack);
    task->number = scheduler->started++;
    stack[0] = task->number;
    stack[TASK_STACK_WORDS - 1] = task->number + 1;
    mem_store(m, &task->next, scheduler->all);
    mem_store(m, &scheduler->all, task);
    task->status = TASK_WAITING;
    return task;
}

static TIMED_OPAQUE uint64_t task_inspect(const struct task *task) {
    uint64_t frames = task->stack[0] + task->stack[TASK_STACK_WORDS - 1];
    return heap_mix(frames + task->number);
}

/* Cancels the newest task: it ends, and is gone. */
static TIMED_OPAQUE void task_cancel(struct mutator *m, struct scheduler *scheduler) {
    struct task *task = scheduler->all;
    mem_store(m, &scheduler->all, task->next);
    task->status = TASK_DONE;
    heap_delete(m, task->stack, task_stack_shape.bytes);
    heap_delete(m, task, sizeof *task);
}

TIMED_INLINE uint64_t leak_task_once(struct mutator *m, void *state) {
    return task_inspect(task_start(m, state));
}

TIMED_INLINE uint64_t leak_task_fixed_once(struct mutator *m, void *state) {
    uint64_t sum = task_inspect(task_start(m, state));
    task_cancel(m, state);
    return sum;
}

static void *leak_task_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    return heap_new(m, &scheduler_shape);
}

static void leak_task_teardown(struct mutator *m, void *state) {
    struct scheduler *scheduler = state;
    while (MEM_DELETE_FREES && scheduler->all != NULL) /* else they die with the scheduler */
        task_cancel(m, scheduler);
    heap_delete(m, scheduler, sizeof *scheduler);
}

/* leak-timer */

enum { TIMERS_INITIAL = 64 };

/* What the timer would send on, as Go's channel of capacity 1. */
struct timer_channel {
    uint64_t count, capacity, when, closed;
    uint64_t queues[8];
};

struct timer {
    struct timer_channel *channel;
    uint64_t when; /* no timer comes due while the workload runs */
    uint64_t number;
    uint64_t period, status, index;
};

/* A binary heap by `when`, in a growing array. */
struct timers {
    struct timer **heap;
    uint64_t count, capacity;
    uint64_t started;
    uint64_t random;
};

static const struct shape timer_channel_shape = {sizeof(struct timer_channel), 0};
static const struct shape timer_shape = {sizeof(struct timer),
                                         SHAPE_POINTER(struct timer, channel)};
static const struct shape timers_shape = {sizeof(struct timers),
                                          SHAPE_POINTER(struct timers, heap)};
static const struct shape timer_slot_shape = {sizeof(struct timer *), 1};

TIMED_INLINE void timer_put(struct mutator *m, struct timers *timers, uint64_t index,
                            struct timer *timer) {
    mem_store(m, &timers->heap[index], timer);
    timer->index = index;
}

/* Places the timer at `index` or above it, moving later ones down. */
static TIMED_OPAQUE void timers_up(struct mutator *m, struct timers *timers, uint64_t index,
                                   struct timer *timer) {
    while (index > 0) {
        struct timer *parent = timers->heap[(index - 1) / 2];
        if (parent->when <= timer->when)
            break;
        timer_put(m, timers, index, parent);
        index = (index - 1) / 2;
    }
    timer_put(m, timers, index, timer);
}

/* Places the timer at `index` or below it, moving earlier ones up. */
static TIMED_OPAQUE void timers_down(struct mutator *m, struct timers *timers, uint64_t index,
                                     struct timer *timer) {
    for (;;) {
        uint64_t child = 2 * index + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && timers->heap[child + 1]->when < timers->heap[child]->when)
            child++;
        if (timers->heap[child]->when >= timer->when)
            break;
        timer_put(m, timers, index, timers->heap[child]);
        index = child;
    }
    timer_put(m, timers, index, timer);
}

static TIMED_OPAQUE void timers_grow(struct mutator *m, struct timers *timers) {
    uint64_t capacity = 2 * timers->capacity;
    struct timer **heap =
        heap_resize(m, timers->heap, &timer_slot_shape, timers->capacity, capacity);
    mem_store(m, &timers->heap, heap);
    timers->capacity = capacity;
}

static TIMED_OPAQUE struct timer *timer_start(struct mutator *m, struct timers *timers) {
    struct timer *timer = heap_new(m, &timer_shape);
    struct timer_channel *channel = heap_new(m, &timer_channel_shape);
    channel->capacity = 1;
    mem_store(m, &timer->channel, channel);
    timer->number = timers->started++;
    timer->when = random_next(&timers->random) >> 1;
    channel->when = timer->when;
    if (timers->count == timers->capacity)
        timers_grow(m, timers);
    timers_up(m, timers, timers->count++, timer);
    return timer;
}

static TIMED_OPAQUE uint64_t timer_inspect(const struct timer *timer) {
    return heap_mix(timer->channel->when + timer->channel->capacity + timer->number);
}

/* Takes the timer out of the heap; the last one fills its place. */
static TIMED_OPAQUE void timer_stop(struct mutator *m, struct timers *timers, struct timer *timer) {
    uint64_t index = timer->index;
    struct timer *last = timers->heap[--timers->count];
    mem_store(m, &timers->heap[timers->count], NULL);
    if (last != timer && last->when < timer->when)
        timers_up(m, timers, index, last);
    else if (last != timer)
        timers_down(m, timers, index, last);
    heap_delete(m, timer->channel, sizeof *timer->channel);
    heap_delete(m, timer, sizeof *timer);
}

TIMED_INLINE uint64_t leak_timer_once(struct mutator *m, void *state) {
    return timer_inspect(timer_start(m, state));
}

TIMED_INLINE uint64_t leak_timer_fixed_once(struct mutator *m, void *state) {
    struct timer *timer = timer_start(m, state);
    uint64_t sum = timer_inspect(timer);
    timer_stop(m, state, timer);
    return sum;
}

static void *leak_timer_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct timers *timers = heap_new(m, &timers_shape);
    timers->random = random_start(arguments->seed, arguments->thread);
    mem_store(m, &timers->heap, heap_new_array(m, &timer_slot_shape, TIMERS_INITIAL));
    timers->capacity = TIMERS_INITIAL;
    return timers;
}

static void leak_timer_teardown(struct mutator *m, void *state) {
    struct timers *timers = state;
    while (MEM_DELETE_FREES && timers->count > 0) /* else they die with the heap of timers */
        timer_stop(m, timers, timers->heap[timers->count - 1]);
    heap_delete(m, timers->heap, timers->capacity * timer_slot_shape.bytes);
    heap_delete(m, timers, sizeof *timers);
}

/* leak-body */

enum { CONNECTION_BUFFER_BYTES = 4096, BODY_BYTES = 64 };

/* In the client's table of all connections, and when idle also in its list of idle ones. */
struct connection {
    struct connection *next, *next_idle;
    unsigned char *received, *sent; /* buffers */
    uint64_t number;
    uint64_t requests;
};

struct client {
    struct connection *all, *idle;
    uint64_t connections, requests;
};

struct response {
    struct connection *connection;
    uint64_t status, length;
};

static const struct shape connection_shape = {
    sizeof(struct connection),
    SHAPE_POINTER(struct connection, next) | SHAPE_POINTER(struct connection, next_idle) |
        SHAPE_POINTER(struct connection, received) | SHAPE_POINTER(struct connection, sent),
};
static const struct shape buffer_shape = {CONNECTION_BUFFER_BYTES, 0};
static const struct shape client_shape = {
    sizeof(struct client),
    SHAPE_POINTER(struct client, all) | SHAPE_POINTER(struct client, idle),
};
static const struct shape response_shape = {sizeof(struct response),
                                            SHAPE_POINTER(struct response, connection)};

static TIMED_OPAQUE struct connection *connection_open(struct mutator *m, struct client *client) {
    struct connection *connection = heap_new(m, &connection_shape);
    mem_store(m, &connection->received, heap_new_raw(m, &buffer_shape));
    mem_store(m, &connection->sent, heap_new_raw(m, &buffer_shape));
    connection->number = client->connections++;
    mem_store(m, &connection->next, client->all);
    mem_store(m, &client->all, connection);
    return connection;
}

TIMED_INLINE struct connection *connection_take(struct mutator *m, struct client *client) {
    struct connection *connection = client->idle;
    if (connection == NULL)
        return connection_open(m, client);
    mem_store(m, &client->idle, connection->next_idle);
    mem_store(m, &connection->next_idle, NULL);
    return connection;
}

/* Sends a request and receives the head of its response; the body waits in the buffer. */
static TIMED_OPAQUE struct response *client_request(struct mutator *m, struct client *client) {
    struct connection *connection = connection_take(m, client);
    struct response *response = heap_new(m, &response_shape);
    uint64_t number = client->requests++;
    connection->requests++;
    connection->sent[0] = (unsigned char)number;
    for (unsigned i = 0; i < BODY_BYTES; i++)
        connection->received[i] = (unsigned char)(connection->sent[0] + i);
    mem_store(m, &response->connection, connection);
    response->status = 200;
    response->length = BODY_BYTES;
    return response;
}

static TIMED_OPAQUE uint64_t response_read(const struct response *response) {
    uint64_t sum = response->status;
    for (uint64_t i = 0; i < response->length; i++)
        sum += response->connection->received[i] * (i + 1);
    return heap_mix(sum);
}

/* Close: the connection can serve the next request. */
TIMED_INLINE void body_close(struct mutator *m, struct client *client, struct response *response) {
    struct connection *connection = response->connection;
    mem_store(m, &connection->next_idle, client->idle);
    mem_store(m, &client->idle, connection);
}

TIMED_INLINE uint64_t leak_body_once(struct mutator *m, void *state) {
    struct response *response = client_request(m, state);
    uint64_t sum = response_read(response);
    heap_delete(m, response, sizeof *response);
    return sum;
}

TIMED_INLINE uint64_t leak_body_fixed_once(struct mutator *m, void *state) {
    struct response *response = client_request(m, state);
    uint64_t sum = response_read(response);
    body_close(m, state, response);
    heap_delete(m, response, sizeof *response);
    return sum;
}

static void *leak_body_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    return heap_new(m, &client_shape);
}

/* One connection is open already, so that no operation has to make it. */
static void *leak_body_fixed_setup(struct mutator *m, const struct workload_arguments *arguments) {
    struct client *client = leak_body_setup(m, arguments);
    mem_store(m, &client->idle, connection_open(m, client));
    return client;
}

static void connections_delete(struct mutator *m, struct connection *connection) {
    for (struct connection *next; connection != NULL; connection = next) {
        next = connection->next;
        heap_delete(m, connection->received, CONNECTION_BUFFER_BYTES);
        heap_delete(m, connection->sent, CONNECTION_BUFFER_BYTES);
        heap_delete(m, connection, sizeof *connection);
    }
}

static void leak_body_teardown(struct mutator *m, void *state) {
    struct client *client = state;
    if (MEM_DELETE_FREES) /* else they die with the client */
        connections_delete(m, client->all);
    heap_delete(m, client, sizeof *client);
}

BATCH_RUN_STATEFUL(leak_task_run, leak_task_once)
BATCH_RUN_STATEFUL(leak_task_fixed_run, leak_task_fixed_once)
BATCH_RUN_STATEFUL(leak_timer_run, leak_timer_once)
BATCH_RUN_STATEFUL(leak_timer_fixed_run, leak_timer_fixed_once)
BATCH_RUN_STATEFUL(leak_body_run, leak_body_once)
BATCH_RUN_STATEFUL(leak_body_fixed_run, leak_body_fixed_once)

static uint64_t leak_task_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 100000 : 20000;
}

static uint64_t leak_timer_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 1000000 : 200000;
}

static uint64_t leak_body_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 25000 : 5000;
}

/* The twins hold nothing, so memory does not limit them. */
static uint64_t leak_fixed_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 2000000 : 200000;
}

WORKLOAD(leak_task) = {
    .name = "leak-task",
    .group = "leak",
    .article = "",
    .summary = "a task is started and waits for ever",
    .stresses = "a leak no collector can mend: retained B/op > 0 (task and stack)",
    .needs = TRAIT_RECLAIMS,
    .ops = leak_task_ops,
    .setup = leak_task_setup,
    .run = leak_task_run,
    .teardown = leak_task_teardown,
};

WORKLOAD(leak_task_fixed) = {
    .name = "leak-task-fixed",
    .group = "leak",
    .article = "",
    .summary = "a task is started, waits, is cancelled and ends",
    .stresses = "the same without the leak: retained B/op = 0",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = leak_fixed_ops,
    .setup = leak_task_setup,
    .run = leak_task_fixed_run,
    .teardown = leak_task_teardown,
};

WORKLOAD(leak_timer) = {
    .name = "leak-timer",
    .group = "leak",
    .article = "",
    .summary = "a timer is started and never stopped",
    .stresses = "a leak no collector can mend: retained B/op > 0 (timer and channel)",
    .needs = TRAIT_RECLAIMS,
    .ops = leak_timer_ops,
    .setup = leak_timer_setup,
    .run = leak_timer_run,
    .teardown = leak_timer_teardown,
};

WORKLOAD(leak_timer_fixed) = {
    .name = "leak-timer-fixed",
    .group = "leak",
    .article = "",
    .summary = "a timer is started and stopped",
    .stresses = "the same without the leak: retained B/op = 0",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = leak_fixed_ops,
    .setup = leak_timer_setup,
    .run = leak_timer_fixed_run,
    .teardown = leak_timer_teardown,
};

WORKLOAD(leak_body) = {
    .name = "leak-body",
    .group = "leak",
    .article = "",
    .summary = "a response is read and its body never closed",
    .stresses = "a leak no collector can mend: retained B/op > 0 (connection and buffers)",
    .needs = TRAIT_RECLAIMS,
    .ops = leak_body_ops,
    .setup = leak_body_setup,
    .run = leak_body_run,
    .teardown = leak_body_teardown,
};

WORKLOAD(leak_body_fixed) = {
    .name = "leak-body-fixed",
    .group = "leak",
    .article = "",
    .summary = "a response is read and its body closed",
    .stresses = "the same without the leak: retained B/op = 0",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = leak_fixed_ops,
    .setup = leak_body_fixed_setup,
    .run = leak_body_fixed_run,
    .teardown = leak_body_teardown,
};
