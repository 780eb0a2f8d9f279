/*
 * The article's BigStruct, created as a value and created in a fresh heap object.
 *
 *   type BigStruct struct {
 *       A, B, C int      // 123, 456, 789
 *       D, E, F string   // "ABC", "DEF", "HIJ"
 *       G, H, I bool     // true
 *   }
 *
 * A Go string is a pointer and a length, so the object holds three pointers, which a collector
 * follows into read-only data: 80 bytes, words 3, 5 and 7 pointers.
 */
#ifndef HEAPMARK_WORKLOADS_BIG_STRUCT_H
#define HEAPMARK_WORKLOADS_BIG_STRUCT_H

#include <stdbool.h>

#include "workloads/heap.h"

struct big_text {
    const char *bytes;
    int64_t length;
};

struct big_struct {
    int64_t a, b, c;
    struct big_text d, e, f;
    bool g, h, i;
};

_Static_assert(sizeof(struct big_struct) == 80, "as large as Go's");

static const struct shape big_struct_shape = {
    sizeof(struct big_struct),
    SHAPE_POINTER(struct big_struct, d.bytes) | SHAPE_POINTER(struct big_struct, e.bytes) |
        SHAPE_POINTER(struct big_struct, f.bytes),
};

#define BIG_STRUCT_LITERAL                                                                         \
    { 123, 456, 789, {"ABC", 3}, {"DEF", 3}, {"HIJ", 3}, true, true, true }

/* Go, too, copies a literal of constants from read-only data. (In a position-independent program a
   constant that holds addresses is .data.rel.ro: relocated by the loader, then read-only.) */
static const struct big_struct big_struct_literal = BIG_STRUCT_LITERAL;

TIMED_INLINE struct big_struct big_struct_value(void) {
    const struct big_struct *literal = &big_struct_literal;
    heap_forget(literal); /* or it is stored field by field, and copying it on stalls */
    return *literal;
}

TIMED_INLINE void big_text_init(struct mutator *m, struct big_text *text, const char *bytes) {
    mem_init(m, &text->bytes, (void *)(uintptr_t)bytes);
    text->length = 3;
}

TIMED_INLINE struct big_struct *big_struct_new(struct mutator *m) {
    struct big_struct *big = heap_new_raw(m, &big_struct_shape);
    big->a = 123;
    big->b = 456;
    big->c = 789;
    big_text_init(m, &big->d, "ABC");
    big_text_init(m, &big->e, "DEF");
    big_text_init(m, &big->f, "HIJ");
    big->g = true;
    big->h = true;
    big->i = true;
    return big;
}

/* What the checksum takes from it: cheap, and from the first, a middle and the last field, so that
   a slot that overlaps another or is too short shows. */
TIMED_INLINE uint64_t big_struct_sum(const struct big_struct *big) {
    return (uint64_t)(big->a + big->e.length) + big->i;
}

#endif
