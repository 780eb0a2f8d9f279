/*
 * Functions that hold a pointer in one known place. They are written in assembly, so that it is
 * known where the pointer is: hold_in_REGISTER(m, hidden, function) takes the address inverted,
 * keeps it (right way round) in that callee-saved register alone while function(m) runs, and has it
 * gone when it returns.
 */
#include "goheap_test.h"

#if defined(__x86_64__)

/* The stack is 16-aligned at the call: return address, rbp, the register, 8 bytes. */
/* clang-format off */
#define HOLD_IN(register)                                                                          \
    void hold_in_##register(struct goheap_mutator *m, uintptr_t hidden, held_call *function);      \
    __asm__(".text\n"                                                                              \
            ".type hold_in_" #register ", @function\n"                                             \
            "hold_in_" #register ":\n"                                                             \
            "push %rbp\n mov %rsp, %rbp\n"                                                         \
            "push %" #register "\n sub $8, %rsp\n"                                                 \
            "mov %rsi, %" #register "\n not %" #register "\n xor %esi, %esi\n"                     \
            "call *%rdx\n"                                                                         \
            "add $8, %rsp\n pop %" #register "\n pop %rbp\n ret\n"                                 \
            ".size hold_in_" #register ", .-hold_in_" #register "\n")
/* clang-format on */

HOLD_IN(rbx);
HOLD_IN(r12);
HOLD_IN(r13);
HOLD_IN(r14);
HOLD_IN(r15);

/* The frame pointer is a general register to code without frames. */
void hold_in_rbp(struct goheap_mutator *m, uintptr_t hidden, held_call *function);
__asm__(".text\n .type hold_in_rbp, @function\n hold_in_rbp:\n"
        "push %rbp\n mov %rsi, %rbp\n not %rbp\n xor %esi, %esi\n"
        "call *%rdx\n"
        "pop %rbp\n ret\n"
        ".size hold_in_rbp, .-hold_in_rbp\n");

const struct held_register held_registers[] = {{"rbx", hold_in_rbx}, {"rbp", hold_in_rbp},
                                               {"r12", hold_in_r12}, {"r13", hold_in_r13},
                                               {"r14", hold_in_r14}, {"r15", hold_in_r15}};

#else

static NOINLINE void hold_somewhere(struct goheap_mutator *m, uintptr_t hidden,
                                    held_call *function) {
    void *volatile held = (void *)~hidden;
    function(m);
    held = NULL;
    (void)held;
}
const struct held_register held_registers[] = {{"stack", hold_somewhere}};

#endif

const size_t held_register_count = sizeof held_registers / sizeof held_registers[0];
