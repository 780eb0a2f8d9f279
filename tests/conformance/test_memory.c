/* Conformance of memory as a whole: reuse, collection, reset, exhaustion. */
#include "conformance.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Resident bytes of this process; allocates nothing. */
static size_t rss_bytes(void) {
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    assert_true(length > 0);
    char *resident = strchr(text, ' ');
    return strtoull(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

#ifdef HEAPMARK_SANITIZED
enum { REUSE_BYTES_MOST = 384 << 20 }; /* the sanitizer keeps what was freed for a while */
#else
enum { REUSE_BYTES_MOST = 64 << 20 };
#endif

/* Many live at a time, so that what is given back is more than the last object. */
static NOINLINE void batch_make_and_delete(struct mutator *m, uint64_t *random) {
    enum { BATCH = 1000 };
    void *batch[BATCH];
    size_t bytes[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        bytes[i] = random_next(random) % 512 + 1;
        batch[i] = mem_new(m, &(struct shape){.bytes = bytes[i]});
        assert_non_null(batch[i]);
    }
    for (size_t i = 0; i < BATCH; i++)
        mem_delete(m, batch[i], bytes[i]);
}

/* The constant by which workloads decide whether to walk a structure in order to delete it. */
static void deletion_frees_where_no_collector_does(void **state) {
    (void)state;
    bool frees = binding_offers(TRAIT_RECLAIMS) && !binding_offers(TRAIT_COLLECTS);
    assert_int_equal(MEM_DELETE_FREES, frees);
}

static void memory_given_up_is_used_again(void **state) {
    (void)state;
    if (!binding_offers(TRAIT_RECLAIMS))
        skip();
    uint64_t random = 1;
    size_t before = rss_bytes();
    for (int i = 0; i < 2000; i++) /* 512 MB */
        batch_make_and_delete(&conformance_mutator, &random);
    size_t after = rss_bytes();
    if (after > before + REUSE_BYTES_MOST)
        fail_msg("512 MB of short-lived objects took %zu MB", (after - before) >> 20);
}

/* Large objects too, one at a time and touched. */
static void large_memory_given_up_is_used_again(void **state) {
    (void)state;
    if (!binding_offers(TRAIT_RECLAIMS))
        skip();
    struct mutator *m = &conformance_mutator;
    size_t before = rss_bytes();
    for (int i = 0; i < 500; i++) {
        const struct shape shape = {.bytes = (size_t)(1 << 20) + (size_t)i};
        void *p = mem_new_raw(m, &shape);
        assert_non_null(p);
        memset(p, 1, shape.bytes);
        mem_delete(m, p, shape.bytes);
    }
    size_t after = rss_bytes();
    if (after > before + REUSE_BYTES_MOST)
        fail_msg("500 objects of 1 MB in turn took %zu MB", (after - before) >> 20);
}

/* Mutators that come and go, always several at once: what one leaves must serve all of the next,
   not one of them, while the others get new memory. */
enum { SHORT_LIVES = 4, LIFE_ROUNDS = 2000 };

static NOINLINE bool life_live(struct mutator *m, pthread_barrier_t *barrier) {
    const struct shape shape = {.bytes = 4000};
    unsigned char *p = mem_new(m, &shape);
    mem_block(m);
    pthread_barrier_wait(barrier);
    mem_unblock(m);
    mem_delete(m, p, shape.bytes);
    return p != NULL;
}

static bool lives_thread(struct mutator *m, size_t index, void *argument) {
    (void)index;
    bool ok = true;
    for (size_t i = 0; i < LIFE_ROUNDS; i++) { /* all of them: the others wait at the barrier */
        ok = life_live(m, argument) && ok;
        mem_detach(m);
        pthread_barrier_wait(argument);
        ok = mem_attach(m, __builtin_frame_address(0)) && ok;
    }
    return ok;
}

static void what_short_lived_mutators_leave_is_used_again(void **state) {
    (void)state;
    if (!binding_offers(TRAIT_RECLAIMS) || !binding_offers(TRAIT_THREADS))
        skip();
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, SHORT_LIVES), 0);
    size_t before = rss_bytes();
    assert_true(threads_run(SHORT_LIVES, lives_thread, &barrier));
    size_t after = rss_bytes();
    pthread_barrier_destroy(&barrier);
    if (after > before + REUSE_BYTES_MOST)
        fail_msg("%d objects of 4 KB at a time took %zu MB", SHORT_LIVES, (after - before) >> 20);
}

/* Many small structures: a stale word, where scanning is conservative, keeps but one of them. */
enum { RINGS = 1000, RING_NODES = 1000, RING_BYTES = RING_NODES * sizeof(struct node) };

/* A cycle: counting references would keep it. */
static NOINLINE struct node *ring_build(struct mutator *m) {
    struct node *list = list_build(m, RING_NODES);
    assert_non_null(list);
    struct node *last = list;
    while (last->next != NULL)
        last = last->next;
    mem_store(m, &last->next, list);
    return list;
}

/* out: while all rings are held. They are let go one by one. */
static NOINLINE void rings_hold_and_drop(struct mutator *m, struct allocator_stats *out) {
    void **volatile table = mem_new_array(m, &pointer_shape, RINGS);
    for (size_t i = 0; i < RINGS; i++)
        mem_store(m, &table[i], ring_build(m));
    conformance_collect(m);
    conformance_stats(m, out);
    for (size_t i = 0; i < RINGS; i++)
        mem_store(m, &table[i], NULL);
}

static void a_collector_finds_what_is_unreachable(void **state) {
    (void)state;
    if (!binding_offers(TRAIT_COLLECTS))
        skip();
    struct mutator *m = &conformance_mutator;
    struct allocator_stats before, full, after;
    stack_scrub();
    conformance_collect(m);
    conformance_stats(m, &before);
    rings_hold_and_drop(m, &full);
    /* Not on top of what was live before: a large object of the last test may be among that, kept
       by a stale word, and gone by now. */
    assert_true(full.live_bytes >= (size_t)RINGS * RING_BYTES);
    stack_scrub();
    conformance_collect(m);
    conformance_stats(m, &after);
    if (after.live_bytes > before.live_bytes + (1 << 20))
        fail_msg("of 16 MB dropped, %zu KB are still live",
                 (size_t)(after.live_bytes - before.live_bytes) >> 10);
    assert_true(after.gc_cycles >= full.gc_cycles + 1);
}

/* For those that reclaim only by reset. */
static void after_a_reset_the_same_memory_is_handed_out_again(void **state) {
    (void)state;
    if (binding_offers(TRAIT_RECLAIMS))
        skip();
    struct mutator *m = &conformance_mutator;
    enum { OBJECTS = 3000, ROUNDS = 50 };
    static uintptr_t addresses[OBJECTS];
    struct allocator_stats first, last;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t random = 7;
        for (size_t i = 0; i < OBJECTS; i++) {
            const struct shape shape = {.bytes = random_next(&random) % 3000 + 1};
            void *p = mem_new(m, &shape);
            assert_non_null(p);
            assert_true(bytes_are_zero(p, shape.bytes));
            memset(p, 0xff, shape.bytes);
            if (round == 0)
                addresses[i] = (uintptr_t)p;
            assert_int_equal(addresses[i], (uintptr_t)p);
        }
        mem_reset(m);
        conformance_stats(m, round == 0 ? &first : &last);
    }
    assert_int_equal(first.mapped_bytes, last.mapped_bytes);
}

/* Exhaustion: a child of this program limits its memory and allocates until NULL. */

enum { EXHAUSTION_LIMIT = 64 << 20 };

/* Memory the process holds that RLIMIT_DATA counts. */
static size_t data_bytes(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    size_t kilobytes = 0;
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmData: %zu", &kilobytes) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return kilobytes * 1024;
}

static NOINLINE struct node *exhaust(struct mutator *m, size_t bytes, uint64_t *count) {
    const struct shape shape = {.bytes = bytes, .pointers = node_shape.pointers};
    struct node *list = NULL;
    for (*count = 0; *count * bytes < (size_t)16 * EXHAUSTION_LIMIT; ++*count) {
        struct node *node = mem_new(m, &shape);
        if (node == NULL)
            return list;
        node->value = *count;
        mem_init(m, &node->next, list);
        list = node;
    }
    return NULL; /* the limit was not felt */
}

static NOINLINE void list_delete_sized(struct mutator *m, struct node *list, size_t bytes) {
    while (list != NULL) {
        struct node *next = list->next;
        mem_delete(m, list, bytes);
        list = next;
    }
}

enum { CHILD_OK, CHILD_NO_LIMIT = 10, CHILD_NO_NULL, CHILD_DAMAGED, CHILD_NO_RECOVERY };

/* All pointers to the list are in frames that are gone when it returns. */
static NOINLINE int exhaust_and_drop(struct mutator *m, size_t bytes, uint64_t *count) {
    struct node *list = exhaust(m, bytes, count);
    if (list == NULL)
        return CHILD_NO_NULL;
    if (!list_is_whole(list, *count))
        return CHILD_DAMAGED;
    list_delete_sized(m, list, bytes);
    return CHILD_OK;
}

int exhaustion_child(const char *kind) {
    struct mutator *m = &conformance_mutator;
    size_t bytes = strcmp(kind, "large") == 0 ? 100000 : 64;
    struct rlimit limit = {.rlim_cur = data_bytes() + EXHAUSTION_LIMIT};
    limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_DATA, &limit) != 0)
        return CHILD_NO_LIMIT;
    uint64_t count;
    int status = exhaust_and_drop(m, bytes, &count);
    /* One stale word may keep a whole list in a conservative collector, and bdwgc does keep it. */
    if (status != CHILD_OK || binding_offers(TRAIT_COLLECTS))
        return status;
    mem_reset(m);
    for (uint64_t i = 0; i < 4 * count; i++) {
        void *p = mem_new(m, &(struct shape){.bytes = bytes});
        if (p == NULL)
            return CHILD_NO_RECOVERY;
        mem_delete(m, p, bytes);
        if (i % 64 == 0)
            mem_reset(m);
    }
    return CHILD_OK;
}

static void exhaustion_check(const char *kind) {
#ifdef HEAPMARK_SANITIZED
    (void)kind;
    skip(); /* the sanitizer's own memory would hit the limit */
#endif
    char *arguments[16] = {conformance_argv[0], "--exhaust", (char *)kind};
    for (size_t i = 1; i < 12 && conformance_argv[i] != NULL; i++)
        arguments[i + 2] = conformance_argv[i];
    mem_block(&conformance_mutator);
    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        continue;
    mem_unblock(&conformance_mutator);
    if (!WIFEXITED(status))
        fail_msg("the child was ended by signal %d", WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

static void exhaustion_by_small_objects_is_null(void **state) {
    (void)state;
    exhaustion_check("small");
}

static void exhaustion_by_large_objects_is_null(void **state) {
    (void)state;
    exhaustion_check("large");
}

const struct CMUnitTest memory_tests[] = {
    cmocka_unit_test(deletion_frees_where_no_collector_does),
    cmocka_unit_test(memory_given_up_is_used_again),
    cmocka_unit_test(large_memory_given_up_is_used_again),
    cmocka_unit_test(what_short_lived_mutators_leave_is_used_again),
    cmocka_unit_test(a_collector_finds_what_is_unreachable),
    cmocka_unit_test(after_a_reset_the_same_memory_is_handed_out_again),
    cmocka_unit_test(exhaustion_by_small_objects_is_null),
    cmocka_unit_test(exhaustion_by_large_objects_is_null),
    {0},
};
