/* A hash table of stacks under one lock: the count pass is not timed. */
#include "harness/run/cell_sites.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/wire.h"
#include "workloads/heap.h"

enum {
    SITES_MAX = 8192,    /* a power of two; what finds no room is counted as one */
    SITE_DEPTH_MAX = 64, /* what lies deeper is cut at the root */
    /* So many stacks are kept whole; a recursion has no end of them, and further ones keep each
       call once. */
    SITES_WHOLE = SITES_MAX / 2
};

/* No frame of a program is larger: a pointer that leaps further is no frame's. */
#define FRAME_BYTES_MAX ((uintptr_t)1 << 20)

struct site {
    uintptr_t returns[SITE_DEPTH_MAX]; /* leaf first, where each call returns to */
    unsigned depth;                    /* 0: not in use */
    uint64_t objects, requested_bytes, handed_out_bytes;
};

static struct site sites[SITES_MAX];
static struct site sites_beyond; /* those without room */
static unsigned sites_used;
static atomic_flag sites_lock = ATOMIC_FLAG_INIT;
static int sites_fd = -1;
static bool sites_count; /* changed while all threads wait at a barrier */

/* Where the program's code lies (GNU ld and lld). */
extern const char __executable_start[], etext[];

static bool is_own_code(uintptr_t address) {
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
}

/* Follows frame pointers from `frame` while they lead up the stack and calls come from the
   program. */
static unsigned stack_walk(const uintptr_t *frame, uintptr_t *returns) {
    unsigned depth = 0;
    while (depth < SITE_DEPTH_MAX && is_own_code(frame[1])) {
        returns[depth++] = frame[1];
        uintptr_t next = frame[0];
        if (next <= (uintptr_t)frame || next - (uintptr_t)frame > FRAME_BYTES_MAX ||
            next % sizeof next != 0)
            break;
        frame = (const uintptr_t *)next;
    }
    return depth;
}

/* The site with this stack, or where it goes; NULL without room. */
static struct site *site_probe(const uintptr_t *returns, unsigned depth) {
    uint64_t hash = depth;
    for (unsigned i = 0; i < depth; i++)
        hash = (hash ^ returns[i]) * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned probe = 0; probe < SITES_MAX; probe++) {
        struct site *s = &sites[((hash >> 32) + probe) & (SITES_MAX - 1)];
        if (s->depth == 0 ||
            (s->depth == depth && memcmp(s->returns, returns, depth * sizeof *returns) == 0))
            return s;
    }
    return NULL;
}

/* Leaves of each call the one nearest to the leaf; returns how many are left. */
static unsigned recursion_fold(uintptr_t *returns, unsigned depth) {
    unsigned count = 0;
    for (unsigned i = 0; i < depth; i++) {
        unsigned before = 0;
        while (before < count && returns[before] != returns[i])
            before++;
        if (before == count)
            returns[count++] = returns[i];
    }
    return count;
}

static struct site *site_find(uintptr_t *returns, unsigned depth) {
    struct site *s = site_probe(returns, depth);
    if ((s == NULL || s->depth == 0) && sites_used >= SITES_WHOLE) {
        depth = recursion_fold(returns, depth);
        s = site_probe(returns, depth);
    }
    if (s == NULL)
        return &sites_beyond;
    if (s->depth == 0) {
        memcpy(s->returns, returns, depth * sizeof *returns);
        s->depth = depth;
        sites_used++;
    }
    return s;
}

__attribute__((noinline)) void heap_site(size_t requested, size_t handed_out) {
    uintptr_t returns[SITE_DEPTH_MAX];
    if (!sites_count)
        return;
    unsigned depth = stack_walk(__builtin_frame_address(0), returns);
    while (atomic_flag_test_and_set_explicit(&sites_lock, memory_order_acquire))
        ;
    struct site *s = depth == 0 ? &sites_beyond : site_find(returns, depth);
    s->objects++;
    s->requested_bytes += requested;
    s->handed_out_bytes += handed_out;
    atomic_flag_clear_explicit(&sites_lock, memory_order_release);
}

void cell_sites_begin(int fd) {
    sites_fd = fd;
}

void cell_sites_count(bool counts) {
    sites_count = counts && sites_fd >= 0;
}

static void site_write(FILE *out, const struct site *s) {
    fprintf(out, "site %" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", s->objects, s->requested_bytes,
            s->handed_out_bytes);
    /* a return address is behind the call; one before it is in it */
    for (unsigned i = 0; i < s->depth; i++)
        fprintf(out, "address %" PRIxPTR "\n", s->returns[i] - 1 - (uintptr_t)__executable_start);
}

void cell_sites_write(const struct cell_measurement *measured) {
    FILE *out = sites_fd < 0 ? NULL : fdopen(sites_fd, "w");
    if (out == NULL)
        return;
    fprintf(out, "heapmark-sites %d\n", WIRE_SITES_VERSION);
    fprintf(out, "total %" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", measured->count_ops,
            measured->allocs, measured->handed_out_bytes);
    for (size_t i = 0; i < SITES_MAX; i++)
        if (sites[i].objects > 0)
            site_write(out, &sites[i]);
    if (sites_beyond.objects > 0)
        site_write(out, &sites_beyond);
    fprintf(out, "end\n");
    fclose(out);
}
