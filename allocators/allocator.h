/* clang-format off */
/*
 * The contract between a workload and an allocation strategy.
 *
 * The contract has two halves. The cold half is `struct allocator`: who the allocator is, what it
 * offers, what can be set, what it has counted. The hot half is the set of `mem_*` functions, which
 * each binding's header (`<name>_binding.h`) defines as `static inline` functions. A workload is
 * compiled once per binding against the header named by BENCH_ALLOCATOR_H, so a timed region holds
 * direct calls only; a hot function that a binding forgets does not compile.
 *
 * The hot half, every function taking the calling thread's `struct mutator` first (each binding
 * defines that struct; only its own thread may use it):
 *
 *   bool  mem_attach(m, stack_base)    the calling thread becomes a mutator. stack_base is an address
 *                                      in a frame above all frames that can hold heap pointers.
 *                                      False when the allocator cannot take it (memory).
 *   void  mem_detach(m)                it stops being one; m may be attached again
 *   void *mem_new(m, shape)            one zeroed object; NULL when memory is exhausted
 *   void *mem_new_raw(m, shape)        one object, contents undefined where the shape has no pointers;
 *                                      the caller writes every field before anything reads it
 *   void *mem_new_array(m, shape, n)   n >= 1 zeroed elements of a shape
 *   void *mem_resize(m, p, shape, old_n, new_n)  realloc's meaning for an array of old_n elements:
 *                                      the first min(old_n, new_n) are kept, the rest are undefined
 *                                      (zero where the shape has pointers), p is gone. On NULL p stays.
 *   void  mem_delete(m, p, bytes)      the caller will not touch p again; bytes is what was asked
 *                                      for. malloc frees, a collector does nothing. p may be NULL.
 *   MEM_DELETE_FREES                   a constant: 1 where mem_delete gives memory back, 0 where it
 *                                      does nothing. A walk over a structure that has no other end
 *                                      than to delete its objects is made only if it is 1: a C
 *                                      programmer has to walk, a program with a collector (or a
 *                                      region, as bump) drops the structure and goes on.
 *   void  mem_init(m, slot, value)     initialising store of a pointer into a fresh object: no barrier.
 *                                      Fresh: held by a local variable since it was made
 *   void  mem_store(m, slot, value)    pointer store into the heap or a registered root, with barrier
 *   void  mem_copy(m, dst, src, shape, n)  copies n elements that may hold pointers, with bulk barrier;
 *                                      the two ranges do not overlap
 *   bool  mem_root(m, start, bytes)    registers a range outside the stack that may hold heap
 *                                      pointers (8-aligned); every word of it is a root
 *   void  mem_unroot(m, start, bytes)  exactly a range given to mem_root before
 *   void  mem_poll(m)                  a safepoint
 *   void  mem_block(m), mem_unblock(m) bracket anything that waits; between them the thread must not
 *                                      touch the heap, and a collector need not wait for it
 *   void  mem_reset(m)                 nothing that this mutator allocated is live, the workload's
 *                                      state included: bump starts again, others do nothing
 *   size_t mem_usable(m, p, bytes)     bytes the allocator handed out for p, asked for as `bytes`; 0
 *                                      when it cannot tell (count pass only, never timed)
 *
 * Bindings that share a part have it from a header: plain_stores.h (no barrier), no_collector.h
 * (nothing to do for a collector).
 *
 * Alignment: below 16 bytes, the largest power of two up to 8 that divides the size (what any C type
 * of that size needs); from 16 bytes up 16, except 8 for sizes of 17 to 24 bytes.
 */
/* clang-format on */
#ifndef HEAPMARK_ALLOCATORS_ALLOCATOR_H
#define HEAPMARK_ALLOCATORS_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/event_trace.h"
#include "harness/base/error.h"

/* Describes an object as Go's type does. */
struct shape {
    size_t bytes;      /* size of one object or of one array element; > 0 */
    uint64_t pointers; /* bit i: word i (8 bytes each) holds a pointer; words from 64 up hold none.
                          0: no pointers at all ("noscan") */
};

/* The bit of `struct shape.pointers` for a pointer field. The field lies in the first 512 bytes. */
#define SHAPE_POINTER(type, field) (UINT64_C(1) << (offsetof(type, field) / 8))

/* What a binding may offer and a workload may need. A cell exists when needs are within offers;
   traits.def says what each means. */
enum trait {
#define TRAIT(name, word, bit, meaning) TRAIT_##name = 1u << (bit),
#include "allocators/traits.def"
#undef TRAIT
};

/* "Not known" in `struct allocator_stats`. */
#define STAT_UNKNOWN UINT64_MAX

/* Totals since init unless said otherwise; STAT_UNKNOWN where the allocator cannot tell. */
struct allocator_stats {
    uint64_t allocs;            /* objects handed out */
    uint64_t allocated_bytes;   /* bytes handed out for them, by size class */
    uint64_t live_bytes;        /* handed out and not (known to be) dead, now */
    uint64_t live_bytes_peak;   /* most of live_bytes since allocator_marks_reset */
    uint64_t mapped_bytes;      /* got from the operating system, now */
    uint64_t mapped_bytes_peak; /* most of it since allocator_marks_reset */
    uint64_t gc_cycles;         /* collections finished */
    uint64_t gc_stw_count;      /* single stops of the world */
    uint64_t gc_pause_ns_total;
    uint64_t gc_cpu_ns;          /* CPU time of collector work, in stops and beside mutators */
    uint64_t gc_sweep_ns;        /* sweeping done by mutators */
    uint64_t gc_assist_ns;       /* marking done by mutators */
    uint64_t gc_bgsweep_count;   /* spans swept in the background */
    uint64_t alloc_delay_ns_max; /* longest single allocation since allocator_marks_reset */
};

/* One stop of the world, or one mutator's part in a handshake. Times: CLOCK_MONOTONIC. */
struct allocator_pause {
    uint64_t cycle;    /* 1 for the first collection of the process */
    const char *phase; /* static text without spaces */
    uint32_t thread;   /* mutator's number, or 0 when all were stopped */
    uint64_t start_ns;
    uint64_t pause_ns;
};

/* One collection. */
struct allocator_cycle {
    uint64_t cycle;
    uint64_t start_ns;
    uint64_t mark_ns;           /* wall time from the first stop to the end of marking */
    uint64_t heap_start_bytes;  /* live heap as counted when it began */
    uint64_t heap_end_bytes;    /* ... when marking ended */
    uint64_t heap_marked_bytes; /* found reachable */
    uint64_t goal_bytes;        /* heap goal that this cycle worked towards */
    uint64_t assist_ns;
    bool forced;
    bool partial; /* a generational collector's: took for live what earlier ones had found */
};

/* A setting a strategy may carry, as `name:setting=value`. */
struct allocator_setting {
    const char *name;
    const char *values;  /* "a|b|c" for words, "LEAST..MOST" for whole numbers, "LEAST..MOST|off" */
    const char *initial; /* value when not set */
    const char *summary;
};

/* A chosen value; both strings borrowed. */
struct setting_value {
    const char *name;
    const char *value;
};

/* The cold half: one definition per cell program, called `allocator_binding`. Function pointers may
   be NULL where noted. Calls are made by one thread, never inside a timed region. */
struct allocator {
    const char *binding; /* "malloc", "goheap", ... */
    const char *summary; /* one line */
    const char *link;    /* "shared", "static" or "inline": how timed code reaches it */
    const char *variant; /* "zero=calloc": the setting that this cell program has built in, because
                            timed code may not branch on it; NULL: none */
    uint32_t offers;     /* enum trait */
    const struct allocator_setting *settings; /* ends with a NULL name; may be NULL */

    /* Before anything else, once. The values were checked against `settings`. False: `err` is set,
       and the exit status in it tells unavailable (EXIT_CANNOT) from misuse. */
    bool (*init)(const struct setting_value *values, size_t count, struct error *err);

    const char *(*name)(void);    /* the allocator that answers: "glibc", "jemalloc", ... */
    const char *(*version)(void); /* its own word, else its build-id; static text */

    void (*stats)(struct allocator_stats *out); /* exact; may stop mutators. NULL: knows nothing */
    void (*marks_reset)(void);                  /* peaks start again from now. NULL: none */
    void (*collect)(void); /* a whole collection; bdwgc sweeps the rest lazily. NULL: none */

    /* What happened since the last call to events_reset, oldest first; borrowed until then. *lost
       counts those that found no room. NULL: none. */
    size_t (*pauses)(const struct allocator_pause **out, uint64_t *lost);
    size_t (*cycles)(const struct allocator_cycle **out, uint64_t *lost);
    void (*events_reset)(void);

    /* The event trace: from start to stop, chunks of events (event_trace.h) go to fd, a part of a
       stream whose head and end are the caller's. NULL: it tells no events. Start: false, and err,
       when there is no memory. Stop: fills events and dropped; returns the errno of the write after
       which nothing was written, or 0. */
    bool (*trace_start)(int fd, struct error *err);
    int (*trace_stop)(struct event_end *totals);
};

extern const struct allocator allocator_binding;

#endif
