/*
 * Roots: where marking begins. Stacks and callee-saved registers of mutators, and registered
 * ranges.
 *
 * A mutator that stops is inside a function call, so by the calling convention all that its callers
 * hold is on the stack or in a callee-saved register. Publishing means storing those registers and
 * the stack pointer in the mutator; the collector scans the words between stack pointer and base,
 * and the registers. Three rules keep this
 * sound and exact:
 *   - roots_publish is called in a frame that lives until the world runs again. What the frames of
 *     goheap itself have saved of the caller's registers lies above the published stack pointer.
 *   - goheap_block returns to its caller before the stop, so it is written in assembly: no compiled
 *     prologue may have moved a register into a frame that is about to die.
 *   - What a caller holds across a call needs nothing below the call's own return address. So
 *     goheap_collect and goheap_poll_slow, which hand out nothing, publish on entry, in assembly
 *     too, and what is published then holds for the whole call (is_published): the frames of goheap
 *     below, with stale words wherever the compiler left room, are no roots. In the slow path of
 *     allocation they are, and may keep what is dead until the next collection.
 * setjmp is no alternative: glibc mangles the frame pointer, a general register nowadays, in
 * jmp_buf.
 *
 * Registered ranges are guarded by the heap lock.
 */
#ifndef HEAPMARK_GOHEAP_ROOTS_H
#define HEAPMARK_GOHEAP_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mutator;

/* Stores the callee-saved registers and the stack pointer of the calling frame in m, unless those
   at the entry to goheap are published already. */
void roots_publish(struct mutator *m);

/* Second half of goheap_block (world.c): from here on the collector does not wait for m. */
void world_block(struct mutator *m);

/* The rest of goheap_collect and goheap_poll_slow (mgc.c). */
void mgc_collect_forced(struct mutator *m);
void mgc_poll(struct mutator *m);

/* Calls scan for each stretch of words that may hold heap pointers: of a stack or of registers, or
   a registered range. World stopped. */
enum roots_kind { ROOTS_STACK, ROOTS_RANGE };
typedef void roots_visit(const uintptr_t *words, size_t count, enum roots_kind kind);
void roots_scan(roots_visit *scan);

/* Bytes scanned by the last roots_scan: stacks, and registered ranges (Go's "globals"). */
uint64_t roots_stack_bytes(void);
uint64_t roots_range_bytes(void);

#endif
