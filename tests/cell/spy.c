/*
 * A malloc for tests: the C library's own, counting what is called while the clock runs.
 *
 * The cell program tells a library that exports heapmark_watch when the timed region begins (1) and
 * ends (0); at the end the count goes to stderr as "calls inside: N".
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
extern void __libc_free(void *p);

void heapmark_watch(int inside);
void *malloc(size_t bytes);
void *calloc(size_t n, size_t bytes);
void *realloc(void *p, size_t bytes);
void free(void *p);

static atomic_bool watching;
static atomic_ulong calls;

static void note(void) {
    if (atomic_load_explicit(&watching, memory_order_relaxed))
        atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

void heapmark_watch(int inside) {
    atomic_store(&watching, inside != 0);
    if (inside)
        return;
    char line[64];
    int length = snprintf(line, sizeof line, "calls inside: %lu\n", atomic_load(&calls));
    if (write(STDERR_FILENO, line, (size_t)length) != length)
        _exit(1);
}

void *malloc(size_t bytes) {
    note();
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes) {
    note();
    return __libc_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes) {
    note();
    return __libc_realloc(p, bytes);
}

void free(void *p) {
    note();
    __libc_free(p);
}
