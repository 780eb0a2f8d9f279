/*
 * Tells whoever watches the cell program from outside where its timed run begins and ends: a system
 * call that the kernel refuses and a tracer sees (syscall_count.h), and a request to valgrind,
 * which is a few instructions that do nothing elsewhere (instruction_count.h). Made outside of
 * every clock.
 */
#ifndef HEAPMARK_HARNESS_RUN_CELL_MARK_H
#define HEAPMARK_HARNESS_RUN_CELL_MARK_H

/* prctl's first argument ("HEAP"): no option of the kernel's has this number. The second one is 1
   at the beginning and 0 at the end. */
#define CELL_MARK_PRCTL 0x48454150

void cell_mark_begin(void);
void cell_mark_end(void);

#endif
