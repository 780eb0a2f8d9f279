/* Children, checks and small structures for goheap's tests. */
#include "goheap_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *child_stack_base;

void check_failed(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
    _exit(1);
}

void check_not_equal(const char *file, int line, const char *what, uint64_t is, uint64_t must_be) {
    fprintf(stderr, "%s:%d: %s is %llu, not %llu\n", file, line, what, (unsigned long long)is,
            (unsigned long long)must_be);
    _exit(1);
}

static NOINLINE void child_main(void (*body)(void *), void *argument, int stderr_fd) {
    dup2(stderr_fd, STDERR_FILENO);
    child_stack_base = __builtin_frame_address(0);
    body(argument);
    _exit(0);
}

/* Keeps the beginning; the child must never wait for a full pipe. */
static void text_read(int fd, char *text, size_t size) {
    size_t length = 0;
    char rest[512] = "";
    for (;;) {
        bool fits = length < size - 1;
        ssize_t got = read(fd, fits ? text + length : rest, fits ? size - 1 - length : sizeof rest);
        if (got <= 0)
            break;
        length += fits ? (size_t)got : 0;
    }
    text[length] = '\0';
}

struct child_end child_run(void (*body)(void *), void *argument) {
    struct child_end end = {.status = -1, .text = ""};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        child_main(body, argument, ends[1]);
    close(ends[1]);
    text_read(ends[0], end.text, sizeof end.text);
    close(ends[0]);
    assert_int_equal(waitpid(child, &end.status, 0), child);
    return end;
}

void child_must_succeed(void (*body)(void *), void *argument) {
    struct child_end end = child_run(body, argument);
    if (WIFSIGNALED(end.status))
        fail_msg("ended by signal %d: %s", WTERMSIG(end.status), end.text);
    if (WEXITSTATUS(end.status) != 0)
        fail_msg("%s", end.text);
}

void child_must_abort(void (*body)(void *), const char *text) {
    struct child_end end = child_run(body, NULL);
    if (!WIFSIGNALED(end.status) || WTERMSIG(end.status) != SIGABRT)
        fail_msg("did not abort (wait status %d): %s", end.status, end.text);
    if (strstr(end.text, "goheap: ") == NULL || strstr(end.text, text) == NULL)
        fail_msg("the message lacks \"%s\": %s", text, end.text);
}

struct goheap_mutator *heap_start(const struct goheap_options *options) {
    struct goheap_options defaults = goheap_options_default();
    CHECK(goheap_init(options == NULL ? &defaults : options));
    struct goheap_mutator *m = goheap_attach(child_stack_base);
    CHECK(m != NULL);
    return m;
}

NOINLINE struct node *list_build(struct goheap_mutator *m, uint64_t count) {
    struct node *list = NULL;
    for (uint64_t i = 0; i < count; i++) {
        struct node *node = goheap_new(m, sizeof *node, NODE_POINTERS);
        if (node == NULL)
            return NULL;
        node->value = i;
        goheap_store_first(&node->next, list);
        list = node;
    }
    return list;
}

NOINLINE bool list_is_whole(const struct node *list, uint64_t count) {
    for (; list != NULL && count > 0; list = list->next)
        if (list->value != --count)
            return false;
    return list == NULL && count == 0;
}

NOINLINE void stack_scrub(void) {
    volatile char below[32768];
    for (size_t i = 0; i < sizeof below; i++)
        below[i] = 0;
}

uint64_t objects_alive(struct goheap_mutator *m, uint32_t class_bytes) {
    static struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    for (size_t i = 1; i < 68; i++)
        if (stats.by_size[i].size == class_bytes)
            return stats.by_size[i].mallocs - stats.by_size[i].frees;
    check_failed(__FILE__, __LINE__, "such a size class exists");
}

uint64_t test_mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
