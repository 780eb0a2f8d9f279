/* Conformance of single objects: alignment, zeroing, distinctness, resizing, identity. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t large_sizes[] = {4097,  8192,  10000,   32768,  32769,
                                     65536, 70000, 1000001, 4194304};
enum { LARGE_SIZES = sizeof large_sizes / sizeof large_sizes[0] };

/* Calls f with every size from 1 to 4096 and some large ones. */
static void for_each_size(void (*f)(struct mutator *m, size_t bytes)) {
    for (size_t bytes = 1; bytes <= 4096; bytes++)
        f(&conformance_mutator, bytes);
    for (size_t i = 0; i < LARGE_SIZES; i++)
        f(&conformance_mutator, large_sizes[i]);
}

/* As the contract says it, not as a binding computes it. */
static size_t alignment_promised(size_t bytes) {
    if (bytes >= 17 && bytes <= 24)
        return 8;
    if (bytes >= 16)
        return 16;
    for (size_t power = 8; power > 1; power /= 2)
        if (bytes % power == 0)
            return power;
    return 1;
}

static void assert_aligned(const void *p, size_t bytes) {
    assert_non_null(p);
    if ((uintptr_t)p % alignment_promised(bytes) != 0)
        fail_msg("%zu bytes at %p: not aligned to %zu", bytes, p, alignment_promised(bytes));
}

static void alignment_check(struct mutator *m, size_t bytes) {
    const struct shape shape = {.bytes = bytes};
    const struct shape with_pointer = {.bytes = bytes, .pointers = bytes >= 8};
    const struct shape byte_shape = {.bytes = 1};
    void *p[6] = {
        mem_new(m, &shape),     mem_new(m, &with_pointer),
        mem_new_raw(m, &shape), mem_new_array(m, &byte_shape, bytes),
        mem_new_raw(m, &shape), mem_resize(m, mem_new(m, &byte_shape), &byte_shape, 1, bytes),
    };
    for (size_t i = 0; i < 6; i++)
        assert_aligned(p[i], bytes);
    for (size_t i = 0; i < 6; i++)
        mem_delete(m, p[i], bytes);
}

static void an_object_of_any_size_is_aligned_as_promised(void **state) {
    (void)state;
    for_each_size(alignment_check);
}

/* Odd sizes between aligned ones: bump and tiny allocators must not let one spoil the next. */
static void alignment_holds_after_objects_of_any_size(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    for (size_t odd = 1; odd <= 40; odd++)
        for (size_t bytes = 1; bytes <= 64; bytes++) {
            void *spoiler = mem_new(m, &(struct shape){.bytes = odd});
            void *p = mem_new(m, &(struct shape){.bytes = bytes});
            assert_aligned(p, bytes);
            mem_delete(m, spoiler, odd);
            mem_delete(m, p, bytes);
        }
}

/* Whether an address that was given up came back: else nothing is said about recycled memory. */
static size_t addresses_seen_again;
static uintptr_t addresses_given_up[64];

static NOINLINE void recycled_check(struct mutator *m, size_t bytes, uint64_t pointers) {
    const struct shape shape = {.bytes = bytes, .pointers = pointers};
    for (int i = 0; i < 64; i++) {
        void *p = mem_new(m, &shape);
        assert_non_null(p);
        if (!bytes_are_zero(p, bytes))
            fail_msg("a new object of %zu bytes is not zero", bytes);
        for (int j = 0; j < 64; j++)
            addresses_seen_again += ~addresses_given_up[j] == (uintptr_t)p;
        addresses_given_up[i] = ~(uintptr_t)p;
        memset(p, pointers == 0 ? 0xff : 0, bytes); /* a pointer field holds a pointer or NULL */
        if (pointers != 0 && bytes >= 16)
            memset((char *)p + 8, 0xff, bytes - 8);
        mem_delete(m, p, bytes);
    }
}

static void a_new_object_is_zero_in_recycled_memory_too(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    static const size_t sizes[] = {1, 7, 8, 12, 16, 24, 33, 80, 256, 1000, 4096, 33000, 300000};
    addresses_seen_again = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int round = 0; round < 4; round++) {
            recycled_check(m, sizes[i], 0);
            if (sizes[i] >= 8)
                recycled_check(m, sizes[i], 1);
            stack_scrub();
            conformance_collect(m);
            mem_reset(m);
        }
    }
#ifndef HEAPMARK_SANITIZED /* the address sanitizer's malloc keeps freed memory in quarantine */
    assert_true(addresses_seen_again > 0);
#endif
}

/* A mutator that has used only the beginning of its memory: what lies above is fresh, what it has
   used is not. */
static bool fresh_thread(struct mutator *m, size_t index, void *argument) {
    (void)index, (void)argument;
    bool zero = true;
    for (int i = 0; i < 300; i++) {
        const struct shape shape = {.bytes = 64};
        void *p = mem_new(m, &shape);
        zero = zero && p != NULL && bytes_are_zero(p, shape.bytes);
        memset(p, 0xff, shape.bytes);
        mem_delete(m, p, shape.bytes);
        if (i % 100 == 99)
            mem_reset(m);
    }
    return zero;
}

static void a_fresh_mutator_clears_what_it_has_used(void **state) {
    (void)state;
    assert_true(threads_run(1, fresh_thread, NULL));
}

static void a_new_array_is_zero(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    static const size_t elements[] = {1, 8, 24, 80};
    static const size_t counts[] = {1, 3, 10, 100, 1000, 50000};
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            size_t bytes = elements[i] * counts[j];
            const struct shape shape = {.bytes = elements[i], .pointers = elements[i] >= 8};
            void *p = mem_new_array(m, &shape, counts[j]);
            assert_non_null(p);
            assert_true(bytes_are_zero(p, bytes));
            mem_delete(m, p, bytes);
        }
}

static void live_objects_never_overlap_or_change(void **state) {
    (void)state;
    assert_true(shadow_run(&conformance_mutator, 1, 60000));
}

static void usable_bytes_are_at_least_what_was_asked_for(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    for (size_t bytes = 1; bytes < 200000; bytes += bytes / 16 + 1) {
        void *p = mem_new(m, &(struct shape){.bytes = bytes});
        size_t usable = mem_usable(m, p, bytes);
        assert_true(usable == 0 || usable >= bytes); /* 0: not known */
        mem_delete(m, p, bytes);
    }
}

static void resizing_keeps_the_elements_and_adds_null_pointers(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    static const size_t counts[] = {1, 2, 3, 5, 40, 41, 600, 5000, 4000, 90, 7, 1, 20000, 2};
    struct node **table = mem_new_array(m, &pointer_shape, 1);
    size_t n = 1;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (size_t j = 0; j < n; j++)
            if (table[j] == NULL) {
                struct node *node = mem_new(m, &node_shape);
                node->value = j;
                mem_store(m, &table[j], node);
            }
        size_t kept = n < counts[i] ? n : counts[i];
        for (size_t j = kept; j < n; j++)
            mem_delete(m, table[j], sizeof *table[j]);
        table = mem_resize(m, table, &pointer_shape, n, counts[i]);
        assert_non_null(table);
        n = counts[i];
        conformance_collect(m);
        for (size_t j = 0; j < kept; j++)
            assert_int_equal(table[j]->value, j);
        assert_true(bytes_are_zero(table + kept, (n - kept) * sizeof table[0]));
    }
    for (size_t j = 0; j < n; j++)
        mem_delete(m, table[j], sizeof *table[j]);
    mem_delete(m, table, n * sizeof table[0]);
}

static void an_array_larger_than_any_address_is_refused(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    size_t n = SIZE_MAX / node_shape.bytes + 2; /* n * bytes wraps to less than two nodes */
    void *array = mem_new_array(m, &node_shape, n);
    assert_null(array);
    struct node *one = mem_new_array(m, &node_shape, 1);
    assert_non_null(one);
    assert_null(mem_resize(m, one, &node_shape, 1, n));
    assert_null(one->next);
    mem_delete(m, one, sizeof *one);
}

static void resizing_nothing_makes_an_array(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    void **table = mem_resize(m, NULL, &pointer_shape, 0, 10);
    assert_non_null(table);
    assert_true(bytes_are_zero(table, 10 * sizeof *table));
    mem_delete(m, table, 10 * sizeof *table);
}

static void copying_copies_all_elements(void **state) {
    (void)state;
    struct mutator *m = &conformance_mutator;
    struct node *from = mem_new_array(m, &node_shape, 100);
    struct node *to = mem_new_array(m, &node_shape, 101);
    for (uint64_t i = 0; i < 100; i++) {
        from[i].value = i + 1;
        mem_store(m, &from[i].next, &to[i]);
    }
    mem_copy(m, to, from, &node_shape, 100);
    for (uint64_t i = 0; i < 100; i++)
        assert_true(to[i].value == i + 1 && to[i].next == &to[i]);
    assert_true(to[100].value == 0 && to[100].next == NULL);
    mem_delete(m, from, 100 * sizeof *from);
    mem_delete(m, to, 101 * sizeof *to);
}

static void deleting_nothing_is_allowed(void **state) {
    (void)state;
    mem_delete(&conformance_mutator, NULL, 8);
    mem_delete(&conformance_mutator, NULL, 100000);
}

static void the_binding_says_who_it_is(void **state) {
    (void)state;
    assert_true(strlen(allocator_binding.binding) > 0 && strlen(allocator_binding.summary) > 0);
    assert_true(strlen(allocator_binding.name()) > 0 && strlen(allocator_binding.version()) > 0);
    const char *link = allocator_binding.link;
    assert_true(strcmp(link, "shared") == 0 || strcmp(link, "static") == 0 ||
                strcmp(link, "inline") == 0);
}

/* "a|b|c", "LEAST..MOST" or "LEAST..MOST|off". */
static bool setting_takes(const char *values, const char *value) {
    char text[128];
    snprintf(text, sizeof text, "%s", values);
    for (char *rest = text, *word; (word = strsep(&rest, "|")) != NULL;) {
        char *dots = strstr(word, "..");
        char *end;
        unsigned long long number = strtoull(value, &end, 10);
        if (strcmp(word, value) == 0)
            return true;
        if (dots != NULL && *end == '\0' && number >= strtoull(word, NULL, 10) &&
            number <= strtoull(dots + 2, NULL, 10))
            return true;
    }
    return false;
}

static void every_setting_takes_its_initial_value(void **state) {
    (void)state;
    const struct allocator_setting *setting = allocator_binding.settings;
    for (; setting != NULL && setting->name != NULL; setting++) {
        assert_true(strlen(setting->summary) > 0);
        if (!setting_takes(setting->values, setting->initial))
            fail_msg("%s: %s is not among %s", setting->name, setting->initial, setting->values);
    }
}

const struct CMUnitTest object_tests[] = {
    cmocka_unit_test(the_binding_says_who_it_is),
    cmocka_unit_test(every_setting_takes_its_initial_value),
    cmocka_unit_test(an_object_of_any_size_is_aligned_as_promised),
    cmocka_unit_test(alignment_holds_after_objects_of_any_size),
    cmocka_unit_test(a_new_object_is_zero_in_recycled_memory_too),
    cmocka_unit_test(a_fresh_mutator_clears_what_it_has_used),
    cmocka_unit_test(a_new_array_is_zero),
    cmocka_unit_test(live_objects_never_overlap_or_change),
    cmocka_unit_test(usable_bytes_are_at_least_what_was_asked_for),
    cmocka_unit_test(resizing_keeps_the_elements_and_adds_null_pointers),
    cmocka_unit_test(an_array_larger_than_any_address_is_refused),
    cmocka_unit_test(resizing_nothing_makes_an_array),
    cmocka_unit_test(copying_copies_all_elements),
    cmocka_unit_test(deleting_nothing_is_allowed),
    {0},
};
