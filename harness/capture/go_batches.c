/* Index and tables of a Go execution trace. See go_batches.h; events are read by go_events.c. */
#include "harness/capture/go_batches.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/capture/go_varint.h"

enum {
    HEADER_BYTES = 16,
    VERSION_LEAST = 22,
    VERSION_ENDS = 26, /* from here on a generation says where it ends */
    STRING_BYTES_MAX = 1 << 16,
    FRAMES_MAX = 1 << 12,
    NS_PER_S = 1000 * 1000 * 1000
};

struct go_batch_head {
    uint64_t generation;
    struct go_batch batch;
    bool is_end;     /* of a generation, and no batch */
    bool is_skipped; /* a batch of which nothing is asked */
};

static void generation_free(gpointer pointer) {
    struct go_generation *g = pointer;
    g_array_free(g->batches, TRUE);
    g_hash_table_destroy(g->strings);
    g_hash_table_destroy(g->stacks);
    g_free(g);
}

static struct go_generation *generation_get(struct go_file *file, uint64_t number) {
    for (guint i = file->generations->len; i > 0; i--) {
        struct go_generation *g = g_ptr_array_index(file->generations, i - 1);
        if (g->number == number)
            return g;
    }
    struct go_generation *g = g_new(struct go_generation, 1);
    *g = (struct go_generation){
        .number = number,
        .batches = g_array_new(FALSE, FALSE, sizeof(struct go_batch)),
        .strings = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
        .stacks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free)};
    g_ptr_array_add(file->generations, g);
    return g;
}

/* ---- the file ---- */

static bool file_varint(FILE *in, uint64_t *out) {
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        int byte = getc(in);
        if (byte == EOF)
            return false;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

enum step { STEP_BATCH, STEP_END, STEP_CUT };

/* The head of the next batch; the file is then at its first byte. */
static enum step batch_head_read(struct go_file *file, struct go_batch_head *head) {
    uint64_t bytes;
    int kind = getc(file->in);
    *head = (struct go_batch_head){.is_end = kind == GO_EVENT_END_OF_GENERATION};
    if (kind == EOF)
        return STEP_END;
    if (head->is_end)
        return STEP_BATCH;
    if (kind != 1 && kind != GO_EVENT_EXPERIMENTAL_BATCH)
        return STEP_CUT;
    if (kind == GO_EVENT_EXPERIMENTAL_BATCH && getc(file->in) == EOF)
        return STEP_CUT;
    if (!file_varint(file->in, &head->generation) || !file_varint(file->in, &head->batch.thread) ||
        !file_varint(file->in, &head->batch.time_ticks) || !file_varint(file->in, &bytes) ||
        bytes > GO_BATCH_BYTES_MAX)
        return STEP_CUT;
    head->batch.bytes = (uint32_t)bytes;
    head->batch.offset = (uint64_t)ftello(file->in);
    if (kind == GO_EVENT_EXPERIMENTAL_BATCH) /* nothing in it is asked for */
        head->is_skipped = fseeko(file->in, (off_t)bytes, SEEK_CUR) == 0;
    return STEP_BATCH;
}

/* ---- tables ---- */

static void strings_add(struct go_generation *g, struct go_reader *r) {
    uint64_t id, length;
    while (go_byte(r) == GO_EVENT_STRING && go_varint(r, &id) && go_varint(r, &length) &&
           length <= STRING_BYTES_MAX && length <= (uint64_t)(r->end - r->at)) {
        g_hash_table_insert(g->strings, g_memdup2(&id, sizeof id),
                            g_strndup((const char *)r->at, length));
        r->at += length;
    }
}

static bool stack_read(struct go_reader *r, struct go_stack *stack) {
    uint64_t frames, pc, function, file, line;
    *stack = (struct go_stack){.id = 0};
    if (!go_varint(r, &stack->id) || !go_varint(r, &frames) || frames > FRAMES_MAX)
        return false;
    for (uint64_t i = 0; i < frames; i++) {
        if (!go_varint(r, &pc) || !go_varint(r, &function) || !go_varint(r, &file) ||
            !go_varint(r, &line))
            return false;
        if (i == 0)
            stack->leaf = function;
        stack->root = function;
    }
    return true;
}

static void stacks_add(struct go_generation *g, struct go_reader *r) {
    struct go_stack stack;
    while (go_byte(r) == GO_EVENT_STACK && stack_read(r, &stack)) {
        struct go_stack *kept = g_memdup2(&stack, sizeof stack);
        g_hash_table_replace(g->stacks, &kept->id, kept);
    }
}

static void clock_add(struct go_generation *g, struct go_reader *r, uint64_t time_ticks) {
    uint64_t frequency, since, ns;
    int kind;
    while ((kind = go_byte(r)) >= 0) {
        if (kind == GO_EVENT_FREQUENCY && go_varint(r, &frequency) && frequency > 0) {
            g->tick_ns = (double)NS_PER_S / (double)frequency;
        } else if (kind == GO_EVENT_CLOCK_SNAPSHOT && go_varint(r, &since) && go_varint(r, &ns)) {
            g->snapshot_ticks = time_ticks + since;
            g->snapshot_ns = ns;
            return; /* the time of day follows, which is not asked for */
        } else if (kind != GO_EVENT_SYNC) {
            return;
        }
    }
}

/* Keeps a batch of events by its place, and what a table says at once. */
static void batch_add(struct go_generation *g, const struct go_batch *batch,
                      const unsigned char *bytes) {
    struct go_reader r = {bytes, bytes + batch->bytes};
    switch (batch->bytes == 0 ? 0 : bytes[0]) {
    case GO_EVENT_STRINGS:
        r.at++;
        strings_add(g, &r);
        break;
    case GO_EVENT_STACKS:
        r.at++;
        stacks_add(g, &r);
        break;
    case GO_EVENT_FREQUENCY:
    case GO_EVENT_SYNC:
        clock_add(g, &r, batch->time_ticks);
        break;
    case GO_EVENT_CPU_SAMPLES:
        break;
    default:
        g_array_append_val(g->batches, *batch);
    }
}

static bool batch_read(struct go_file *file, const struct go_batch *batch, unsigned char *bytes) {
    return fread(bytes, 1, batch->bytes, file->in) == batch->bytes;
}

/* A generation whose tables did not arrive has no clock, and its events no times. */
static void generations_finish(struct go_file *file) {
    while (file->generations->len > 0) {
        guint last = file->generations->len - 1;
        const struct go_generation *g = g_ptr_array_index(file->generations, last);
        if (g->tick_ns > 0)
            return;
        file->is_cut = true;
        g_ptr_array_remove_index(file->generations, last);
    }
}

static void file_index(struct go_file *file) {
    struct go_batch_head head;
    unsigned char *bytes = g_malloc(GO_BATCH_BYTES_MAX);
    bool has_ended = true;
    enum step step;
    while ((step = batch_head_read(file, &head)) == STEP_BATCH) {
        has_ended = head.is_end;
        if (head.is_end || head.is_skipped)
            continue;
        if (!batch_read(file, &head.batch, bytes)) {
            step = STEP_CUT;
            break;
        }
        batch_add(generation_get(file, head.generation), &head.batch, bytes);
    }
    file->is_cut = step == STEP_CUT || (file->version >= VERSION_ENDS && !has_ended);
    generations_finish(file);
    g_free(bytes);
}

/* ---- opening ---- */

static bool header_read(struct go_file *file, const char *path, struct error *err) {
    char header[HEADER_BYTES + 1] = {0};
    size_t count = fread(header, 1, HEADER_BYTES, file->in);
    if (count == 0)
        return error_set(err, EXIT_CANNOT, "%s is empty: Go's tracer wrote nothing", path);
    if (sscanf(header, "go 1.%u trace", &file->version) != 1 || count != HEADER_BYTES)
        return error_set(err, EXIT_USAGE, "%s is no execution trace of Go", path);
    if (file->version < VERSION_LEAST)
        return error_set(err, EXIT_CANNOT,
                         "the execution trace of Go 1.%u is of an older kind that heapmark does "
                         "not read: build heapmark with Go 1.%d or newer on PATH",
                         file->version, VERSION_LEAST);
    return true;
}

bool go_file_open(struct go_file *file, const char *path, struct error *err) {
    struct stat status;
    *file = (struct go_file){.in = fopen(path, "rbe")};
    if (file->in == NULL)
        return error_set(err, EXIT_CANNOT, "cannot read %s: %s", path, g_strerror(errno));
    file->bytes = fstat(fileno(file->in), &status) == 0 ? (uint64_t)status.st_size : 0;
    if (!header_read(file, path, err)) {
        fclose(file->in);
        return false;
    }
    file->generations = g_ptr_array_new_with_free_func(generation_free);
    file_index(file);
    return true;
}

void go_file_release(struct go_file *file) {
    g_ptr_array_free(file->generations, TRUE);
    fclose(file->in);
}

const char *go_string(const struct go_generation *g, uint64_t id) {
    const char *text = g_hash_table_lookup(g->strings, &id);
    return text == NULL ? "" : text;
}

const struct go_stack *go_stack_find(const struct go_generation *g, uint64_t id) {
    return g_hash_table_lookup(g->stacks, &id);
}
