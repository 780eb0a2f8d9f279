/* Publishing a mutator's roots, and the registered ranges. See roots.h. */
#include "allocators/goheap/roots.h"

#include <string.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/world.h"

/* The assembly below writes stack_top at 24, the registers from 32 on, and is_published at 120. */
_Static_assert(offsetof(struct mutator, stack_top) == 24, "roots.c's assembly");
_Static_assert(offsetof(struct mutator, registers) == 32, "roots.c's assembly");
_Static_assert(offsetof(struct mutator, is_published) == 120, "roots.c's assembly");

/* SAVE: callee-saved registers into the mutator (first argument), and the stack pointer as it is in
   the caller once the call has returned. HOLD: and they stay as they are until is_published is
   cleared. UNLESS_HELD, UNLESS_NULL: skip to 1. */
#if defined(__x86_64__)
#define SAVE                                                                                       \
    "leaq 8(%rsp), %rax\n movq %rax, 24(%rdi)\n movq %rbx, 32(%rdi)\n movq %rbp, 40(%rdi)\n"       \
    "movq %r12, 48(%rdi)\n movq %r13, 56(%rdi)\n movq %r14, 64(%rdi)\n movq %r15, 72(%rdi)\n"
#define HOLD                    "movq $1, 120(%rdi)\n"
#define UNLESS_HELD             "cmpq $0, 120(%rdi)\n jne 1f\n"
#define UNLESS_NULL             "testq %rdi, %rdi\n jz 1f\n"
#define RETURN                  "1: ret\n"
#define CONTINUE_WITH(function) "1: jmp " function "\n"
#elif defined(__aarch64__)
#define SAVE                                                                                       \
    "mov x9, sp\n stp x9, x19, [x0, #24]\n stp x20, x21, [x0, #40]\n stp x22, x23, [x0, #56]\n"    \
    "stp x24, x25, [x0, #72]\n stp x26, x27, [x0, #88]\n stp x28, x29, [x0, #104]\n"
#define HOLD                    "mov x9, #1\n str x9, [x0, #120]\n"
#define UNLESS_HELD             "ldr x9, [x0, #120]\n cbnz x9, 1f\n"
#define UNLESS_NULL             "cbz x0, 1f\n"
#define RETURN                  "1: ret\n"
#define CONTINUE_WITH(function) "1: b " function "\n"
#else
#error "goheap: no code here that saves the callee-saved registers of this processor"
#endif

#define FUNCTION(name, visibility, body)                                                           \
    __asm__(".text\n .globl " name "\n" visibility " .type " name                                  \
            ", %function\n .p2align 4\n" name ":\n" body ".size " name ", .-" name "\n")

FUNCTION("roots_publish", ".hidden roots_publish\n", UNLESS_HELD SAVE RETURN);
FUNCTION("goheap_block", "", SAVE CONTINUE_WITH("world_block"));
FUNCTION("goheap_collect", "", UNLESS_NULL SAVE HOLD CONTINUE_WITH("mgc_collect_forced"));
FUNCTION("goheap_poll_slow", "", SAVE HOLD CONTINUE_WITH("mgc_poll"));

struct range {
    uintptr_t *start;
    size_t words;
};

enum { RANGES_INITIAL = OS_PAGE_BYTES / sizeof(struct range) };

/* Heap lock, or world stopped. */
static struct {
    struct range *list;
    size_t count, capacity;
    uint64_t range_bytes, stack_bytes;
} roots;

static bool roots_grow(void) {
    size_t capacity = roots.capacity == 0 ? RANGES_INITIAL : roots.capacity * 2;
    struct range *larger = os_map(capacity * sizeof *larger, OS_GC);
    if (larger == NULL)
        return false;
    if (roots.list != NULL) {
        memcpy(larger, roots.list, roots.count * sizeof *larger);
        os_unmap(roots.list, roots.capacity * sizeof *roots.list, OS_GC);
    }
    roots.list = larger;
    roots.capacity = capacity;
    return true;
}

bool goheap_root(void *start, size_t bytes) {
    if ((uintptr_t)start % 8 != 0)
        fatal("goheap_root: %p is not 8-aligned", start);
    mheap_lock();
    bool has_room = roots.count < roots.capacity || roots_grow();
    if (has_room)
        roots.list[roots.count++] = (struct range){start, bytes / 8};
    mheap_unlock();
    return has_room;
}

void goheap_unroot(void *start, size_t bytes) {
    mheap_lock();
    size_t i = roots.count;
    /* From the end: ranges come and go like a stack more often than not. */
    while (i > 0 && (roots.list[i - 1].start != start || roots.list[i - 1].words != bytes / 8))
        i--;
    if (i == 0)
        fatal("goheap_unroot: [%p, +%zu) was never registered", start, bytes);
    roots.list[i - 1] = roots.list[--roots.count];
    mheap_unlock();
}

static void roots_scan_mutator(const struct mutator *m, roots_visit *scan) {
    scan(m->registers, MUTATOR_REGISTERS, ROOTS_STACK);
    if (m->stack_top < m->stack_base) {
        size_t words = (m->stack_base - m->stack_top) / sizeof(uintptr_t);
        scan((const uintptr_t *)m->stack_top, words, ROOTS_STACK);
        roots.stack_bytes += words * sizeof(uintptr_t);
    }
}

void roots_scan(roots_visit *scan) {
    roots.stack_bytes = roots.range_bytes = 0;
    for (const struct mutator *m = world_mutators(); m != NULL; m = m->next)
        roots_scan_mutator(m, scan);
    /* A thread that is no mutator, and so not stopped, may register and unregister meanwhile. */
    mheap_lock();
    for (size_t i = 0; i < roots.count; i++) {
        scan(roots.list[i].start, roots.list[i].words, ROOTS_RANGE);
        roots.range_bytes += roots.list[i].words * sizeof(uintptr_t);
    }
    mheap_unlock();
}

uint64_t roots_stack_bytes(void) {
    return roots.stack_bytes;
}

uint64_t roots_range_bytes(void) {
    return roots.range_bytes;
}
