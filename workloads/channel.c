/*
 * channel: what is sent to another task cannot stay in the sender's frame.
 *
 * Nobody knows at compile time which task will receive, or when, so the article counts "sending
 * pointers or values that contain pointers to channels" among the things that make their target
 * escape:
 *
 *   channel-send-value               chan order     the order is copied into the channel    0
 * allocs/op channel-send-pointer             chan *order    the order is allocated 1 alloc/op
 *   channel-send-value-with-pointer  chan receipt   the amount it points to is allocated    1
 * alloc/op
 *
 * A channel here is what Go's is: a heap object with a ring of elements, which sending copies in
 * and receiving copies out and clears, with the write barrier where an element holds a pointer. Its
 * lock is left out: one mutator sends and receives, so it would never be contended. The receiver is
 * CHANNEL_LAG orders behind the sender; an operation sends one and receives one.
 */
#include "workloads/batch.h"

enum { CHANNEL_SLOTS = 16, CHANNEL_LAG = 8 };

/* The three elements. An order's amount is made from its number by order_amount. */

struct order {
    uint64_t number, account, amount, fee;
};

struct receipt {
    uint64_t number, account;
    uint64_t *amount;
};

static const struct shape order_shape = {sizeof(struct order), 0};
static const struct shape receipt_shape = {sizeof(struct receipt),
                                           SHAPE_POINTER(struct receipt, amount)};
static const struct shape amount_shape = {sizeof(uint64_t), 0};

TIMED_INLINE struct order order_value(uint64_t number) {
    return (struct order){number, number & 1023, number * 7 + 1, 3};
}

TIMED_INLINE uint64_t order_sum(const struct order *order) {
    return heap_mix(order->number + order->account + order->amount + order->fee);
}

/* Where a channel stands: `sent` and `received` count since it was made; slot = count modulo slots.
 */
struct cursor {
    uint64_t sent, received;
};

struct value_channel {
    struct cursor at;
    struct order slots[CHANNEL_SLOTS];
};

struct pointer_channel {
    struct cursor at;
    struct order *slots[CHANNEL_SLOTS];
};

struct receipt_channel {
    struct cursor at;
    struct receipt slots[CHANNEL_SLOTS];
};

_Static_assert(sizeof(struct cursor) == 16 && sizeof(struct receipt) == 24, "as the masks say");

static const struct shape value_channel_shape = {sizeof(struct value_channel), 0};
/* Words 2...17; and from word 4 on every third of 16. */
static const struct shape pointer_channel_shape = {sizeof(struct pointer_channel), UINT64_C(0xffff)
                                                                                       << 2};
static const struct shape receipt_channel_shape = {sizeof(struct receipt_channel),
                                                   UINT64_C(0x249249249249) << 4};

/* channel-send-value */

static TIMED_OPAQUE void value_channel_send(struct value_channel *channel,
                                            const struct order *order) {
    channel->slots[channel->at.sent++ % CHANNEL_SLOTS] = *order;
}

static TIMED_OPAQUE void value_channel_receive(struct value_channel *channel, struct order *order) {
    struct order *slot = &channel->slots[channel->at.received++ % CHANNEL_SLOTS];
    *order = *slot;
    *slot = (struct order){0};
}

TIMED_INLINE void value_send(struct value_channel *channel) {
    struct order order = order_value(channel->at.sent);
    value_channel_send(channel, &order);
}

TIMED_INLINE uint64_t value_once(struct mutator *m, void *state) {
    (void)m;
    value_send(state);
    struct order order;
    value_channel_receive(state, &order);
    return order_sum(&order);
}

static void *value_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    struct value_channel *channel = heap_new(m, &value_channel_shape);
    for (unsigned i = 0; i < CHANNEL_LAG; i++)
        value_send(channel);
    return channel;
}

static void value_teardown(struct mutator *m, void *state) {
    heap_delete(m, state, sizeof(struct value_channel));
}

/* channel-send-pointer */

static TIMED_OPAQUE void pointer_channel_send(struct mutator *m, struct pointer_channel *channel,
                                              struct order *order) {
    mem_store(m, &channel->slots[channel->at.sent++ % CHANNEL_SLOTS], order);
}

static TIMED_OPAQUE struct order *pointer_channel_receive(struct mutator *m,
                                                          struct pointer_channel *channel) {
    struct order **slot = &channel->slots[channel->at.received++ % CHANNEL_SLOTS];
    struct order *order = *slot;
    mem_store(m, slot, NULL);
    return order;
}

TIMED_INLINE void pointer_send(struct mutator *m, struct pointer_channel *channel) {
    struct order *order = heap_new_raw(m, &order_shape);
    *order = order_value(channel->at.sent);
    pointer_channel_send(m, channel, order);
}

TIMED_INLINE uint64_t pointer_receive(struct mutator *m, struct pointer_channel *channel) {
    struct order *order = pointer_channel_receive(m, channel);
    uint64_t sum = order_sum(order);
    heap_delete(m, order, sizeof *order);
    return sum;
}

TIMED_INLINE uint64_t pointer_once(struct mutator *m, void *state) {
    pointer_send(m, state);
    return pointer_receive(m, state);
}

static void *pointer_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    struct pointer_channel *channel = heap_new(m, &pointer_channel_shape);
    for (unsigned i = 0; i < CHANNEL_LAG; i++)
        pointer_send(m, channel);
    return channel;
}

static void pointer_teardown(struct mutator *m, void *state) {
    for (unsigned i = 0; MEM_DELETE_FREES && i < CHANNEL_LAG; i++) /* else it dies with the state */
        pointer_receive(m, state);
    heap_delete(m, state, sizeof(struct pointer_channel));
}

/* channel-send-value-with-pointer */

static TIMED_OPAQUE void receipt_channel_send(struct mutator *m, struct receipt_channel *channel,
                                              const struct receipt *receipt) {
    mem_copy(m, &channel->slots[channel->at.sent++ % CHANNEL_SLOTS], receipt, &receipt_shape, 1);
}

static TIMED_OPAQUE void receipt_channel_receive(struct mutator *m, struct receipt_channel *channel,
                                                 struct receipt *receipt) {
    struct receipt *slot = &channel->slots[channel->at.received++ % CHANNEL_SLOTS];
    *receipt = *slot;
    slot->number = slot->account = 0;
    mem_store(m, &slot->amount, NULL);
}

TIMED_INLINE void receipt_send(struct mutator *m, struct receipt_channel *channel) {
    struct order order = order_value(channel->at.sent);
    struct receipt receipt = {order.number, order.account, heap_new_raw(m, &amount_shape)};
    *receipt.amount = order.amount + order.fee;
    receipt_channel_send(m, channel, &receipt);
}

TIMED_INLINE uint64_t receipt_receive(struct mutator *m, struct receipt_channel *channel) {
    struct receipt receipt;
    receipt_channel_receive(m, channel, &receipt);
    uint64_t sum = heap_mix(receipt.number + receipt.account + *receipt.amount);
    heap_delete(m, receipt.amount, sizeof *receipt.amount);
    return sum;
}

TIMED_INLINE uint64_t receipt_once(struct mutator *m, void *state) {
    receipt_send(m, state);
    return receipt_receive(m, state);
}

static void *receipt_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)arguments;
    struct receipt_channel *channel = heap_new(m, &receipt_channel_shape);
    for (unsigned i = 0; i < CHANNEL_LAG; i++)
        receipt_send(m, channel);
    return channel;
}

static void receipt_teardown(struct mutator *m, void *state) {
    for (unsigned i = 0; MEM_DELETE_FREES && i < CHANNEL_LAG; i++) /* else it dies with the state */
        receipt_receive(m, state);
    heap_delete(m, state, sizeof(struct receipt_channel));
}

BATCH_RUN_STATEFUL(value_run, value_once)
BATCH_RUN_STATEFUL(pointer_run, pointer_once)
BATCH_RUN_STATEFUL(receipt_run, receipt_once)

static uint64_t value_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 50000000 : 5000000;
}

static uint64_t pointer_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

WORKLOAD(channel_send_value) = {
    .name = "channel-send-value",
    .group = "channel",
    .article = "",
    .summary = "a struct of 32 bytes is sent to another task and received",
    .stresses = "copied in and out: 0 allocs/op",
    .traits = TRAIT_SLICEABLE,
    .ops = value_ops,
    .setup = value_setup,
    .run = value_run,
    .teardown = value_teardown,
};

WORKLOAD(channel_send_pointer) = {
    .name = "channel-send-pointer",
    .group = "channel",
    .article = "",
    .summary = "a pointer to a struct of 32 bytes is sent to another task and received",
    .stresses = "what a sent pointer points to escapes: 1 alloc/op, and a write barrier",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = pointer_ops,
    .setup = pointer_setup,
    .run = pointer_run,
    .teardown = pointer_teardown,
};

WORKLOAD(channel_send_value_with_pointer) = {
    .name = "channel-send-value-with-pointer",
    .group = "channel",
    .article = "",
    .summary = "a struct that holds a pointer is sent to another task and received",
    .stresses = "the struct is copied, but its target escapes: 1 alloc/op, bulk write barrier",
    .needs = TRAIT_RECLAIMS,
    .traits = TRAIT_SLICEABLE,
    .ops = pointer_ops,
    .setup = receipt_setup,
    .run = receipt_run,
    .teardown = receipt_teardown,
};
