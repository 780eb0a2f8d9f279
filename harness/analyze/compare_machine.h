/*
 * Whether two runs were made on the same machine, as their machine.txt tell.
 *
 * What the machine is (processor, how many, threads of a core, caches, memory, hypervisor) makes it
 * another one; memory may differ by 1 %, because firmware and kernel keep some. Two machines of one
 * kind look the same: the files hold no serial number. What surrounds a run (kernel, C library,
 * settings, build) may be what is compared, so it is told and refuses nothing.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_MACHINE_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_MACHINE_H

#include <glib.h>

/* How machines differ ("cpu: X in A, Y in B; ..."), NULL when they do not. A text that lacks what
   identifies a machine differs from every other. Caller frees with g_free. */
char *compare_machines(const char *a, const char *b);

/* Appends what else differs, as char * that the caller frees with g_free. */
void compare_surroundings(const char *a, const char *b, GPtrArray *out);

#endif
