/*
 * The article's table of type sizes, in C: no basic type is smaller than 1 byte, none is larger
 * than 16, and none asks for more than 8 bytes of alignment. Go's types stand beside the C types
 * that have their layout; Go's own half of the table is a test of the Go twins.
 */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct go_string {
    const char *bytes;
    int64_t length;
};

struct go_interface {
    const void *type;
    const void *value;
};

struct go_slice {
    void *elements;
    int64_t length, capacity;
};

struct go_complex64 {
    float real, imaginary;
};

struct go_complex128 {
    double real, imaginary;
};

static const struct {
    const char *go;
    size_t bytes, alignment;
    size_t article_bytes, article_alignment;
} types[] = {
    {"bool", sizeof(bool), alignof(bool), 1, 1},
    {"uint8", sizeof(uint8_t), alignof(uint8_t), 1, 1},
    {"int8", sizeof(int8_t), alignof(int8_t), 1, 1},
    {"uint16", sizeof(uint16_t), alignof(uint16_t), 2, 2},
    {"int16", sizeof(int16_t), alignof(int16_t), 2, 2},
    {"uint32", sizeof(uint32_t), alignof(uint32_t), 4, 4},
    {"int32", sizeof(int32_t), alignof(int32_t), 4, 4},
    {"float32", sizeof(float), alignof(float), 4, 4},
    {"uint64", sizeof(uint64_t), alignof(uint64_t), 8, 8},
    {"int64", sizeof(int64_t), alignof(int64_t), 8, 8},
    {"int", sizeof(intptr_t), alignof(intptr_t), 8, 8},
    {"uintptr", sizeof(uintptr_t), alignof(uintptr_t), 8, 8},
    {"float64", sizeof(double), alignof(double), 8, 8},
    {"pointer", sizeof(void *), alignof(void *), 8, 8},
    {"complex64", sizeof(struct go_complex64), alignof(struct go_complex64), 8, 4},
    {"complex128", sizeof(struct go_complex128), alignof(struct go_complex128), 16, 8},
    {"string", sizeof(struct go_string), alignof(struct go_string), 16, 8},
    {"interface", sizeof(struct go_interface), alignof(struct go_interface), 16, 8},
};

enum { TYPES = sizeof types / sizeof types[0] };

static void every_type_has_the_articles_size_and_alignment(void **unused) {
    (void)unused;
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].bytes != types[i].article_bytes ||
            types[i].alignment != types[i].article_alignment)
            fail_msg("%s: %zu bytes aligned to %zu", types[i].go, types[i].bytes,
                     types[i].alignment);
}

static void basic_types_take_1_to_16_bytes_aligned_to_8_at_most(void **unused) {
    (void)unused;
    for (size_t i = 0; i < TYPES; i++) {
        assert_in_range(types[i].bytes, 1, 16);
        assert_in_range(types[i].alignment, 1, 8);
        assert_int_equal(types[i].bytes % types[i].alignment, 0);
    }
}

static void a_slice_is_three_words(void **unused) {
    (void)unused;
    assert_int_equal(sizeof(struct go_slice), 24);
    assert_int_equal(alignof(struct go_slice), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_the_articles_size_and_alignment),
        cmocka_unit_test(basic_types_take_1_to_16_bytes_aligned_to_8_at_most),
        cmocka_unit_test(a_slice_is_three_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
