/* Declarations for planted.c. */
#ifndef HEAPMARK_TESTS_MACHINE_CODE_PLANTED_H
#define HEAPMARK_TESTS_MACHINE_CODE_PLANTED_H

#include <stdio.h>

extern int planted_mode;
void planted_set(int mode);
#if PLANTED == 3
int planted(int (*function)(int));
#else
int planted(int x);
#endif

#endif
