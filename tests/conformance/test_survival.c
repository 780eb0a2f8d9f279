/* Conformance of reachability: what is held survives, by whatever the contract says holds it. */
#include "conformance.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LIST_NODES = 20000, GARBAGE_BYTES = 16 << 20 };

/* Some allocation and a collection, as between two looks of a program at its data. */
static void life_goes_on(struct mutator *m) {
    stack_scrub();
    garbage_make(m, GARBAGE_BYTES);
    conformance_collect(m);
    garbage_make(m, GARBAGE_BYTES);
}

static void a_list_held_from_the_stack_survives(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    struct node *volatile list = list_build(m, LIST_NODES);
    life_goes_on(m);
    assert_true(list_is_whole(list, LIST_NODES));
    list_delete(m, list);
}

static NOINLINE void root_fill(struct mutator *m, struct node **root) {
    mem_store(m, root, list_build(m, LIST_NODES));
}

static void a_list_held_from_a_registered_range_survives(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    struct node **root = hidden_page_map();
    assert_true(mem_root(m, root, 4096));
    root_fill(m, &root[511]);
    life_goes_on(m);
    assert_true(list_is_whole(root[511], LIST_NODES));
    list_delete(m, root[511]);
    mem_unroot(m, root, 4096);
    munmap(root, 4096);
}

static void many_ranges_can_be_registered_and_taken_back(void **state) {
    (void)state;
    enum { RANGES = 200 };
    struct mutator *m = &conformance_mutator;
    struct node **pages[RANGES];
    for (size_t i = 0; i < RANGES; i++) {
        pages[i] = hidden_page_map();
        assert_true(mem_root(m, pages[i] + i, sizeof *pages[i]));
        mem_store(m, pages[i] + i, list_build(m, 50));
    }
    for (size_t i = 0; i < RANGES; i += 2) {
        list_delete(m, pages[i][i]);
        mem_unroot(m, pages[i] + i, sizeof *pages[i]);
        munmap(pages[i], 4096); /* a collector that still looks there crashes */
    }
    life_goes_on(m);
    for (size_t i = 1; i < RANGES; i += 2) {
        assert_true(list_is_whole(pages[i][i], 50));
        list_delete(m, pages[i][i]);
        mem_unroot(m, pages[i] + i, sizeof *pages[i]);
        munmap(pages[i], 4096);
    }
}

/* A complete binary tree; every node counts its descendants and itself. */
struct tree {
    struct tree *left, *right;
    uint64_t nodes;
};
static const struct shape tree_shape = {sizeof(struct tree), SHAPE_POINTER(struct tree, left) |
                                                                 SHAPE_POINTER(struct tree, right)};

static NOINLINE struct tree *tree_build(struct mutator *m, unsigned depth) {
    struct tree *tree = mem_new(m, &tree_shape);
    assert_non_null(tree);
    tree->nodes = (UINT64_C(2) << depth) - 1;
    if (depth > 0) {
        mem_store(m, &tree->left, tree_build(m, depth - 1));
        mem_store(m, &tree->right, tree_build(m, depth - 1));
    }
    return tree;
}

static NOINLINE bool tree_is_whole(const struct tree *tree, unsigned depth) {
    if (tree->nodes != (UINT64_C(2) << depth) - 1)
        return false;
    if (depth == 0)
        return tree->left == NULL && tree->right == NULL;
    return tree_is_whole(tree->left, depth - 1) && tree_is_whole(tree->right, depth - 1);
}

static NOINLINE void tree_delete(struct mutator *m, struct tree *tree) {
    if (tree == NULL)
        return;
    tree_delete(m, tree->left);
    tree_delete(m, tree->right);
    mem_delete(m, tree, sizeof *tree);
}

static void a_tree_survives_while_others_come_and_go(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    struct tree *volatile tree = tree_build(m, 14);
    for (int i = 0; i < 20; i++) {
        struct tree *other = tree_build(m, 11);
        assert_true(tree_is_whole(other, 11));
        tree_delete(m, other);
    }
    life_goes_on(m);
    assert_true(tree_is_whole(tree, 14));
    tree_delete(m, tree);
}

/* The holder's pointer lies past the first 64 words only through the array's repeated mask. */
static void a_list_held_from_the_end_of_a_large_array_survives(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    enum { ELEMENTS = 30000 };
    struct node *volatile array = mem_new_array(m, &node_shape, ELEMENTS);
    mem_store(m, &array[ELEMENTS - 1].next, list_build(m, 1000));
    mem_store(m, &array[ELEMENTS / 2 + 1].next, list_build(m, 1000));
    life_goes_on(m);
    assert_true(list_is_whole(array[ELEMENTS - 1].next, 1000));
    assert_true(list_is_whole(array[ELEMENTS / 2 + 1].next, 1000));
    list_delete(m, array[ELEMENTS - 1].next);
    list_delete(m, array[ELEMENTS / 2 + 1].next);
    mem_delete(m, array, ELEMENTS * sizeof *array);
}

static NOINLINE char *interior_build(struct mutator *m, size_t bytes, size_t offset) {
    char *p = mem_new(m, &(struct shape){.bytes = bytes});
    assert_non_null(p);
    pattern_write(p, bytes, bytes);
    return p + offset;
}

static void an_object_held_by_an_interior_pointer_survives(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    static const size_t sizes[] = {40, 80, 200, 1000, 5000, 40000, 200000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t offset = sizes[i] - 1;
        char *volatile inside = interior_build(m, sizes[i], offset);
        life_goes_on(m);
        assert_true(pattern_is(inside - offset, sizes[i], sizes[i]));
        mem_delete(m, inside - offset, sizes[i]);
    }
}

/* The counters of the last collection against the log of events. */
static void every_stop_and_cycle_is_in_the_log(void **state) {
    (void)state;
    if (allocator_binding.pauses == NULL)
        skip();
    struct mutator *m = &conformance_mutator;
    struct allocator_stats before, after;
    allocator_binding.events_reset();
    conformance_stats(m, &before);
    struct node *volatile list = list_build(m, LIST_NODES);
    life_goes_on(m);
    conformance_stats(m, &after);
    const struct allocator_pause *pauses;
    const struct allocator_cycle *cycles;
    uint64_t lost = 0, total_ns = 0;
    size_t stops = allocator_binding.pauses(&pauses, &lost);
    assert_int_equal(lost, 0);
    for (size_t i = 0; i < stops; i++)
        total_ns += pauses[i].pause_ns;
    assert_int_equal(total_ns, after.gc_pause_ns_total - before.gc_pause_ns_total);
    assert_int_equal(stops, after.gc_stw_count - before.gc_stw_count);
    size_t finished = allocator_binding.cycles(&cycles, &lost);
    assert_int_equal(lost, 0);
    assert_int_equal(finished, after.gc_cycles - before.gc_cycles);
    assert_true(finished > 0);
    uint64_t forced = 0;
    for (size_t i = 0; i < finished; i++) {
        assert_int_equal(cycles[i].cycle, before.gc_cycles + i + 1);
        assert_true(cycles[i].heap_marked_bytes <= cycles[i].heap_end_bytes);
        forced += cycles[i].forced;
    }
    assert_int_equal(forced, 1);
    assert_true(cycles[finished - 1].heap_marked_bytes >= LIST_NODES * sizeof(struct node));
    assert_true(list_is_whole(list, LIST_NODES));
}

const struct CMUnitTest survival_tests[] = {
    cmocka_unit_test(a_list_held_from_the_stack_survives),
    cmocka_unit_test(a_list_held_from_a_registered_range_survives),
    cmocka_unit_test(many_ranges_can_be_registered_and_taken_back),
    cmocka_unit_test(a_tree_survives_while_others_come_and_go),
    cmocka_unit_test(a_list_held_from_the_end_of_a_large_array_survives),
    cmocka_unit_test(an_object_held_by_an_interior_pointer_survives),
    cmocka_unit_test(every_stop_and_cycle_is_in_the_log),
    {0},
};
