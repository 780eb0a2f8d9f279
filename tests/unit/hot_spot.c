/*
 * A malloc that spends a twentieth of its time in one function, by construction and by no clock:
 * `planted` and `common` are one loop of arithmetic written twice, to the same instructions, and of
 * every 20 mallocs 19 call `common` and one `planted`. Which one is drawn, for a plant that came
 * regularly could keep step with the sampler's timer. A visit takes some microseconds, beside which
 * the C library's malloc and the workload are nothing.
 *
 * What a profiler says of it can be compared with what is true: tests/unit/check_hot_spot does, by
 * hand, for no test may depend on a machine's mood.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHARE = 20,
    VISIT_STEPS = 10000, /* each waits for the one before it: some 4 cycles */
};

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
extern void __libc_free(void *p);

void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *p, size_t bytes);
void free(void *p);
size_t malloc_usable_size(void *p);

/* Two functions, though the compiler sees that they are the same. */
#define VISITED __attribute__((noinline, noclone, no_icf, aligned(64)))
#define VISIT_BODY                                                                                 \
    for (int i = 0; i < VISIT_STEPS; i++)                                                          \
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);                     \
    return x

static VISITED uint64_t planted(uint64_t x) {
    VISIT_BODY;
}

static VISITED uint64_t common(uint64_t x) {
    VISIT_BODY;
}

/* Initial-exec: the first use of a thread's own data must not call malloc. */
#define OWN static _Thread_local __attribute__((tls_model("initial-exec")))
OWN uint64_t number; /* drawn anew by every visit; the first one by where the stack lies */
OWN unsigned done, chosen;

void *malloc(size_t bytes) {
    if (number == 0)
        number = (uintptr_t)&bytes; /* so that no two processes draw alike */
    if (done == 0)
        chosen = (unsigned)((number >> 32) % SHARE);
    number = done == chosen ? planted(number) : common(number);
    done = (done + 1) % SHARE;
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
