/*
 * The cold half of the binding `bump`: where chunks come from and go to.
 *
 * Chunks are few and big: the first has 1 MB, each further one twice the last, up to 64 MB. So n
 * bytes cost O(log n) system calls at first and one per 64 MB later, while a mutator that allocates
 * little holds little: what is mapped stays below twice what is used plus 1 MB. A larger object
 * gets a chunk of its size. The kernel gives pages only when they are touched.
 *
 * A mutator that detaches right after mem_reset has nothing live: its chunks go to the next that
 * asks. Otherwise other threads may still read what it allocated, and its chunks stay until the
 * process ends.
 */
#include "allocators/bump_binding.h"

#include <pthread.h>
#include <sys/mman.h>

static const size_t chunk_bytes_least = (size_t)1 << 20;
static const size_t chunk_bytes_most = (size_t)64 << 20;

/* Everything below is guarded by the lock. */
static pthread_mutex_t bump_lock = PTHREAD_MUTEX_INITIALIZER;
static struct bump_chunk *spare_chunks;
static uint64_t mapped_bytes;
static uint64_t mapped_bytes_peak;

/* A chunk with room for `bytes` above its header; `bytes` is at most PTRDIFF_MAX. NULL: no memory.
 */
static struct bump_chunk *bump_chunk_map(size_t bytes) {
    const size_t page_mask = 4095;
    size_t total = (bytes + BUMP_HEADER_BYTES + page_mask) & ~page_mask;
    struct bump_chunk *chunk =
        mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED)
        return NULL;
    chunk->next = NULL;
    chunk->end = (uintptr_t)chunk + total;
    chunk->virgin = bump_chunk_bottom(chunk);
    mapped_bytes += total;
    if (mapped_bytes_peak < mapped_bytes)
        mapped_bytes_peak = mapped_bytes;
    return chunk;
}

static bool bump_chunk_fits(const struct bump_chunk *chunk, size_t bytes) {
    return bytes <= chunk->end - bump_chunk_bottom(chunk);
}

static struct bump_chunk *bump_spare_take(size_t bytes) {
    for (struct bump_chunk **link = &spare_chunks; *link != NULL; link = &(*link)->next) {
        struct bump_chunk *chunk = *link;
        if (!bump_chunk_fits(chunk, bytes))
            continue;
        *link = chunk->next;
        chunk->next = NULL;
        return chunk;
    }
    return NULL;
}

/* A spare chunk, or a new one of the mutator's next size, or, when memory is short, of just the
   size that is needed. */
static struct bump_chunk *bump_chunk_get(struct mutator *m, size_t bytes) {
    if (bytes > PTRDIFF_MAX - chunk_bytes_most)
        return NULL;
    size_t wanted = m->chunk_bytes - BUMP_HEADER_BYTES;
    pthread_mutex_lock(&bump_lock);
    struct bump_chunk *chunk = bump_spare_take(bytes);
    if (chunk == NULL && bytes <= wanted) {
        chunk = bump_chunk_map(wanted);
        if (chunk != NULL && m->chunk_bytes < chunk_bytes_most)
            m->chunk_bytes *= 2;
    }
    if (chunk == NULL)
        chunk = bump_chunk_map(bytes);
    pthread_mutex_unlock(&bump_lock);
    return chunk;
}

static void bump_chunk_enter(struct mutator *m, struct bump_chunk *chunk) {
    m->chunk = chunk;
    m->next = bump_chunk_bottom(chunk);
    m->limit = chunk->end;
    m->virgin = chunk->virgin;
}

static void bump_chunk_leave(struct mutator *m) {
    m->chunk->virgin = m->virgin < m->next ? m->next : m->virgin;
}

void *bump_take_from_next_chunk(struct mutator *m, size_t bytes) {
    struct bump_chunk *last = m->chunk;
    struct bump_chunk *chunk = last->next;
    while (chunk != NULL && !bump_chunk_fits(chunk, bytes)) { /* skipped until the next reset */
        last = chunk;
        chunk = chunk->next;
    }
    if (chunk == NULL) {
        chunk = bump_chunk_get(m, bytes);
        if (chunk == NULL)
            return NULL;
        last->next = chunk;
    }
    bump_chunk_leave(m);
    bump_chunk_enter(m, chunk);
    return bump_take(m, bytes);
}

void bump_rewind(struct mutator *m) {
    bump_chunk_leave(m);
    bump_chunk_enter(m, m->first);
}

bool bump_attach(struct mutator *m) {
    m->chunk_bytes = chunk_bytes_least;
    m->first = bump_chunk_get(m, 1);
    if (m->first == NULL)
        return false;
    bump_chunk_enter(m, m->first);
    return true;
}

void bump_detach(struct mutator *m) {
    bool nothing_live = m->chunk == m->first && m->next == bump_chunk_bottom(m->first);
    bump_chunk_leave(m);
    if (nothing_live) {
        pthread_mutex_lock(&bump_lock);
        struct bump_chunk **link = &m->first;
        while (*link != NULL)
            link = &(*link)->next;
        *link = spare_chunks;
        spare_chunks = m->first;
        pthread_mutex_unlock(&bump_lock);
    }
    *m = (struct mutator){0};
}

static bool bump_init(const struct setting_value *values, size_t count, struct error *err) {
    (void)values, (void)count, (void)err;
    return true;
}

static const char *bump_name(void) {
    return "bump";
}

static const char *bump_version(void) {
    return "0.1";
}

/* Objects are not counted: the hot path would pay for it. */
static void bump_stats(struct allocator_stats *out) {
    memset(out, 0xff, sizeof *out); /* STAT_UNKNOWN in every field */
    pthread_mutex_lock(&bump_lock);
    out->mapped_bytes = mapped_bytes;
    out->mapped_bytes_peak = mapped_bytes_peak;
    pthread_mutex_unlock(&bump_lock);
}

static void bump_marks_reset(void) {
    pthread_mutex_lock(&bump_lock);
    mapped_bytes_peak = mapped_bytes;
    pthread_mutex_unlock(&bump_lock);
}

const struct allocator allocator_binding = {
    .binding = "bump",
    .summary = "a pointer that moves up; memory comes back only all at once",
    .link = "inline",
    .offers = TRAIT_THREADS,
    .init = bump_init,
    .name = bump_name,
    .version = bump_version,
    .stats = bump_stats,
    .marks_reset = bump_marks_reset,
};
