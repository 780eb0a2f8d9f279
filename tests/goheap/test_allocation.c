/* goheap's allocator: sizes, sharing, zeroing, exact statistics. */
#include "goheap_test.h"

#include <string.h>

HEAP_TEST(a_large_object_is_rounded_to_whole_pages) {
    struct goheap_mutator *m = heap_start(NULL);
    static const struct {
        size_t asked, given;
    } cases[] = {
        {32769, 40960}, {40960, 40960}, {40961, 49152}, {70000, 73728}, {1 << 20, 1 << 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQUAL(goheap_usable_size(goheap_new(m, cases[i].asked, 0)), cases[i].given);
        CHECK_EQUAL(goheap_usable_size(goheap_new(m, cases[i].asked, 1)), cases[i].given);
    }
}

HEAP_TEST(an_object_of_80_bytes_takes_80) {
    struct goheap_mutator *m = heap_start(NULL);
    CHECK_EQUAL(goheap_usable_size(goheap_new(m, 80, 0)), 80);
    CHECK_EQUAL(goheap_usable_size(goheap_new(m, 80, 1)), 80);
    CHECK_EQUAL(goheap_usable_size(goheap_new(m, 81, 1)), 96);
}

HEAP_TEST(two_tiny_objects_of_8_bytes_share_a_block) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_memstats before, after;
    goheap_read_memstats(m, &before); /* also starts a new block: reading flushes the caches */
    char *first = goheap_new(m, 8, 0);
    char *second = goheap_new(m, 8, 0);
    goheap_read_memstats(m, &after);
    CHECK_EQUAL(second - first, 8);
    CHECK_EQUAL((uintptr_t)first % 16, 0);
    CHECK_EQUAL(goheap_usable_size(first), 16);
    CHECK_EQUAL(after.mallocs - before.mallocs, 2);
    CHECK_EQUAL(after.tiny_allocs - before.tiny_allocs, 1);
    CHECK_EQUAL(after.total_alloc - before.total_alloc, 16);
    CHECK_EQUAL(after.by_size[2].mallocs - before.by_size[2].mallocs, 1);
}

HEAP_TEST(objects_of_16_bytes_count_as_slots_and_not_as_tiny_objects) {
    struct goheap_mutator *m = heap_start(NULL);
    struct goheap_memstats before, after;
    goheap_read_memstats(m, &before);
    for (int i = 0; i < 1000; i++)
        CHECK_EQUAL((uintptr_t)(i % 2 == 0 ? goheap_new(m, 16, 0) : goheap_new_raw(m, 16)) % 16, 0);
    goheap_read_memstats(m, &after);
    CHECK_EQUAL(after.tiny_allocs, before.tiny_allocs);
    CHECK_EQUAL(after.mallocs - before.mallocs, 1000);
    CHECK_EQUAL(after.by_size[2].mallocs - before.by_size[2].mallocs, 1000);
}

/* One tiny object or one of 16 bytes, and whether its place is right. */
static unsigned char *tiny_new(struct goheap_mutator *m, size_t bytes, bool raw) {
    unsigned char *p = raw ? goheap_new_raw(m, bytes) : goheap_new(m, bytes, 0);
    CHECK(p != NULL);
    CHECK_EQUAL((uintptr_t)p % (bytes & -bytes), 0);
    CHECK_EQUAL((uintptr_t)p / 16, ((uintptr_t)p + bytes - 1) / 16);
    return p;
}

/* Without collections, so that a slot met twice in a row is the same one. */
HEAP_TEST(tiny_objects_are_those_beyond_the_first_of_each_slot) {
    struct goheap_options options = goheap_options_default();
    options.gc = GOHEAP_GC_OFF;
    struct goheap_mutator *m = heap_start(&options);
    enum { OBJECTS = 200000, FLUSH_EVERY = 777 };
    static struct goheap_memstats before, after;
    goheap_read_memstats(m, &before);
    uint64_t random = 1, slots = 0;
    uintptr_t last = 0;
    for (int i = 0; i < OBJECTS; i++) {
        if (i % FLUSH_EVERY == 0)
            goheap_read_memstats(m, &after);
        uintptr_t slot = (uintptr_t)tiny_new(m, random_next(&random) % 16 + 1, i % 2 == 0) / 16;
        slots += slot != last;
        last = slot;
    }
    goheap_read_memstats(m, &after);
    CHECK_EQUAL(after.by_size[2].mallocs - before.by_size[2].mallocs, slots);
    CHECK_EQUAL(after.tiny_allocs - before.tiny_allocs, OBJECTS - slots);
    CHECK_EQUAL(after.mallocs - before.mallocs, OBJECTS);
    CHECK_EQUAL(after.total_alloc - before.total_alloc, slots * 16);
    goheap_collect(m);
    goheap_read_memstats(m, &after);
    CHECK_EQUAL(after.mallocs - before.mallocs, OBJECTS);
    CHECK_EQUAL(after.heap_objects, after.mallocs - after.frees);
    goheap_verify(m);
}

/* Some thousand are alive at any time, each full of its index; what is new is zero. */
static NOINLINE void tiny_objects_replace(struct goheap_mutator *m, unsigned char **kept,
                                          uint8_t *sizes, size_t count) {
    static const unsigned char zero[16];
    uint64_t random = 1;
    for (int i = 0; i < 2000000; i++) {
        size_t k = random_next(&random) % count, bytes = random_next(&random) % 16 + 1;
        for (size_t b = 0; b < sizes[k]; b++)
            CHECK_EQUAL(kept[k][b], k % 255 + 1);
        kept[k] = tiny_new(m, bytes, i % 2 == 0);
        sizes[k] = (uint8_t)bytes;
        CHECK(memcmp(kept[k], zero, bytes) == 0);
        memset(kept[k], (int)(k % 255 + 1), bytes);
    }
}

HEAP_TEST(tiny_objects_are_zero_and_apart_in_slots_that_were_used_before) {
    struct goheap_options options = goheap_options_default();
    options.stress = 20;
    struct goheap_mutator *m = heap_start(&options);
    enum { KEPT = 5000 };
    static unsigned char *kept[KEPT];
    static uint8_t sizes[KEPT];
    CHECK(goheap_root(kept, sizeof kept));
    tiny_objects_replace(m, kept, sizes, KEPT);
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    CHECK(stats.num_gc > 10);
    goheap_verify(m);
}

HEAP_TEST(a_tiny_object_with_pointers_shares_nothing) {
    struct goheap_mutator *m = heap_start(NULL);
    char *first = goheap_new(m, 8, 1);
    char *second = goheap_new(m, 8, 1);
    CHECK_EQUAL(goheap_usable_size(first), 8);
    CHECK(second != first);
    CHECK_EQUAL(goheap_usable_size(second), 8);
}

HEAP_TEST(objects_of_no_bytes_share_one_address) {
    struct goheap_mutator *m = heap_start(NULL);
    void *p = goheap_new(m, 0, 0);
    CHECK(p != NULL);
    CHECK(goheap_new(m, 0, 0) == p && goheap_new_raw(m, 0) == p);
    CHECK(goheap_new_array(m, 0, 80, 1) == p);
    char *tiny = goheap_new(m, 3, 0);
    CHECK(goheap_new(m, 0, 0) == p && goheap_new_raw(m, 0) == p && goheap_new(m, 0, 1) == p);
    CHECK((char *)goheap_new(m, 3, 0) == tiny + 3);
}

HEAP_TEST(an_array_whose_size_overflows_is_null) {
    struct goheap_mutator *m = heap_start(NULL);
    CHECK(goheap_new_array(m, SIZE_MAX / 8, 16, 0) == NULL);
    CHECK(goheap_new_array(m, SIZE_MAX / 8, 16, 1) == NULL);
    CHECK(goheap_new(m, SIZE_MAX, 0) == NULL);
    CHECK(goheap_new(m, SIZE_MAX / 2, 1) == NULL);
    goheap_verify(m);
}

/* What we count ourselves, by class. */
struct own_counts {
    uint64_t objects, bytes, by_size[68];
};

static NOINLINE void allocate_counted(struct goheap_mutator *m, struct own_counts *own) {
    struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        size_t bytes = random_next(&random) % (i % 100 == 0 ? 100000 : 1500) + 16;
        bool raw = random_next(&random) % 4 == 0;
        void *p = raw ? goheap_new_raw(m, bytes) : goheap_new(m, bytes, random % 2);
        CHECK(p != NULL);
        size_t class = 1;
        while (class < 68 && stats.by_size[class].size < bytes)
            class ++;
        own->objects++;
        own->bytes += class < 68 ? stats.by_size[class].size : (bytes + 8191) / 8192 * 8192;
        own->by_size[class % 68]++; /* [0]: large */
    }
}

HEAP_TEST(statistics_are_exact) {
    struct goheap_mutator *m = heap_start(NULL);
    static struct goheap_memstats before, after;
    static struct own_counts own;
    goheap_read_memstats(m, &before);
    allocate_counted(m, &own);
    goheap_read_memstats(m, &after);
    CHECK_EQUAL(after.mallocs - before.mallocs, own.objects);
    CHECK_EQUAL(after.total_alloc - before.total_alloc, own.bytes);
    for (size_t i = 1; i < 68; i++)
        CHECK_EQUAL(after.by_size[i].mallocs - before.by_size[i].mallocs, own.by_size[i]);
    CHECK(after.num_gc > before.num_gc);
    collect_all(m);
    goheap_read_memstats(m, &after);
    CHECK_EQUAL(after.heap_objects, after.mallocs - after.frees);
    CHECK_EQUAL(after.alloc, after.heap_alloc);
    CHECK(after.heap_objects < 16); /* all but a stale word or two found dead */
    CHECK(after.heap_alloc < 200000);
    CHECK(after.heap_inuse >= after.heap_alloc && after.heap_sys >= after.heap_inuse);
    CHECK_EQUAL(after.heap_sys, after.heap_inuse + after.heap_idle);
    CHECK_EQUAL(after.num_forced_gc, before.num_forced_gc + 1);
    goheap_verify(m);
}

/* Pages that held objects full of ones come back for every class, scan and noscan. */
static NOINLINE void fill_with_ones(struct goheap_mutator *m, size_t bytes) {
    for (size_t i = 0; i < (6 << 20) / bytes; i++)
        memset(goheap_new_raw(m, bytes), 0xff, bytes);
}

HEAP_TEST(memory_that_held_raw_objects_is_zero_when_another_class_gets_it) {
    struct goheap_mutator *m = heap_start(NULL);
    static const size_t sizes[] = {16, 24, 48, 80, 512, 1024, 1152, 8192, 32768, 100000};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    for (size_t i = 0; i < SIZES; i++)
        for (size_t j = 0; j < SIZES; j++) {
            fill_with_ones(m, sizes[i]);
            collect_all(m);
            for (size_t k = 0; k < (1 << 20) / sizes[j]; k++) {
                unsigned char *p = goheap_new(m, sizes[j], k % 2);
                CHECK(p[0] == 0 && memcmp(p, p + 1, sizes[j] - 1) == 0);
            }
        }
    goheap_verify(m);
}

const struct CMUnitTest allocation_tests[] = {
    cmocka_unit_test(a_large_object_is_rounded_to_whole_pages),
    cmocka_unit_test(an_object_of_80_bytes_takes_80),
    cmocka_unit_test(two_tiny_objects_of_8_bytes_share_a_block),
    cmocka_unit_test(objects_of_16_bytes_count_as_slots_and_not_as_tiny_objects),
    cmocka_unit_test(tiny_objects_are_those_beyond_the_first_of_each_slot),
    cmocka_unit_test(tiny_objects_are_zero_and_apart_in_slots_that_were_used_before),
    cmocka_unit_test(a_tiny_object_with_pointers_shares_nothing),
    cmocka_unit_test(objects_of_no_bytes_share_one_address),
    cmocka_unit_test(an_array_whose_size_overflows_is_null),
    cmocka_unit_test(statistics_are_exact),
    cmocka_unit_test(memory_that_held_raw_objects_is_zero_when_another_class_gets_it),
    {0},
};
