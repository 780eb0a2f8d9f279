/* Recording an event trace. See event_recorder.h. */
#include "allocators/event_recorder.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum shape { SHAPE_NONE, SHAPE_BEGIN, SHAPE_END, SHAPE_INSTANT, SHAPE_COUNTER };

static const struct {
    uint8_t shape, arguments;
} kinds[EVENT_KIND_MOST + 1] = {
#define EVENT(NAME, number, word, shape, arguments, first, second, meaning)                        \
    [number] = {SHAPE_##shape, arguments},
#include "allocators/event_kinds.def"
#undef EVENT
};

/* The head and the events are written as they lie here. */
struct event_buffer {
    uint32_t next; /* atomic; number of the buffer below in a stack; 0: none */
    uint32_t used; /* bytes of events */
    struct event_chunk_head head;
    unsigned char events[EVENT_CHUNK_BYTES - 8 - sizeof(struct event_chunk_head)];
};
_Static_assert(sizeof(struct event_buffer) == EVENT_CHUNK_BYTES, "chunks lie side by side");

/* A stack (Treiber 1986). Buffers are told by number, 1 and up, in the low half; the high half
   counts the changes, so that a top that went and came back is not taken for one that stayed. */
struct buffer_stack {
    uint64_t top; /* atomic */
};

static struct {
    struct event_buffer *buffers;
    struct buffer_stack free, full;
    uint64_t dropped; /* atomic */
    bool is_ending;   /* atomic */
    int fd;
    sem_t wanted;
    pthread_t writer;
    struct recorder_totals totals; /* the writer's, until it has ended */
} recorder;

/* ---- buffers ---- */

static struct event_buffer *buffer_numbered(uint32_t number) {
    return number == 0 ? NULL : &recorder.buffers[number - 1];
}

static uint32_t buffer_number(const struct event_buffer *buffer) {
    return buffer == NULL ? 0 : (uint32_t)(buffer - recorder.buffers) + 1;
}

static uint64_t stack_changed(uint64_t top, uint32_t number) {
    return ((top >> 32) + 1) << 32 | number;
}

/* Release: whoever pops the buffer sees what is in it. */
static void stack_push(struct buffer_stack *stack, struct event_buffer *buffer) {
    uint64_t top = __atomic_load_n(&stack->top, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&buffer->next, (uint32_t)top, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&stack->top, &top,
                                        stack_changed(top, buffer_number(buffer)), true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* Another thread may pop the same buffer, and even push it again, between the load of its `next`
   and the exchange: then the count of changes is another, and the exchange fails. */
static struct event_buffer *stack_pop(struct buffer_stack *stack) {
    uint64_t top = __atomic_load_n(&stack->top, __ATOMIC_ACQUIRE);
    struct event_buffer *buffer;
    uint32_t below;
    do {
        buffer = buffer_numbered((uint32_t)top);
        if (buffer == NULL)
            return NULL;
        below = __atomic_load_n(&buffer->next, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(&stack->top, &top, stack_changed(top, below), true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
    return buffer;
}

/* All of a stack from which nothing else is popped, in the order in which it was pushed. */
static struct event_buffer *stack_take_all(struct buffer_stack *stack) {
    uint32_t number = (uint32_t)__atomic_exchange_n(&stack->top, 0, __ATOMIC_ACQUIRE), before = 0;
    while (number != 0) {
        struct event_buffer *buffer = buffer_numbered(number);
        uint32_t below = __atomic_load_n(&buffer->next, __ATOMIC_RELAXED);
        __atomic_store_n(&buffer->next, before, __ATOMIC_RELAXED);
        before = number;
        number = below;
    }
    return buffer_numbered(before);
}

/* ---- the writer ---- */

/* False: errno tells why. */
static bool write_whole(int fd, const void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t now = write(fd, (const char *)bytes + done, count - done);
        if (now < 0 && errno != EINTR)
            return false;
        done += now > 0 ? (size_t)now : 0;
    }
    return true;
}

static void writer_write(const struct event_buffer *buffer) {
    struct recorder_totals *totals = &recorder.totals;
    if (totals->write_error == 0 &&
        !write_whole(recorder.fd, &buffer->head, sizeof buffer->head + buffer->used))
        totals->write_error = errno;
    if (totals->write_error == 0)
        totals->events += buffer->head.count;
    else
        totals->dropped += buffer->head.count;
}

static void *writer_main(void *unused) {
    (void)unused;
    for (bool is_ending = false; !is_ending;) {
        while (sem_wait(&recorder.wanted) != 0) {
        }
        is_ending = __atomic_load_n(&recorder.is_ending, __ATOMIC_ACQUIRE);
        struct event_buffer *next;
        for (struct event_buffer *b = stack_take_all(&recorder.full); b != NULL; b = next) {
            next = buffer_numbered(__atomic_load_n(&b->next, __ATOMIC_RELAXED));
            writer_write(b);
            stack_push(&recorder.free, b);
        }
    }
    return NULL;
}

static bool writer_start(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(&recorder.writer, NULL, writer_main, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

bool recorder_start(int fd, void *memory, size_t bytes) {
    memset(&recorder, 0, sizeof recorder);
    recorder.buffers = memory;
    recorder.fd = fd;
    for (size_t i = bytes / EVENT_CHUNK_BYTES; i > 0; i--)
        stack_push(&recorder.free, &recorder.buffers[i - 1]);
    if (sem_init(&recorder.wanted, 0, 0) != 0)
        return false;
    if (writer_start())
        return true;
    sem_destroy(&recorder.wanted);
    return false;
}

struct recorder_totals recorder_stop(void) {
    __atomic_store_n(&recorder.is_ending, true, __ATOMIC_RELEASE);
    sem_post(&recorder.wanted);
    pthread_join(recorder.writer, NULL);
    sem_destroy(&recorder.wanted);
    recorder.totals.dropped += __atomic_load_n(&recorder.dropped, __ATOMIC_RELAXED);
    return recorder.totals;
}

/* ---- tracks ---- */

static void track_hand_over(struct event_track *t) {
    struct event_buffer *buffer = t->buffer;
    t->buffer = NULL;
    buffer->head.bytes = buffer->used;
    stack_push(&recorder.full, buffer);
    sem_post(&recorder.wanted);
}

/* For so many events? */
static bool track_has_room(const struct event_track *t, unsigned events) {
    return t->buffer != NULL &&
           sizeof t->buffer->events - t->buffer->used >= events * (size_t)EVENT_BYTES_MOST;
}

/* Room for an event and for the ends of all slices that are open then. A full chunk is kept as long
   as there is no other, for its room for ends. */
static bool track_make_room(struct event_track *t, uint64_t at_ns) {
    if (track_has_room(t, t->depth + 2u))
        return true;
    struct event_buffer *buffer = stack_pop(&recorder.free);
    if (buffer == NULL)
        return false;
    if (t->buffer != NULL)
        track_hand_over(t);
    buffer->used = 0;
    buffer->head = (struct event_chunk_head){.type = EVENT_CHUNK_EVENTS,
                                             .track = t->number,
                                             .tid = t->tid,
                                             .role = t->role,
                                             .base_ns = at_ns,
                                             .dropped = t->dropped};
    t->dropped = 0;
    t->last_ns = at_ns;
    t->buffer = buffer;
    return true;
}

static void track_drop(struct event_track *t) {
    t->dropped++;
    __atomic_fetch_add(&recorder.dropped, 1, __ATOMIC_RELAXED);
}

static unsigned char *varint_write(unsigned char *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

static void track_write(struct event_track *t, const struct event_record *event, uint64_t at_ns) {
    struct event_buffer *buffer = t->buffer;
    unsigned char *start = buffer->events + buffer->used, *at = start;
    *at++ = (unsigned char)event->kind;
    at = varint_write(at, at_ns - t->last_ns);
    for (unsigned i = 0; i < kinds[event->kind].arguments; i++)
        at = varint_write(at, event->arguments[i]);
    t->last_ns = at_ns;
    buffer->used += (uint32_t)(at - start);
    buffer->head.count++;
}

bool track_is_in(const struct event_track *t, enum event_kind begin) {
    return t->depth > 0 && t->open[t->depth - 1] == begin;
}

/* True: the slice's beginning was kept, so its end is told, and has room. */
static bool track_close(struct event_track *t, enum event_kind end) {
    if (!track_is_in(t, (enum event_kind)(end - 1)))
        return false;
    t->depth--;
    if (!t->is_dropped[t->depth])
        return true;
    track_drop(t);
    return false;
}

static void track_open(struct event_track *t, enum event_kind begin, bool is_kept) {
    assert(t->depth < EVENT_DEPTH_MOST);
    t->open[t->depth] = (uint8_t)begin;
    t->is_dropped[t->depth] = !is_kept;
    t->depth++;
}

void track_record(struct event_track *t, const struct event_record *event) {
    uint64_t at_ns = event->at_ns > t->last_ns ? event->at_ns : t->last_ns;
    uint8_t shape = kinds[event->kind].shape;
    if (shape == SHAPE_END && !track_close(t, event->kind))
        return;
    bool is_kept = track_make_room(t, at_ns) || shape == SHAPE_END;
    if (is_kept)
        track_write(t, event, at_ns);
    else
        track_drop(t);
    if (shape == SHAPE_BEGIN)
        track_open(t, event->kind, is_kept);
}

void track_finish(struct event_track *t, uint64_t at_ns) {
    while (t->depth > 0) {
        enum event_kind end = (enum event_kind)(t->open[t->depth - 1] + 1);
        track_record(t, &(struct event_record){.kind = end, .at_ns = at_ns});
    }
    if (t->buffer != NULL)
        track_hand_over(t);
    t->dropped = 0;
    t->last_ns = 0;
}
