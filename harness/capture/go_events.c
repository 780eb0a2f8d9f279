/*
 * The events of a Go execution trace, all threads in one order of time.
 *
 * Each thread's batches follow each other; one batch per thread is in memory, and the thread whose
 * next event is the earliest is always next. The clock is the same on all processors (that is what
 * CLOCK_MONOTONIC promises), so no sequence numbers are needed.
 */
#include <string.h>

#include "harness/capture/go_batches.h"
#include "harness/capture/go_varint.h"

enum { EXPERIMENTAL_LEAST = 128, THREADS_MAX = 1 << 14 };

/* How many numbers an event has, its time included; by enum go_event_kind. 0: not within a batch of
   events. */
static const unsigned char argument_counts[] = {
    [9] = 3,  [10] = 3, [11] = 1, [12] = 4, [13] = 3, [14] = 4, [15] = 2, [16] = 3, [17] = 1,
    [18] = 1, [19] = 3, [20] = 3, [21] = 4, [22] = 3, [23] = 1, [24] = 1, [25] = 4, [26] = 3,
    [27] = 1, [28] = 2, [29] = 3, [30] = 2, [31] = 2, [32] = 2, [33] = 3, [34] = 2, [35] = 2,
    [36] = 1, [37] = 2, [38] = 2, [39] = 2, [40] = 5, [41] = 3, [42] = 4, [43] = 4, [44] = 5,
    [45] = 3, [46] = 3, [47] = 4, [48] = 5, [51] = 4};

/* Spans, objects and stacks of the experiment "AllocFree", from EXPERIMENTAL_LEAST on. */
static const unsigned char experimental_counts[] = {4, 4, 2, 3, 3, 2, 3, 3, 2};

struct thread_cursor {
    uint64_t thread;
    GArray *batches; /* of guint: places in the generation's */
    guint batch;     /* the next one */
    unsigned char *bytes;
    struct go_reader reader;
    uint64_t ticks;
    struct go_event next;
    bool has_next;
};

struct merge {
    struct go_file *file;
    const struct go_generation *generation;
    GPtrArray *threads; /* of struct thread_cursor * */
    bool is_damaged;
};

static unsigned count_of(int kind) {
    if (kind >= EXPERIMENTAL_LEAST && kind < EXPERIMENTAL_LEAST + (int)sizeof experimental_counts)
        return experimental_counts[kind - EXPERIMENTAL_LEAST];
    return kind >= 0 && kind < (int)sizeof argument_counts ? argument_counts[kind] : 0;
}

static uint64_t ticks_to_ns(const struct go_generation *g, uint64_t ticks) {
    double since = ((double)ticks - (double)g->snapshot_ticks) * g->tick_ns;
    if (g->snapshot_ticks == 0)
        return (uint64_t)((double)ticks * g->tick_ns);
    return since < 0 && (uint64_t)-since > g->snapshot_ns
               ? 0
               : g->snapshot_ns + (uint64_t)(int64_t)since;
}

/* False: the thread has no further batch, or it cannot be read. */
static bool cursor_load(struct merge *m, struct thread_cursor *c) {
    if (c->batch >= c->batches->len)
        return false;
    const struct go_batch *batch = &g_array_index(m->generation->batches, struct go_batch,
                                                  g_array_index(c->batches, guint, c->batch++));
    c->bytes = g_realloc(c->bytes, batch->bytes + 1u);
    if (fseeko(m->file->in, (off_t)batch->offset, SEEK_SET) != 0 ||
        fread(c->bytes, 1, batch->bytes, m->file->in) != batch->bytes) {
        m->is_damaged = true;
        return false;
    }
    c->reader = (struct go_reader){c->bytes, c->bytes + batch->bytes};
    c->ticks = batch->time_ticks;
    return true;
}

static bool cursor_read(struct merge *m, struct thread_cursor *c) {
    uint64_t since, ignored;
    int kind = go_byte(&c->reader);
    unsigned count = count_of(kind);
    c->next = (struct go_event){.kind = (enum go_event_kind)kind, .thread = c->thread};
    if (count == 0 || !go_varint(&c->reader, &since))
        return false;
    for (unsigned i = 0; i + 1 < count; i++) {
        if (!go_varint(&c->reader, i < GO_ARGUMENTS_MAX ? &c->next.arguments[i] : &ignored))
            return false;
    }
    c->ticks += since;
    c->next.time_ns = ticks_to_ns(m->generation, c->ticks);
    return true;
}

/* Makes the thread's next event ready. What cannot be read ends its batch. */
static void cursor_advance(struct merge *m, struct thread_cursor *c) {
    c->has_next = false;
    while (!c->has_next) {
        if (c->reader.at == c->reader.end && !cursor_load(m, c))
            return;
        if (c->reader.at == c->reader.end) /* an empty batch */
            continue;
        c->has_next = cursor_read(m, c);
        if (!c->has_next) {
            m->is_damaged = true;
            c->reader.at = c->reader.end;
        }
    }
}

static void cursor_free(gpointer pointer) {
    struct thread_cursor *c = pointer;
    g_array_free(c->batches, TRUE);
    g_free(c->bytes);
    g_free(c);
}

static struct thread_cursor *merge_cursor(struct merge *m, uint64_t thread) {
    for (guint i = 0; i < m->threads->len; i++) {
        struct thread_cursor *c = g_ptr_array_index(m->threads, i);
        if (c->thread == thread)
            return c;
    }
    if (m->threads->len >= THREADS_MAX)
        return NULL;
    struct thread_cursor *c = g_new0(struct thread_cursor, 1);
    c->thread = thread;
    c->batches = g_array_new(FALSE, FALSE, sizeof(guint));
    g_ptr_array_add(m->threads, c);
    return c;
}

static void merge_begin(struct merge *m) {
    for (guint i = 0; i < m->generation->batches->len; i++) {
        const struct go_batch *batch = &g_array_index(m->generation->batches, struct go_batch, i);
        struct thread_cursor *c = merge_cursor(m, batch->thread);
        if (c != NULL)
            g_array_append_val(c->batches, i);
    }
    for (guint i = 0; i < m->threads->len; i++)
        cursor_advance(m, g_ptr_array_index(m->threads, i));
}

static struct thread_cursor *merge_earliest(const struct merge *m) {
    struct thread_cursor *earliest = NULL;
    for (guint i = 0; i < m->threads->len; i++) {
        struct thread_cursor *c = g_ptr_array_index(m->threads, i);
        if (c->has_next && (earliest == NULL || c->next.time_ns < earliest->next.time_ns))
            earliest = c;
    }
    return earliest;
}

static bool generation_tell(struct go_file *file, const struct go_generation *generation,
                            go_event_teller tell, void *context) {
    struct merge m = {.file = file,
                      .generation = generation,
                      .threads = g_ptr_array_new_with_free_func(cursor_free)};
    merge_begin(&m);
    for (struct thread_cursor *c; (c = merge_earliest(&m)) != NULL; cursor_advance(&m, c))
        tell(context, generation, &c->next);
    g_ptr_array_free(m.threads, TRUE);
    return !m.is_damaged;
}

bool go_file_tell(struct go_file *file, go_event_teller tell, void *context, struct error *err) {
    bool ok = true;
    for (guint i = 0; i < file->generations->len; i++)
        ok = generation_tell(file, g_ptr_array_index(file->generations, i), tell, context) && ok;
    return ok || error_set(err, EXIT_CANNOT,
                           "Go's execution trace has events that heapmark does not know; they are "
                           "left out with what follows them in their batch");
}
