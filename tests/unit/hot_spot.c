/*
 * A malloc that spends a twentieth of the time in one function, `planted`: it is entered whenever
 * the ticks spent in it fall behind a twentieth of all ticks since the first allocation. What a
 * profiler says of it can be compared with what is true:
 *
 *   heapmark profile --only cpu --workloads stack-it-2 --strategies hot=LIBRARY --duration 20
 *
 * must find planted at 5 %, within a point. No test does it, for a test depends on no machine's
 * mood.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

enum { SHARE = 20 };

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
extern void __libc_free(void *p);

void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *p, size_t bytes);
void free(void *p);
size_t malloc_usable_size(void *p);

static uint64_t first, spent;

static __attribute__((noinline)) void planted(uint64_t start) {
    uint64_t before = spent, now;
    do {
        now = __builtin_ia32_rdtsc();
        spent = before + (now - start);
    } while (spent * SHARE < now - first);
}

void *malloc(size_t bytes) {
    uint64_t now = __builtin_ia32_rdtsc();
    if (first == 0)
        first = now;
    if (spent * SHARE < now - first)
        planted(now);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    return __libc_calloc(count, bytes);
}

void *realloc(void *p, size_t bytes) {
    return __libc_realloc(p, bytes);
}

void free(void *p) {
    __libc_free(p);
}

size_t malloc_usable_size(void *p) {
    static size_t (*next)(void *p);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "malloc_usable_size");
    return next(p);
}
