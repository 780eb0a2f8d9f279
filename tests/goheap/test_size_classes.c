/* The size-class table against the published one, and its arithmetic for every case there is. */
#include "allocators/goheap/size_classes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Go's table as published in runtime/sizeclasses.go (the same from Go 1.16 on), typed from there
   and not made by our generator. */
static const struct {
    unsigned bytes, span_kilobytes, slots, tail, alignment;
} published[] = {
    {8, 8, 1024, 0, 8},       {16, 8, 512, 0, 16},      {24, 8, 341, 8, 8},
    {32, 8, 256, 0, 32},      {48, 8, 170, 32, 16},     {64, 8, 128, 0, 64},
    {80, 8, 102, 32, 16},     {96, 8, 85, 32, 32},      {112, 8, 73, 16, 16},
    {128, 8, 64, 0, 128},     {144, 8, 56, 128, 16},    {160, 8, 51, 32, 32},
    {176, 8, 46, 96, 16},     {192, 8, 42, 128, 64},    {208, 8, 39, 80, 16},
    {224, 8, 36, 128, 32},    {240, 8, 34, 32, 16},     {256, 8, 32, 0, 256},
    {288, 8, 28, 128, 32},    {320, 8, 25, 192, 64},    {352, 8, 23, 96, 32},
    {384, 8, 21, 128, 128},   {416, 8, 19, 288, 32},    {448, 8, 18, 128, 64},
    {480, 8, 17, 32, 32},     {512, 8, 16, 0, 512},     {576, 8, 14, 128, 64},
    {640, 8, 12, 512, 128},   {704, 8, 11, 448, 64},    {768, 8, 10, 512, 256},
    {896, 8, 9, 128, 128},    {1024, 8, 8, 0, 1024},    {1152, 8, 7, 128, 128},
    {1280, 8, 6, 512, 256},   {1408, 16, 11, 896, 128}, {1536, 8, 5, 512, 512},
    {1792, 16, 9, 256, 256},  {2048, 8, 4, 0, 2048},    {2304, 16, 7, 256, 256},
    {2688, 8, 3, 128, 128},   {3072, 24, 8, 0, 1024},   {3200, 16, 5, 384, 128},
    {3456, 24, 7, 384, 128},  {4096, 8, 2, 0, 4096},    {4864, 24, 5, 256, 256},
    {5376, 16, 3, 256, 256},  {6144, 24, 4, 0, 2048},   {6528, 32, 5, 128, 128},
    {6784, 40, 6, 256, 128},  {6912, 48, 7, 768, 256},  {8192, 8, 1, 0, 8192},
    {9472, 56, 6, 512, 256},  {9728, 48, 5, 512, 512},  {10240, 40, 4, 0, 2048},
    {10880, 32, 3, 128, 128}, {12288, 24, 2, 0, 4096},  {13568, 40, 3, 256, 256},
    {14336, 56, 4, 0, 2048},  {16384, 16, 1, 0, 8192},  {18432, 72, 4, 0, 2048},
    {19072, 56, 3, 128, 128}, {20480, 40, 2, 0, 4096},  {21760, 64, 3, 256, 256},
    {24576, 24, 1, 0, 8192},  {27264, 80, 3, 128, 128}, {28672, 56, 2, 0, 4096},
    {32768, 32, 1, 0, 8192},
};
enum { PUBLISHED = sizeof published / sizeof published[0] };

static void there_are_67_classes_up_to_32768_bytes(void **state) {
    (void)state;
    assert_int_equal(PUBLISHED, 67);
    assert_int_equal(SIZE_CLASS_COUNT, 67 + 1);
    assert_int_equal(SPAN_CLASS_COUNT, 136);
    assert_int_equal(size_class_bytes[67], 32768);
}

static void the_table_is_the_published_one(void **state) {
    (void)state;
    for (unsigned i = 0; i < PUBLISHED; i++) {
        unsigned span_bytes = published[i].span_kilobytes * 1024;
        assert_int_equal(size_class_bytes[i + 1], published[i].bytes);
        assert_int_equal(size_class_pages[i + 1] * PAGE_BYTES, span_bytes);
        assert_int_equal(size_class_slots[i + 1], published[i].slots);
        assert_int_equal(span_bytes - published[i].slots * published[i].bytes, published[i].tail);
        assert_int_equal(published[i].bytes % published[i].alignment, 0);
    }
}

static void every_size_gets_the_smallest_class_that_holds_it(void **state) {
    (void)state;
    unsigned expected = 0;
    for (unsigned bytes = 1; bytes <= 32768; bytes++) {
        if (bytes > published[expected].bytes)
            expected++;
        assert_int_equal(size_class_of(bytes), expected + 1);
    }
}

static void dividing_by_multiplying_is_exact_at_every_offset(void **state) {
    (void)state;
    for (unsigned c = 1; c < SIZE_CLASS_COUNT; c++) {
        unsigned span_bytes = size_class_pages[c] * (unsigned)PAGE_BYTES;
        for (unsigned offset = 0; offset < span_bytes; offset++)
            if ((uint64_t)offset * size_class_divide[c] >> 32 != offset / size_class_bytes[c])
                fail_msg("class %u, offset %u", c, offset);
    }
}

static void slots_are_16_aligned_but_for_8_and_24_bytes(void **state) {
    (void)state;
    for (unsigned c = 1; c < SIZE_CLASS_COUNT; c++)
        if (size_class_bytes[c] != 8 && size_class_bytes[c] != 24)
            assert_int_equal(size_class_bytes[c] % 16, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_67_classes_up_to_32768_bytes),
        cmocka_unit_test(the_table_is_the_published_one),
        cmocka_unit_test(every_size_gets_the_smallest_class_that_holds_it),
        cmocka_unit_test(dividing_by_multiplying_is_exact_at_every_offset),
        cmocka_unit_test(slots_are_16_aligned_but_for_8_and_24_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
