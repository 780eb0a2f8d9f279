/*
 * The boundary to the operating system: the only file that maps memory or reads clocks.
 *
 * Memory goes through three states. None: not ours. Reserved: address space is ours, any access
 * faults. Ready: readable and writable, and zero when it becomes so.
 *
 *     none --os_reserve--> reserved --os_commit--> ready
 *     none --os_map------------------------------> ready --os_unmap--> none
 *
 * Ready memory costs nothing until it is first touched. os_discard brings it back to that: it stays
 * ready, reads as zero, and holds no memory.
 *
 * Every transition that gets memory counts as one call for fault injection, and one to ready counts
 * against the memory limit. Writable private memory is what RLIMIT_DATA counts, so a reservation is
 * PROT_NONE and costs nothing there.
 *
 * Functions may be called by any thread at any time.
 */
#ifndef HEAPMARK_GOHEAP_OS_H
#define HEAPMARK_GOHEAP_OS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What ready memory is for; statistics only. */
enum os_use { OS_HEAP, OS_MSPAN, OS_MCACHE, OS_GC, OS_USE_COUNT };

enum { OS_PAGE_BYTES = 4096 };

/* Starts counting afresh. memory_limit and fails_at as in struct goheap_options. */
void os_init(uint64_t memory_limit, uint64_t fails_at);

/* Reserves bytes (a multiple of alignment) aligned to alignment (a power of two), at hint if it is
   free there. NULL: no address space. */
void *os_reserve(uintptr_t hint, size_t bytes, size_t alignment);

/* Reserves bytes that read as zero everywhere and become writable by os_commit. NULL as above. */
void *os_reserve_readable(size_t bytes);

/* [start, start + bytes), whole OS pages of a reservation, none of them ready, becomes ready.
   False: nothing has changed. */
bool os_commit(void *start, size_t bytes, enum os_use use);

/* bytes of ready memory, page-aligned, or NULL. */
void *os_map(size_t bytes, enum os_use use);

/* Gives back what os_map returned. */
void os_unmap(void *start, size_t bytes, enum os_use use);

/* Gives back a reservation of which `ready` bytes were committed. */
void os_release(void *start, size_t bytes, size_t ready, enum os_use use);

/* Gives ready memory that was never touched, or was discarded, its pages now. False: not done, or
   not all of it. */
bool os_populate(void *start, size_t bytes);

/* Takes the memory out of ready OS pages; what they held is lost. False: nothing has changed (the
   process has locked its memory, for one). */
bool os_discard(void *start, size_t bytes);

/* Bytes ready for one use, and for all. */
uint64_t os_ready_bytes(enum os_use use);
uint64_t os_ready_bytes_total(void);

/* A lock that is held for less time than it takes to sleep and be woken: who waits spins first. */
void os_short_lock_init(pthread_mutex_t *lock);

uint64_t os_now_ns(void); /* CLOCK_MONOTONIC */
uint64_t os_cpu_ns(void); /* CPU time of the calling thread */

/* What reading the monotonic clock adds to a measured interval; found out by os_init. */
uint64_t os_clock_cost_ns(void);

#endif
