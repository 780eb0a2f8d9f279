/*
 * Makes a number of system calls that a test knows: counted-program INSIDE OUTSIDE [WHAT]
 *
 * OUTSIDE calls of the mmap family before and after its marks together, INSIDE between them, half
 * of them on a second thread and in a child process. WHAT: "plain" makes no marks, "alone"
 * no thread and no child, "abort" and "exit" end it so.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/cell_mark.h"

/* One of the five by turns; none of them does anything. */
static void call(long i) {
    static const long numbers[] = {SYS_madvise, SYS_munmap, SYS_mremap, SYS_mmap, SYS_brk};
    syscall(numbers[i % 5], 0L, 0L, 0L, 0L, -1L, 0L);
}

static void calls(long count) {
    for (long i = 0; i < count; i++)
        call(i);
}

static void *thread_main(void *count) {
    calls(*(long *)count);
    return NULL;
}

/* A thread's stack is mapped by the C library: made before the marks, it is no call between them.
 */
static void inside(long count, int is_marked) {
    pthread_t thread;
    static char stack[1 << 18] __attribute__((aligned(4096)));
    pthread_attr_t attributes;
    long half = count / 2;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, sizeof stack);
    if (is_marked)
        cell_mark_begin();
    pthread_create(&thread, &attributes, thread_main, &half);
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child == 0) {
        calls(count - half);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    if (is_marked)
        cell_mark_end();
}

static void inside_alone(long count) {
    cell_mark_begin();
    calls(count);
    cell_mark_end();
}

int main(int argc, char **argv) {
    const char *what = argc > 3 ? argv[3] : "";
    calls(atol(argv[2]));
    if (strcmp(what, "alone") == 0)
        inside_alone(atol(argv[1]));
    else
        inside(atol(argv[1]), strcmp(what, "plain") != 0);
    if (strcmp(what, "abort") == 0)
        abort();
    return strcmp(what, "exit") == 0 ? 7 : 0;
}
