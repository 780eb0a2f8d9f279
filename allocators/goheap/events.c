/* Buffers of the collector's events. See events.h. */
#include "allocators/goheap/events.h"

#include <string.h>

#include "allocators/goheap/os.h"

enum { EVENTS_PIECE_BYTES = 64 * 1024 };

struct event_buffer {
    char *start;
    size_t event_bytes;
    size_t count;
    size_t ready_bytes;
    uint64_t lost;
};

static struct event_buffer pauses = {.event_bytes = sizeof(struct goheap_pause)};
static struct event_buffer cycles = {.event_bytes = sizeof(struct goheap_cycle)};

static bool buffer_init(struct event_buffer *b) {
    b->start = os_reserve(0, EVENTS_MAX * b->event_bytes, OS_PAGE_BYTES);
    b->count = b->ready_bytes = b->lost = 0;
    return b->start != NULL;
}

static void buffer_release(struct event_buffer *b) {
    if (b->start != NULL)
        os_release(b->start, EVENTS_MAX * b->event_bytes, b->ready_bytes, OS_GC);
    b->start = NULL;
}

/* The whole buffer is a multiple of a piece. */
_Static_assert(EVENTS_MAX * sizeof(struct goheap_pause) % EVENTS_PIECE_BYTES == 0, "pieces");
_Static_assert(EVENTS_MAX * sizeof(struct goheap_cycle) % EVENTS_PIECE_BYTES == 0, "pieces");

static bool buffer_has_room(struct event_buffer *b) {
    size_t end = (b->count + 1) * b->event_bytes;
    if (b->count == EVENTS_MAX)
        return false;
    if (end <= b->ready_bytes)
        return true;
    if (!os_commit(b->start + b->ready_bytes, EVENTS_PIECE_BYTES, OS_GC))
        return false;
    b->ready_bytes += EVENTS_PIECE_BYTES;
    return true;
}

static void buffer_add(struct event_buffer *b, const void *event) {
    if (buffer_has_room(b))
        memcpy(b->start + b->count++ * b->event_bytes, event, b->event_bytes);
    else
        b->lost++;
}

bool events_init(void) {
    if (buffer_init(&pauses) && buffer_init(&cycles))
        return true;
    events_release();
    return false;
}

void events_release(void) {
    buffer_release(&pauses);
    buffer_release(&cycles);
}

void events_add_pause(const struct goheap_pause *pause) {
    buffer_add(&pauses, pause);
}

void events_add_cycle(const struct goheap_cycle *cycle) {
    buffer_add(&cycles, cycle);
}

size_t goheap_pauses(const struct goheap_pause **out, uint64_t *lost) {
    *out = (const struct goheap_pause *)(const void *)pauses.start;
    *lost = pauses.lost;
    return pauses.count;
}

size_t goheap_cycles(const struct goheap_cycle **out, uint64_t *lost) {
    *out = (const struct goheap_cycle *)(const void *)cycles.start;
    *lost = cycles.lost;
    return cycles.count;
}

void goheap_events_reset(void) {
    pauses.count = pauses.lost = 0;
    cycles.count = cycles.lost = 0;
}
