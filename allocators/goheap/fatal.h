/*
 * The end of the process on misuse or on a broken invariant: one line on stderr, then abort().
 */
#ifndef HEAPMARK_GOHEAP_FATAL_H
#define HEAPMARK_GOHEAP_FATAL_H

/* Prints "goheap: " and the text (printf's format) and aborts. Allocates nothing. */
void fatal(const char *format, ...) __attribute__((noreturn, cold, format(printf, 1, 2)));

#endif
