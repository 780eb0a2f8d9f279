/* goheap when memory fails, and when it is misused. */
#include "goheap_test.h"

#include <sys/wait.h>

/* What a program does before it notices that memory has run out: lists, arrays of all sizes, roots.
 *kept holds the chunks it has made so far. */
enum { CHUNK_NODES = 2000, EXHAUSTION_ROUNDS = 4000 };

struct chunk {
    struct chunk *next;
    struct node *list;
    void *blocks[6];
};

static NOINLINE bool chunk_add(struct goheap_mutator *m, struct chunk **kept, uint64_t round) {
    struct chunk *chunk = goheap_new(m, sizeof *chunk, 0xff);
    if (chunk == NULL)
        return false;
    goheap_store_first(&chunk->next, *kept);
    *kept = chunk;
    goheap_store_first(&chunk->list, list_build(m, CHUNK_NODES));
    if (chunk->list == NULL)
        return false;
    static const size_t sizes[6] = {9, 100, 700, 3000, 20000, 90000};
    for (size_t i = 0; i < 6; i++) {
        goheap_store_first(&chunk->blocks[i], goheap_new(m, sizes[i] + round % 64, i % 2));
        if (chunk->blocks[i] == NULL)
            return false;
    }
    return true;
}

static NOINLINE bool chunks_are_whole(const struct chunk *chunk) {
    for (bool last = true; chunk != NULL; chunk = chunk->next, last = false)
        if (!last && !list_is_whole(chunk->list, CHUNK_NODES))
            return false;
    return true;
}

/* Until NULL. The newest chunk may be incomplete. */
static NOINLINE void exhaust(struct goheap_mutator *m, uint64_t rounds_most) {
    struct chunk *volatile kept = NULL;
    uint64_t round = 0;
    struct chunk *newest = NULL;
    while (round < rounds_most && chunk_add(m, &newest, round)) {
        kept = newest;
        round++;
    }
    CHECK(round < rounds_most); /* the fault was felt */
    goheap_verify(m);
    CHECK(chunks_are_whole(newest));
    kept = NULL;
    (void)kept;
}

static NOINLINE void works_again(struct goheap_mutator *m) {
    struct node *volatile list = list_build(m, CHUNK_NODES);
    if (list != NULL)
        CHECK(list_is_whole(list, CHUNK_NODES));
    goheap_verify(m);
}

/* Exit status 3: the heap could not even be set up; 4: no mutator. Both are answers, too. */
static void with_mmap_failing(void *argument) {
    struct goheap_options options = goheap_options_default();
    options.mmap_fails_at = *(const uint64_t *)argument;
    if (!goheap_init(&options))
        exit(3);
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    if (m == NULL)
        exit(4);
    static uintptr_t roots[600];
    for (size_t i = 0; i < 600; i++)
        if (!goheap_root(&roots[i], 8))
            break;
    exhaust(m, EXHAUSTION_ROUNDS);
    collect_all(m);
    goheap_verify(m);
    works_again(m);
    goheap_detach(m);
}

static void a_mmap_that_fails_at_the_nth_call_is_null_and_never_corruption(void **state) {
    (void)state;
    unsigned ends[5] = {0};
    for (uint64_t n = 1; n <= 50; n++) {
        struct child_end end = child_run(with_mmap_failing, &n);
        int exit_status = WIFEXITED(end.status) ? WEXITSTATUS(end.status) : -1;
        if (exit_status != 0 && exit_status != 3 && exit_status != 4)
            fail_msg("n = %d: wait status %d: %s", (int)n, end.status, end.text);
        ends[exit_status]++;
    }
    assert_true(ends[0] > 25 && ends[3] > 0);
}

static NOINLINE void long_list_pass(struct goheap_mutator *m) {
    struct node *volatile list = list_build(m, 500000);
    CHECK(list_is_whole(list, 500000));
}

HEAP_TEST(the_memory_limit_is_kept_and_memory_comes_back) {
    struct goheap_options options = goheap_options_default();
    options.memory_limit = 48 << 20;
    struct goheap_mutator *m = heap_start(&options);
    for (int i = 0; i < 3; i++) {
        exhaust(m, EXHAUSTION_ROUNDS);
        collect_all(m);
        struct goheap_memstats stats;
        goheap_read_memstats(m, &stats);
        CHECK(stats.heap_sys <= options.memory_limit);
        CHECK(stats.heap_alloc < 4 << 20);
        long_list_pass(m);
    }
    goheap_verify(m);
}

/* Garbage is collected before NULL is the answer. */
HEAP_TEST(under_a_limit_garbage_never_leads_to_null) {
    struct goheap_options options = goheap_options_default();
    options.memory_limit = 24 << 20;
    options.gogc = 100000; /* the pacer alone would let the heap grow beyond */
    struct goheap_mutator *m = heap_start(&options);
    for (size_t i = 0; i < 2000000; i++)
        CHECK(goheap_new(m, i % 500 + 16, 1) != NULL);
    for (size_t i = 0; i < 300; i++)
        CHECK(goheap_new(m, 1 << 20, 0) != NULL);
    goheap_verify(m);
}

/* Misuse. */

static void init_twice(void *unused) {
    heap_start(unused);
    struct goheap_options options = goheap_options_default();
    goheap_init(&options);
}

static void attach_before_init(void *unused) {
    goheap_attach(&unused);
}

static void size_of_a_foreign_pointer(void *unused) {
    heap_start(unused);
    goheap_usable_size(&unused);
}

static void size_of_an_interior_pointer(void *unused) {
    struct goheap_mutator *m = heap_start(unused);
    goheap_usable_size((char *)goheap_new(m, 80, 0) + 8);
}

static void unroot_what_is_no_root(void *unused) {
    heap_start(unused);
    static uintptr_t words[4];
    goheap_root(words, sizeof words);
    goheap_unroot(&words[1], sizeof words[1]);
}

static void root_that_is_not_aligned(void *unused) {
    heap_start(unused);
    static uintptr_t words[4];
    goheap_root((char *)words + 4, 8);
}

static void detach_twice(void *unused) {
    struct goheap_mutator *m = heap_start(unused);
    goheap_detach(m);
    goheap_detach(m);
}

static void allocate_when_detached(void *unused) {
    struct goheap_mutator *m = heap_start(unused);
    goheap_new(m, 80, 0);
    goheap_detach(m);
    goheap_new(m, 80, 0);
}

static void allocate_in_a_safe_region(void *unused) {
    struct goheap_mutator *m = heap_start(unused);
    goheap_block(m);
    goheap_new(m, 80, 0);
}

static void unblock_what_is_not_blocked(void *unused) {
    goheap_unblock(heap_start(unused));
}

static void block_twice(void *unused) {
    struct goheap_mutator *m = heap_start(unused);
    goheap_block(m);
    goheap_block(m);
}

static void misuse_ends_with_a_message_and_abort(void **state) {
    (void)state;
    child_must_abort(init_twice, "goheap_init");
    child_must_abort(attach_before_init, "goheap_attach");
    child_must_abort(size_of_a_foreign_pointer, "goheap_usable_size");
    child_must_abort(size_of_an_interior_pointer, "goheap_usable_size");
    child_must_abort(unroot_what_is_no_root, "goheap_unroot");
    child_must_abort(root_that_is_not_aligned, "goheap_root");
    child_must_abort(detach_twice, "goheap_detach");
    child_must_abort(allocate_when_detached, "goheap_new");
    child_must_abort(allocate_in_a_safe_region, "goheap_new");
    child_must_abort(unblock_what_is_not_blocked, "goheap_unblock");
    child_must_abort(block_twice, "goheap_block");
}

const struct CMUnitTest fault_tests[] = {
    cmocka_unit_test(a_mmap_that_fails_at_the_nth_call_is_null_and_never_corruption),
    cmocka_unit_test(the_memory_limit_is_kept_and_memory_comes_back),
    cmocka_unit_test(under_a_limit_garbage_never_leads_to_null),
    cmocka_unit_test(misuse_ends_with_a_message_and_abort),
    {0},
};
