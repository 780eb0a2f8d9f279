/*
 * goheap: a Go-style allocator and garbage collector as a C library.
 *
 * One heap per process. A thread that allocates is a mutator: it attaches, gets a context with its
 * mcache, and passes that context to every call. Objects never move. Unreachable objects are
 * collected; nothing is ever freed by hand.
 *
 * Roots are the stacks and callee-saved registers of attached mutators, scanned conservatively from
 * their stack pointer up to the base they gave (interior pointers count, and a word at the start of
 * a slot also keeps the slot before it, which it may be one past), and ranges registered with
 * goheap_root. Nothing else: not thread-local storage, not malloc'ed memory, not globals. Heap
 * objects are scanned precisely: `pointers` of the call that made them tells which words hold
 * pointers; those words hold NULL, a pointer to or into a goheap object, or a pointer outside the
 * heap.
 *
 * Threads: calls that take a mutator are made by its own thread only. The others may be called by
 * any thread, attached or not, unless said otherwise. The collector has a thread of its own, which
 * a forked child lacks: a child may exec or exit, but not use the heap.
 *
 * Errors: exhaustion is NULL or false. Misuse (a pointer goheap never handed out, a detached
 * mutator, init twice) ends the process with a clear message on stderr and abort().
 *
 * Sources: The Go Authors, runtime/malloc.go, mheap.go, mcentral.go, mcache.go, mgc.go,
 * mgcsweep.go, mgcpacer.go (algorithms and figures; the code is our own).
 */
#ifndef HEAPMARK_GOHEAP_H
#define HEAPMARK_GOHEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GOHEAP_VERSION "0.1"

#define GOHEAP_API __attribute__((visibility("default")))

/* The part of a mutator's context that inline code reads; the rest is private. */
struct goheap_mutator {
    /* Not 0: the collector wants this mutator at a safepoint. Written by the collector. */
    uint32_t stop_wanted;
    /* Not 0: a collection is marking, so pointers that are overwritten must be told. Changes only
       at safepoints. */
    uint32_t marking;
    /* Which parts of the heap were stored into: a byte for each 2^GOHEAP_CARD_SHIFT bytes, and what
       is written there. The byte changes only at safepoints. */
    uint8_t *cards;
    uint64_t card;
};

enum { GOHEAP_CARD_SHIFT = 9, GOHEAP_CARDS = 1 << 18 };

/* CONCURRENT marks beside the mutators, STW in one stop of the world, OFF only when forced. */
enum goheap_gc { GOHEAP_GC_CONCURRENT, GOHEAP_GC_STW, GOHEAP_GC_OFF };

struct goheap_options {
    int64_t gogc; /* per cent of the live heap that may be allocated before the next
                     collection; < 0: off. Go's GOGC. */
    enum goheap_gc gc;
    uint64_t memlimit;      /* bytes of all memory got from the operating system and not given back
                               (sys - heap_released) that the collector tries to stay below, 0:
                               none. Ignored with gc off. Go's GOMEMLIMIT. */
    uint64_t stress;        /* > 0: collect at every stress-th refill, and poison freed slots */
    bool checkmark;         /* check each marking against one made with the world stopped; slow */
    bool handshake_delays;  /* wait for random times where threads meet, to find races; slow */
    uint64_t memory_limit;  /* bytes mapped at most, 0: none; beyond it allocation returns NULL */
    uint64_t mmap_fails_at; /* fault injection: from this call on, getting memory from the operating
                               system fails; 0: never. Counted from 1, from goheap_init on. */
    bool generational;      /* with gc concurrent and without memlimit: collections may be partial,
                               and then leave alone what earlier ones found */
    bool gctrace;           /* a line per collection on stderr, in the format of Go's gctrace=1 */
    bool no_worker; /* with gc stw: no thread of the collector's, so mutators sweep all and idle
                       memory is not given back. The same program does the same every time. */
};

/* The defaults: gogc 100, gc concurrent, everything else off. */
GOHEAP_API struct goheap_options goheap_options_default(void);

/* Sets the heap up. False: no memory for its tables; nothing is left behind. */
GOHEAP_API bool goheap_init(const struct goheap_options *options);

/* The calling thread becomes a mutator. stack_base: an address in a frame above every frame that
   can hold heap pointers. NULL: no memory. */
GOHEAP_API struct goheap_mutator *goheap_attach(void *stack_base);

/* It stops being one; m is gone. */
GOHEAP_API void goheap_detach(struct goheap_mutator *m);

/*
 * One object of `bytes` > 0. Bit i of pointers: word i holds a pointer; words from 64 up hold none.
 * Zeroed. NULL when memory is exhausted. Requests of 0 bytes share one address.
 */
GOHEAP_API void *goheap_new(struct goheap_mutator *m, size_t bytes, uint64_t pointers);

/* The same without pointers and without zeroing. */
GOHEAP_API void *goheap_new_raw(struct goheap_mutator *m, size_t bytes);

/* n elements of `bytes` each; the mask counts for each element. Zeroed. NULL also when n * bytes
   overflows. */
GOHEAP_API void *goheap_new_array(struct goheap_mutator *m, size_t n, size_t bytes,
                                  uint64_t pointers);

/* Bytes of the slot that p, the start of an object, was given. Tiny objects (below 16 bytes without
   pointers) share a slot of 16 bytes: for them 16. */
GOHEAP_API size_t goheap_usable_size(const void *p);

/* start (8-aligned) ... start + bytes is a root from now on. False: no memory. */
GOHEAP_API bool goheap_root(void *start, size_t bytes);
/* Exactly a range registered before. */
GOHEAP_API void goheap_unroot(void *start, size_t bytes);

/* Inline: a safepoint. Allocation is one too when it takes the slow path. */
GOHEAP_API void goheap_poll_slow(struct goheap_mutator *m);
static inline void goheap_poll(struct goheap_mutator *m) {
    if (__builtin_expect(__atomic_load_n(&m->stop_wanted, __ATOMIC_RELAXED) != 0, 0))
        goheap_poll_slow(m);
}

/*
 * Stores of pointers. A collection that marks beside the mutators must know of every pointer that
 * is overwritten in the heap: such a store goes through goheap_store, a copy over words that may
 * hold pointers through goheap_copy. Stacks and registered ranges are read in the stop that begins
 * the collection: stores into them may, but need not, go through these; they must not where the
 * word overwritten may be one past an object, which no word of a heap object is. The first store
 * into a word of a fresh object overwrites NULL, and is goheap_store_first. Fresh: the thread that
 * made it has held it in a local variable ever since; only then does the collector know, without
 * being told, that it may point to something new. Inline: without a collection under way, a load, a
 * test and a store of a byte more than a store. Release, so that whoever finds a new
 * object by the pointer finds it initialised.
 */
GOHEAP_API void goheap_overwritten(struct goheap_mutator *m, void *pointer);
GOHEAP_API void goheap_overwritten_bulk(struct goheap_mutator *m, void *const *first, size_t count,
                                        size_t words, uint64_t pointers);

/* Says that the word at `slot` was stored into. */
static inline void goheap_dirty_card(struct goheap_mutator *m, const void *slot) {
    size_t card = (uintptr_t)slot >> GOHEAP_CARD_SHIFT & (GOHEAP_CARDS - 1);
    __atomic_store_n(&m->cards[card], (uint8_t)m->card, __ATOMIC_RELAXED);
}

static inline void goheap_store_first(void *slot, void *value) {
    __atomic_store_n((void **)slot, value, __ATOMIC_RELEASE);
}

static inline void goheap_store(struct goheap_mutator *m, void *slot, void *value) {
    if (__builtin_expect(__atomic_load_n(&m->marking, __ATOMIC_RELAXED) != 0, 0))
        goheap_overwritten(m, *(void **)slot);
    goheap_dirty_card(m, slot);
    __atomic_store_n((void **)slot, value, __ATOMIC_RELEASE);
}

/* n elements of `bytes` each, of which the words in the mask hold pointers; the ranges do not
   overlap. Pointers are copied whole, since the collector may read them meanwhile. */
static inline void goheap_copy(struct goheap_mutator *m, void *to, const void *from, size_t n,
                               size_t bytes, uint64_t pointers) {
    if (pointers == 0) {
        __builtin_memcpy(to, from, n * bytes);
        return;
    }
    if (__builtin_expect(__atomic_load_n(&m->marking, __ATOMIC_RELAXED) != 0, 0))
        goheap_overwritten_bulk(m, (void *const *)to, n, bytes / 8, pointers);
    for (size_t done = 0; done < n * bytes; done += 1 << GOHEAP_CARD_SHIFT)
        goheap_dirty_card(m, (const char *)to + done);
    goheap_dirty_card(m, (const char *)to + n * bytes - 1);
    for (size_t i = 0; i < n * bytes / 8; i++)
        __atomic_store_n((uint64_t *)to + i, ((const uint64_t *)from)[i], __ATOMIC_RELEASE);
}

/* Bracket anything that waits: between them the caller does not touch the heap, and the collector
   scans its stack, as it was at goheap_block, without it. */
GOHEAP_API void goheap_block(struct goheap_mutator *m);
GOHEAP_API void goheap_unblock(struct goheap_mutator *m);

/* A whole collection, finished with its sweep when it returns. m: the calling mutator, or NULL when
   the caller is none. */
GOHEAP_API void goheap_collect(struct goheap_mutator *m);

/* Statistics under the names of Go's runtime.MemStats. Exact: mutators are stopped meanwhile, so a
   calling mutator passes itself, others NULL. */
struct goheap_memstats {
    uint64_t alloc, total_alloc, sys, mallocs, frees; /* bytes, bytes, bytes, objects, objects */
    uint64_t heap_alloc, heap_sys, heap_idle, heap_inuse, heap_released, heap_objects; /* released:
        idle, and without memory: never used, or given back by the scavenger (not with gc off) */
    uint64_t mspan_inuse, mcache_inuse, gc_sys, other_sys;                             /* bytes */
    uint64_t next_gc, pause_total_ns, num_gc, num_forced_gc;
    uint64_t tiny_allocs; /* objects that shared a tiny block; part of mallocs */
    struct {
        uint32_t size;
        uint64_t mallocs, frees;
    } by_size[68];
    /* Beyond MemStats. */
    uint64_t num_partial_gc; /* of num_gc */
    uint64_t stw_count;
    uint64_t gc_cpu_ns;          /* CPU time of stops, marking, assists and sweeping */
    uint64_t assist_ns;          /* marking done by allocating mutators */
    uint64_t sweep_mutator_ns;   /* sweeping done by allocating mutators */
    uint64_t bgsweep_count;      /* spans swept by the collector's thread */
    uint64_t alloc_delay_ns_max; /* longest single slow path since goheap_marks_reset */
    uint64_t heap_live_peak;     /* most heap_live (as the pacer counts) since goheap_marks_reset */
    uint64_t heap_sys_peak;      /* most bytes mapped for the heap since goheap_marks_reset */
};
GOHEAP_API void goheap_read_memstats(struct goheap_mutator *m, struct goheap_memstats *out);
GOHEAP_API void goheap_marks_reset(void);

/* Events of the collector since the last goheap_events_reset, oldest first. Borrowed until then;
   call when no collection can run. *lost counts those without room (65,536 of each are kept). */
struct goheap_pause {
    uint64_t cycle;
    const char *phase;           /* "mark-setup" or "mark-termination"; a cycle with so little to
                                    mark that it ends in its first stop has no second one */
    uint64_t start_ns, pause_ns; /* CLOCK_MONOTONIC; from wanting the stop to letting go */
};
struct goheap_cycle {
    uint64_t cycle, start_ns, mark_ns; /* mark_ns: from the first stop to the end of marking */
    uint64_t assist_ns;                /* of all mutators */
    uint64_t heap_start_bytes, heap_end_bytes, heap_marked_bytes, goal_bytes;
    bool forced;
    bool partial; /* what earlier cycles had found was taken for live */
};
GOHEAP_API size_t goheap_pauses(const struct goheap_pause **out, uint64_t *lost);
GOHEAP_API size_t goheap_cycles(const struct goheap_cycle **out, uint64_t *lost);
GOHEAP_API void goheap_events_reset(void);

/*
 * The event trace (event_trace.h): from now on what the heap does goes to the descriptor, as chunks
 * of events; the stream's head and its end are the caller's. A thread of the library's own writes
 * them. What the descriptor does not take in time is dropped and counted. m: as in goheap_collect.
 * Costs 8 MB of address space, and nothing in allocations that take the fast path. False: no memory
 * for the buffers, or no thread.
 */
GOHEAP_API bool goheap_trace_start(struct goheap_mutator *m, int fd);

/* Ends it. Waits until all is written; a reader that neither reads nor closes is waited for. */
struct goheap_trace {
    uint64_t events, dropped; /* written, and not */
    int write_error;          /* errno of the write that ended the writing; 0: none did */
};
GOHEAP_API void goheap_trace_stop(struct goheap_mutator *m, struct goheap_trace *out);

/*
 * Re-derives every invariant of the heap with the world stopped: page map and spans, free pages and
 * their summaries, bitmaps against counts, span lists against sweepgen, statistics against both. On
 * a violation prints which and where, and aborts.
 */
GOHEAP_API void goheap_verify(struct goheap_mutator *m);

#ifdef __cplusplus
}
#endif

#endif
