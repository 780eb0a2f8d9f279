/* Cards, and objects that are held by stacks. See remembered.h. */
#include "allocators/goheap/remembered.h"

#include <string.h>

#include "allocators/goheap/mutator.h"
#include "allocators/goheap/world.h"

enum { HELD_MAX = 8192, EPOCHS = 255 };

/* In each byte: 1, and the highest bit. */
#define EVERY_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS  UINT64_C(0x8080808080808080)

struct held {
    size_t count;
    uintptr_t objects[HELD_MAX];
};

static uint8_t cards[GOHEAP_CARDS] __attribute__((aligned(CARDS_AT_ONCE)));

/* World stopped. */
static struct {
    uint8_t epoch; /* of the collection that began last: 1 ... EPOCHS, since a card is 0 at first */
    bool is_complete;
    unsigned now; /* which of the two lists is written */
    struct held held[2];
} remembered;

void remembered_init(void) {
    remembered.epoch = 1;
    remembered.is_complete = true;
    remembered.held[0].count = remembered.held[1].count = 0;
}

void remembered_attach(struct mutator *m) {
    m->shared.cards = cards;
    m->shared.card = remembered.epoch;
}

void remembered_cycle_begin(void) {
    remembered.epoch = (uint8_t)(remembered.epoch % EPOCHS + 1);
    for (struct mutator *m = world_mutators(); m != NULL; m = m->next)
        m->shared.card = remembered.epoch;
    remembered.now = 1 - remembered.now;
    remembered.held[remembered.now].count = 0;
    remembered.is_complete = true;
}

void remembered_hold(uintptr_t object) {
    struct held *held = &remembered.held[remembered.now];
    if (held->count < HELD_MAX)
        held->objects[held->count++] = object;
    else
        remembered.is_complete = false;
}

const uintptr_t *remembered_held(size_t *count) {
    const struct held *held = &remembered.held[1 - remembered.now];
    *count = held->count;
    return held->objects;
}

bool remembered_is_complete(void) {
    return remembered.is_complete;
}

/* The highest bit of each byte that is 0. */
static uint64_t zero_bytes(uint64_t bytes) {
    return ~(((bytes & ~HIGH_BITS) + ~HIGH_BITS) | bytes) & HIGH_BITS;
}

uint64_t remembered_dirty(uintptr_t address) {
    size_t first = address >> GOHEAP_CARD_SHIFT & (GOHEAP_CARDS - 1);
    uint64_t eight =
        __atomic_load_n((const uint64_t *)(const void *)&cards[first], __ATOMIC_RELAXED);
    if (eight == 0)
        return 0;
    uint64_t epoch = remembered.epoch, before = epoch == 1 ? EPOCHS : epoch - 1;
    return zero_bytes(eight ^ epoch * EVERY_BYTE) | zero_bytes(eight ^ before * EVERY_BYTE);
}
